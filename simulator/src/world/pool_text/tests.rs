//! Whatever the index answers, a scan of the text answers too.

use proptest::prelude::*;

use super::{ChannelClass, PoolText, megabytes};

/// Lines of pools, orderly and not: short and long numbers, lists, odd places, odd characters.
fn line() -> impl Strategy<Value = String> {
    let status = prop::sample::select(vec![
        "free", "Free", "used", "USED", "reserved", "#free", "", "e",
    ]);
    let hex = || {
        prop::sample::select(vec![
            "5005076801102991",
            "500507680110299A;5005076801202991",
            "0001000000000000",
            "000A000000000000",
            "000a0000000000000",
            "0x0002000000000000",
            "c890",
            "",
        ])
    };
    let size = prop::sample::select(vec!["8G", "1.5g", "9000M", "0G", "M", "10", "", "8G x"]);
    let tail = prop::sample::select(vec![
        "B804-B80F,,,",
        ",lnx1,B804,",
        ",unused,1A00;1B00,x",
        "a,allocated,b805,$root_device$",
        ",o,,0001000000000000",
        "ü\"",
        "o,b804,Failed",
        "",
    ]);
    (status, hex(), hex(), size, tail)
        .prop_map(|(status, wwpn, lun, size, tail)| format!("{status},{wwpn},{lun},{size},{tail}"))
}

fn text() -> impl Strategy<Value = String> {
    (
        prop::collection::vec(prop_oneof![8 => line(), 1 => Just(String::new())], 0..12),
        any::<bool>(),
    )
        .prop_map(|(lines, end)| {
            let mut text = lines.join("\n");
            if end && !text.is_empty() {
                text.push('\n');
            }
            text
        })
}

fn holds(line: &str, literal: &str) -> bool {
    line.to_ascii_lowercase()
        .contains(&literal.to_ascii_lowercase())
}

fn check(pool: &PoolText, text: &str) -> Result<(), TestCaseError> {
    prop_assert_eq!(pool.to_string(), text);
    let mut appended = String::new();
    pool.append_to(&mut appended);
    prop_assert_eq!(&appended, text);
    prop_assert_eq!(pool.len(), text.len());
    let lines: Vec<&str> = text
        .split_inclusive('\n')
        .map(|line| line.strip_suffix('\n').unwrap_or(line))
        .collect();
    prop_assert_eq!(pool.lines().collect::<Vec<_>>(), lines.clone());
    prop_assert_eq!(pool.line_count(), lines.len());
    prop_assert_eq!(pool.is_for_shell(), text.contains(['"', '$', '`', '\\']));
    prop_assert_eq!(
        pool.is_plain(),
        lines.iter().all(|line| super::is_plain(line))
    );
    let framed: String = lines.iter().map(|line| format!("n: {line}\\n")).collect();
    let pieces =
        super::Framed::new(pool.clone(), "n: ", "\\n").map(|mut f| f.piece(usize::MAX / 2));
    prop_assert_eq!(pieces, Some(framed.into_bytes()));
    for literal in [
        "0001000000000000",
        "5005076801102991,0001000000000000",
        ",000a000000000000,",
        "e,0001000000000000",
        "5005076801202991",
        "000A0000000000000",
        "0002000000000000",
        "c890,0001",
        "ü",
        "",
    ] {
        let scan: Vec<&str> = lines
            .iter()
            .copied()
            .filter(|l| holds(l, literal))
            .collect();
        let found = pool.matching(Some(literal), |line| holds(line, literal));
        prop_assert_eq!(found, scan, "{}", literal);
    }
    for wanted in [0.0, 1.0, 8192.0, 9000.0, 9001.0, 1e9] {
        let mut kept: Option<(f64, &str)> = None;
        for line in lines
            .iter()
            .filter(|l| l.to_ascii_lowercase().starts_with("free"))
        {
            let Some(size) = megabytes(line.split(',').nth(3).unwrap_or_default()) else {
                continue;
            };
            if size >= wanted && kept.is_none_or(|(best, _)| best == 0.0 || size < best) {
                kept = Some((size, line));
            }
        }
        prop_assert_eq!(
            pool.best_fit(wanted),
            kept.map(|(_, line)| line),
            "{}",
            wanted
        );
    }
    for (class, pattern) in [
        (ChannelClass::UsedAnywhere, "(?i)used|allocated"),
        (ChannelClass::Used, "(?i)^(used|allocated),"),
        (ChannelClass::HeldAnywhere, "(?i)used|allocated|reserved"),
        (ChannelClass::Held, "(?i)^(used|allocated|reserved),"),
    ] {
        let regex = regex::Regex::new(pattern).unwrap();
        let scan: std::collections::BTreeSet<&str> = lines
            .iter()
            .filter(|line| regex.is_match(line))
            .map(|line| line.split(',').nth(6).unwrap_or_default())
            .filter(|channel| !channel.is_empty())
            .collect();
        prop_assert_eq!(
            pool.channels(class).collect::<Vec<_>>(),
            scan.into_iter().collect::<Vec<_>>()
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn the_index_answers_what_a_scan_answers(
        start in text(),
        steps in prop::collection::vec((0u8..4, text(), 0usize..12, line()), 0..8),
    ) {
        let mut pool = PoolText::new(&start);
        let mut model = start;
        check(&pool, &model)?;
        for (step, more, at, new) in steps {
            let before = (pool.clone(), model.clone());
            let target = model.lines().nth(at).unwrap_or("none").to_owned();
            match step {
                0 => {
                    pool.push_str(&more);
                    model.push_str(&more);
                }
                1 | 2 => {
                    let replacement = (step == 1).then(|| new.clone());
                    pool.edit(Some(&target), |line| (line == target).then(|| replacement.clone()));
                    model = edited(&model, &target, replacement.as_deref());
                }
                _ => {
                    let replacement = format!("{new}\n{new}");
                    pool.edit(None, |line| (line == target).then(|| Some(replacement.clone())));
                    model = edited(&model, &target, Some(&replacement));
                }
            }
            check(&pool, &model)?;
            // A copy made before is what it was.
            check(&before.0, &before.1)?;
        }
    }
}

fn edited(text: &str, target: &str, replacement: Option<&str>) -> String {
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        let (body, end) = line
            .strip_suffix('\n')
            .map_or((line, ""), |body| (body, "\n"));
        if body != target {
            out.push_str(line);
        } else if let Some(replacement) = replacement {
            out.push_str(replacement);
            out.push_str(end);
        }
    }
    out
}

#[test]
fn chunks_come_and_go() {
    let row = |n: u32| format!("free,5005076801102991,{n:016x},8G,B804-B80F,,,\n");
    let mut pool = PoolText::default();
    let mut model = String::from("#status,wwpn,lun,size,range,owner,channel,tag\n");
    pool.push_str(&model);
    for n in 0..300 {
        pool.push_str(&row(n));
        model.push_str(&row(n));
    }
    for n in (0..300).filter(|n| n % 7 != 0) {
        let lun = format!("{n:016x}");
        pool.edit(Some(&lun), |line| line.contains(&lun).then_some(None));
    }
    model = model
        .split_inclusive('\n')
        .filter(|line| {
            line.split(',')
                .nth(2)
                .and_then(|lun| u32::from_str_radix(lun, 16).ok())
                .is_none_or(|n| n % 7 == 0)
        })
        .collect();
    assert_eq!(pool.to_string(), model);
    assert_eq!(pool.best_fit(1.0), Some(row(0).trim_end()));
}
