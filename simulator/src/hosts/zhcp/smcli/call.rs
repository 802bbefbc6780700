//! One call of a SMAPI function.

use super::api::Api;
use super::arguments::{Arguments, atoi};
use super::reply::Reply;
use crate::hosts::ProgramEnv;
use crate::world::zvm::{Code, OperationState, Smapi, ZvmSystem, code};
use crate::world::{DeviceNumber, UserId};

/// Polls of an asynchronous operation, and the pause between them.
const POLLS: u32 = 12;
const POLL_PAUSE_MS: u64 = 15_000;

/// A call: where it runs, what was given to it.
pub struct Call<'a, 'w> {
    /// Where smcli runs.
    pub env: &'a mut ProgramEnv<'w>,
    /// The function.
    pub api: &'static Api,
    /// Its options.
    pub arguments: Arguments,
    /// Standard input.
    pub stdin: &'a str,
}

impl Call<'_, '_> {
    /// Value of an option; empty when it was not given.
    pub fn option(&self, letter: char) -> &str {
        self.arguments
            .values
            .get(&letter)
            .map_or("", String::as_str)
    }

    /// Whether an option was given.
    pub fn has(&self, letter: char) -> bool {
        self.arguments.values.contains_key(&letter)
    }

    /// Value of an option as a number, as `atoi` reads it.
    pub fn number(&self, letter: char) -> i64 {
        atoi(self.option(letter))
    }

    /// The target, as given.
    pub fn target(&self) -> &str {
        self.option('T')
    }

    /// The target as a userid.
    pub fn user(&self) -> UserId {
        UserId::new(self.target())
    }

    /// The userid in whose name SMAPI works: the virtual machine in which smcli runs.
    pub fn caller(&self) -> UserId {
        self.env
            .linux()
            .map(|l| l.userid.clone())
            .unwrap_or_default()
    }

    /// Virtual time.
    pub fn now(&self) -> u64 {
        self.env.world.now_ms
    }

    /// The system.
    ///
    /// # Errors
    /// −108 when the Linux runs on none.
    pub fn system(&self) -> Smapi<&ZvmSystem> {
        self.env.system().ok_or(code(-108, 0))
    }

    /// The system, to change it.
    ///
    /// # Errors
    /// −108 when the Linux runs on none.
    pub fn system_mut(&mut self) -> Smapi<&mut ZvmSystem> {
        self.env.system_mut().ok_or(code(-108, 0))
    }

    /// A device number.
    ///
    /// # Errors
    /// 24/ppss: too short, too long or not hexadecimal.
    pub fn device(&self, letter: char) -> Smapi<DeviceNumber> {
        let text = self.option(letter);
        Self::device_text(text).map_err(|ss| self.syntax(letter, ss))
    }

    /// A device number in a text; the error is the last two digits of a 24/ppss.
    fn device_text(text: &str) -> Result<DeviceNumber, i32> {
        match text.len() {
            0 => Err(14),
            1..=4 => DeviceNumber::parse(text).map_err(|_| 16),
            _ => Err(13),
        }
    }

    /// A device number in a keyword.
    ///
    /// # Errors
    /// 24/ppss.
    pub fn keyword_device(&self, name: &str) -> Smapi<DeviceNumber> {
        let text = self.keyword(name).unwrap_or_default();
        Self::device_text(text).map_err(|ss| self.syntax('k', ss))
    }

    /// The syntax error of a parameter: its place among the options, and the kind of error (spec: zhcp-and-smapi 2.8).
    pub fn syntax(&self, letter: char, kind: i32) -> Code {
        let place: i32 = self
            .api
            .options()
            .zip(1..)
            .find_map(|(option, place)| (option.letter == letter).then_some(place))
            .unwrap_or(1);
        code(24, place * 100 + kind)
    }

    /// A userid in an option.
    ///
    /// # Errors
    /// 24/ppss.
    pub fn name(&self, letter: char) -> Smapi<UserId> {
        let text = self.option(letter).trim();
        match text.len() {
            0 => Err(self.syntax(letter, 14)),
            1..=8 => Ok(UserId::new(text)),
            _ => Err(self.syntax(letter, 13)),
        }
    }

    /// Value of a keyword given as `-k name=value`; the name counts in any case.
    pub fn keyword(&self, name: &str) -> Option<&str> {
        self.arguments.keywords.iter().find_map(|k| {
            let (key, value) = k.split_once('=')?;
            key.trim().eq_ignore_ascii_case(name).then_some(value)
        })
    }

    /// Ends a change of disk space: at once, or as an operation that smcli polls (spec: zhcp-and-smapi 2.7).
    pub fn finish(&mut self, result: Smapi<()>) -> Reply {
        if let Err(code) = result {
            return Reply::Failed(code);
        }
        let now = self.now();
        let Ok(system) = self.system_mut() else {
            return Reply::Done;
        };
        if !system.dirmaint.asynchronous {
            return Reply::Done;
        }
        let id = system.dirmaint.start(now, Code::OK);
        for _ in 0..POLLS {
            let now = self.now();
            let state = self.system().ok().and_then(|s| s.dirmaint.state(id, now));
            match state {
                Some(OperationState::Running) => self.env.world.now_ms += POLL_PAUSE_MS,
                Some(OperationState::Ended(end)) if end != code(0, 100) => {
                    return Reply::Failed(end);
                }
                _ => return Reply::Done,
            }
        }
        Reply::Failed(code(592, i32::try_from(id).unwrap_or(i32::MAX)))
    }

    /// Lines of a file, as functions that take records read them.
    ///
    /// # Errors
    /// The file name that cannot be read.
    pub fn file(&self, letter: char) -> Result<String, String> {
        let name = self.option(letter);
        self.env
            .read(name)
            .map(std::borrow::Cow::into_owned)
            .map_err(|_| name.to_owned())
    }
}
