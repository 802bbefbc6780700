//! A certificate: what a run found, as text that a person can read, signed so that nobody can change a word of it. Offline
//! verification checks the signature, names a word that was changed, and derives every verdict again from the cases.

use std::fmt::Write as _;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

use crate::result::{CaseResult, ProfileResult, RunResult};
use crate::verdict::Verdict;

/// First line of every certificate.
const TITLE: &str = "xcat-conformance certificate, schema 1";
/// What separates the text from its seal.
const SEAL: &str = "seal";
/// Hex digits of each word's digest.
const WORD_DIGITS: usize = 12;

/// Why a certificate is not good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Not a certificate, or of another schema.
    #[error("not a certificate that this kit can read: {0}")]
    Shape(String),
    /// A word is not the one that was signed.
    #[error("word {number} of the certificate is '{word}', which is not what was signed")]
    Word {
        /// Number of the word, from 1.
        number: usize,
        /// The word as it stands.
        word: String,
    },
    /// Words were added or taken away at the end.
    #[error("the certificate has {found} words, {signed} were signed")]
    Length {
        /// Words as it stands.
        found: usize,
        /// Words as signed.
        signed: usize,
    },
    /// The seal itself is not the signer's.
    #[error("the signature is not good: the seal was changed, or another key signed")]
    Signature,
    /// Signed, but not by the key that was asked for.
    #[error("signed by {found}, not by {wanted}")]
    Key {
        /// Key of the certificate.
        found: String,
        /// Key that was asked for.
        wanted: String,
    },
    /// What it claims does not follow from its cases.
    #[error("the certificate claims '{claimed}', but its cases say '{derived}'")]
    Verdict {
        /// Claim.
        claimed: String,
        /// What follows.
        derived: String,
    },
    /// Evidence that was given is not the evidence of the run.
    #[error("the evidence of {0} is not the evidence that was certified")]
    Evidence(String),
}

/// What a good certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Signer's public key, in hex digits.
    pub key: String,
    /// Head and profile lines.
    pub claims: Vec<String>,
    /// Cases in it.
    pub cases: usize,
}

/// Writes and signs the certificate of a run.
pub fn sign(run: &RunResult, key: &SigningKey) -> String {
    let mut text = body(run);
    let digests: String = words(&text).map(digest).collect();
    let signature = key.sign(message(&digests).as_bytes());
    let _ = write!(
        text,
        "{SEAL}\nwords {digests}\nkey {}\nsignature {}\n",
        hex(key.verifying_key().as_bytes()),
        hex(&signature.to_bytes())
    );
    text
}

/// Verifies a certificate; `key` is the signer that is asked for, in hex digits.
pub fn verify(text: &str, key: Option<&str>) -> Result<Verified, CertificateError> {
    let (body, seal) = split(text)?;
    let shape = |what: &str| CertificateError::Shape(what.to_owned());
    let field = |name: &str| {
        seal.lines()
            .find_map(|l| l.strip_prefix(name)?.strip_prefix(' '))
            .map(str::trim)
            .ok_or_else(|| shape(&format!("the seal has no {name}")))
    };
    let (digests, public, signature) = (field("words")?, field("key")?, field("signature")?);
    let verifying = unhex(public)
        .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
        .and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok())
        .ok_or(CertificateError::Signature)?;
    let signature = unhex(signature)
        .and_then(|bytes| <[u8; 64]>::try_from(bytes).ok())
        .map(|bytes| Signature::from_bytes(&bytes))
        .ok_or(CertificateError::Signature)?;
    // The words first: when one was changed, its name says more than a bad signature does.
    check_words(body, digests)?;
    verifying
        .verify_strict(message(digests).as_bytes(), &signature)
        .map_err(|_| CertificateError::Signature)?;
    if !body.starts_with(TITLE) {
        return Err(shape("its first line is another one"));
    }
    if let Some(wanted) = key
        && !wanted.eq_ignore_ascii_case(public)
    {
        return Err(CertificateError::Key {
            found: public.to_owned(),
            wanted: wanted.to_owned(),
        });
    }
    let cases = cases(body)?;
    derive_again(body, &cases)?;
    Ok(Verified {
        key: public.to_owned(),
        claims: body
            .lines()
            .skip(1)
            .filter(|l| !l.starts_with("case "))
            .map(str::to_owned)
            .collect(),
        cases: cases.len(),
    })
}

/// Verifies that a result file is the one that was certified: every case's evidence has the digest of the certificate.
pub fn verify_evidence(text: &str, run: &RunResult) -> Result<(), CertificateError> {
    let (body, _) = split(text)?;
    for line in body.lines().filter(|l| l.starts_with("case ")) {
        let mut fields = line.split(' ').skip(1);
        let id = fields.next().unwrap_or_default();
        let wanted = line.rsplit(' ').next().unwrap_or_default();
        let case = run.cases.iter().find(|c| c.id == id);
        if case.is_none_or(|c| evidence(c) != wanted) {
            return Err(CertificateError::Evidence(id.to_owned()));
        }
    }
    Ok(())
}

