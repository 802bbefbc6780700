//! What a user would take instead, where it is installed: `scripts/bench --peers` puts it below `target/peers`. A peer that
//! is not there is named as left out and never counted.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use hyper::Method;
use tempfile::TempDir;

use super::connection::Connection;
use super::process::Server;
use super::runtime;

/// A peer that runs, and the request that it is sent.
pub struct Peer {
    /// Its name and the work.
    pub name: String,
    /// The server.
    pub server: Server,
    /// Arguments of the load client.
    pub load: Vec<String>,
}

/// Why a peer does not run.
pub type Absent = String;

fn folder() -> PathBuf {
    PathBuf::from("target/peers")
}

/// A port that is free now.
fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?
        .local_addr()?
        .port())
}

fn installed(program: &Path) -> Result<(), Absent> {
    if program.exists() {
        return Ok(());
    }
    Err(format!(
        "{} is not installed: scripts/bench --peers",
        program.display()
    ))
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// `moto_server`: CreateVolume.
pub fn moto() -> anyhow::Result<Result<Peer, Absent>> {
    let program = folder().join("venv/bin/moto_server");
    if let Err(absent) = installed(&program) {
        return Ok(Err(absent));
    }
    let port = free_port()?;
    let mut command = Command::new(program);
    command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
    let server = Server::other(&mut command, &format!("http://127.0.0.1:{port}"))?;
    let load = words(&[
        "--header",
        "content-type:application/x-www-form-urlencoded",
        "--header",
        "authorization:AWS4-HMAC-SHA256 Credential=x/20250101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=x",
        "--body",
        "Action=CreateVolume&Version=2016-11-15&Size=8&AvailabilityZone=us-east-1a",
    ]);
    let name = "moto_server, CreateVolume".to_owned();
    Ok(Ok(Peer { name, server, load }))
}

/// `sushy-emulator --fake`: reset of a system.
pub fn sushy(scratch: &TempDir) -> anyhow::Result<Result<Peer, Absent>> {
    let program = folder().join("venv/bin/sushy-emulator");
    if let Err(absent) = installed(&program) {
        return Ok(Err(absent));
    }
    let port = free_port()?;
    let config = scratch.path().join("sushy.conf");
    std::fs::write(
        &config,
        format!(
            "SUSHY_EMULATOR_STATE_DIR = '{}'\n",
            scratch.path().display()
        ),
    )?;
    let mut command = Command::new(program);
    command
        .args([
            "--fake",
            "--interface",
            "127.0.0.1",
            "--port",
            &port.to_string(),
            "--config",
        ])
        .arg(config);
    let server = Server::other(&mut command, &format!("http://127.0.0.1:{port}"))?;
    let systems = runtime(false)?.block_on(async {
        let mut connection = Connection::open(&server.url, None).await?;
        let path = "/redfish/v1/Systems";
        let (_, body) = connection.send(Method::GET, path, String::new()).await?;
        anyhow::Ok(serde_json::from_slice::<serde_json::Value>(&body)?)
    })?;
    let system = systems["Members"][0]["@odata.id"]
        .as_str()
        .context("sushy-emulator has no system")?;
    let path = format!("{system}/Actions/ComputerSystem.Reset");
    let load = words(&[
        "--path",
        &path,
        "--header",
        "content-type:application/json",
        "--body",
        r#"{"ResetType": "ForceRestart"}"#,
    ]);
    let name = "sushy-emulator, reset".to_owned();
    Ok(Ok(Peer { name, server, load }))
}

/// Prism: a mocked POST, without state.
pub fn prism(scratch: &TempDir) -> anyhow::Result<Result<Peer, Absent>> {
    let program = folder().join("npm/node_modules/.bin/prism");
    if let Err(absent) = installed(&program) {
        return Ok(Err(absent));
    }
    let port = free_port()?;
    let api = scratch.path().join("api.json");
    let text = serde_json::json!({
        "openapi": "3.0.0",
        "info": {"title": "volumes", "version": "1"},
        "paths": {"/volumes": {"post": {
            "requestBody": {"content": {"application/json": {"schema": {
                "type": "object", "properties": {"size": {"type": "integer"}}, "required": ["size"]
            }}}},
            "responses": {"201": {"description": "made", "content": {"application/json": {
                "schema": {"type": "object"}, "example": {"id": "v1", "size": 8, "status": "available"}
            }}}}
        }}}
    });
    std::fs::write(&api, text.to_string())?;
    let mut command = Command::new(program);
    command
        .args(["mock", "-h", "127.0.0.1", "-p", &port.to_string()])
        .arg(api);
    let server = Server::other(&mut command, &format!("http://127.0.0.1:{port}"))?;
    let load = words(&[
        "--path",
        "/volumes",
        "--header",
        "content-type:application/json",
        "--body",
        r#"{"size": 8}"#,
    ]);
    let name = "Prism, POST without state".to_owned();
    Ok(Ok(Peer { name, server, load }))
}
