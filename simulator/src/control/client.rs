//! A client of the control door, for the command line: one request, one connection.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;
use thiserror::Error;

/// How long the door may be silent.
const PATIENCE: Duration = Duration::from_mins(2);

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The address cannot be one.
    #[error("'{0}' is no address of a control door: give http://127.0.0.1:PORT or 127.0.0.1:PORT")]
    Address(String),
    /// Nobody answers there.
    #[error("no control door answers at {address}")]
    Connect {
        /// Where.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// What answers is no control door.
    #[error("what answers at {0} is no control door")]
    Protocol(String),
    /// The door refuses.
    #[error("{message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Why.
        message: String,
    },
}

/// A control door to be asked.
#[derive(Clone, Debug)]
pub struct Client {
    address: String,
}

impl Client {
    /// A door by its address.
    ///
    /// # Errors
    /// [`ClientError::Address`].
    pub fn new(address: &str) -> Result<Self, ClientError> {
        let bare = address
            .strip_prefix("http://")
            .unwrap_or(address)
            .trim_end_matches('/');
        if bare.is_empty() || bare.contains('/') || !bare.contains(':') {
            return Err(ClientError::Address(address.to_owned()));
        }
        Ok(Self {
            address: bare.to_owned(),
        })
    }

    /// Asks.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn call(&self, method: &str, path: &str, body: &Value) -> Result<Value, ClientError> {
        let failed = |source| ClientError::Connect {
            address: self.address.clone(),
            source,
        };
        let mut stream = TcpStream::connect(&self.address).map_err(failed)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(request.as_bytes()).map_err(failed)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).map_err(failed)?;
        self.parse(&answer)
    }

    fn parse(&self, answer: &[u8]) -> Result<Value, ClientError> {
        let strange = || ClientError::Protocol(self.address.clone());
        let text = std::str::from_utf8(answer).map_err(|_| strange())?;
        let (head, body) = text.split_once("\r\n\r\n").ok_or_else(strange)?;
        let status: u16 = head
            .split_whitespace()
            .nth(1)
            .and_then(|s| s.parse().ok())
            .ok_or_else(strange)?;
        let value: Value = serde_json::from_str(body).map_err(|_| strange())?;
        if status < 400 {
            return Ok(value);
        }
        let message = value["error"].as_str().ok_or_else(strange)?.to_owned();
        Err(ClientError::Refused { status, message })
    }
}

/// A text as one part of a path.
pub fn part(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(b).to_string()
            }
            b => format!("%{b:02X}"),
        })
        .collect::<Vec<_>>()
        .concat()
}
