//! What the tests stand on: a simulated site behind a loopback address, a driver that meets it over HTTP, a folder for the
//! driver's state, and the four variants of the site.

use std::sync::Arc;

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tower::ServiceExt as _;
use xcat_simulator::Simulator;
use xcat_simulator::seam::{Behaviour, Release, Site};
use xcat_simulator::site;
use xcat_simulator::world::World;
use zvm_volume::client::{
    Client, Clock, ManualClock, Observer, Transport, TransportError, WireAnswer, WireRequest,
};
use zvm_volume::config::{Backend, Config};
use zvm_volume::images::FileMover;
use zvm_volume::steps::Records;
use zvm_volume::volumes::{Volume, ZvmDriver};

/// A release line with or without its defects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variant {
    pub release: Release,
    pub behaviour: Behaviour,
}

impl std::fmt::Display for Variant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.release, self.behaviour)
    }
}

/// Both release lines, as executed and as intended.
pub const VARIANTS: [Variant; 4] = [
    Variant {
        release: Release::M,
        behaviour: Behaviour::Executed,
    },
    Variant {
        release: Release::M,
        behaviour: Behaviour::Intended,
    },
    Variant {
        release: Release::E,
        behaviour: Behaviour::Executed,
    },
    Variant {
        release: Release::E,
        behaviour: Behaviour::Intended,
    },
];

/// The current line as it really behaves.
pub const CURRENT: Variant = VARIANTS[0];

/// A site and the folder of a driver's state.
pub struct Rig {
    pub simulator: Arc<Simulator>,
    pub folder: tempfile::TempDir,
    pub variant: Variant,
    pub before: World,
}

/// The site's REST door without a network in between.
pub struct Door(Router);

impl Door {
    pub fn of(site: &Arc<Site>) -> Self {
        Self(xcat_simulator::rest::router(Arc::clone(site)))
    }
}

impl Transport for Door {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireAnswer, TransportError>> {
        let router = self.0.clone();
        async move {
            let uri = format!("/xcatws{}?{}", request.path, request.query.expose());
            let mut builder = axum::http::Request::builder()
                .method(request.method.to_string().as_str())
                .uri(uri)
                .header("content-type", "text/plain");
            for (name, value) in &request.headers {
                builder = builder.header(*name, value.expose());
            }
            let request = builder
                .body(Body::from(request.body.unwrap_or_default()))
                .unwrap();
            let response = router.oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
            Ok(WireAnswer {
                status,
                body: body.to_vec(),
            })
        }
        .boxed()
    }
}

/// The site's time is the driver's: while the driver waits, conditions of the site end.
pub struct SiteClock(pub Arc<Site>);

impl Clock for SiteClock {
    fn now(&self) -> Timestamp {
        let ms = i64::try_from(self.0.now_ms()).unwrap();
        Timestamp::from_millisecond(ms).unwrap()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.0
            .step_clock(u64::try_from(duration.as_millis()).unwrap());
        tokio::task::yield_now().boxed()
    }
}

/// What a driver is given besides the configuration.
#[derive(Default)]
pub struct Extras {
    pub keys: &'static str,
    pub observers: Vec<Arc<dyn Observer>>,
    pub transport: Option<Arc<dyn Transport>>,
    pub records: Option<Arc<dyn Records>>,
    pub mover: Option<Arc<dyn FileMover>>,
}

impl Rig {
    /// The site `lab`.
    pub async fn lab(variant: Variant) -> Self {
        Self::world(variant, site::lab()).await
    }

    /// The site `lab` with other rows in its first pool.
    pub async fn rows(variant: Variant, rows: &[&str]) -> Self {
        let mut world = site::lab();
        set_pool(&mut world, rows);
        Self::world(variant, world).await
    }

    pub async fn world(variant: Variant, world: World) -> Self {
        Self::repaired(variant, world, &[]).await
    }

    /// A site without some of its variant's quirks.
    pub async fn repaired(variant: Variant, world: World, quirks: &[&str]) -> Self {
        let simulator = Simulator::builder()
            .site(world)
            .release(variant.release)
            .behaviour(variant.behaviour)
            .repair(quirks.iter().copied())
            .http()
            .start()
            .await
            .unwrap();
        let before = simulator.site().look().clone();
        Self {
            simulator: Arc::new(simulator),
            folder: tempfile::tempdir().unwrap(),
            variant,
            before,
        }
    }

