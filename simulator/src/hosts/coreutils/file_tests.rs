//! test and `[`.

use crate::hosts::{ProgramEnv, files};
use crate::seam::Outcome;

/// The program.
pub fn run(env: &mut ProgramEnv<'_>, words: &[String], _: &str) -> Outcome {
    let name = words.first().map_or("test", String::as_str);
    let mut args: Vec<&str> = words[1..].iter().map(String::as_str).collect();
    if name == "[" && args.pop() != Some("]") {
        return Outcome::fail(2, "bash: line 1: [: missing `]'\n");
    }
    match expression(env, &args) {
        Ok(yes) => Outcome {
            rc: i32::from(!yes),
            ..Outcome::default()
        },
        Err(message) => Outcome::fail(2, format!("bash: line 1: {name}: {message}\n")),
    }
}

fn expression(env: &ProgramEnv<'_>, args: &[&str]) -> Result<bool, String> {
    if args.len() > 4 || (args.len() == 4 && args[0] != "!") {
        for (operator, and) in [("-o", false), ("-a", true)] {
            if let Some(at) = args.iter().position(|a| *a == operator)
                && at > 0
            {
                let left = expression(env, &args[..at])?;
                let right = expression(env, &args[at + 1..])?;
                return Ok(if and { left && right } else { left || right });
            }
        }
    }
    match args {
        [] => Ok(false),
        [one] => Ok(!one.is_empty()),
        ["!", rest @ ..] => Ok(!expression(env, rest)?),
        [operator, operand] => unary(env, operator, operand),
        [left, operator, right] => binary(left, operator, right),
        _ => Err("too many arguments".to_owned()),
    }
}

fn unary(env: &ProgramEnv<'_>, operator: &str, operand: &str) -> Result<bool, String> {
    let path = env.path(operand);
    let exists = || !operand.is_empty() && files::exists(env.world, &env.host, &path);
    let directory = || !operand.is_empty() && files::is_directory(env.world, &env.host, &path);
    Ok(match operator {
        "-e" | "-r" | "-w" | "-a" => exists(),
        "-x" => directory() || exists(),
        "-f" => exists() && !directory(),
        "-d" => directory(),
        "-s" => directory() || env.read(operand).is_ok_and(|t| !t.is_empty()),
        "-b" => path.starts_with("/dev/") && exists() && !directory(),
        "-L" | "-h" => crate::hosts::sysfs::readlink(env.world, &env.host, &path).is_some(),
        "-z" => operand.is_empty(),
        "-n" => !operand.is_empty(),
        _ => return Err(format!("{operator}: unary operator expected")),
    })
}

fn binary(left: &str, operator: &str, right: &str) -> Result<bool, String> {
    let number = |text: &str| {
        text.trim()
            .parse::<i64>()
            .map_err(|_| format!("{text}: integer expression expected"))
    };
    Ok(match operator {
        "=" | "==" => left == right,
        "!=" => left != right,
        "-eq" => number(left)? == number(right)?,
        "-ne" => number(left)? != number(right)?,
        "-lt" => number(left)? < number(right)?,
        "-le" => number(left)? <= number(right)?,
        "-gt" => number(left)? > number(right)?,
        "-ge" => number(left)? >= number(right)?,
        "-a" => !left.is_empty() && !right.is_empty(),
        "-o" => !left.is_empty() || !right.is_empty(),
        _ => return Err(format!("{operator}: binary operator expected")),
    })
}
