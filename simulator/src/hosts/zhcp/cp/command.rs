//! Which command it is.

use super::{devices, link, network, query, spool, users};
use crate::hosts::ProgramEnv;
use crate::world::zvm::ZvmSystem;
use crate::world::{DeviceNumber, SystemName, UserId};

/// What CP answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Return code.
    pub code: i32,
    /// Text, each line with its newline.
    pub text: String,
}

impl Answer {
    /// Success with this text.
    pub fn ok(text: impl Into<String>) -> Self {
        Self {
            code: 0,
            text: text.into(),
        }
    }

    /// A message of a module; its number is the return code.
    pub fn message(module: &str, number: i32, text: &str) -> Self {
        Self {
            code: number,
            text: format!("HCP{module}{number:03}E {text}\n"),
        }
    }
}

/// A command on its way.
pub(super) struct Context<'a, 'w> {
    /// Where it was typed.
    pub env: &'a mut ProgramEnv<'w>,
    /// The system.
    pub system: SystemName,
    /// The virtual machine in whose name it is carried out.
    pub user: UserId,
}

impl Context<'_, '_> {
    /// The system.
    pub fn zvm(&self) -> &ZvmSystem {
        &self.env.world.systems[&self.system]
    }

    /// The system, to change it.
    pub fn zvm_mut(&mut self) -> Option<&mut ZvmSystem> {
        self.env.world.systems.get_mut(&self.system)
    }
}

/// A device number; CP takes one to four digits.
pub(super) fn device(text: &str) -> Option<DeviceNumber> {
    (text.len() <= 4)
        .then(|| DeviceNumber::parse(text).ok())
        .flatten()
}

/// Whether a word is an abbreviation of a keyword with at least `least` letters.
pub(super) fn is(word: &str, keyword: &str, least: usize) -> bool {
    word.len() >= least && word.len() <= keyword.len() && keyword.starts_with(word)
}

/// Carries a command out for a virtual machine.
pub fn command(env: &mut ProgramEnv<'_>, user: &UserId, line: &str) -> Answer {
    let system = env.linux().map(|l| l.system.clone()).unwrap_or_default();
    if !env.world.systems.contains_key(&system) {
        return Answer::message("CMD", 1, "Unknown CP command: no system");
    }
    let mut context = Context {
        env,
        system,
        user: user.clone(),
    };
    let original: Vec<&str> = line.split_whitespace().collect();
    let is_upper = !line.bytes().any(|b| b.is_ascii_lowercase());
    let upper: Vec<String>;
    let words: Vec<&str> = if is_upper {
        original.clone()
    } else {
        upper = original.iter().map(|w| w.to_ascii_uppercase()).collect();
        upper.iter().map(String::as_str).collect()
    };
    let Some((verb, operands)) = words.split_first() else {
        return Answer::default();
    };
    let context = &mut context;
    match *verb {
        w if is(w, "QUERY", 1) => query::query(context, operands),
        w if is(w, "INDICATE", 3) => query::indicate(context, operands),
        "LINK" => link::link(context, operands),
        w if is(w, "DETACH", 3) => devices::detach(context, operands),
        "ATTACH" => devices::attach(context, operands),
        "VARY" => devices::vary(context, operands),
        w if is(w, "DEFINE", 3) => network::define(context, operands),
        "COUPLE" => network::couple(context, operands),
        w if is(w, "UNCOUPLE", 6) => network::uncouple(context, operands),
        "FLASHCOPY" => link::flashcopy(context, operands),
        "XAUTOLOG" | "AUTOLOG" => users::xautolog(context, operands),
        "FORCE" => users::force(context, operands),
        w if is(w, "SIGNAL", 3) => users::signal(context, operands),
        w if is(w, "SPOOL", 2) => Answer::default(),
        w if is(w, "CHANGE", 2) => spool::change(context, operands),
        w if is(w, "TRANSFER", 4) => spool::transfer(context, operands),
        w if is(w, "PURGE", 3) => spool::purge(context, operands),
        w if is(w, "ORDER", 3) => Answer::default(),
        "CLOSE" | "SET" | "TERMINAL" | "TERM" | "SLEEP" => Answer::default(),
        w if is(w, "MESSAGE", 1) || w == "MSG" || w == "MSGNOH" || w == "WARNING" => {
            users::message(context, operands)
        }
        "SEND" => users::send(context, &original[1..]),
        "SMSG" => Answer::default(),
        "BEGIN" | "B" => users::pause(context, false),
        "STOP" => users::pause(context, true),
        w => Answer {
            code: 1,
            text: format!("HCPCMD001E Unknown CP command: {w}\n"),
        },
    }
}