    /// The back end of the first system's first pool; `keys` are further lines of its section.
    pub fn backend(&self, keys: &str) -> Backend {
        let state = self.folder.path().join("state");
        let lock = "zvm_lock_timeout";
        let patience = if keys.contains(lock) {
            String::new()
        } else {
            format!("{lock} = 20\n")
        };
        let images = self.folder.path().join("images");
        let text = format!(
            "zvm_xcat_server = mn.example.com\nzvm_xcat_username = admin\nzvm_xcat_password = admin\n\
             zvm_scsi_pool = scsipol1\nzvm_state_dir = {}\nzvm_image_tmp_path = {}\n{patience}{keys}\n",
            state.display(),
            images.display()
        );
        Config::parse(&text).unwrap().backends.remove(0)
    }

    /// A driver that is not set up.
    pub fn driver(&self, extras: Extras) -> ZvmDriver {
        let backend = self.backend(extras.keys);
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let mut client = Client::builder(&backend)
            .base_url(format!("{}/xcatws", self.simulator.url()))
            .clock(clock)
            .seed(1);
        for observer in extras.observers {
            client = client.observer(observer);
        }
        if let Some(transport) = extras.transport {
            client = client.transport(transport);
        }
        let client = client.build().unwrap();
        let mut builder = ZvmDriver::builder(&backend).client(client).not_durable();
        if let Some(records) = extras.records {
            builder = builder.records(records);
        }
        if let Some(mover) = extras.mover {
            builder = builder.mover(mover);
        }
        builder.build().unwrap()
    }

    /// A driver that is set up.
    pub async fn started(&self, keys: &'static str) -> ZvmDriver {
        let driver = self.driver(Extras {
            keys,
            ..Extras::default()
        });
        driver.start().await.unwrap();
        driver
    }

    /// The text of the first pool.
    pub fn pool(&self) -> String {
        pool_text(&self.simulator.site().look())
    }

    /// The line of the first pool that holds a text.
    pub fn line(&self, text: &str) -> String {
        let pool = self.pool();
        let mut lines = pool.lines().filter(|line| line.contains(text));
        lines.next().map(str::to_owned).unwrap_or_default()
    }

    /// What volumes and attachments have left on the site, or are leaving there.
    pub fn traces(&self) -> String {
        crate::traces::traces(&self.simulator.site().look())
    }

    /// Adds a fault, by name or by effect, as the control door takes it.
    pub fn fault(&self, request: serde_json::Value) {
        let request = serde_json::from_value(request).unwrap();
        self.simulator.site().add_fault(request).unwrap();
    }

    /// Changes the world behind the driver's back.
    pub fn change(&self, change: impl FnOnce(&mut World)) {
        change(&mut self.simulator.site().edit());
    }

    /// Replaces a text in the first pool, as another program would.
    pub fn edit(&self, from: &str, to: &str) {
        let text = self.pool();
        assert!(text.contains(from), "'{from}' is not in\n{text}");
        let rows: Vec<String> = text
            .replace(from, to)
            .lines()
            .skip(1)
            .map(str::to_owned)
            .collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        self.change(|world| set_pool(world, &rows));
    }
}

/// A site whose guests share a channel's own WWPN, as it is where the storage network knows no NPIV.
pub fn without_npiv(world: &mut World) {
    for (name, system) in &mut world.systems {
        let zone = world.san.zones.get_mut(&name.to_string().to_lowercase());
        let physical = system.fcp.values().map(|fcp| fcp.physical_wwpn);
        zone.unwrap().extend(physical);
        for fcp in system.fcp.values_mut() {
            fcp.npiv_wwpn = None;
        }
    }
    world.san.open_masking = true;
}

pub const POOL: &str = "/var/opt/zhcp/zfcp/scsipol1.conf";

fn zhcp(world: &mut World) -> &mut xcat_simulator::world::Linux {
    let name = world.resolve("zhcp1").unwrap().clone();
    world.linuxes.get_mut(&name).unwrap()
}

pub fn pool_text(world: &World) -> String {
    let name = world.resolve("zhcp1").unwrap();
    world.linuxes[name]
        .fs
        .read(POOL)
        .map(std::borrow::Cow::into_owned)
        .unwrap_or_default()
}

pub fn set_pool(world: &mut World, rows: &[&str]) {
    let mut text = "#status,wwpn,lun,size,range,owner,channel,tag\n".to_owned();
    for row in rows {
        text.push_str(row);
        text.push('\n');
    }
    let now = world.now_ms;
    zhcp(world).fs.write(POOL, text, now);
}

/// A volume with the n-th of a series of ids.
pub fn volume(n: u8, gib: u64) -> Volume {
    Volume::new(format!("00000000-0000-4000-8000-0000000000{n:02x}"), gib)
}

/// The stamp of [`volume`].
pub fn tag(n: u8) -> String {
    format!("cv000000000000400080000000000000{n:02x}")
}
