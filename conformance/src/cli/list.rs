//! `list` and `run --dry-run`: cases without a target.

use std::fmt::Write as _;

use super::args::{ListArgs, ListFormat};
use crate::cases;
use crate::meta::{Case, Effect};
use crate::result::ExitStatus;
use crate::select::Selection;
use crate::target::Inventory;

/// Carries out `list`.
pub fn run(args: &ListArgs) -> ExitStatus {
    let selection = args.select.selection();
    let cases: Vec<&Case> = selected(&selection).collect();
    print!("{}", render(&cases, args.format));
    if cases.is_empty() {
        ExitStatus::NothingRan
    } else {
        ExitStatus::Success
    }
}

/// What would run; a case that the inventory or the ceiling keeps from running says why. Without an inventory the needs
/// are those of the embedded simulator, which are not looked at here.
pub fn dry_run(selection: &Selection, inventory: Option<&Inventory>) -> ExitStatus {
    let mut any = false;
    for case in selected(selection) {
        any = true;
        let lacking = inventory
            .and_then(|i| case.needs.iter().find_map(|need| i.lacks(*need, &[])))
            .or_else(|| {
                let ceiling = selection
                    .ceiling
                    .or(inventory.map(|_| Effect::Reversible))?;
                (case.effect > ceiling).then(|| format!("the case is {}", case.effect.word()))
            });
        match lacking {
            Some(why) => println!("skip {}: {why}", case.id),
            None => println!("run  {}", case.id),
        }
    }
    if any {
        ExitStatus::Success
    } else {
        ExitStatus::NothingRan
    }
}

fn selected(selection: &Selection) -> impl Iterator<Item = &'static Case> {
    cases::ALL
        .iter()
        .flat_map(|area| area.iter())
        .filter(|case| selection.takes(case))
}

fn render(cases: &[&Case], format: ListFormat) -> String {
    let mut out = String::new();
    match format {
        ListFormat::Json => {
            let list: Vec<_> = cases
                .iter()
                .map(|c| {
                    serde_json::json!({
                        "id": c.id,
                        "title": c.title,
                        "level": c.level,
                        "profiles": c.profiles,
                        "requirement": c.requirement.to_string(),
                        "effect": c.effect,
                        "needs": c.needs.iter().map(ToString::to_string).collect::<Vec<_>>(),
                    })
                })
                .collect();
            out = format!("{:#}\n", serde_json::Value::from(list));
        }
        ListFormat::Text => {
            for c in cases {
                let level = format!("{:?}", c.level).to_uppercase();
                let _ = writeln!(out, "{level:<6} {:<44} {}", c.id, c.title);
            }
        }
        ListFormat::Markdown => {
            out.push_str("| case | level | what is required | where | effect | needs |\n|---|---|---|---|---|---|\n");
            for c in cases {
                let needs: Vec<String> = c.needs.iter().map(ToString::to_string).collect();
                let _ = writeln!(
                    out,
                    "| `{}` | {} | {} | {} | {} | {} |",
                    c.id,
                    format!("{:?}", c.level).to_uppercase(),
                    c.title.replace('|', "\\|"),
                    c.requirement,
                    match c.effect {
                        Effect::ReadOnly => "reads",
                        Effect::Reversible => "reversible",
                        Effect::Destructive => "destructive",
                    },
                    needs.join(", ")
                );
            }
        }
    }
    out
}