fn split(text: &str) -> Result<(&str, &str), CertificateError> {
    let mark = format!("\n{SEAL}\n");
    let at = text
        .find(&mark)
        .ok_or_else(|| CertificateError::Shape("it has no seal".to_owned()))?;
    Ok((&text[..=at], &text[at + mark.len()..]))
}

fn body(run: &RunResult) -> String {
    let mut out = format!("{TITLE}\n");
    let _ = writeln!(out, "kit {}", run.kit);
    let _ = writeln!(out, "target {}", run.target.name);
    let _ = writeln!(out, "release {:?}", run.target.release);
    let _ = writeln!(out, "behaviour {:?}", run.target.behaviour);
    if let Some(version) = &run.target.version {
        let _ = writeln!(out, "version {}", version.trim());
    }
    let _ = writeln!(out, "simulated {}", run.target.simulated);
    let _ = writeln!(out, "started {}", run.started);
    let _ = writeln!(out, "seed {}", run.seed);
    for profile in &run.profiles {
        let _ = writeln!(out, "{}", claim(profile));
    }
    if run.is_part() {
        let _ = writeln!(out, "selection part");
    }
    for case in &run.cases {
        let profiles: Vec<String> = case
            .profiles
            .iter()
            .map(|p| format!("{p:?}").to_lowercase())
            .collect();
        let _ = writeln!(
            out,
            "case {} {} {} {} {} {}",
            case.id,
            format!("{:?}", case.level).to_lowercase(),
            profiles.join(","),
            case.verdict,
            case.quirk.as_deref().unwrap_or("-"),
            evidence(case)
        );
    }
    out
}

fn claim(profile: &ProfileResult) -> String {
    format!(
        "profile {} {} {} of {} mandatory",
        format!("{:?}", profile.profile).to_lowercase(),
        if profile.certified {
            "certified"
        } else {
            "not-certified"
        },
        profile.passed,
        profile.mandatory
    )
}

/// Digest of a case's evidence.
fn evidence(case: &CaseResult) -> String {
    let text = serde_json::to_string(&case.exchanges).unwrap_or_default();
    hex(&Sha256::digest(text.as_bytes()))[..32].to_owned()
}

/// The cases of a certificate, as far as verdicts need them.
fn cases(body: &str) -> Result<Vec<CaseResult>, CertificateError> {
    let word = |text: &str| serde_json::Value::from(text);
    body.lines()
        .filter_map(|l| l.strip_prefix("case "))
        .map(|line| {
            let fields: Vec<&str> = line.split(' ').collect();
            let [id, level, profiles, verdict, quirk, _] = fields[..] else {
                return Err(CertificateError::Shape(format!("case line '{line}'")));
            };
            let shape = |_| CertificateError::Shape(format!("case line '{line}'"));
            Ok(CaseResult {
                id: id.to_owned(),
                level: serde_json::from_value(word(&level.to_uppercase())).map_err(shape)?,
                profiles: profiles
                    .split(',')
                    .map(|p| serde_json::from_value(word(p)))
                    .collect::<Result<_, _>>()
                    .map_err(shape)?,
                verdict: serde_json::from_value(word(verdict)).map_err(shape)?,
                quirk: (quirk != "-").then(|| quirk.to_owned()),
                ..CaseResult::blank()
            })
        })
        .collect()
}

fn derive_again(body: &str, cases: &[CaseResult]) -> Result<(), CertificateError> {
    let whole = !body.lines().any(|l| l == "selection part");
    let derived: Vec<String> = ProfileResult::all(cases, whole).iter().map(claim).collect();
    let claimed: Vec<&str> = body.lines().filter(|l| l.starts_with("profile ")).collect();
    for at in 0..derived.len().max(claimed.len()) {
        let (claimed, derived) = (
            claimed.get(at).copied().unwrap_or("nothing"),
            derived.get(at).map_or("nothing", String::as_str),
        );
        if claimed != derived {
            return Err(CertificateError::Verdict {
                claimed: claimed.to_owned(),
                derived: derived.to_owned(),
            });
        }
    }
    if cases.iter().all(|c| c.verdict < Verdict::Pass) && !claimed.is_empty() {
        return Err(CertificateError::Verdict {
            claimed: claimed.join("; "),
            derived: "no case ran".to_owned(),
        });
    }
    Ok(())
}

/// Words with their numbers and the white space before them: a line break that became a blank is a change as well.
fn words(text: &str) -> impl Iterator<Item = (usize, &str, bool)> {
    text.split_inclusive([' ', '\n'])
        .enumerate()
        .map(|(i, piece)| {
            (
                i + 1,
                piece.trim_end_matches([' ', '\n']),
                piece.ends_with('\n'),
            )
        })
}

fn digest((number, word, ends_line): (usize, &str, bool)) -> String {
    let text = format!("{number} {ends_line} {word}");
    hex(&Sha256::digest(text.as_bytes()))[..WORD_DIGITS].to_owned()
}

