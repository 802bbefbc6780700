//! The result file itself.

use crate::result::RunResult;

/// The result as indented JSON with a closing newline.
pub fn json(run: &RunResult) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(run)?;
    text.push('\n');
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::Level;
    use crate::result::tests::{case, run};
    use crate::verdict::Verdict;

    #[test]
    fn carries_its_schema_and_every_verdict() {
        let run = run(vec![case("a/b", Level::Must, Verdict::Deviation)]);
        let value: serde_json::Value = serde_json::from_str(&json(&run).unwrap()).unwrap();
        assert_eq!(value["schema"], 1);
        assert_eq!(value["totals"]["deviation"], 1);
        assert_eq!(value["totals"]["pass"], 0);
        assert_eq!(value["cases"][0]["verdict"], "deviation");
        assert_eq!(value["profiles"][0]["certified"], false);
    }
}
