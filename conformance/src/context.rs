//! What a case has at hand: requests through the fence, names of its own, lent resources, checks.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use crate::cleanup::{CleanUp, pool_query};
use crate::fence::{Gate, INVENTED_LUN};
use crate::ledger::Undo;
use crate::outcome::Stop;
use crate::pace::Pace;
use crate::pool::Pool;
use crate::result::Recorded;
use crate::target::{
    Answer, Behaviour, Control, Fcp, GuestState, Inventory, LentLun, Release, Request, Secret,
};

/// Between two looks at something that takes time.
const PAUSE: Duration = Duration::from_secs(5);

/// The world of one running case.
#[derive(Debug)]
pub struct CaseContext {
    pub(crate) gate: Gate,
    pub(crate) control: Option<Control>,
    pub(crate) inventory: Arc<Inventory>,
    pub(crate) release: Release,
    pub(crate) behaviour: Behaviour,
    pub(crate) number: usize,
    pub(crate) made: usize,
    pub(crate) recorded: Vec<Recorded>,
    pub(crate) restricted_password: Option<Secret>,
    pub(crate) pace: Pace,
}

/// A row address that the kit invented: it names no LUN of any controller, and is never attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Target port.
    pub wwpn: String,
    /// LUN.
    pub lun: String,
}

impl CaseContext {
    /// Release that the target is measured as.
    pub fn release(&self) -> Release {
        self.release
    }

    /// Behaviour that the target is measured as.
    pub fn behaviour(&self) -> Behaviour {
        self.behaviour
    }

    /// Password of the target's account and its user, for cases about authentication.
    pub(crate) fn account(&self) -> &crate::target::Account {
        self.gate.client().account()
    }

    /// User and password of the second account, for cases about policy.
    pub(crate) fn restricted(&self) -> Result<(String, Secret), Stop> {
        let user = self.inventory.restricted_user.clone();
        user.zip(self.restricted_password.clone())
            .ok_or_else(|| Stop::Skip("no password for the second account was given".to_owned()))
    }

    // ---- requests ----

    /// Sends any request through the fence.
    pub async fn send(&self, request: Request) -> Result<Answer, Stop> {
        Ok(self.gate.send(request).await?)
    }

    /// Sends several requests at once; answers in the order of the requests.
    pub async fn send_all(
        &self,
        requests: impl IntoIterator<Item = Request>,
    ) -> Result<Vec<Answer>, Stop> {
        join_all(requests.into_iter().map(|r| self.send(r)))
            .await
            .into_iter()
            .collect()
    }

    /// Sends a reading request.
    pub async fn get(&self, path: impl Into<String>) -> Result<Answer, Stop> {
        self.send(Request::get(path)).await
    }

    /// `chhypervisor` of the lent hypervisor.
    pub async fn hypervisor(&self, line: &str) -> Result<Answer, Stop> {
        self.send(self.hypervisor_request(line)?).await
    }

    /// The request of [`Self::hypervisor`].
    pub fn hypervisor_request(&self, line: &str) -> Result<Request, Stop> {
        Ok(Request::put(format!("/hypervisor/{}", self.host()?), line))
    }

    /// `chvm` of a lent guest.
    pub async fn chvm(&self, node: &str, line: &str) -> Result<Answer, Stop> {
        self.send(Request::put(format!("/vms/{node}"), line)).await
    }

    /// `rinv` of the lent hypervisor.
    pub async fn inventory_of_host(&self, fields: &[&str]) -> Result<Answer, Stop> {
        let mut request = Request::get(format!("/nodes/{}/inventory", self.host()?));
        for field in fields {
            request = request.with("field", field);
        }
        self.send(request).await
    }

    /// Rows of a pool.
    pub async fn pool(&self, name: &str) -> Result<Pool, Stop> {
        self.pool_where(name, "all").await
    }

    /// Rows of a pool through a filter of the release.
    pub async fn pool_where(&self, name: &str, filter: &str) -> Result<Pool, Stop> {
        let host = self.host()?;
        let answer = self.send(pool_query(host, name, filter)).await?;
        Ok(Pool::read(host, &answer))
    }

