//! `xcat-sim journal --follow` as a process of its own beside a served site.

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::process::Served;
use crate::server::client;

/// The follower and its lines.
struct Follower {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Follower {
    fn start(control: &str, args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_xcat-sim"))
            .args(["journal", "--follow", "--json", "--control", control])
            .args(args)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The last argument of the next request that it shows, which has ended and has its remote commands.
    fn next(&mut self) -> String {
        let line = self.lines.next().expect("a line").unwrap();
        let request: Value = serde_json::from_str(&line).unwrap();
        let has_commands = !request["commands"].as_array().unwrap().is_empty();
        assert!(has_commands && !request["finished_ms"].is_null(), "{line}");
        let args = request["args"].as_array().unwrap();
        args.last().map_or("", |a| a.as_str().unwrap()).to_owned()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_shown_as_they_end() {
    let served = Served::start(&[]);
    let say = |node: &str, text: &str| {
        let url = format!(
            "{}/nodes/{node}/dsh?userName=admin&password=admin&format=json",
            served.rest
        );
        let request = client(None)
            .put(url)
            .header("Content-Type", "application/json");
        request
            .body(json!([format!("command=echo {text}")]).to_string())
            .send()
    };
    let verb = |method: &str, path: &str, body: Value| {
        let url = format!("{}/worlds/default{path}", served.control);
        client(None)
            .request(method.parse().unwrap(), url)
            .body(body.to_string())
            .send()
    };
    say("lnx1", "zero").await.unwrap();
    say("lnx1", "one").await.unwrap();
    let hold = json!({"id": "held", "target": {"command": "echo slow"}});
    verb("POST", "/breaks", hold).await.unwrap();
    let slow = tokio::spawn(say("lnx1", "slow"));
    verb("GET", "/breaks/held/wait", Value::Null).await.unwrap();
    // Of what was, the latest; the one that runs is shown when it ends, after those that began later.
    let mut follower = Follower::start(&served.control, &["--limit", "1"]);
    assert_eq!(follower.next(), "echo one");
    say("lnx1", "two").await.unwrap();
    assert_eq!(follower.next(), "echo two");
    say("lnx2", "three").await.unwrap();
    assert_eq!(follower.next(), "echo three");
    verb("DELETE", "/breaks/held", Value::Null).await.unwrap();
    slow.await.unwrap().unwrap();
    assert_eq!(follower.next(), "echo slow");
    say("lnx1", "four").await.unwrap();
    assert_eq!(follower.next(), "echo four");
}
