//! A pool file is one text: whatever xCAT's commands and hand edits make of it, the programs of the zHCP show the same as
//! its index finds.

use std::sync::Arc;

use proptest::prelude::*;
use xcat_simulator::seam::Site;
use xcat_simulator::world::PoolText;

use crate::site::{lab, run, texts};

const PATH: &str = "/var/opt/zhcp/zfcp/scsipol1.conf";

#[derive(Clone, Debug)]
enum Step {
    Reserve(u8, u8),
    Release(u8),
    Add(u8, bool),
    Remove(u8),
    /// A line is replaced by hand.
    Edit(u8, String),
    /// A line is taken out by hand.
    Delete(u8),
    /// `sed -i` over xdsh.
    Sed(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let row = prop_oneof![
        "(free|used|FREE|reserved),5005076303[0-9a-f]{6},40[0-9]{14},[1-9][GM],1A00-1A0F,(me|),(1a0[0-9]|),(x|)",
        Just(String::new()),
        "[a-z, #]{0,12}",
    ];
    prop_oneof![
        (any::<u8>(), 1_u8..9).prop_map(|(owner, gib)| Step::Reserve(owner, gib)),
        any::<u8>().prop_map(Step::Release),
        (any::<u8>(), any::<bool>()).prop_map(|(n, two)| Step::Add(n, two)),
        any::<u8>().prop_map(Step::Remove),
        (any::<u8>(), row).prop_map(|(line, text)| Step::Edit(line, text)),
        any::<u8>().prop_map(Step::Delete),
        any::<u8>().prop_map(Step::Sed),
    ]
}

fn text(site: &Site) -> String {
    site.look().linuxes["zhcp1"]
        .fs
        .read(PATH)
        .unwrap_or_default()
        .into_owned()
}

/// WWPN and LUN of some row.
fn device(site: &Site, number: u8) -> (String, String) {
    let text = text(site);
    let rows: Vec<&str> = text.lines().filter(|l| l.split(',').count() > 3).collect();
    let row = rows.get(usize::from(number) % rows.len().max(1)).copied();
    let mut fields = row
        .unwrap_or("x,5005076303000001,4099000000000000")
        .split(',')
        .skip(1);
    let mut next = || fields.next().unwrap_or_default().to_owned();
    (next(), next())
}

async fn carry_out(site: &Arc<Site>, step: &Step) {
    let pool = "scsipol1";
    match step {
        Step::Reserve(owner, gib) => {
            let (owner, size) = (format!("o{owner}"), format!("{gib}g"));
            run(
                site,
                "chhypervisor",
                "zvm1",
                &["--reservezfcp", pool, "used", &owner, "1a00", &size],
            )
            .await;
        }
        Step::Release(number) => {
            let (wwpn, lun) = device(site, *number);
            run(
                site,
                "chhypervisor",
                "zvm1",
                &["--releasezfcp", pool, &wwpn, &lun],
            )
            .await;
        }
        Step::Add(number, two) => {
            let wwpns = if *two {
                "5005076303000001;5005076303000002"
            } else {
                "5005076303000001"
            };
            let lun = format!("4099{number:012x}");
            run(
                site,
                "chhypervisor",
                "zvm1",
                &[
                    "--addzfcp2pool",
                    pool,
                    "free",
                    wwpns,
                    &lun,
                    "3G",
                    "1a00-1a0f",
                    "me",
                ],
            )
            .await;
        }
        Step::Remove(number) => {
            let (wwpn, lun) = device(site, *number);
            run(
                site,
                "chhypervisor",
                "zvm1",
                &["--removezfcpfrompool", pool, &lun, &wwpn],
            )
            .await;
        }
        Step::Edit(line, new) => edit(site, *line, Some(new)),
        Step::Delete(line) => edit(site, *line, None),
        Step::Sed(number) => {
            let (wwpn, lun) = device(site, *number);
            xdsh(
                site,
                &format!("sed -i 's/{wwpn},{lun}/{lun},{wwpn}/' {PATH}"),
            )
            .await;
        }
    }
}

fn edit(site: &Site, line: u8, new: Option<&String>) {
    let old = text(site);
    let mut lines: Vec<&str> = old.lines().collect();
    if lines.is_empty() {
        return;
    }
    let at = usize::from(line) % lines.len();
    match new {
        Some(new) => lines[at] = new,
        None => {
            lines.remove(at);
        }
    }
    let text: String = lines.iter().map(|l| format!("{l}\n")).collect();
    let mut world = site.edit();
    let now = world.now_ms;
    let zhcp = world.linuxes.get_mut("zhcp1").unwrap();
    zhcp.fs.write(PATH, text, now);
}

/// What a command prints on the zHCP, without xCAT's prefix.
async fn xdsh(site: &Arc<Site>, command: &str) -> Vec<String> {
    let answer = texts(&run(site, "xdsh", "zhcp1", &[command]).await);
    answer
        .lines()
        .filter_map(|l| {
            l.strip_prefix("zhcp1: ")
                .or_else(|| (l == "zhcp1:").then_some(""))
        })
        .map(str::to_owned)
        .collect()
}

async fn compare(site: &Arc<Site>, probe: u8) {
    let truth = text(site);
    let lines: Vec<&str> = truth.lines().collect();
    let show = |line: &str| line.trim_end().to_owned();
    let expected: Vec<String> = lines.iter().map(|l| show(l)).collect();
    let shown = |found: Vec<String>| -> Vec<String> { found.iter().map(|l| show(l)).collect() };
    // xCAT drops empty lines of an answer.
    let some = |lines: Vec<String>| -> Vec<String> {
        lines.into_iter().filter(|l| !l.is_empty()).collect()
    };
    for command in [
        format!("cat {PATH}"),
        format!("sed -n p {PATH}"),
        format!("awk '{{print}}' {PATH}"),
        format!("grep '' {PATH}"),
    ] {
        let found = shown(xdsh(site, &command).await);
        assert_eq!(some(found), some(expected.clone()), "{command}");
    }
    let (wwpn, lun) = device(site, probe);
    let key = format!("{wwpn},{lun}");
    let with_key = lines
        .iter()
        .filter(|l| l.to_lowercase().contains(&key.to_lowercase()));
    let counted = xdsh(site, &format!("grep -ic '{key}' {PATH}")).await;
    if !key.starts_with(',') && !key.ends_with(',') {
        assert_eq!(
            counted,
            [with_key.clone().count().to_string()],
            "grep -ic {key}"
        );
    }
    // The index that grew with the changes finds what one made of the text finds.
    let world = site.look();
    let Some(grown) = world.linuxes["zhcp1"].fs.pool(PATH) else {
        return;
    };
    let fresh = PoolText::new(&truth);
    assert_eq!(grown.to_string(), truth);
    assert_eq!(grown.line_count(), fresh.line_count());
    assert_eq!(grown.len(), truth.len());
    for megabytes in [0.0, 1.0, 1024.0, 5.0 * 1024.0] {
        assert_eq!(
            grown.best_fit(megabytes),
            fresh.best_fit(megabytes),
            "{megabytes} M"
        );
    }
}

#[test]
fn programs_and_index_agree_after_any_changes() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let config = ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(steps in prop::collection::vec(step(), 1..10), probe in any::<u8>())| {
        runtime.block_on(async {
            let site = lab();
            for step in &steps {
                carry_out(&site, step).await;
                compare(&site, probe).await;
            }
        });
    });
}
