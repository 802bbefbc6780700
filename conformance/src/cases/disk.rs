//! What the cases about guests share: a lent LUN as a row of a pool of the case, its way into a guest and out of it, and
//! what the guest, the directory and the inventory show of it (spec: driver 2.4, read-backs).

use crate::target::{Answer, Fcp, GuestState, LentLun, Method, Request};
use crate::{CaseContext, Row, Stop};

/// A lent LUN in a pool of the case, with the FCP devices through which it is to be reached.
#[derive(Clone, Debug)]
pub struct Disk {
    /// Pool of the case.
    pub pool: String,
    /// Target ports, joined by `;`.
    pub wwpn: String,
    /// LUN.
    pub lun: String,
    /// Size of the row.
    pub size: String,
    /// FCP devices, joined by `;`.
    pub fcp: String,
}

impl Disk {
    /// `{fcp}/{wwpn}/{lun}`, as confirmations name it.
    pub fn name(&self) -> String {
        format!("{}/{}/{}", self.fcp, self.wwpn, self.lun)
    }

    /// The attach line, with loaddev 0 and tag 0 (spec: driver 2.3 X13).
    pub fn attach_line(&self) -> String {
        format!(
            "--addzfcp {} {} 0 {} 0 {} {}",
            self.pool, self.fcp, self.size, self.wwpn, self.lun
        )
    }

    /// The detach line.
    pub fn detach_line(&self, persist: u8) -> String {
        format!(
            "--removezfcp {} {} {} {persist}",
            self.fcp, self.wwpn, self.lun
        )
    }

    /// Path of the disk in an RHEL or SLES guest, as `--createfilesysnode` takes it (spec: guests 5.3).
    pub fn by_path(&self) -> String {
        let wwpn = &self.wwpn;
        format!(
            "/dev/disk/by-path/ccw-0.0.{}-zfcp-0x{wwpn}:0x{}",
            self.fcp, self.lun
        )
    }

    /// Every path: FCP device, target port.
    pub fn paths(&self) -> Vec<(String, String)> {
        let ports: Vec<&str> = self.wwpn.split(';').collect();
        self.fcp
            .split(';')
            .flat_map(|fcp| {
                ports
                    .iter()
                    .map(move |port| (fcp.to_owned(), (*port).to_owned()))
            })
            .collect()
    }
}

/// The first running guest that is lent.
pub fn running(c: &CaseContext) -> Result<String, Stop> {
    c.guest(GuestState::Running, 0)
}

/// The first shut-down guest that is lent.
pub fn off(c: &CaseContext) -> Result<String, Stop> {
    c.guest(GuestState::Off, 0)
}

/// A lent LUN with one port as the only row of a new pool, to be reached through the lent FCP device `fcp`.
pub async fn disk(c: &mut CaseContext, lun: usize, fcp: usize) -> Result<Disk, Stop> {
    let pool = c.new_pool()?;
    disk_in(c, &pool, lun, fcp).await
}

/// A lent LUN as a further row of a pool.
pub async fn disk_in(
    c: &mut CaseContext,
    pool: &str,
    lun: usize,
    fcp: usize,
) -> Result<Disk, Stop> {
    let lent = c.lun(1, lun)?;
    let fcp = c.fcp(fcp)?;
    row_of(
        c,
        pool,
        &lent,
        &lent.wwpns[0].clone(),
        &fcp.device,
        &lent.size.clone(),
    )
    .await
}

/// Two lent LUNs as the rows of a new pool, each to be reached through the lent FCP device of this number.
pub async fn disks(c: &mut CaseContext, [first, second]: [usize; 2]) -> Result<[Disk; 2], Stop> {
    let pool = c.new_pool()?;
    Ok([
        disk_in(c, &pool, 0, first).await?,
        disk_in(c, &pool, 1, second).await?,
    ])
}

/// A lent LUN with two ports, to be reached through two FCP devices on different channel paths.
pub async fn multipath_disk(c: &mut CaseContext, lun: usize) -> Result<Disk, Stop> {
    let lent = c.lun(2, lun)?;
    let pair = c
        .inventory
        .channel_pair()
        .map(|(a, b)| (a.clone(), b.clone()));
    let Some((a, b)): Option<(Fcp, Fcp)> = pair else {
        return Err(Stop::Skip("no FCP devices on two channel paths".to_owned()));
    };
    let pool = c.new_pool()?;
    let fcp = format!("{};{}", a.device, b.device);
    row_of(
        c,
        &pool,
        &lent,
        &lent.wwpns.join(";"),
        &fcp,
        &lent.size.clone(),
    )
    .await
}

