//! Hashed passwords, as the C library's `crypt` makes them (spec: rest-and-xcatd 3.6): MD5 (`$1$`), SHA-256 (`$5$`)
//! and SHA-512 (`$6$`). Results are remembered: hashing takes milliseconds on purpose, and a client sends its
//! password with every request.

use std::collections::HashMap;
use std::sync::OnceLock;

use md5::Md5;
use parking_lot::Mutex;
use sha2::{Digest, Sha256, Sha512};

const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Rounds of the SHA forms when the hash does not say.
const ROUNDS: u32 = 5_000;
/// Most rounds that are made; a hash that asks for more matches nothing.
const MOST_ROUNDS: u32 = 1_000_000;
/// Longest password that is hashed.
const LONGEST: usize = 512;
/// Results that are remembered; when there are more, all are forgotten.
const REMEMBERED: usize = 1_024;

type Results = Mutex<HashMap<[u8; 32], bool>>;

/// Whether a stored text is a hash of one of these forms.
pub(super) fn is_hash(stored: &str) -> bool {
    ["$1$", "$5$", "$6$"]
        .iter()
        .any(|form| stored.starts_with(form))
}

/// Whether `given` hashes to `stored`.
pub(super) fn matches(given: &str, stored: &str) -> bool {
    static RESULTS: OnceLock<Results> = OnceLock::new();
    if !is_hash(stored) || given.len() > LONGEST {
        return false;
    }
    let mut digest = Sha256::new();
    digest.update(stored.as_bytes());
    digest.update([0]);
    digest.update(given.as_bytes());
    let key: [u8; 32] = digest.finalize().into();
    let results = RESULTS.get_or_init(Mutex::default);
    if let Some(known) = results.lock().get(&key) {
        return *known;
    }
    let result = crypt(given.as_bytes(), stored).is_some_and(|hash| hash == stored);
    let mut results = results.lock();
    if results.len() >= REMEMBERED {
        results.clear();
    }
    results.insert(key, result);
    result
}

/// The hash of a password with form and salt of another hash.
fn crypt(key: &[u8], setting: &str) -> Option<String> {
    let rest = setting.get(3..)?;
    let (rounds, rest) = match rest.strip_prefix("rounds=") {
        Some(given) if !setting.starts_with("$1$") => {
            let (number, rest) = given.split_once('$')?;
            let rounds: u32 = number.parse().ok()?;
            if rounds > MOST_ROUNDS {
                return None;
            }
            (Some(rounds.max(1_000)), rest)
        }
        _ => (None, rest),
    };
    let salt = rest.split('$').next()?;
    let longest = if setting.starts_with("$1$") { 8 } else { 16 };
    let salt = salt.get(..salt.len().min(longest))?;
    let head = match rounds {
        Some(rounds) => format!("{}rounds={rounds}${salt}$", &setting[..3]),
        None => format!("{}{salt}$", &setting[..3]),
    };
    let rounds = rounds.unwrap_or(ROUNDS);
    let hash = match &setting[..3] {
        "$1$" => md5_crypt(key, salt.as_bytes()),
        "$5$" => encode_sha256(&sha_crypt::<Sha256>(key, salt.as_bytes(), rounds)),
        _ => encode_sha512(&sha_crypt::<Sha512>(key, salt.as_bytes(), rounds)),
    };
    Some(head + &hash)
}

fn hash<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
    let mut digest = D::new();
    for part in parts {
        digest.update(part);
    }
    digest.finalize().to_vec()
}

/// The bytes over and over, up to a length.
fn repeated(bytes: &[u8], length: usize) -> Vec<u8> {
    bytes.iter().copied().cycle().take(length).collect()
}

fn md5_crypt(key: &[u8], salt: &[u8]) -> String {
    let other = hash::<Md5>(&[key, salt, key]);
    let mut start = [key, b"$1$", salt].concat();
    start.extend(repeated(&other, key.len()));
    let mut bits = key.len();
    while bits != 0 {
        start.push(if bits & 1 == 1 { 0 } else { key[0] });
        bits >>= 1;
    }
    let mut sum = hash::<Md5>(&[&start]);
    for round in 0..1_000 {
        sum = mixed::<Md5>(round, &sum, key, salt);
    }
    let mut out = String::new();
    for at in 0..5 {
        let last = if at == 4 { 5 } else { at + 12 };
        encode(&mut out, [sum[at], sum[at + 6], sum[last]], 4);
    }
    encode(&mut out, [0, 0, sum[11]], 2);
    out
}

