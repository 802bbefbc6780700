//! The two parsers of the query string (spec: rest-and-xcatd 1.3). They differ in what separates pairs, in whether
//! keys are decoded, and in when they look at the query string at all.

/// Pairs in order of appearance; a value is absent when the piece had no `=` (parser A only).
#[derive(Clone, Debug, Default)]
pub(super) struct Params(Vec<(String, Option<String>)>);

impl Params {
    /// Parser A, the program's own: `&` only, values decoded, keys not.
    pub(super) fn parser_a(query: &str) -> Self {
        if query.is_empty() {
            return Self::default();
        }
        Self(
            query
                .split('&')
                .map(|piece| match piece.split_once('=') {
                    Some((key, value)) => (key.to_owned(), Some(decode(value))),
                    None => (piece.to_owned(), None),
                })
                .collect(),
        )
    }

    /// Parser B, the CGI library's: `&` or `;`, keys and values decoded, an absent value is empty.
    pub(super) fn parser_b(text: &str) -> Self {
        Self(
            text.split(['&', ';'])
                .filter(|piece| !piece.is_empty())
                .map(|piece| {
                    let (key, value) = piece.split_once('=').unwrap_or((piece, ""));
                    (decode(key), Some(decode(value)))
                })
                .collect(),
        )
    }

    /// Whether the key occurs, with or without a value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.0.iter().any(|(k, _)| k == key)
    }

    /// Every value of the key in order; an undefined one is an empty text.
    pub(super) fn all(&self, key: &str) -> Vec<String> {
        self.0
            .iter()
            .filter(|(k, _)| k == key)
            .map(|(_, v)| v.clone().unwrap_or_default())
            .collect()
    }

    /// The first value of the key, if it is defined.
    pub(super) fn first(&self, key: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(k, _)| k == key)
            .and_then(|(_, v)| v.as_deref())
    }

    /// The first value of the key, if it is true for Perl: not undefined, not empty, not `0`.
    pub(super) fn truthy(&self, key: &str) -> Option<&str> {
        self.first(key).filter(|v| is_true(v))
    }

    /// Keys in order of first appearance.
    pub(super) fn keys(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = Vec::new();
        for (key, _) in &self.0 {
            if !keys.contains(&key.as_str()) {
                keys.push(key);
            }
        }
        keys
    }
}

/// Perl's truth of a defined text.
pub(super) fn is_true(text: &str) -> bool {
    !text.is_empty() && text != "0"
}

/// `+` is a blank, `%XX` a byte; a `%` that starts no pair of hex digits stays.
fn decode(text: &str) -> String {
    if memchr::memchr2(b'+', b'%', text.as_bytes()).is_none() {
        return text.to_owned();
    }
    percent_decode(&text.replace('+', " "))
}

/// `%XX` becomes that byte; bytes that are not UTF-8 are replaced.
pub(super) fn percent_decode(text: &str) -> String {
    if memchr::memchr(b'%', text.as_bytes()).is_none() {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'%'
            && let Some(pair) = bytes.get(at + 1..at + 3)
            && let Some(value) = hex_pair(pair)
        {
            out.push(value);
            at += 3;
        } else {
            out.push(byte);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hex_pair(pair: &[u8]) -> Option<u8> {
    let high = char::from(*pair.first()?).to_digit(16)?;
    let low = char::from(*pair.get(1)?).to_digit(16)?;
    u8::try_from(high * 16 + low).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parser_a_splits_on_ampersand_only_rq29() {
        let params = Params::parser_a("format=json;x=1&%66ield=a+b%2C%zz&flag&&=v");
        assert_eq!(params.first("format"), Some("json;x=1"));
        assert_eq!(params.first("%66ield"), Some("a b,%zz"));
        assert!(params.has("flag") && params.first("flag").is_none());
        assert!(params.has(""));
    }

    #[test]
    fn parser_b_splits_on_semicolon_and_decodes_keys_rq29() {
        let params = Params::parser_b("%66ield=1;field=2&all");
        assert_eq!(params.all("field"), ["1", "2"]);
        assert_eq!(params.first("all"), Some(""));
    }

    #[test]
    fn zero_is_false() {
        assert!(!is_true("0") && !is_true("") && is_true("00"));
    }
}