fn message(digests: &str) -> String {
    format!("xcat-conformance certificate 1 {digests}")
}

fn check_words(body: &str, digests: &str) -> Result<(), CertificateError> {
    let signed: Vec<&[u8]> = digests.as_bytes().chunks(WORD_DIGITS).collect();
    let mut found = 0;
    for (number, word, ends_line) in words(body) {
        found = number;
        let wanted = signed.get(number - 1).copied().unwrap_or_default();
        if digest((number, word, ends_line)).as_bytes() != wanted {
            return Err(CertificateError::Word {
                number,
                word: word.to_owned(),
            });
        }
    }
    if found != signed.len() {
        return Err(CertificateError::Length {
            found,
            signed: signed.len(),
        });
    }
    Ok(())
}

/// Hex digits of bytes.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// Bytes of hex digits; `None` when the text is something else.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&text[i..i + 2], 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::Level;
    use crate::result::tests::{case, run};

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[7; 32])
    }

    fn certificate() -> String {
        sign(
            &run(vec![
                case("a/1", Level::Must, Verdict::Pass),
                case("a/2", Level::Should, Verdict::Pass),
            ]),
            &key(),
        )
    }

    /// The text with one word changed, the others and the white space as they are.
    fn with_word(text: &str, number: usize, word: &str) -> String {
        text.split_inclusive([' ', '\n'])
            .enumerate()
            .map(|(i, piece)| {
                let old = piece.trim_end_matches([' ', '\n']);
                if i + 1 == number {
                    piece.replacen(old, word, 1)
                } else {
                    piece.to_owned()
                }
            })
            .collect()
    }

    #[test]
    fn a_good_one_verifies() {
        let text = certificate();
        let verified = verify(&text, None).unwrap();
        assert_eq!(verified.cases, 2);
        assert!(
            verified
                .claims
                .contains(&"profile core certified 1 of 1 mandatory".to_owned())
        );
        assert_eq!(verify(&text, Some(&verified.key)).unwrap(), verified);
        let other = hex(SigningKey::from_bytes(&[8; 32]).verifying_key().as_bytes());
        assert!(matches!(
            verify(&text, Some(&other)),
            Err(CertificateError::Key { .. })
        ));
    }

    #[test]
    fn a_changed_word_is_named() {
        let text = certificate();
        let body_words = text
            .split("\nseal\n")
            .next()
            .unwrap()
            .split([' ', '\n'])
            .count();
        for number in 1..=body_words {
            let changed = with_word(&text, number, "forged");
            assert_eq!(
                verify(&changed, None),
                Err(CertificateError::Word {
                    number,
                    word: "forged".to_owned()
                })
            );
        }
    }

    #[test]
    fn a_line_break_and_a_missing_end_are_changes() {
        let text = certificate();
        let joined = text.replacen('\n', " ", 1);
        assert!(matches!(
            verify(&joined, None),
            Err(CertificateError::Word { number: 4, .. })
        ));
        let without_last = text
            .replacen("\nseal\n", "\nX\n", 1)
            .replacen("\nX\n", "\nseal\n", 1);
        assert_eq!(without_last, text);
        let line = text.lines().find(|l| l.starts_with("case a/2")).unwrap();
        let cut = text.replacen(&format!("{line}\n"), "", 1);
        assert!(matches!(
            verify(&cut, None),
            Err(CertificateError::Length { .. })
        ));
    }

    #[test]
    fn another_seal_is_refused() {
        let text = certificate();
        // Somebody changes a word and its digest, without the key.
        let forged = with_word(&text, 7, "other");
        let digests: String = words(split(&forged).unwrap().0).map(digest).collect();
        let line = forged.lines().find(|l| l.starts_with("words ")).unwrap();
        let forged = forged.replace(line, &format!("words {digests}"));
        assert_eq!(verify(&forged, None), Err(CertificateError::Signature));
    }

    #[test]
    fn verdicts_are_derived_again() {
        // A signer who claims more than the cases say.
        let mut result = run(vec![case("a/1", Level::Must, Verdict::Deviation)]);
        result.profiles[0].certified = true;
        let text = sign(&result, &key());
        assert!(matches!(
            verify(&text, None),
            Err(CertificateError::Verdict { .. })
        ));
    }

    #[test]
    fn evidence_belongs_to_its_certificate() {
        let mut result = run(vec![case("a/1", Level::Must, Verdict::Pass)]);
        let text = sign(&result, &key());
        assert_eq!(verify_evidence(&text, &result), Ok(()));
        result.cases[0].exchanges.push(crate::target::Exchange {
            phase: crate::target::Phase::Case,
            method: crate::target::Method::Get,
            path: "/x".into(),
            body: None,
            status: Some(200),
            content_type: String::new(),
            answer: String::new(),
            error: None,
            millis: 1,
        });
        assert_eq!(
            verify_evidence(&text, &result),
            Err(CertificateError::Evidence("a/1".into()))
        );
    }
}