/// Adds a lent LUN to a pool as a free row whose range is exactly the given devices.
pub async fn row_of(
    c: &mut CaseContext,
    pool: &str,
    lent: &LentLun,
    wwpn: &str,
    fcp: &str,
    size: &str,
) -> Result<Disk, Stop> {
    let range: Vec<String> = fcp.split(';').map(|f| format!("{f}-{f}")).collect();
    let line = format!(
        "--addzfcp2pool {pool} free {wwpn} {} {size} {}",
        lent.lun,
        range.join(";")
    );
    let answer = c.hypervisor(&line).await?;
    if !answer.says("Adding zFCP device to") || !answer.complaints().is_empty() {
        return Err(Stop::blocked(format!(
            "row {wwpn}/{} was not added: {}",
            lent.lun,
            answer.summary()
        )));
    }
    Ok(Disk {
        pool: pool.to_owned(),
        wwpn: wwpn.to_owned(),
        lun: lent.lun.clone(),
        size: size.to_owned(),
        fcp: fcp.to_owned(),
    })
}

/// Sends the attach.
pub async fn attach(c: &mut CaseContext, node: &str, disk: &Disk) -> Result<Answer, Stop> {
    c.chvm(node, &disk.attach_line()).await
}

/// An attach that the rest of a case builds on.
pub async fn attached(c: &mut CaseContext, node: &str, disk: &Disk) -> Result<(), Stop> {
    let answer = attach(c, node, disk).await?;
    if answer.says("Adding zFCP device") && answer.says("... Done") && answer.errors().is_empty() {
        Ok(())
    } else {
        Err(Stop::fail(
            "attached",
            "an attach to build on",
            answer.summary(),
        ))
    }
}

/// A new one-row pool, attached to the first running guest: guest and disk.
pub async fn attached_disk(c: &mut CaseContext) -> Result<(String, Disk), Stop> {
    let node = running(c)?;
    let disk = disk(c, 0, 0).await?;
    attached(c, &node, &disk).await?;
    Ok((node, disk))
}

/// The row of a disk.
pub async fn row(c: &CaseContext, disk: &Disk) -> Result<Row, Stop> {
    let pool = c.pool(&disk.pool).await?;
    pool.row(&disk.lun)
        .cloned()
        .ok_or_else(|| Stop::fail("row-kept", "the row in the pool", format!("{pool:?}")))
}

/// Status, owner and channel of a disk's row.
pub async fn row_is(
    c: &CaseContext,
    disk: &Disk,
    status: &str,
    owner: &str,
    channel: &str,
) -> Result<(), Stop> {
    let row = row(c, disk).await?;
    let channel_seen = row.channel.to_lowercase();
    c.equal(
        "row",
        &(
            row.status.as_str(),
            row.owner.as_str(),
            channel_seen.as_str(),
        ),
        &(status, owner, channel),
    )
}

/// Output lines of a reading command in a guest, without the node's prefix.
pub async fn in_guest(c: &CaseContext, node: &str, command: &str) -> Result<Vec<String>, Stop> {
    let request = Request::new(Method::Put, format!("/nodes/{node}/dsh"))
        .with_args(&[&format!("command={command}")]);
    let answer = c.send(request).await?;
    if answer.status != 200 {
        return Err(Stop::blocked(format!(
            "'{command}' could not be run in {node}: {}",
            answer.summary()
        )));
    }
    let prefix = format!("{node}: ");
    Ok(answer
        .lines("data")
        .into_iter()
        .map(|l| l.strip_prefix(&prefix).unwrap_or(&l).to_owned())
        .collect())
}

