//! Commands about spool files.

use super::command::{Answer, Context, is};
use crate::hosts::zhcp::clock;
use crate::world::UserId;

/// A reader's place in a command: `RDR`, `READER`.
fn is_reader(word: &str) -> bool {
    is(word, "RDR", 3) || is(word, "READER", 1)
}

fn no_file(module: &str, id: u16) -> Answer {
    Answer::message(module, 42, &format!("Spool id {id:04} does not exist"))
}

fn count(number: usize, what: &str) -> Answer {
    match number {
        0 => Answer::ok(format!("NO FILES {what}\n")),
        1 => Answer::ok(format!("0000001 FILE  {what}\n")),
        n => Answer::ok(format!("{n:07} FILES {what}\n")),
    }
}

/// QUERY RDR.
pub(super) fn list(context: &Context<'_, '_>, _: &[&str]) -> Answer {
    let files = context.zvm().readers.get(&context.user);
    let Some(files) = files.filter(|f| !f.is_empty()) else {
        return Answer::ok("NO RDR FILES\n");
    };
    let mut text =
        "ORIGINID FILE CLASS RECORDS  CPY HOLD DATE  TIME     NAME      TYPE     DIST\n".to_owned();
    for file in files {
        text.push_str(&line(file, &context.user));
    }
    Answer::ok(text)
}

/// One line of a reader's list.
pub fn line(file: &crate::world::zvm::SpoolFile, user: &UserId) -> String {
    let origin = if file.origin.as_str().is_empty() {
        user
    } else {
        &file.origin
    };
    let (name, kind) = file.name.split_once('.').unwrap_or((&file.name, ""));
    let device = if file.kind.is_empty() {
        "PUN"
    } else {
        &file.kind
    };
    format!(
        "{:<8} {:04} {} {device} {:08}  001 NONE {} {name:<8}  {kind:<8} {}\n",
        origin.as_str(),
        file.id,
        file.class,
        file.text.lines().count(),
        clock::format(file.made_ms, "%m/%d %H:%M:%S"),
        user
    )
}

/// CHANGE RDR id CLASS c.
pub(super) fn change(context: &mut Context<'_, '_>, words: &[&str]) -> Answer {
    let user = context.user.clone();
    let [place, id, rest @ ..] = words else {
        return Answer::message("CSU", 26, "Operand missing or invalid");
    };
    let (true, Ok(id)) = (is_reader(place), id.parse::<u16>()) else {
        return Answer::message("CSU", 3, &format!("Invalid option - {place}"));
    };
    let class = rest
        .iter()
        .position(|w| is(w, "CLASS", 2))
        .and_then(|at| rest.get(at + 1)?.chars().next());
    let Some(file) = context.zvm_mut().and_then(|z| z.reader_file(&user, id)) else {
        return no_file("CSU", id);
    };
    if let Some(class) = class {
        file.class = class;
    }
    count(1, "CHANGED")
}

/// TRANSFER RDR id TO user; TRANSFER * RDR id TO user RDR.
pub(super) fn transfer(context: &mut Context<'_, '_>, words: &[&str]) -> Answer {
    let words: Vec<&str> = words
        .iter()
        .copied()
        .filter(|w| !matches!(*w, "*" | "TO"))
        .collect();
    let user = context.user.clone();
    let [place, id, to, ..] = words.as_slice() else {
        return Answer::message("TRA", 26, "Operand missing or invalid");
    };
    if !is_reader(place) {
        return Answer::message("TRA", 3, &format!("Invalid option - {place}"));
    }
    let to = UserId::new(to);
    let Some(zvm) = context.zvm_mut() else {
        return Answer::default();
    };
    if !zvm.directory.contains_key(&to) {
        return Answer::message("TRA", 53, &format!("{to} not in CP directory"));
    }
    let id = match *id {
        "ALL" => None,
        id => match id.parse::<u16>() {
            Ok(id) => Some(id),
            Err(_) => return Answer::message("TRA", 3, &format!("Invalid option - {id}")),
        },
    };
    let mut files = zvm.take_files(&user, id);
    if let (Some(id), true) = (id, files.is_empty()) {
        return no_file("TRA", id);
    }
    for file in &mut files {
        if file.origin.as_str().is_empty() {
            file.origin = user.clone();
        }
    }
    let number = files.len();
    zvm.readers.entry(to).or_default().extend(files);
    count(number, "TRANSFERRED")
}

/// PURGE RDR id|ALL; PURGE user RDR ALL.
pub(super) fn purge(context: &mut Context<'_, '_>, words: &[&str]) -> Answer {
    let (user, rest) = match words {
        [place, rest @ ..] if is_reader(place) => (context.user.clone(), rest),
        [user, place, rest @ ..] if is_reader(place) => (UserId::new(user), rest),
        _ => return Answer::message("PUR", 26, "Operand missing or invalid"),
    };
    let Some(zvm) = context.zvm_mut() else {
        return Answer::default();
    };
    let mut purged = 0;
    for word in rest {
        match *word {
            "ALL" => purged += zvm.take_files(&user, None).len(),
            id => match id.parse::<u16>() {
                Ok(id) => purged += zvm.take_files(&user, Some(id)).len(),
                Err(_) => return Answer::message("PUR", 3, &format!("Invalid option - {id}")),
            },
        }
    }
    count(purged, "PURGED")
}
