//! From an answer to its meaning (spec: driver 3.4 to 3.6). The rules are tables; the code only walks them.

use super::answer::{Answer, Element, LineKind};
use super::call::{Call, SHELL_DONE};
use super::error::{CallError, Complaint, Executed, Reason};

/// A status that is not success, with a text that the body must hold (empty: any).
struct StatusRule {
    status: u16,
    text: &'static str,
    executed: Executed,
}

/// Spec: driver 3.4. The first rule that fits decides; an unlisted status says nothing about the work.
const STATUSES: [StatusRule; 13] = [
    rule(400, "", Executed::Rejected),
    rule(401, "", Executed::Rejected),
    rule(403, "", Executed::Rejected),
    rule(404, "", Executed::Rejected),
    rule(405, "", Executed::Rejected),
    rule(408, "", Executed::No),
    rule(503, "Connection failurexx:", Executed::No),
    rule(503, "Connection failure", Executed::No),
    rule(503, "ended prematurely", Executed::Unknown),
    rule(503, "JSON perl module missing", Executed::Rejected),
    rule(500, "", Executed::Unknown),
    rule(502, "", Executed::Unknown),
    rule(504, "", Executed::Unknown),
];

const fn rule(status: u16, text: &'static str, executed: Executed) -> StatusRule {
    StatusRule {
        status,
        text,
        executed,
    }
}

/// Return and reason codes of DirMaint that say that the request was taken: ignored, and read back (spec: driver 2.9, 3.6.3).
const RECOVERABLE: [(u32, u32); 2] = [(596, 1185), (596, 6312)];

/// What ssh says about host keys; no verdict on the work (spec: driver 3.6.3).
const SSH_NOISE: [&str; 3] = [
    "Warning: the RSA host key for",
    "Warning: Permanently added",
    SSH_CHANGED,
];

/// The one of them that the operator has to know.
const SSH_CHANGED: &str = "WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED";

/// What an answer amounts to.
#[derive(Debug, Default)]
struct Findings {
    complaints: Vec<Complaint>,
    warnings: Vec<String>,
    /// Something that stands for the confirmation was seen: an accepted code or text.
    accepted: bool,
    /// A recoverable pair was seen: the work was taken on, so its confirmation is the read-back.
    recoverable: bool,
}

/// A call that succeeded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// The answer.
    pub answer: Answer,
    /// Warnings in it.
    pub warnings: Vec<String>,
    /// Whether the MN said that the state was there already.
    pub already: bool,
}

/// Judges an answer of the MN.
pub fn classify(call: &Call, status: u16, body: &[u8]) -> Result<Done, CallError> {
    let fail = |executed, reason| CallError {
        call: call.id(),
        executed,
        reason,
    };
    if status != call.request().method.success() {
        let text = plain_text(body);
        let executed = STATUSES
            .iter()
            .find(|rule| rule.status == status && text.contains(rule.text))
            .map_or(Executed::Unknown, |rule| rule.executed);
        return Err(fail(executed, Reason::Status { status, text }));
    }
    let Some(mut answer) = Answer::parse(status, body) else {
        let text = plain_text(body);
        return Err(fail(Executed::Unknown, Reason::NotJson { text }));
    };
    let findings = judge(call, &answer);
    if !findings.complaints.is_empty() {
        let complaints = findings.complaints;
        return Err(fail(Executed::Rejected, Reason::Xcat { complaints }));
    }
    if !findings.accepted && !findings.recoverable && !confirmed(call, &answer) {
        let seen = answer.summary();
        return Err(fail(Executed::Unknown, Reason::NotConfirmed { seen }));
    }
    if matches!(call, Call::Shell { .. }) {
        answer.drop_lines(SHELL_DONE);
    }
    Ok(Done {
        answer,
        warnings: findings.warnings,
        already: findings.accepted,
    })
}

