//! The program as a process of its own.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// A simulator that was started by its command line.
pub struct Served {
    child: Child,
    /// Base of xCAT's resources.
    pub rest: String,
    /// The control door.
    pub control: String,
}

impl Served {
    /// Plain HTTP, a control door, and these further arguments; returns when it answers.
    pub fn start(args: &[&OsStr]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_xcat-sim"))
            .args(["serve", "--http", "--json", "--control", "127.0.0.1:0"])
            .args(args)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready: Value = serde_json::from_str(&line).expect("a line of readiness");
        let text = |key: &str| ready[key].as_str().unwrap().to_owned();
        Self {
            rest: text("rest"),
            control: text("control"),
            child,
        }
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the program to its end.
pub fn xcat_sim(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xcat-sim"))
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}
