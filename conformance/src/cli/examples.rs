//! The command lines that documents show, held to the command line's own parser: an example that no longer works fails here.

use clap::Parser as _;

use super::args::Cli;

const WORKFLOW: &str = include_str!("../../../docs/ci/github-actions.yml");
const JOB: &str = include_str!("../../../docs/ci/gitlab-ci.yml");
const CONTAINER: &str = include_str!("../../../docs/ci/Containerfile");
const CI: &str = include_str!("../../../docs/ci/README.md");
const README: &str = include_str!("../../../README.md");
const HELP: &str = include_str!("args.rs");
const MANIFEST: &str = include_str!("../../Cargo.toml");

/// Lines with what their continuations say, without prompts, list marks, keys and comments.
fn lines(text: &str) -> Vec<String> {
    let joined = text.replace("\\\n", " ");
    joined
        .lines()
        .map(|line| {
            let line = line.trim().trim_start_matches("- ");
            let line = line.strip_prefix("run: ").unwrap_or(line);
            let line = line.trim_start_matches("$ ").trim_start_matches("# ");
            line.split(" #")
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned()
        })
        .collect()
}

/// Words as a shell takes them, quotes gone; without what is for the shell itself.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in line.chars() {
        match (c, quote) {
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(q)) if c == q => quote = None,
            (' ', None) => words.push(String::new()),
            (c, _) => words.last_mut().expect("it began with one").push(c),
        }
    }
    words.retain(|w| !w.is_empty() && w != "&");
    words
}

/// Command lines of the kit in a text.
fn commands(text: &str) -> Vec<Vec<String>> {
    lines(text)
        .iter()
        .filter_map(|line| {
            let words = words(line);
            let at = words.iter().position(|w| {
                let program = w.rsplit('/').next().unwrap_or_default();
                program == "xcat-conformance"
            })?;
            // Before it: nothing, variables, or an engine that runs the image; not a sentence.
            let leads = words[..at].iter().all(|w| w.contains('=')) || words[0] == "podman";
            let is_image = words.iter().any(|w| w == "build" || w == "--entrypoint");
            (leads && !is_image && words.len() > at + 1).then(|| words[at..].to_vec())
        })
        .collect()
}

#[test]
fn every_command_line_shown_is_taken() {
    for (what, text, at_least) in [
        ("workflow", WORKFLOW, 3),
        ("job", JOB, 3),
        ("container file", CONTAINER, 1),
        ("CI page", CI, 3),
        ("help", HELP, 4),
    ] {
        let commands = commands(text);
        assert!(commands.len() >= at_least, "{what}: {commands:?}");
        for command in commands {
            let taken = Cli::try_parse_from(&command);
            assert!(taken.is_ok(), "{what}: {command:?}: {}", taken.unwrap_err());
        }
    }
    for line in README
        .lines()
        .filter(|l| l.contains("-p xcat-conformance -- "))
    {
        let arguments = line.split(" -- ").nth(1).unwrap_or_default();
        let arguments = arguments.split('#').next().unwrap_or_default();
        let mut command = vec!["xcat-conformance".to_owned()];
        command.extend(words(arguments));
        assert!(Cli::try_parse_from(&command).is_ok(), "{line}");
    }
}

#[test]
fn the_image_runs_what_it_built_without_a_shell_and_not_as_root() {
    let last = |key: &str| {
        let mut found = CONTAINER.lines().filter_map(|l| l.strip_prefix(key));
        found.next_back().unwrap_or_default()
    };
    let array = |text: &str| -> Vec<String> { serde_json::from_str(text).expect("exec form") };
    let mut command = array(last("ENTRYPOINT "));
    command.extend(array(last("CMD ")));
    assert!(Cli::try_parse_from(&command).is_ok(), "{command:?}");
    assert_eq!(last("FROM "), "scratch");
    let user = last("USER ").split(':').next().unwrap_or_default();
    assert!(user.parse::<u32>().is_ok_and(|id| id > 0), "{user}");
    for program in ["xcat-conformance", "xcat-sim"] {
        assert!(
            CONTAINER.contains(&format!("--bin {program}")),
            "{program} is built"
        );
        let copied = format!("/{program} /{program}\n");
        assert!(CONTAINER.contains(&copied), "{program} is in the image");
    }
}

#[test]
fn builds_name_what_there_is_and_reports_are_where_runs_write_them() {
    let package = MANIFEST.lines().find_map(|l| l.strip_prefix("name = "));
    let package = package.unwrap_or_default().trim_matches('"');
    for (what, text) in [("workflow", WORKFLOW), ("job", JOB)] {
        let build = lines(text)
            .into_iter()
            .find(|l| l.starts_with("cargo build"));
        let build = words(&build.expect("it builds"));
        let at = build
            .iter()
            .position(|w| w == "--package")
            .expect("a package");
        assert_eq!(build[at + 1], package, "{what}");
        let outs: Vec<String> = commands(text)
            .iter()
            .filter_map(|c| c.iter().skip_while(|w| *w != "--out").nth(1).cloned())
            .collect();
        let kept: Vec<String> = lines(text)
            .into_iter()
            .filter_map(|l| l.strip_suffix('/').map(str::to_owned))
            .filter(|l| !l.contains(' '))
            .collect();
        assert_eq!(kept, outs, "{what}");
    }
    for file in ["report/junit.xml", "report/summary.md"] {
        let (folder, name) = file.split_once('/').expect("a path");
        assert!(
            JOB.contains(file) || WORKFLOW.contains(file),
            "{folder}/{name}"
        );
        assert!(super::run::FILES.contains(&name), "{name}");
    }
}