    // ---- names and resources ----

    /// Node name of the lent hypervisor.
    pub fn host(&self) -> Result<&str, Stop> {
        self.inventory
            .host
            .as_deref()
            .ok_or_else(|| Stop::Skip("the target does not offer: hypervisor node".to_owned()))
    }

    /// A name unique to the run and the case.
    pub fn name(&mut self) -> String {
        self.made += 1;
        format!(
            "{}c{}n{}",
            self.gate.fence().prefix(),
            self.number,
            self.made
        )
    }

    /// A name for a node that does not exist, of at most eight characters.
    pub(crate) fn short_name(&mut self) -> Result<String, Stop> {
        self.made += 1;
        let name = format!("{}n{}", crate::fence::PREFIX, self.number % 1000);
        let known = self.inventory.guests.iter().any(|g| g.node == name);
        if known {
            return Err(Stop::Skip(format!("{name} is a lent guest")));
        }
        Ok(name)
    }

    /// A pool name of the kit; its rows are removed when the case is over.
    pub fn new_pool(&mut self) -> Result<String, Stop> {
        self.host()?;
        Ok(self.name())
    }

    /// An invented row address, unique to the run and the case.
    pub fn address(&mut self) -> Address {
        self.made += 1;
        let tag = self
            .gate
            .fence()
            .prefix()
            .bytes()
            .fold(0_u32, |hash, byte| {
                hash.wrapping_mul(31).wrapping_add(u32::from(byte))
            });
        Address {
            wwpn: "50050768014b4954".to_owned(),
            lun: format!(
                "{INVENTED_LUN}{:04x}{:04x}{:02x}",
                tag & 0xffff,
                self.number & 0xffff,
                self.made & 0xff
            ),
        }
    }

    /// Registers an undo that no request implies, before the change it undoes.
    pub(crate) fn undo(&self, undo: Undo) -> Result<(), Stop> {
        self.gate
            .ledger()
            .register(undo)
            .map_err(|e| Stop::Error(format!("cannot write the undo ledger: {e}")))
    }

    /// A new pool with these rows (`status size owner`), each at an invented address; proves that they are there.
    pub async fn pool_with(
        &mut self,
        rows: &[(&str, &str, &str)],
    ) -> Result<(String, Vec<Address>), Stop> {
        let pool = self.new_pool()?;
        let mut addresses = Vec::new();
        for (status, size, owner) in rows {
            let address = self.address();
            self.add_row(&pool, status, &address.wwpn, &address.lun, size, owner)
                .await?;
            addresses.push(address);
        }
        let found = self.pool(&pool).await?.rows.len();
        if found != rows.len() {
            return Err(Stop::fail(
                "rows-added",
                format!("{} row(s) after adding as many", rows.len()),
                format!("pool {pool} holds {found} row(s)"),
            ));
        }
        Ok((pool, addresses))
    }

    /// Adds a row; anything but the confirmation stops the case, since it cannot go on.
    pub async fn add_row(
        &self,
        pool: &str,
        status: &str,
        wwpn: &str,
        lun: &str,
        size: &str,
        owner: &str,
    ) -> Result<(), Stop> {
        let mut line = format!("--addzfcp2pool {pool} {status} {wwpn} {lun} {size}");
        if !owner.is_empty() {
            line.push_str("  ");
            line.push_str(owner);
        }
        let answer = self.hypervisor(&line).await?;
        if answer.says("Adding zFCP device to") && answer.complaints().is_empty() {
            return Ok(());
        }
        Err(Stop::blocked(format!(
            "row {wwpn}/{lun} was not added: {}",
            answer.summary()
        )))
    }

    /// The lent guests in a state.
    pub fn guest(&self, state: GuestState, index: usize) -> Result<String, Stop> {
        self.inventory
            .guests_in(state)
            .nth(index)
            .map(|g| g.node.clone())
            .ok_or_else(|| Stop::Skip("the target does not offer such a guest".to_owned()))
    }

    /// A lent FCP device.
    pub fn fcp(&self, index: usize) -> Result<Fcp, Stop> {
        self.inventory
            .fcp_devices
            .get(index)
            .cloned()
            .ok_or_else(|| Stop::Skip("the target does not offer such an FCP device".to_owned()))
    }