/// Fails unless a guest has exactly these paths of a disk, all or none.
pub async fn units_are(c: &CaseContext, node: &str, disk: &Disk, there: bool) -> Result<(), Stop> {
    for (fcp, port) in disk.paths() {
        // A unit that was configured has a directory under its port; LUNs that an automatic scan found have none
        // (spec: zfcp-and-san 2.5; driver 2.4 RB4).
        let folder = format!("/sys/bus/ccw/drivers/zfcp/0.0.{fcp}/0x{port}").to_lowercase();
        let seen = in_guest(c, node, &format!("ls {folder}")).await?;
        let unit = format!("0x{}", disk.lun).to_lowercase();
        c.check(
            if there { "unit" } else { "unit-gone" },
            seen.iter().any(|l| l.split_whitespace().any(|w| w == unit)) == there,
            &format!(
                "{folder}/{unit} {}",
                if there {
                    "configured"
                } else {
                    "not configured"
                }
            ),
            || seen.join(" "),
        )?;
    }
    Ok(())
}

/// Directory statements of a guest, in capitals, blanks squeezed, without the node's prefix.
pub async fn directory(c: &CaseContext, node: &str) -> Result<Vec<String>, Stop> {
    let answer = c.get(format!("/vms/{node}")).await?;
    let prefix = format!("{node}:").to_uppercase();
    Ok(answer
        .info()
        .iter()
        .map(|l| {
            let line = l.to_uppercase();
            let line = line.strip_prefix(&prefix).unwrap_or(&line);
            line.split_whitespace().collect::<Vec<_>>().join(" ")
        })
        .collect())
}

/// Whether the directory entry dedicates a device.
pub async fn dedicated(c: &CaseContext, node: &str, device: &str) -> Result<bool, Stop> {
    // `DEDICATE {virtual} {real}`: the kit dedicates each device under its own number.
    let number = |word: &str| word.trim_start_matches('0').to_owned();
    let wanted = number(&device.to_uppercase());
    Ok(directory(c, node).await?.iter().any(|l| {
        let words: Vec<&str> = l.split(' ').collect();
        words.first() == Some(&"DEDICATE")
            && words.get(1).is_some_and(|w| number(w) == wanted)
            && words.get(2).is_none_or(|w| number(w) == wanted)
    }))
}

/// Fails unless the directory entry dedicates a device, or does not.
pub async fn dedicated_is(
    c: &CaseContext,
    node: &str,
    device: &str,
    there: bool,
) -> Result<(), Stop> {
    let seen = dedicated(c, node, device).await?;
    c.check(
        "directory",
        seen == there,
        &format!(
            "{device} {}dedicated in the directory",
            if there { "" } else { "not " }
        ),
        || format!("the directory entry of {node} says the contrary"),
    )
}

/// Whether the inventory lists a device in a state.
pub async fn listed(c: &CaseContext, state: &str, device: &str) -> Result<bool, Stop> {
    let answer = c.inventory_of_host(&["--fcpdevices", state]).await?;
    let prefix = format!("{}: ", c.host()?);
    Ok(answer.info().iter().any(|l| {
        l.strip_prefix(&prefix)
            .unwrap_or(l)
            .trim()
            .eq_ignore_ascii_case(device)
    }))
}

/// Power state of a guest, `on` or `off`.
pub async fn power_state(c: &CaseContext, node: &str) -> Result<String, Stop> {
    let answer = c
        .send(Request::put(format!("/nodes/{node}/power"), "stat"))
        .await?;
    let prefix = format!("{node}: ");
    Ok(answer
        .info()
        .first()
        .and_then(|l| l.strip_prefix(&prefix))
        .unwrap_or_default()
        .trim()
        .to_owned())
}

/// A power operand.
pub async fn power(c: &CaseContext, node: &str, operand: &str) -> Result<Answer, Stop> {
    c.send(Request::put(format!("/nodes/{node}/power"), operand))
        .await
}

/// Starts a guest that was shut down; it is shut down again when the case is over.
pub async fn start(c: &mut CaseContext, node: &str) -> Result<Answer, Stop> {
    power(c, node, "on").await
}

/// Waits until a started guest answers; real ones take minutes.
pub async fn until_reachable(c: &CaseContext, node: &str) -> Result<(), Stop> {
    let wanted = format!("{node}: reachable");
    let mut last = String::new();
    for attempt in 0..60 {
        let answer = power(c, node, "isreachable").await?;
        if answer.info().iter().any(|l| l.trim_end() == wanted) {
            return Ok(());
        }
        last = answer.summary();
        if attempt >= 3 {
            c.pause().await;
        }
    }
    Err(Stop::fail("reachable", wanted, last))
}
