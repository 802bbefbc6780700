//! The secrets file: accounts of a target, apart from the inventory, so that the inventory can be shown to anybody.

use serde::Deserialize;

use super::Secret;

/// Newest schema of a secrets file that is understood.
const SCHEMA: u32 = 1;

/// What the file holds.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// User of the management node.
    pub user: String,
    /// His password.
    pub password: Secret,
    /// Password of the inventory's second account.
    pub restricted_password: Option<Secret>,
}

/// Why a secrets file cannot be used. No message holds a value of the file.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// Not TOML, or not of this shape.
    #[error("not a secrets file (keys: schema, user, password, restricted_password)")]
    Shape,
    /// Written for a newer kit.
    #[error("schema {0} is newer than {SCHEMA}, the newest this kit understands")]
    Newer(u32),
    /// Readable by others.
    #[error("the secrets file can be read by others; `chmod 600` it")]
    Mode,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: u32,
    user: String,
    password: String,
    #[serde(default)]
    restricted_password: Option<String>,
}

impl Secrets {
    /// Reads the text of a secrets file.
    pub fn parse(text: &str) -> Result<Self, SecretsError> {
        // The parser's own message would show the line.
        let file: File = toml::from_str(text).map_err(|_| SecretsError::Shape)?;
        if file.schema > SCHEMA {
            return Err(SecretsError::Newer(file.schema));
        }
        Ok(Self {
            user: file.user,
            password: Secret::new(file.password),
            restricted_password: file.restricted_password.map(Secret::new),
        })
    }

    /// Refuses a file that others may read.
    pub fn check_mode(metadata: &std::fs::Metadata) -> Result<(), SecretsError> {
        use std::os::unix::fs::PermissionsExt as _;
        let (group, others) = (0o070, 0o007);
        if metadata.permissions().mode() & (group | others) == 0 {
            Ok(())
        } else {
            Err(SecretsError::Mode)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_do_not_show_the_secret() {
        let text = "schema = 1\nuser = 'a'\npassword = 'hunter2'\n";
        let secrets = Secrets::parse(text).unwrap();
        assert_eq!(secrets.user, "a");
        assert!(!format!("{secrets:?}").contains("hunter2"));
        let broken = Secrets::parse("schema = 1\npasword = 'hunter2'").unwrap_err();
        assert!(!broken.to_string().contains("hunter2"));
        assert!(matches!(
            Secrets::parse(&text.replace("= 1", "= 9")),
            Err(SecretsError::Newer(9))
        ));
    }
}
