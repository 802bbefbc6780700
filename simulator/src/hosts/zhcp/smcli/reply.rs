//! What a function gives back, and how smcli prints it (spec: zhcp-and-smapi 2.4, 2.6).

use super::api::Api;
use super::arguments::{Arguments, missing};
use super::describe::describe;
use crate::seam::Outcome;
use crate::world::zvm::{Code, Smapi, code};

/// Return code of work that goes on.
const STARTED: i32 = 592;

/// What a function gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A change that was made.
    Done,
    /// The text of a query.
    Text(String),
    /// A pair that is printed as failure or start.
    Failed(Code),
    /// The same with message texts.
    FailedWith(Code, Vec<String>),
    /// Text as it is, with an exit status.
    Printed(String, i32),
    /// Text and exit status of a call that ended before its phrase was printed.
    Early(String, i32),
    /// As if a required option were not there.
    Missing,
}

impl From<Code> for Reply {
    fn from(code: Code) -> Self {
        Self::Failed(code)
    }
}

impl From<Smapi<()>> for Reply {
    fn from(result: Smapi<()>) -> Self {
        result.map_or_else(Self::Failed, |()| Self::Done)
    }
}

impl From<Smapi<String>> for Reply {
    fn from(result: Smapi<String>) -> Self {
        result.map_or_else(Self::Failed, Self::Text)
    }
}

impl From<Smapi<Reply>> for Reply {
    fn from(result: Smapi<Reply>) -> Self {
        result.unwrap_or_else(Self::Failed)
    }
}

impl Reply {
    /// What smcli prints, and its exit status.
    pub fn print(&self, api: &Api, arguments: &Arguments) -> Outcome {
        let phrase = phrase(api, arguments);
        let (text, rc) = match self {
            Self::Done => (format!("{phrase}Done\n"), 0),
            Self::Text(text) => (format!("{phrase}{text}"), 0),
            Self::Printed(text, rc) => (format!("{phrase}{text}"), *rc),
            Self::Early(text, rc) => (text.clone(), *rc),
            Self::Missing => return missing(api),
            Self::Failed(code) => return failed(api, &phrase, *code, &[]),
            Self::FailedWith(code, details) => return failed(api, &phrase, *code, details),
        };
        Outcome {
            rc,
            stdout: text,
            stderr: String::new(),
        }
    }
}

/// The failure block. Message texts are printed once each: the loop of the real program may cut or repeat those that
/// are shorter than the first (spec: zhcp-and-smapi Appendix C 5).
fn failed(api: &Api, phrase: &str, code: Code, details: &[String]) -> Outcome {
    let Code { rc, rs } = code;
    let description = describe(api.name, code);
    let mut stdout = phrase.to_owned();
    if rc < 0 {
        stdout.push_str(&format!(
            "Failed\n  Return Code: {rc}\n  Description: {description}\n\n"
        ));
        if rs != 0 {
            stdout.push_str(&format!("Errno value: {rs}\n"));
        }
    } else {
        let word = if rc == STARTED { "Started" } else { "Failed" };
        stdout.push_str(&format!(
            "{word}\n  Return Code: {rc}\n  Reason Code: {rs}\n  Description: {description}\n"
        ));
        for (at, text) in details.iter().enumerate() {
            stdout.push_str(if at == 0 { "Details: " } else { "" });
            stdout.push_str(text);
            stdout.push('\n');
        }
    }
    Outcome {
        rc: if rc < 0 { rc & 255 } else { 1 },
        stdout,
        stderr: String::new(),
    }
}

/// What is printed before the result.
pub fn phrase(api: &Api, arguments: &Arguments) -> String {
    let value = |letter: char| arguments.values.get(&letter).map_or("", String::as_str);
    match api.name {
        "Image_Pause" => {
            let verb = match value('k') {
                "PAUSE=YES" => "Halting",
                "PAUSE=NO" => "Resuming",
                _ => return String::new(),
            };
            return format!("{verb} processing on {}... ", value('T'));
        }
        "VMRELOCATE" => {
            return arguments
                .keywords
                .iter()
                .filter(|k| k.starts_with(['a', 'A']))
                .map(|k| format!("Running VMRELOCATE {k} against {}... ", value('T')))
                .collect();
        }
        _ => {}
    }
    let template = match api.phrase.split_once('|') {
        Some((_, with_device)) if !value('v').is_empty() => with_device,
        Some((without, _)) => without,
        None => api.phrase,
    };
    let mut phrase = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        phrase.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            break;
        };
        phrase.push_str(match name {
            "k0" => arguments.keywords.first().map_or("", String::as_str),
            name => value(name.chars().next().unwrap_or('T')),
        });
        rest = after;
    }
    phrase.push_str(rest);
    phrase
}

/// A pair that a fault asks for, printed as the function prints it.
pub fn injected(api: &Api, arguments: &Arguments, rc: i32, rs: i32, details: &[String]) -> Outcome {
    let reply = match (rc, rs) {
        (0, 0) => Reply::Done,
        (0, _) if api.name == "Image_Deactivate" => Reply::Done,
        (0, 12) if api.name == "Image_Lock_Query_DM" => {
            Reply::Text("Locked type: IMAGE\nImage locked by: MAINT\n".to_owned())
        }
        (0, 24) if api.name == "Image_Lock_Query_DM" => {
            let target = arguments.values.get(&'T').map_or("", String::as_str);
            Reply::Text(format!("{target} is Unlocked...\n"))
        }
        _ => Reply::FailedWith(code(rc, rs), details.to_vec()),
    };
    reply.print(api, arguments)
}

/// An empty field, as C's printf shows the null pointer that it is.
pub fn field(text: &str) -> &str {
    if text.is_empty() { "(null)" } else { text }
}
