//! The control door of a simulator: what a test bench can do and a real management node cannot. Cases that use it ask
//! for a [`Capability`](crate::Capability), and are skipped where there is no such door.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::ClientError;

/// Bound of one call; break points are waited for within it.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A control door.
#[derive(Clone, Debug)]
pub struct Control {
    http: reqwest::Client,
    base: String,
}

impl Control {
    /// The door at an address (`http://127.0.0.1:PORT`).
    pub fn new(base: &str) -> Result<Self, ClientError> {
        Ok(Self {
            // The door speaks plain HTTP: certificates of the machine, which a container may not have, do not matter.
            http: reqwest::Client::builder()
                .tls_certs_only([])
                .no_proxy()
                .timeout(TIMEOUT)
                .build()
                .map_err(ClientError::Setup)?,
            base: format!("{}/worlds/default", base.trim_end_matches('/')),
        })
    }

    /// Sets a fault rule under an id.
    pub async fn fault(&self, id: &str, rule: Value) -> Result<(), String> {
        self.post("/faults", with_id(rule, id)).await.map(drop)
    }

    /// Sets a break point under an id.
    pub async fn break_point(&self, id: &str, point: Value) -> Result<(), String> {
        self.post("/breaks", with_id(point, id)).await.map(drop)
    }

    /// Waits until a break point holds a request.
    pub async fn held(&self, id: &str) -> Result<(), String> {
        let request = self.http.get(self.url(&format!("/breaks/{id}/wait")));
        read(request).await.map(drop)
    }

    /// Lets go what a break point holds.
    pub async fn release(&self, id: &str) -> Result<(), String> {
        let path = format!("/breaks/{id}/release");
        self.post(&path, json!({})).await.map(drop)
    }

    /// Moves the clock.
    pub async fn step(&self, by: Duration) -> Result<(), String> {
        let body = json!({"ms": u64::try_from(by.as_millis()).unwrap_or(u64::MAX)});
        self.post("/time/step", body).await.map(drop)
    }

    /// Takes a fault rule or a break point away; done when it is not there.
    pub async fn delete(&self, path: &str) -> Result<(), String> {
        let request = self.http.delete(self.url(path));
        let response = request.send().await.map_err(|e| e.to_string())?;
        match response.status().as_u16() {
            200..300 | 404 => Ok(()),
            status => Err(format!("the control door answers {status} to {path}")),
        }
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value, String> {
        let request = self
            .http
            .post(self.url(path))
            .header("content-type", "application/json")
            .body(body.to_string());
        read(request).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

fn with_id(mut value: Value, id: &str) -> Value {
    value["id"] = json!(id);
    value
}

async fn read(request: reqwest::RequestBuilder) -> Result<Value, String> {
    let response = request.send().await.map_err(|e| e.to_string())?;
    let status = response.status();
    let text = response.text().await.map_err(|e| e.to_string())?;
    if status.is_success() {
        return Ok(serde_json::from_str(&text).unwrap_or_default());
    }
    Err(format!("the control door answers {status}: {text}"))
}
