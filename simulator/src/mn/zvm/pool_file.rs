//! Whether a pool file holds no LUN any more (spec: scsi-pools 2.6, 4.13).

use regex::Regex;

use crate::mn::Context;

/// Whether xCAT deletes a file with these contents: at most one line, trailing empty ones not counted; or as many
/// lines as there are blank ones in a file of the same path *on the management node* (Q56).
pub fn is_spent(context: &Context, path: &str, contents: &str) -> bool {
    let lines = super::text::lines(contents).len();
    if lines <= 1 {
        return true;
    }
    context.settings().quirk("Q56") && blank_lines_here(context, path) == lines
}

/// Blank lines of a file on the management node; 0 when it is not there.
fn blank_lines_here(context: &Context, path: &str) -> usize {
    context.local(|world| {
        world
            .linuxes
            .get(&world.mn.host)
            .and_then(|linux| linux.fs.read(path))
            .map_or(0, |text| {
                text.lines().filter(|line| line.is_empty()).count()
            })
    })
}

/// The name with every `conf` and the character before it removed, wherever it is (Q19).
pub fn without_conf(file: &str) -> String {
    Regex::new(".conf").map_or_else(
        |_| file.to_owned(),
        |pattern| pattern.replace_all(file, "").into_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::without_conf;

    #[test]
    fn q19_conf_is_cut_anywhere() {
        assert_eq!(without_conf("scsipol1.conf"), "scsipol1");
        assert_eq!(without_conf("myconf1.conf"), "m1");
    }
}
