//! Undoing what a case did, through the same doors and the same fence, and proving that nothing is left.

use crate::fence::{DROP_EMPTY_LIST, Fence, Permit, boot_settings, operand};
use crate::ledger::{Ledger, Undo};
use crate::pool::Pool;
use crate::target::{Answer, Client, Control, Method, Request};

/// What undoes: the doors of the target, and the fence before them.
#[derive(Clone, Debug)]
pub struct CleanUp {
    client: Client,
    fence: Fence,
    control: Option<Control>,
}

impl CleanUp {
    /// Clean-up through a client, within a fence; with the control door when the target is simulated.
    pub fn new(client: &Client, fence: &Fence, control: Option<Control>) -> Self {
        Self {
            client: client.for_clean_up(),
            fence: fence.giving_back(),
            control,
        }
    }

    /// Undoes every entry. Gives what could not be undone, in words.
    pub async fn undo_all(&self, ledger: &Ledger) -> Vec<String> {
        let mut left = Vec::new();
        while let Some((number, entry)) = ledger.next() {
            let result = self.undo(&entry).await;
            ledger.close(number, result.is_ok());
            if let Err(why) = result {
                left.push(why);
            }
        }
        left
    }

    /// Undoes one entry.
    pub async fn undo(&self, entry: &Undo) -> Result<(), String> {
        match entry {
            Undo::Pool { host, name } => self.pool(host, name).await,
            Undo::Disk {
                node,
                devices,
                wwpns,
                lun,
            } => self.disk(node, devices, wwpns, lun).await,
            Undo::Dedication { node, device } => self.dedication(node, device).await,
            Undo::DeviceNode { node, path } => {
                let line = format!("--removefilesysnode {path}");
                self.chvm(node, &line).await.map(drop)
            }
            Undo::Image { name } => self.image(name).await,
            Undo::Node { name } => {
                let request = Request::new(Method::Delete, format!("/nodes/{name}"));
                self.send(request).await?;
                let seen = self.send(Request::get(format!("/nodes/{name}"))).await?;
                if seen.says(&format!("Object name: {name}")) {
                    return Err(format!("node {name} is still there"));
                }
                Ok(())
            }
            Undo::Row { table, node } => self.row(table, node).await,
            // Nothing was in a lent guest's reader that its owner would miss: he lent it shut down, to be used.
            Undo::Notices { node } => self.chvm(node, "--purgerdr").await.map(drop),
            Undo::Boot { node, was } => self.boot(node, was).await,
            Undo::Power { node, state } => self.power(node, state).await,
            Undo::Control { path } => match &self.control {
                Some(control) => control.delete(path).await,
                None => Err(format!("{path} is left at the simulator's control door")),
            },
        }
    }

    /// By the release's own means first; then what it leaves in a running guest, by the guest's.
    async fn disk(&self, node: &str, devices: &str, wwpns: &str, lun: &str) -> Result<(), String> {
        // The row may be gone or never have been: the answer is kept as evidence.
        let line = format!("--removezfcp {devices} {wwpns} {lun} 1");
        self.chvm(node, &line).await?;
        for device in devices.split(';') {
            for port in wwpns.split(';') {
                let (bus, lun) = (format!("0.0.{device}"), lun.trim_start_matches("0x"));
                let unit = format!(
                    "echo 0x{lun} > /sys/bus/ccw/drivers/zfcp/{bus}/0x{port}/unit_remove 2>/dev/null; true"
                );
                self.shell(node, &unit).await?;
                if !self.is_zhcp(node) {
                    let files = format!(
                        "sed -i -e '/{bus} 0x{port} 0x{lun}/d' /etc/zfcp.conf 2>/dev/null; \
                         sed -i -e '/0x{port}.*0x{lun}/d' /etc/udev/rules.d/51-zfcp-{bus}.rules 2>/dev/null; \
                         rm -f /etc/udev/rules.d/41-zfcp-lun-{bus}:0x{port}:0x{lun}.rules; true"
                    );
                    self.shell(node, &files).await?;
                }
            }
        }
        Ok(())
    }

    /// The boot settings that a guest was lent with.
    async fn boot(&self, node: &str, was: &[String]) -> Result<(), String> {
        let read = || self.send(Request::get(format!("/vms/{node}")));
        if boot_settings(node, &read().await?) == was {
            return Ok(());
        }
        let back = Self {
            fence: self.fence.giving_back_boot(node, was),
            ..self.clone()
        };
        back.put_back_boot(node, was).await?;
        let now = boot_settings(node, &read().await?);
        if now == was {
            return Ok(());
        }
        Err(format!(
            "{node} booted by '{}' and now by '{}'",
            was.join("; "),
            now.join("; ")
        ))
    }

    async fn put_back_boot(&self, node: &str, was: &[String]) -> Result<(), String> {
        let operand = |verb: &str| operand(was, verb);
        self.chvm(node, "--removeloaddev").await?;
        if let (Some(port), Some(lun)) = (operand("LOADDEV PORTNAME"), operand("LOADDEV LUN")) {
            let mut line = format!("--setloaddev {port} {lun}");
            match (operand("LOADDEV SCPDATA HEX"), operand("LOADDEV SCPDATA")) {
                (Some(hex), _) => line.push_str(&format!(" 1 {hex}")),
                (None, Some(text)) => line.push_str(&format!(" 0 {}", text.trim_matches('\''))),
                (None, None) => {}
            }
            self.chvm(node, &line).await?;
        }
        let ipl = operand("IPL").map_or_else(
            || "--deleteipl".to_owned(),
            |device| format!("--setipl {device}"),
        );
        self.chvm(node, &ipl).await?;
        Ok(())
    }

