//! Secrets out of every text that leaves the client (spec: driver 3.9, I23).

use super::request::encode;
use crate::secret::Secret;

/// What a secret is replaced by.
const MASK: &str = "******";

/// Words after which a value is secret, wherever they stand.
const FIELDS: [&str; 2] = ["password=", "password\":\""];

/// Masks by field first; that has to be complete by itself, because a password may equal the user's name, as in the
/// seed's sample. The literal secret is a second net, used only when it cannot ruin ordinary words.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    literals: Vec<Secret>,
}

impl Redactor {
    /// A redactor for one account.
    pub fn new(user: &str, password: &Secret) -> Self {
        let raw = password.expose();
        let mut literals = Vec::new();
        if raw.len() >= 8 && raw != user {
            literals.push(Secret::new(encode(raw)));
            literals.push(password.clone());
        }
        Self { literals }
    }

    /// The text without secrets.
    pub fn mask(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for field in FIELDS {
            out = mask_field(&out, field);
        }
        for literal in &self.literals {
            out = out.replace(literal.expose(), MASK);
        }
        out
    }
}

/// Replaces the value after each `field`, in any case, up to a character that ends it.
fn mask_field(text: &str, field: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    while let Some(found) = lower[from..].find(field) {
        let value = from + found + field.len();
        out.push_str(&text[from..value]);
        let rest = &text[value..];
        let end = rest
            .find(|c: char| c.is_whitespace() || "&\"',<>".contains(c))
            .unwrap_or(rest.len());
        if end > 0 {
            out.push_str(MASK);
        }
        from = value + end;
    }
    out.push_str(&text[from..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_equal_to_the_user_is_masked_by_field_only() {
        let redactor = Redactor::new("root", &Secret::new("root"));
        assert_eq!(
            redactor.mask("root said /x?userName=root&Password=root&format=json"),
            "root said /x?userName=root&Password=******&format=json"
        );
    }

    #[test]
    fn a_long_password_is_masked_in_both_spellings() {
        let redactor = Redactor::new("cinder", &Secret::new("s3cr&t pass"));
        assert_eq!(
            redactor.mask("it was 's3cr&t pass' or s3cr%26t%20pass"),
            "it was '******' or ******"
        );
        assert_eq!(redactor.mask("é password=\"\" ü"), "é password=\"\" ü");
    }
}