/// Walks every element: structured errors, errors that arrive as information, warnings.
fn judge(call: &Call, answer: &Answer) -> Findings {
    let mut findings = Findings::default();
    let is_shell = matches!(call, Call::Shell { .. } | Call::GuestShell { .. });
    for element in &answer.elements {
        match element.kind {
            LineKind::Error => judge_element(call, element, true, &mut findings),
            LineKind::Info => judge_element(call, element, false, &mut findings),
            // What a command printed is the caller's business; its exit status speaks.
            LineKind::Data if !is_shell => judge_element(call, element, false, &mut findings),
            LineKind::Warning => findings.warnings.push(element.text.clone()),
            LineKind::Data | LineKind::Stderr | LineKind::Other => {}
        }
    }
    let failed = answer.error_codes.iter().any(|code| code.trim() != "0");
    let errors = answer.elements.iter().any(|e| e.kind == LineKind::Error);
    if failed && !errors && findings.complaints.is_empty() {
        // A code without a text, as after a remote command that failed silently.
        let stderr: Vec<&str> = answer.lines(LineKind::Stderr).collect();
        findings.complaints.push(Complaint {
            text: format!(
                "error code {}{}{}",
                answer.error_codes.join(","),
                if stderr.is_empty() { "" } else { ": " },
                stderr.join("; ")
            ),
            codes: None,
        });
    }
    findings
}

/// Splits an element into smcli blocks and other lines and judges each part by itself, so that a failure beside ssh noise
/// is not lost (D39).
fn judge_element(call: &Call, element: &Element, is_error: bool, findings: &mut Findings) {
    let lines: Vec<&str> = element.text.lines().collect();
    let mut index = 0;
    while index < lines.len() {
        let line = lines[index].trim();
        if let Some((block, used)) = smcli_block(&lines[index..]) {
            let codes = (block.return_code, block.reason_code);
            if RECOVERABLE.contains(&codes) {
                findings.recoverable = true;
                findings.warnings.push(block.text);
            } else if call.accepted_codes().contains(&codes) {
                findings.accepted = true;
            } else if block.return_code != 0 || !benign_zero(codes) {
                findings.complaints.push(Complaint {
                    text: block.text,
                    codes: Some(codes),
                });
            }
            index += used;
            continue;
        }
        index += 1;
        if line.is_empty() || SSH_NOISE.iter().any(|noise| line.contains(noise)) {
            if line.contains(SSH_CHANGED) {
                findings.warnings.push(line.to_owned());
            }
            continue;
        }
        if call.accepted_texts().iter().any(|text| line.contains(text)) {
            findings.accepted = true;
            continue;
        }
        if (is_error && !line.ends_with("... Done")) || says_failure(line) {
            findings.complaints.push(Complaint {
                text: line.to_owned(),
                codes: None,
            });
        } else if line.to_ascii_lowercase().contains("warn") {
            findings.warnings.push(line.to_owned());
        }
    }
}

/// SMAPI answers 0/20 and 0/24 to things that it did, and the zHCP's program prints them as failures.
fn benign_zero((return_code, _): (u32, u32)) -> bool {
    return_code == 0
}

/// The known shapes of a failure in a line of information (spec: driver 3.6.2). User data that merely holds the word
/// does not fit any of them.
fn says_failure(line: &str) -> bool {
    let line = line.trim();
    // In front may stand the node's name; never more than one word.
    let rest = match line.split_once(": ") {
        Some((node, rest)) if !node.contains(' ') => rest.trim_start(),
        _ => line,
    };
    let lower = rest.to_ascii_lowercase();
    lower.starts_with("(error)")
        || lower.starts_with("error:")
        || lower == "failed"
        || lower.starts_with("failed to ")
        || lower.ends_with("... failed")
        || lower.ends_with("...failed")
}

/// What the zHCP's program prints for a failed SMAPI call.
struct SmcliBlock {
    return_code: u32,
    reason_code: u32,
    text: String,
}

/// A block that begins with a line ending in `Failed` and has both codes in the next three lines; with its length in lines.
fn smcli_block(lines: &[&str]) -> Option<(SmcliBlock, usize)> {
    let first = lines.first()?.trim_end();
    if !first.ends_with("Failed") {
        return None;
    }
    let (mut return_code, mut reason_code) = (None, None);
    let mut used = 1;
    for line in &lines[1..] {
        // A later line may carry the node's name in front again.
        let lower = line.to_ascii_lowercase();
        if let Some(at) = lower.find("return code:") {
            return_code = number(&lower[at + 12..]);
        } else if let Some(at) = lower.find("reason code:") {
            reason_code = number(&lower[at + 12..]);
        } else if lower.contains("description:") {
            used += 1;
            break;
        } else {
            break;
        }
        used += 1;
    }
    let text: Vec<&str> = lines[..used].iter().map(|line| line.trim()).collect();
    Some((
        SmcliBlock {
            return_code: return_code?,
            reason_code: reason_code?,
            text: text.join("; "),
        },
        used,
    ))
}

fn number(text: &str) -> Option<u32> {
    let text = text.trim_start();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text[..digits].parse().ok()
}