    async fn dedication(&self, node: &str, device: &str) -> Result<(), String> {
        // Before the device goes: a running guest would keep its disks as blocked ones, and its rules for good.
        self.shell(node, &format!("chccwdev -d 0.0.{device} 2>/dev/null; true"))
            .await?;
        self.shell(node, DROP_EMPTY_LIST).await?;
        if !self.is_zhcp(node) {
            let rules = "/etc/udev/rules.d";
            let files = format!(
                "rm -f {rules}/51-zfcp-0.0.{device}.rules {rules}/41-zfcp-host-0.0.{device}.rules; \
                 test -e /etc/zfcp.conf || grep -qv KERNEL==.zfcp {rules}/56-zfcp.rules || rm -f {rules}/56-zfcp.rules; \
                 true"
            );
            self.shell(node, &files).await?;
        }
        let answer = self
            .chvm(node, &format!("--undedicatedevice {device}"))
            .await?;
        let entry = self.send(Request::get(format!("/vms/{node}"))).await?;
        let wanted = format!("DEDICATE {device}").to_ascii_uppercase();
        let still = entry.info().iter().any(|l| {
            l.to_ascii_uppercase()
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
                .contains(&wanted)
        });
        if still {
            return Err(format!(
                "{node} still has {device} dedicated: {}",
                answer.summary()
            ));
        }
        Ok(())
    }

    async fn image(&self, name: &str) -> Result<(), String> {
        // The first removes the files, the second the definition.
        for path in [
            format!("/images/{name}"),
            format!("/objects/osimage/{name}"),
        ] {
            self.send(Request::new(Method::Delete, path)).await?;
        }
        let seen = self.send(Request::get(format!("/images/{name}"))).await?;
        if seen
            .info()
            .iter()
            .any(|l| l.contains(&format!("Object name: {name}")))
        {
            return Err(format!("image {name} is still there"));
        }
        Ok(())
    }

    async fn row(&self, table: &str, node: &str) -> Result<(), String> {
        let line = format!("-d node={node} {table}");
        let request = Request::put(format!("/tables/{table}"), &line);
        self.send(request).await?;
        let seen = self.send(Request::get(format!("/tables/{table}"))).await?;
        let is_row = |l: &String| l.starts_with(&format!("\"{node}\","));
        if seen.lines("data").iter().any(is_row) {
            return Err(format!("table {table} still has a row of {node}"));
        }
        Ok(())
    }

    /// The power state in which a guest was lent.
    async fn power(&self, node: &str, state: &str) -> Result<(), String> {
        let path = format!("/nodes/{node}/power");
        let wanted = format!("{node}: {state}");
        let stat = Request::put(&path, "stat");
        let is = |answer: &Answer| answer.info().iter().any(|l| l.trim_end() == wanted);
        if is(&self.send(stat.clone()).await?) {
            return Ok(());
        }
        let answer = self.send(Request::put(&path, state)).await?;
        if is(&self.send(stat).await?) {
            return Ok(());
        }
        Err(format!("{node} is not {state}: {}", answer.summary()))
    }

    async fn pool(&self, host: &str, name: &str) -> Result<(), String> {
        // Each removal takes every row that matches, so the pool is read anew before each; a row that survives its
        // removal ends the loop instead of keeping it alive.
        let mut tried: Vec<String> = Vec::new();
        loop {
            let request = pool_query(host, name, "all");
            let rows = Pool::read(host, &self.send(request).await?).rows;
            let Some(row) = rows.iter().find(|r| !tried.contains(&r.text())) else {
                return if rows.is_empty() {
                    Ok(())
                } else {
                    Err(format!("pool {name} still has {} row(s)", rows.len()))
                };
            };
            tried.push(row.text());
            let wwpn = row.wwpn.split(';').next().unwrap_or_default();
            let line = format!("--removezfcpfrompool {name} {} {wwpn}", row.lun);
            self.send(Request::put(format!("/hypervisor/{host}"), &line))
                .await?;
        }
    }

    fn is_zhcp(&self, node: &str) -> bool {
        self.fence.inventory().zhcp.as_deref() == Some(node)
    }

    /// A command in a guest; one that is off has no kernel to be cleaned, and answers so.
    async fn shell(&self, node: &str, command: &str) -> Result<Answer, String> {
        let request = Request::new(Method::Put, format!("/nodes/{node}/dsh"))
            .with_args(&[&format!("command={command}")]);
        self.send(request).await
    }

    async fn chvm(&self, node: &str, line: &str) -> Result<Answer, String> {
        self.send(Request::put(format!("/vms/{node}"), line)).await
    }

    /// What undoes is not registered again: it goes through the fence, and past the ledger.
    async fn send(&self, request: Request) -> Result<Answer, String> {
        let permit: Permit = self.fence.check(request)?;
        self.client.send(&permit).await
    }
}

/// The request that lists a pool.
pub fn pool_query(host: &str, name: &str, filter: &str) -> Request {
    Request::get(format!("/nodes/{host}/inventory"))
        .with("field", "--zfcppool")
        .with("field", name)
        .with("field", filter)
}
