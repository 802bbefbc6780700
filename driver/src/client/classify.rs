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
const STATUSES: [StatusRule; 12] = [
    rule(400, "", Executed::Rejected),
    rule(401, "", Executed::Rejected),
    rule(403, "", Executed::Rejected),
    rule(404, "", Executed::Rejected),
    rule(405, "", Executed::Rejected),
    rule(408, "", Executed::No),
    rule(503, "Connection failurexx:", Executed::No),
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

/// Return code of a request that was taken and goes on by itself, whatever the reason code, which is then the number of
/// the operation: read back as well (spec: driver 2.9).
const STARTED: i64 = 592;

/// What ssh says about host keys; no verdict on the work (spec: driver 3.6.3).
const SSH_NOISE: [&str; 3] = [
    "Warning: the RSA host key for",
    "Warning: Permanently added",
    SSH_CHANGED,
];

/// The one of them that the operator has to know.
const SSH_CHANGED: &str = "WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED";

/// Further lines of the same warnings of ssh, each by its beginning and a text after it. They are noise only beside one of
/// [`SSH_NOISE`]; by themselves they may be anybody's. What ends a connection is not among them: a failed verification of
/// the host key, and `you have requested strict checking`.
const SSH_DETAILS: [(&str, &str); 23] = [
    ("", "WARNING: POSSIBLE DNS SPOOFING DETECTED!"),
    ("IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!", ""),
    ("Someone could be eavesdropping on you right now", ""),
    (
        "It is also possible that ",
        "host key has just been changed",
    ),
    ("The fingerprint for the ", "key sent by the remote host is"),
    ("Please contact your system administrator.", ""),
    ("Add correct host key in ", "to get rid of this message."),
    ("Offending ", "key in "),
    ("Offending key for IP in ", ""),
    ("Matching host key in ", ""),
    ("", "differs from the key for the IP address"),
    ("remove with:", ""),
    ("ssh-keygen -f ", ""),
    ("ssh-keygen -R ", ""),
    (
        "",
        "authentication is disabled to avoid man-in-the-middle attacks.",
    ),
    (
        "",
        "forwarding is disabled to avoid man-in-the-middle attacks.",
    ),
    ("The ", "host key for"),
    ("and the key for the corresponding IP address ", ""),
    ("is unknown. This could either mean that", ""),
    ("is unchanged. This could either mean that", ""),
    ("has a different value. This could either mean that", ""),
    (
        "DNS SPOOFING is happening or the IP address for the host",
        "",
    ),
    ("and its host key have changed at the same time.", ""),
];

/// What an answer amounts to.
#[derive(Debug, Default)]
struct Findings {
    complaints: Vec<Complaint>,
    warnings: Vec<String>,
    /// Something that stands for the confirmation was seen: an accepted code or text.
    accepted: bool,
    /// An accepted text was an error by its key.
    accepted_error: bool,
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
    verdict(call, status, body).0
}

/// The same with the answer's warnings, which a failure has too.
pub(super) fn verdict(
    call: &Call,
    status: u16,
    body: &[u8],
) -> (Result<Done, CallError>, Vec<String>) {
    let fail = |executed, reason| -> Result<Done, CallError> {
        Err(CallError {
            call: call.id(),
            executed,
            reason,
        })
    };
    if status != call.request().method.success() {
        let text = plain_text(body);
        let executed = STATUSES
            .iter()
            .find(|rule| rule.status == status && text.contains(rule.text))
            .map_or(Executed::Unknown, |rule| rule.executed);
        return (fail(executed, Reason::Status { status, text }), Vec::new());
    }
    let Some(mut answer) = Answer::parse(status, body) else {
        let text = plain_text(body);
        let reason = Reason::NotJson { text };
        return (fail(Executed::Unknown, reason), Vec::new());
    };
    let findings = judge(call, &answer);
    let warnings = findings.warnings;
    if !findings.complaints.is_empty() {
        let complaints = findings.complaints;
        return (
            fail(Executed::Rejected, Reason::Xcat { complaints }),
            warnings,
        );
    }
    if !findings.accepted && !findings.recoverable && !confirmed(call, &answer) {
        let seen = answer.summary();
        return (
            fail(Executed::Unknown, Reason::NotConfirmed { seen }),
            warnings,
        );
    }
    if matches!(call, Call::Shell { .. }) {
        answer.drop_lines(SHELL_DONE);
    }
    let done = Done {
        answer,
        warnings: warnings.clone(),
        already: findings.accepted,
    };
    (Ok(done), warnings)
}

/// Whether a warning is the one of ssh that somebody has to look into.
pub(super) fn is_changed_host_key(warning: &str) -> bool {
    warning.contains(SSH_CHANGED)
}

/// Walks every element: structured errors, errors that arrive as information, warnings.
fn judge(call: &Call, answer: &Answer) -> Findings {
    let mut findings = Findings::default();
    let is_shell = matches!(call, Call::Shell { .. } | Call::GuestShell { .. });
    // The lines of one warning of ssh may be one element or several of one document.
    let noisy: Vec<(usize, LineKind)> = answer
        .elements
        .iter()
        .filter(|element| element.text.lines().any(is_ssh_warning))
        .map(|element| (element.document, element.kind))
        .collect();
    for element in &answer.elements {
        let is_noisy = noisy.contains(&(element.document, element.kind));
        match element.kind {
            LineKind::Error | LineKind::Info => {
                judge_element(call, element, is_noisy, &mut findings);
            }
            // What a command printed is the caller's business; its exit status speaks.
            LineKind::Data if !is_shell => judge_element(call, element, is_noisy, &mut findings),
            LineKind::Warning => findings.warnings.push(element.text.clone()),
            LineKind::Stderr => {
                let lines = element.text.lines().map(str::trim);
                let changed = lines.filter(|line| is_changed_host_key(line));
                findings.warnings.extend(changed.map(str::to_owned));
            }
            LineKind::Data | LineKind::Other => {}
        }
    }
    // An error that is ignored takes the code of its own document with it and no other: ssh noise beside a command that
    // failed silently says nothing of that command. Only the commands on definitions may repeat the code of a refusal in a
    // document of its own (spec: rest-and-xcatd 2.8), and such a refusal may be an accepted text.
    let codes: Vec<&str> = answer
        .error_codes
        .iter()
        .filter(|code| code.text.trim() != "0" && !code.has_text)
        .map(|code| code.text.as_str())
        .collect();
    if !codes.is_empty() && !findings.accepted_error && findings.complaints.is_empty() {
        // A code without a text, as after a remote command that failed silently.
        let stderr: Vec<&str> = answer.lines(LineKind::Stderr).collect();
        findings.complaints.push(Complaint {
            text: format!(
                "error code {}{}{}",
                codes.join(","),
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
fn judge_element(call: &Call, element: &Element, is_noisy: bool, findings: &mut Findings) {
    let is_error = element.kind == LineKind::Error;
    let lines: Vec<&str> = element.text.lines().collect();
    let mut index = 0;
    while index < lines.len() {
        let line = lines[index].trim();
        if let Some((block, used)) = smcli_block(&lines[index..]) {
            let is_one_of = |pairs: &[(u32, u32)]| block.codes.is_some_and(|c| pairs.contains(&c));
            if block.return_code == STARTED || is_one_of(&RECOVERABLE) {
                findings.recoverable = true;
                findings.warnings.push(block.text);
            } else if is_one_of(call.accepted_codes()) {
                findings.accepted = true;
            } else if block.return_code != 0 {
                // SMAPI answers 0/20 and 0/24 to things that it did, and the zHCP's program prints them as failures.
                findings.complaints.push(Complaint {
                    text: block.text,
                    codes: block.codes,
                });
            }
            index += used;
            continue;
        }
        index += 1;
        if line.is_empty() || is_ssh_warning(line) || (is_noisy && is_ssh_detail(line)) {
            if is_changed_host_key(line) {
                findings.warnings.push(line.to_owned());
            }
            continue;
        }
        if call.accepted_texts().iter().any(|text| line.contains(text)) {
            findings.accepted = true;
            findings.accepted_error |= is_error;
            continue;
        }
        // The MN tells an error from information by words anywhere in the text (Q39), so a line that says `Done` of an
        // object whose name or comment holds `failed` or `error` arrives as an error. Its end says what became of the work;
        // that all of it was done has still to be confirmed.
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

fn is_ssh_warning(line: &str) -> bool {
    SSH_NOISE.iter().any(|noise| line.contains(noise))
}

/// Whether a line is one of the further lines of a warning of ssh, with or without the node's name in front.
fn is_ssh_detail(line: &str) -> bool {
    // The headings stand between two signs, and lines of the same sign above and below.
    let is_frame = |c: char| c == '@' || c.is_whitespace();
    let fits = |text: &str| {
        let text = text.trim_matches(is_frame);
        text.is_empty()
            || is_fingerprint(text)
            || SSH_DETAILS.iter().any(|(start, rest)| {
                text.strip_prefix(start)
                    .is_some_and(|after| after.contains(rest))
            })
    };
    // A verdict is none, whatever else the line holds.
    !says_failure(line) && (fits(line) || fits(without_node(line)))
}

/// A host key's digest, in the newer or the older form, with the full stop that ssh sets behind it.
fn is_fingerprint(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    if let Some(digest) = text.strip_prefix("SHA256:") {
        let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
        return !digest.is_empty() && digest.bytes().all(is_base64);
    }
    let digest = text.strip_prefix("MD5:").unwrap_or(text);
    let is_pair = |pair: &str| pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_hexdigit());
    digest.split(':').count() == 16 && digest.split(':').all(is_pair)
}

/// A line without the node's name that may stand in front; never more than one word.
fn without_node(line: &str) -> &str {
    match line.split_once(": ") {
        Some((node, rest)) if !node.contains(' ') => rest.trim_start(),
        _ => line,
    }
}

/// The known shapes of a failure in a line of information (spec: driver 3.6.2). User data that merely holds the word
/// does not fit any of them.
fn says_failure(line: &str) -> bool {
    let lower = without_node(line.trim()).to_ascii_lowercase();
    lower.starts_with("(error)")
        || lower.starts_with("error:")
        || lower == "failed"
        || lower.starts_with("failed to ")
        || lower.ends_with("... failed")
        || lower.ends_with("...failed")
        || lower == "host key verification failed."
        || lower.ends_with("you have requested strict checking.")
}

/// What the zHCP's program prints for a SMAPI call that it could not simply call done.
struct SmcliBlock {
    /// Negative when SMAPI was not reached.
    return_code: i64,
    /// Both codes, when both are there and SMAPI's.
    codes: Option<(u32, u32)>,
    text: String,
}

/// The block that begins here, with its length in lines: a line that ends in `Failed` (`Started` for a request that goes
/// on by itself) and the codes in the lines after it. The first line may be missing, for a release may give the rest by
/// itself; the block begins with the return code then (spec: driver 3.6.1, 3.6.2; zhcp-and-smapi 2.4).
fn smcli_block(lines: &[&str]) -> Option<(SmcliBlock, usize)> {
    let first = lines.first()?.trim().to_ascii_lowercase();
    let has_head = first.ends_with("failed") || first.ends_with("started");
    if !has_head && !without_node(&first).starts_with("return code") {
        return None;
    }
    let (mut return_code, mut reason_code) = (None, None);
    let (mut used, mut is_described) = (usize::from(has_head), false);
    for line in &lines[used..] {
        // A later line may carry the node's name in front again.
        let lower = line.to_ascii_lowercase();
        if is_described {
            // SMAPI's own messages; they belong to the block, whatever they say.
            let line = lower.trim();
            if ![line, without_node(line)]
                .iter()
                .any(|line| line.starts_with("details:"))
            {
                break;
            }
        } else {
            let found = (
                labelled(&lower, "return code"),
                labelled(&lower, "reason code"),
            );
            is_described = lower.contains("description:");
            // A second return code is the next block's.
            let is_next = found.0.is_some() && return_code.is_some();
            if is_next || (found == (None, None) && !is_described) {
                break;
            }
            return_code = found.0.or(return_code);
            reason_code = found.1.or(reason_code);
        }
        used += 1;
    }
    let return_code = return_code?;
    let text: Vec<&str> = lines[..used].iter().map(|line| line.trim()).collect();
    let block = SmcliBlock {
        return_code,
        codes: reason_code.and_then(|reason_code: i64| {
            Some((
                u32::try_from(return_code).ok()?,
                u32::try_from(reason_code).ok()?,
            ))
        }),
        text: text.join("; "),
    };
    Some((block, used))
}

/// The number after a label and a colon, in a line of small letters.
fn labelled(lower: &str, label: &str) -> Option<i64> {
    let (_, rest) = lower.split_once(label)?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start();
    let digits = rest.strip_prefix('-').unwrap_or(rest);
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    let number: i64 = digits[..length].parse().ok()?;
    Some(if rest.starts_with('-') {
        -number
    } else {
        number
    })
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
        assert!(judge_body(&dedicate(), &answer(204, 4)).unwrap().already);
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

    /// An answer of which one document is an error with its code, and the rest is as given.
    fn with_error(text: &str, rest: &str) -> String {
        let text = serde_json::Value::from(text);
        format!(r#"{{"data":[{{"error":[{text}],"errorcode":["1"]}}{rest}]}}"#)
    }

    const RELEASED: &str = r#",{"info":["zvm1: Releasing FCP device... Done"]},{"info":["zvm1: FCP device 0x1/0x2 was released"]}"#;

    const CHANGED_KEY: &str = "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r\n\
        @       WARNING: POSSIBLE DNS SPOOFING DETECTED!          @\r\n\
        @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r\n\
        The RSA host key for lnx1 has changed,\r\n\
        and the key for the corresponding IP address 10.0.0.1\r\n\
        is unchanged. This could either mean that\r\n\
        DNS SPOOFING is happening or the IP address for the host\r\n\
        and its host key have changed at the same time.\r\n\
        Offending key for IP in /root/.ssh/known_hosts:4\r\n\
        @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r\n\
        @    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\n\
        @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r\n\
        IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!\r\n\
        Someone could be eavesdropping on you right now (man-in-the-middle attack)!\r\n\
        It is also possible that a host key has just been changed.\r\n\
        The fingerprint for the RSA key sent by the remote host is\r\n\
        SHA256:6j3fV0mEmU+8p2Yx1/FYV0iPzFt1iQqkHfYqkPpI3Lw.\r\n\
        Please contact your system administrator.\r\n\
        Add correct host key in /root/.ssh/known_hosts to get rid of this message.\r\n\
        Offending RSA key in /root/.ssh/known_hosts:4\r\n\
        \x20 remove with:\r\n\
        \x20 ssh-keygen -f \"/root/.ssh/known_hosts\" -R lnx1\r\n\
        Password authentication is disabled to avoid man-in-the-middle attacks.\r\n\
        Keyboard-interactive authentication is disabled to avoid man-in-the-middle attacks.\r\n";

    #[test]
    fn d39_the_whole_of_a_warning_of_ssh_is_noise_and_the_changed_key_is_told() {
        let done = judge_body(&release(), &with_error(CHANGED_KEY, RELEASED)).unwrap();
        assert_eq!(done.warnings.len(), 1);
        assert!(is_changed_host_key(&done.warnings[0]));
        let older = "Warning: the RSA host key for 'lnx1' differs from the key for the IP address '10.0.0.1'\n\
            Offending key for IP in /root/.ssh/known_hosts:4\n\
            Matching host key in /root/.ssh/known_hosts:7\n\
            6a:9b:11:0c:6a:9b:11:0c:6a:9b:11:0c:6a:9b:11:0c.";
        assert!(judge_body(&release(), &with_error(older, RELEASED)).is_ok());
        // Noise is no confirmation.
        let silent = judge_body(&release(), &with_error(CHANGED_KEY, "")).unwrap_err();
        assert_eq!(silent.executed, Executed::Unknown);
    }

    #[test]
    fn d39_the_lines_of_a_warning_may_be_elements_of_one_document() {
        let lines: Vec<&str> = CHANGED_KEY.lines().map(str::trim).collect();
        let lines = serde_json::Value::from(lines);
        let body = format!(r#"{{"data":[{{"error":{lines},"errorcode":["1"]}}{RELEASED}]}}"#);
        assert!(judge_body(&release(), &body).is_ok());
    }

    #[test]
    fn d39_what_ends_a_connection_is_no_noise() {
        for verdict in [
            "Host key verification failed.",
            "RSA host key for lnx1 has changed and you have requested strict checking.",
            "zvm1: (Error) unable to communicate with the zhcp system: zhcp1",
        ] {
            let text = format!("{CHANGED_KEY}{verdict}\r\n");
            let error = judge_body(&release(), &with_error(&text, RELEASED)).unwrap_err();
            assert_eq!(error.executed, Executed::Rejected, "{verdict}");
            let Reason::Xcat { complaints } = error.reason else {
                panic!("{verdict}")
            };
            let texts: Vec<&str> = complaints.iter().map(|c| c.text.as_str()).collect();
            assert_eq!(texts, [verdict]);
            // A failure has its warnings too.
            let (_, warnings) = verdict_of(&text);
            assert_eq!(warnings.len(), 1);
        }
    }

    fn verdict_of(error: &str) -> (Result<Done, CallError>, Vec<String>) {
        verdict(&release(), 200, with_error(error, "").as_bytes())
    }

    #[test]
    fn d39_the_lines_of_a_warning_count_when_they_stand_alone() {
        for line in [
            "Please contact your system administrator.",
            "Offending RSA key in /root/.ssh/known_hosts:4",
            "@@@@@@@@@@@@",
        ] {
            assert!(
                judge_body(&release(), &with_error(line, RELEASED)).is_err(),
                "{line}"
            );
            let elsewhere =
                format!(r#",{{"error":["Warning: Permanently added 'x'."]}}{RELEASED}"#);
            assert!(
                judge_body(&release(), &with_error(line, &elsewhere)).is_err(),
                "{line}"
            );
        }
    }

    #[test]
    fn an_ignored_error_takes_only_its_own_code_with_it() {
        let noise = "Warning: Permanently added 'x' to the list of known hosts.";
        assert!(judge_body(&release(), &with_error(noise, RELEASED)).is_ok());
        let silent = format!(r#"{RELEASED},{{"errorcode":["7"]}}"#);
        let error = judge_body(&release(), &with_error(noise, &silent)).unwrap_err();
        assert_eq!(error.executed, Executed::Rejected);
        assert!(error.to_string().contains("error code 7"), "{error}");
        // The commands on definitions give the code of a refusal once more.
        let call = Call::RemoveDefinition {
            node: "lnx1".parse().unwrap(),
        };
        let gone = "Could not find an object named 'lnx1' of type 'node'.";
        let again = r#",{"errorcode":["1"]}"#;
        assert!(judge_body(&call, &with_error(gone, again)).unwrap().already);
    }

    #[test]
    fn an_image_that_is_there_already_is_no_failure_of_its_import() {
        let call = Call::ImportImage {
            bundle: "/tmp/cv1.tar".to_owned(),
            profile: "cv1".parse().unwrap(),
            remote: "cinder@192.0.2.1".to_owned(),
            plain: true,
            gib: 1,
        };
        let judge_created = |body: &str| classify(&call, 201, body.as_bytes());
        let there = "The image unknown-s390x-raw-cv1 already exists in the osimage table.";
        assert!(judge_created(&with_error(there, "")).unwrap().already);
        assert!(judge_created(&with_error("/tmp/cv1.tar does not exist.", "")).is_err());
    }

    #[test]
    fn codes_without_the_word_failed_are_seen() {
        let block =
            |rc: u32, rs: u32| format!("os1:   Return Code: {rc}\nos1:   Reason Code: {rs}");
        let info = |text: &str| {
            let text = serde_json::Value::from(text);
            let done =
                r#"{"info":["os1: Dedicating device 1faa to OS1's directory entry... Done"]}"#;
            format!(r#"{{"data":[{done},{{"info":[{text}]}}]}}"#)
        };
        let error = judge_body(&dedicate(), &info(&block(400, 4))).unwrap_err();
        assert_eq!(error.codes(), Some((400, 4)));
        assert!(error.is_not_found());
        assert!(
            judge_body(&dedicate(), &info(&block(404, 4)))
                .unwrap()
                .already
        );
        assert!(judge_body(&dedicate(), &info(&block(596, 6312))).is_ok());
        assert!(judge_body(&dedicate(), &info(&block(0, 0))).is_ok());
        // SMAPI that cannot be reached has no reason code.
        let unreached = "os1: Dedicating device 1faa to OS1's active configuration... FAILED\n  Return Code: -5\n  Description: x";
        let error = judge_body(&dedicate(), &info(unreached)).unwrap_err();
        assert_eq!(error.codes(), None);
        assert!(error.to_string().contains("Return Code: -5"));
        for text in [
            "os1: a comment on return code: 8 in a directory entry",
            "os1: Return Codes of my program: 8",
        ] {
            assert!(judge_body(&dedicate(), &info(text)).is_ok(), "{text}");
        }
    }

    #[test]
    fn every_block_of_an_element_is_judged() {
        let text = "os1: a... failed\n  Return code : 596\n  Reason Code: 1185\n  Description: x\nDetails: y\n\
            os1: b... Failed\n  Return Code: 404\n  Reason Code: 12\n  Description: locked";
        let error = judge_body(&dedicate(), &with_error(text, "")).unwrap_err();
        let Reason::Xcat { complaints } = &error.reason else {
            panic!("{error}")
        };
        assert_eq!(complaints.len(), 1, "{complaints:?}");
        assert!(error.is_busy());
    }

    #[test]
    fn a_request_that_goes_on_by_itself_is_taken_and_read_back() {
        let text = "os1: Dedicating device 1faa to OS1's directory entry... Started\n  Return Code: 592\n  Reason Code: 17\n  \
            Description: Asynchronous operation started - product-specific asynchronous operation ID : 17";
        let quoted = serde_json::Value::from(text);
        let info = format!(r#"{{"data":[{{"info":[{quoted}]}}]}}"#);
        for body in [info, with_error(text, "")] {
            let done = judge_body(&dedicate(), &body).unwrap();
            assert!(!done.already && done.warnings.len() == 1);
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
        assert_eq!(on(503, "Connection failure"), Executed::Unknown);
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
