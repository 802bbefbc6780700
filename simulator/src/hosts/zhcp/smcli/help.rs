//! smcli's help (spec: zhcp-and-smapi 2.3). It always exits 1.

use super::api::{Api, Mark};
use super::table::APIS;
use crate::seam::Outcome;

fn printed(stdout: String) -> Outcome {
    Outcome {
        rc: 1,
        stdout,
        stderr: String::new(),
    }
}

/// The list of functions that are known at a level.
pub fn list(level: u16) -> Outcome {
    let mut text = String::from(
        "Command line interface to SMAPI socket APIs.\n\nUsage: smcli function_name\nThe API function names:\n",
    );
    for api in APIS.iter().filter(|a| a.since <= level) {
        text.push_str(&format!("  {}\n", api.name));
    }
    printed(text)
}

/// The help of one function.
pub fn of(api: &Api) -> Outcome {
    let mut synopsis = format!("  smcli {}", api.name);
    for option in api.options() {
        let bracket = format!(" [-{}]", option.letter);
        synopsis.push_str(&bracket);
        if option.has_value() {
            synopsis.push_str(&format!(" <{}>", option.meaning));
        }
    }
    let mut text = format!(
        "NAME\n  {name}\n\nSYNOPSIS\n{synopsis}\n\nDESCRIPTION\n  Calls the SMAPI function {name}.\n",
        name = api.name
    );
    let required = |mark: Mark| !matches!(mark, Mark::Optional | Mark::Unusable);
    for (wanted, head) in [(true, "required"), (false, "optional")] {
        let options: Vec<_> = api
            .options()
            .filter(|o| o.mark != Mark::Unusable && required(o.mark) == wanted)
            .collect();
        if options.is_empty() {
            continue;
        }
        text.push_str(&format!("\n  The following options are {head}:\n"));
        for option in options {
            text.push_str(&format!("    -{}    {}\n", option.letter, option.meaning));
        }
    }
    printed(text)
}
