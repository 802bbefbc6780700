//! `doctor`: looks at a target with reading requests and says which cases could not run, and why.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::args::DoctorArgs;
use crate::cases;
use crate::fence::{Fence, PREFIX};
use crate::meta::Effect;
use crate::result::ExitStatus;
use crate::target::{Answer, GuestState, Request, Session};

/// Carries out `doctor`.
pub async fn run(args: DoctorArgs) -> anyhow::Result<ExitStatus> {
    let target = super::run::target(&args.target)?;
    let session = target.open().await?;
    let fence = Fence::new(
        Arc::clone(&session.inventory),
        PREFIX.to_owned(),
        Effect::ReadOnly,
    );
    let mut doctor = Doctor {
        session: &session,
        fence: &fence,
        wrong: 0,
    };
    doctor.examine().await;
    let mut missing: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for case in cases::all() {
        for need in case.needs {
            if let Some(why) = session.inventory.lacks(*need, session.capabilities()) {
                missing.entry(why).or_default().push(case.id);
            }
        }
    }
    println!();
    if missing.is_empty() {
        println!("every case can run");
    }
    for (why, ids) in &missing {
        println!("{} case(s) cannot run: {why}", ids.len());
        println!("    {}", ids.join(" "));
    }
    Ok(if doctor.wrong > 0 {
        ExitStatus::Failed
    } else if missing.is_empty() {
        ExitStatus::Success
    } else {
        ExitStatus::Incomplete
    })
}

struct Doctor<'a> {
    session: &'a Session,
    fence: &'a Fence,
    wrong: usize,
}

impl Doctor<'_> {
    async fn examine(&mut self) {
        match self.get(Request::get("/version")).await {
            Ok(answer) if answer.status == 200 => {
                let text = answer.lines("data").join(" ");
                self.say(true, "management node", &text);
            }
            Ok(answer) => self.say(false, "management node", &answer.summary()),
            Err(why) => return self.say(false, "management node", &why),
        }
        let inventory = Arc::clone(&self.session.inventory);
        let hosts = [&inventory.host, &inventory.second_host];
        for host in hosts.into_iter().flatten() {
            let request = Request::get(format!("/nodes/{host}/inventory")).with("field", "config");
            let answer = self.get(request).await;
            let wanted = format!("{host}: z/VM Host: ");
            let good = answer.as_ref().is_ok_and(|a| {
                a.info().iter().any(|l| l.starts_with(&wanted)) && a.errors().is_empty()
            });
            self.say(good, &format!("hypervisor {host}"), &shown(answer));
        }
        for guest in &inventory.guests {
            let request = Request::put(format!("/nodes/{}/power", guest.node), "stat");
            let answer = self.get(request).await;
            let state = match guest.state {
                GuestState::Running => "on",
                GuestState::Off => "off",
            };
            let wanted = format!("{}: {state}", guest.node);
            let good = answer
                .as_ref()
                .is_ok_and(|a| a.info().iter().any(|l| l.trim_end() == wanted));
            self.say(
                good,
                &format!("guest {} is {state}", guest.node),
                &shown(answer),
            );
        }
        self.devices().await;
    }

    async fn devices(&mut self) {
        let inventory = Arc::clone(&self.session.inventory);
        let Some(host) = &inventory.host else {
            return;
        };
        let request = Request::get(format!("/nodes/{host}/inventory"))
            .with("field", "--fcpdevices")
            .with("field", "free");
        let answer = self.get(request).await;
        let free: Vec<String> = answer
            .map(|a| a.info())
            .unwrap_or_default()
            .iter()
            .filter_map(|l| l.split_whitespace().last().map(str::to_lowercase))
            .collect();
        for fcp in &inventory.fcp_devices {
            let good = free.contains(&fcp.device.to_lowercase());
            let text = if good {
                "free"
            } else {
                "not in the list of free devices"
            };
            self.say(good, &format!("FCP device {}", fcp.device), text);
        }
    }

    fn say(&mut self, good: bool, what: &str, text: &str) {
        self.wrong += usize::from(!good);
        let mark = if good { "good " } else { "WRONG" };
        let line: String = text
            .lines()
            .next()
            .unwrap_or_default()
            .chars()
            .take(120)
            .collect();
        println!("{mark} {what}: {line}");
    }

    async fn get(&self, request: Request) -> Result<Answer, String> {
        let permit = self.fence.check(request)?;
        self.session.client.send(&permit).await
    }
}

fn shown(answer: Result<Answer, String>) -> String {
    match answer {
        Ok(a) => a
            .info()
            .into_iter()
            .chain(a.errors())
            .next()
            .unwrap_or_else(|| a.summary()),
        Err(why) => why,
    }
}