/// Whether the answer holds what the call has to say when it worked; absence of an error is not success (D40).
fn confirmed(call: &Call, answer: &Answer) -> bool {
    let alternatives = call.confirmations();
    if alternatives.is_empty() {
        return true;
    }
    let lines: Vec<String> = answer
        .elements
        .iter()
        .filter(|e| e.kind != LineKind::Other)
        .flat_map(|e| e.text.lines())
        .map(str::to_ascii_lowercase)
        .collect();
    let has = |fragments: &Vec<String>| lines.iter().any(|line| in_order(line, fragments));
    alternatives.iter().any(|wanted| wanted.iter().all(has))
}

fn in_order(line: &str, fragments: &[String]) -> bool {
    let mut rest = line;
    fragments.iter().all(|fragment| {
        let fragment = fragment.to_ascii_lowercase();
        match rest.find(&fragment) {
            Some(at) => {
                rest = &rest[at + fragment.len()..];
                true
            }
            None => false,
        }
    })
}

/// A body that is no JSON: its text without tags, at most 300 characters.
fn plain_text(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let mut out = String::new();
    let mut in_tag = false;
    for c in text.chars() {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => in_tag = false,
            c if !in_tag && (!c.is_control() || c == '\n') => out.push(c),
            _ => {}
        }
        if out.len() >= 300 {
            break;
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Channel, ReserveAs};

    fn release() -> Call {
        Call::Release {
            host: "zvm1".parse().unwrap(),
            pool: "p".parse().unwrap(),
            wwpn: "5005076801102991".parse().unwrap(),
            lun: "0021000000000000".parse().unwrap(),
        }
    }

    fn reserve() -> Call {
        Call::Reserve {
            host: "zvm1".parse().unwrap(),
            pool: "p".parse().unwrap(),
            status: ReserveAs::Reserved,
            owner: "cv1".to_owned(),
            channel: Channel::Auto,
            size: None,
            wwpn: "5005076801102991".parse().unwrap(),
            lun: "0021000000000000".parse().unwrap(),
        }
    }

    fn dedicate() -> Call {
        Call::Dedicate {
            node: "os1".parse().unwrap(),
            device: "1faa".parse().unwrap(),
        }
    }

    fn judge_body(call: &Call, body: &str) -> Result<Done, CallError> {
        classify(call, 200, body.as_bytes())
    }

    #[test]
    fn d36_a_failure_that_arrives_as_information_is_a_failure() {
        let body = r#"{"data":[{"info":["zvm1: Releasing FCP device... Failed"]}]}"#;
        let error = judge_body(&release(), body).unwrap_err();
        assert_eq!(error.executed, Executed::Rejected);
        assert!(error.to_string().contains("Releasing FCP device... Failed"));
    }

    #[test]
    fn d38_an_error_inside_a_node_is_an_error() {
        let call = Call::NodeStatus {
            node: "lnx1".parse().unwrap(),
        };
        let body = r#"{"data":[{"node":[{"name":["lnx1"],"error":["lnx1: unreachable"],"errorcode":["1"]}]}]}"#;
        assert_eq!(
            judge_body(&call, body).unwrap_err().executed,
            Executed::Rejected
        );
    }

    #[test]
    fn d39_a_failure_beside_ssh_noise_is_not_lost() {
        let noise = r#"{"data":[{"error":["Warning: Permanently added 'x' to the list of known hosts."]},{"info":["Reserving FCP device... Done"]},{"info":["FCP device auto/0x1/0x2 was reserved... Done"]}]}"#;
        assert!(judge_body(&reserve(), noise).is_ok());
        let both = r#"{"data":[{"error":["Warning: Permanently added 'x'\nzvm1: (Error) FCP device 0x1/0x2 is in use."],"errorcode":["1"]}]}"#;
        assert!(judge_body(&reserve(), both).is_err());
    }

    #[test]
    fn d40_no_error_is_not_success() {
        let error = judge_body(&reserve(), r#"{"data":[{"info":[null]}]}"#).unwrap_err();
        assert_eq!(error.executed, Executed::Unknown);
        assert!(matches!(error.reason, Reason::NotConfirmed { .. }));
    }

    #[test]
    fn d40_a_removal_that_says_nothing_is_no_removal() {
        let profile: crate::types::Tag = "cv1".parse().unwrap();
        let files = Call::RemoveImageFiles {
            profile: profile.clone(),
        };
        let definition = Call::RemoveImage { profile };
        let node = Call::RemoveDefinition {
            node: "lnx1".parse().unwrap(),
        };
        let removed = "object definitions have been removed.";
        let gone = "Could not find an object named 'cv1' of type 'osimage'.";
        for (call, said, gone) in [
            (
                &files,
                "Image files have been removed successfully from this management node.".to_owned(),
                "Image directory /install/raw/cv1 does not exist",
            ),
            (&definition, format!("1 {removed}"), gone),
            (&node, format!("1 {removed}"), gone),
        ] {
            let silent = judge_body(call, r#"{"data":[{"info":[null]}]}"#).unwrap_err();
            assert_eq!(silent.executed, Executed::Unknown, "{call:?}");
            let done = judge_body(call, &format!(r#"{{"data":[{{"info":["{said}"]}}]}}"#)).unwrap();
            assert!(!done.already, "{call:?}");
            let gone = format!(r#"{{"data":[{{"error":["{gone}"],"errorcode":["1"]}}]}}"#);
            assert!(judge_body(call, &gone).unwrap().already, "{call:?}");
        }
    }

    #[test]
    fn smapi_codes_decide_between_already_recoverable_and_failed() {
        let answer = |rc: u32, rs: u32| {
            format!(
                "{{\"data\":[{{\"error\":[\"os1: Failed\\n  Return Code: {rc}\\n  Reason Code: {rs}\\n  Description: x\"],\"errorcode\":[\"1\"]}}]}}"
            )
        };
        assert!(judge_body(&dedicate(), &answer(404, 4)).unwrap().already);
        let taken = judge_body(&dedicate(), &answer(596, 1185)).unwrap();
        assert!(!taken.already && !taken.warnings.is_empty());
        let error = judge_body(&dedicate(), &answer(404, 12)).unwrap_err();
        assert_eq!(error.codes(), Some((404, 12)));
        assert!(error.is_busy());
    }

    #[test]
    fn user_data_with_the_word_failed_triggers_nothing() {
        for line in [
            "zvm1: Completed deploying image(unknown-s390x-raw-failed)",
            "used,5005076801102991,0021000000000000,10G,,failedguest,1faa,",
            "lnx1: the word failed in a sentence",
        ] {
            assert!(!says_failure(line), "{line}");
        }
        for line in [
            "zvm1: (Error) x",
            "zvm1: Copying zFCP device... Failed",
            "Failed to copy /dev/sda",
            "os1: Failed",
        ] {
            assert!(says_failure(line), "{line}");
        }
    }

    #[test]
    fn statuses_tell_whether_the_work_was_done() {
        let on = |status, body: &str| {
            classify(&release(), status, body.as_bytes())
                .unwrap_err()
                .executed
        };
        assert_eq!(
            on(403, "<p>Invalid nodes and/or groups in noderange: x</p>"),
            Executed::Rejected
        );
        assert_eq!(on(408, ""), Executed::No);
        assert_eq!(on(503, "Connection failurexx: refused"), Executed::No);
        assert_eq!(
            on(
                503,
                "communication with the xCAT server seems to have been ended prematurely"
            ),
            Executed::Unknown
        );
        assert_eq!(on(503, "something"), Executed::Unknown);
        assert_eq!(on(201, "{}"), Executed::Unknown);
        assert_eq!(on(200, "<html>"), Executed::Unknown);
    }

    #[test]
    fn a_remote_command_fails_by_its_exit_status_not_by_what_it_prints() {
        let call = Call::Shell {
            node: "l".parse().unwrap(),
            command: "x".to_owned(),
            changes: true,
            gib: 0,
        };
        let noisy = r#"{"data":[{"data":["l: x","l: zvm-done"]},{"errorcode":["0"],"NoErrorPrefix":["1"],"error":["l: 1+0 records in"]},{"errorcode":["0"]}]}"#;
        let done = judge_body(&call, noisy).unwrap();
        assert_eq!(done.answer.output().collect::<Vec<_>>(), ["l: x"]);
        // A command that printed nothing may never have run.
        let silent = r#"{"data":[{"errorcode":["0"]}]}"#;
        assert_eq!(
            judge_body(&call, silent).unwrap_err().executed,
            Executed::Unknown
        );
        let failed = r#"{"data":[{"errorcode":["0"],"NoErrorPrefix":["1"],"error":["l: no"]},{"errorcode":["2"]}]}"#;
        assert!(
            judge_body(&call, failed)
                .unwrap_err()
                .to_string()
                .contains("l: no")
        );
    }
}