/// One round, which is the same for all forms.
fn mixed<D: Digest>(round: u32, sum: &[u8], key: &[u8], salt: &[u8]) -> Vec<u8> {
    let is_odd = round & 1 == 1;
    let (first, last) = if is_odd { (key, sum) } else { (sum, key) };
    hash::<D>(&[
        first,
        if round.is_multiple_of(3) { b"" } else { salt },
        if round.is_multiple_of(7) { b"" } else { key },
        last,
    ])
}

fn sha_crypt<D: Digest>(key: &[u8], salt: &[u8], rounds: u32) -> Vec<u8> {
    let other = hash::<D>(&[key, salt, key]);
    let mut start = [key, salt].concat();
    start.extend(repeated(&other, key.len()));
    let mut bits = key.len();
    while bits != 0 {
        start.extend_from_slice(if bits & 1 == 1 { &other } else { key });
        bits >>= 1;
    }
    let mut sum = hash::<D>(&[&start]);
    let keys = repeated(
        &hash::<D>(&[&repeated(key, key.len() * key.len())]),
        key.len(),
    );
    let count = 16 + usize::from(sum[0]);
    let salts = repeated(
        &hash::<D>(&[&repeated(salt, salt.len() * count)]),
        salt.len(),
    );
    for round in 0..rounds {
        sum = mixed::<D>(round, &sum, &keys, &salts);
    }
    sum
}

fn encode_sha256(sum: &[u8]) -> String {
    let mut out = String::new();
    let (mut a, mut b, mut c) = (0, 10, 20);
    for _ in 0..10 {
        encode(&mut out, [sum[a], sum[b], sum[c]], 4);
        (a, b, c) = (c + 1, a + 1, b + 1);
    }
    encode(&mut out, [0, sum[31], sum[30]], 3);
    out
}

fn encode_sha512(sum: &[u8]) -> String {
    let mut out = String::new();
    let (mut a, mut b, mut c) = (0, 21, 42);
    for _ in 0..21 {
        encode(&mut out, [sum[a], sum[b], sum[c]], 4);
        (a, b, c) = (b + 1, c + 1, a + 1);
    }
    encode(&mut out, [0, 0, sum[63]], 2);
    out
}

/// 24 bits as characters, the lowest six first.
fn encode(out: &mut String, bytes: [u8; 3], characters: u32) {
    let bits = bytes.iter().fold(0u32, |n, b| (n << 8) | u32::from(*b));
    for nth in 0..characters {
        let digit = (bits >> (6 * nth)) & 0x3f;
        out.push(char::from(ALPHABET[digit as usize]));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hashes_of_another_program_are_matched() {
        for (given, stored) in [
            ("Hello world!", "$1$saltstri$YMyguxXMBpd2TEZ.vS/3q1"),
            ("é", "$1$ab$kuyLB4415RWAZZY//XwtR."),
            (
                "Hello world!",
                "$5$saltstri$AcFF27v62S0zwgTU0yv0eKFexEp411.69eNIGyiG0L5",
            ),
            ("é", "$5$ab$0DP0YnqkS/aHY9X1Ukgv8kZUqRcy28g8nrd3tzfMsc0"),
            (
                "Hello world!",
                "$6$saltstri$TuQo8ue714Ctf4Zl7Ctg70/YwYXvMiZP8AgmExw/pTqWoUKmQ9LD2WQO4j78UOYkYf3xOZCXu6asrMlXdzzMM1",
            ),
            (
                "é",
                "$6$ab$Cy/53vA5bT/p1XcYiZMexeOzhm9nQhGOwTuID1bt3vmeudbsZS/gQsMkgs.zjd3vCDKDn6jI5zkGiJ18dwJPh0",
            ),
        ] {
            assert!(matches(given, stored), "{stored}");
            // Remembered the second time.
            assert!(matches(given, stored), "{stored}");
            assert!(!matches("hello world!", stored), "{stored}");
        }
        assert!(!matches("plain", "plain"));
        assert!(!matches("x", "$6$rounds=4000000000$ab$x"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn any_texts_are_compared_without_panic(
            given in ".{0,20}",
            stored in r"\$[156]\$(rounds=[0-9]{0,4}\$)?[a-zä./$]{0,20}",
        ) {
            matches(&given, &stored);
        }
    }
}