    /// A lent LUN with at least `paths` target ports.
    pub fn lun(&self, paths: usize, index: usize) -> Result<LentLun, Stop> {
        self.inventory
            .luns
            .iter()
            .filter(|l| l.wwpns.len() >= paths)
            .nth(index)
            .cloned()
            .ok_or_else(|| Stop::Skip("the target does not offer such a LUN".to_owned()))
    }

    // ---- checks ----

    /// Undoes what was done so far, for a case that begins anew again and again.
    pub(crate) async fn clean_up(&self) -> Result<(), Stop> {
        let fence = self.gate.fence();
        let clean_up = CleanUp::new(self.gate.client(), fence, self.control.clone());
        match clean_up.undo_all(self.gate.ledger()).await.first() {
            None => Ok(()),
            Some(left) => Err(Stop::Error(format!("left behind: {left}"))),
        }
    }

    /// Waits between two looks at something that takes time.
    pub(crate) async fn pause(&self) {
        self.pace.wait(PAUSE).await;
    }

    /// How far apart the points of a matrix of `rows` rows are: all of a single one on the embedded simulator, a sample of
    /// more, and of everything at an address.
    pub(crate) fn stride(&self, rows: usize) -> usize {
        if matches!(self.pace, Pace::Free) {
            rows.clamp(1, 3)
        } else {
            7
        }
    }

    /// Drops the evidence of what went as it should, where a case repeats itself a thousand times.
    pub(crate) fn forget_evidence(&self) {
        drop(self.gate.client().take_evidence());
    }

    /// Keeps an observation in the report, without judging it.
    pub fn record(&mut self, what: &str, seen: impl Into<String>) {
        self.recorded.push(Recorded {
            what: what.to_owned(),
            seen: seen.into(),
        });
    }

    /// Fails the case at `check` unless `holds`.
    pub fn check(
        &self,
        check: &'static str,
        holds: bool,
        expected: &str,
        observed: impl FnOnce() -> String,
    ) -> Result<(), Stop> {
        if holds {
            return Ok(());
        }
        Err(Stop::fail(check, expected, observed()))
    }

    /// A check of something that the specification keeps in every behaviour, since it is how the programs are: asked of a
    /// release as it executes, where it is a known deviation; only recorded of one as intended.
    pub(crate) fn check_as_executed(
        &mut self,
        check: &'static str,
        holds: bool,
        expected: &str,
        observed: &str,
    ) -> Result<(), Stop> {
        self.record(check, observed);
        let asked = self.behaviour == Behaviour::Executed;
        self.check(check, holds || !asked, expected, || observed.to_owned())
    }

    /// Fails the case unless both are equal.
    pub fn equal<T: PartialEq + std::fmt::Debug>(
        &self,
        check: &'static str,
        observed: &T,
        expected: &T,
    ) -> Result<(), Stop> {
        self.check(
            check,
            observed == expected,
            &format!("{expected:?}"),
            || format!("{observed:?}"),
        )
    }

    /// Fails the case unless the answer has this status.
    pub fn status(&self, check: &'static str, answer: &Answer, status: u16) -> Result<(), Stop> {
        self.check(
            check,
            answer.status == status,
            &format!("status {status}"),
            || answer.summary(),
        )
    }

    /// Fails the case unless the answer confirms with this text and complains of nothing.
    pub fn confirms(&self, check: &'static str, answer: &Answer, text: &str) -> Result<(), Stop> {
        let good = answer.status == 200
            && answer.info().iter().any(|l| l.contains(text))
            && answer.complaints().is_empty();
        self.check(
            check,
            good,
            &format!("'{text}' as information, without complaint"),
            || answer.summary(),
        )
    }

    /// Fails the case unless the answer refuses with this text in an error element.
    pub fn refuses(&self, check: &'static str, answer: &Answer, text: &str) -> Result<(), Stop> {
        let good = answer.errors().iter().any(|l| l.contains(text));
        self.check(check, good, &format!("'{text}' as an error"), || {
            answer.summary()
        })
    }
}
