//! `xcat-sim serve`.

use std::time::Duration;

use anyhow::Context as _;
use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};

use super::args::Serve;
use super::exit::{Exit, Failure};
use super::talk::Talk;
use crate::server::ClientAuthority;
use crate::server::DEFAULT_WORLD;
use crate::state::Durability;
use crate::{Identity, Simulator};

/// When the allocator takes memory that is free to be no longer needed, with some time to spare.
const FREED: Duration = Duration::from_millis(1_500);

/// Serves until SIGINT or SIGTERM.
pub fn run(args: Serve, talk: &Talk) -> Result<(), Failure> {
    raise_descriptors();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(args, talk))
}

/// Lets the process have as many connections as it may have at all; the usual bound is a thousand.
fn raise_descriptors() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Where that is refused, the bound stays what it was.
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!(%error, "the bound of open files stays");
    }
}

/// Lets the allocator give back to the system what reading a large site took. It does so a second after it was freed,
/// but not by itself: a thread that ends makes it look.
async fn give_back() {
    tokio::time::sleep(FREED).await;
    let thread = std::thread::Builder::new().name("give-back".to_owned());
    // Without a thread the memory stays: no harm.
    let _ = thread.spawn(|| drop(std::hint::black_box(vec![0_u8; 64])));
}

async fn serve(args: Serve, talk: &Talk) -> Result<(), Failure> {
    // Taken before readiness is announced: whoever reads the line may stop the program at once.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut builder = Simulator::builder()
        .site(args.site.as_path())
        .release(args.release)
        .behaviour(args.behaviour)
        .repair(args.repair)
        .defects(args.defect)
        .listen(args.listen);
    if args.http {
        builder = builder.http();
    }
    if let Some(seed) = args.seed {
        builder = builder.seed(seed);
    }
    if let (Some(cert), Some(key)) = (&args.cert, &args.key) {
        builder = builder.identity(Identity::read(cert, key)?);
    }
    if args.allow_remote {
        builder = builder.allow_remote();
    }
    if let Some(address) = args.control {
        builder = builder.control(address);
    }
    if let Some(address) = args.xcatd {
        builder = builder.xcatd(address);
    }
    if let Some(path) = &args.xcatd_client_ca {
        builder = builder.client_ca(ClientAuthority::read(path)?.pem());
    }
    if let Some(folder) = &args.state_dir {
        builder = builder.state_dir(folder);
    }
    if args.fsync {
        builder = builder.durability(Durability::Power);
    }
    let is_added = |name: &str| args.world.iter().any(|world| world.name == name);
    if let Some(door) = args.world_xcatd.iter().find(|door| !is_added(&door.name)) {
        let message = format!(
            "--world-xcatd names world '{}', which no --world adds",
            door.name
        );
        return Err(Failure::new(Exit::Usage, anyhow::Error::msg(message)));
    }
    for world in args.world {
        builder = builder.world(world.name, world.site, world.listen);
    }
    for door in &args.world_xcatd {
        builder = builder.world_xcatd(&door.name, door.address);
    }
    let simulator = builder.time_scale(args.time_scale).start().await?;
    if let (Some(path), Some(pem)) = (&args.certificate_out, simulator.certificate_pem()) {
        std::fs::write(path, pem).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let name = simulator.site().look().name.clone();
    let rest = format!("{}/xcatws", simulator.url());
    let (control, xcatd) = (simulator.control_url(), simulator.xcatd_address());
    let worlds: Vec<(String, String)> = simulator
        .worlds()
        .names()
        .into_iter()
        .filter(|name| name != DEFAULT_WORLD)
        .filter_map(|name| {
            let url = simulator.world_url(&name)?;
            Some((name, format!("{url}/xcatws")))
        })
        .collect();
    let natives = simulator.worlds().native_addresses();
    let line = if args.json {
        let worlds: serde_json::Map<String, Value> = worlds
            .into_iter()
            .map(|(name, rest)| (name, rest.into()))
            .collect();
        json!({
            "event": "ready",
            "rest": rest,
            "url": simulator.url(),
            "control": control,
            "xcatd": xcatd,
            "site": name,
            "worlds": worlds,
            "worlds_xcatd": natives,
            "pid": std::process::id(),
        })
        .to_string()
    } else {
        let mut line = format!("ready rest={rest}");
        for (key, value) in [
            ("control", control),
            ("xcatd", xcatd.map(|a| a.to_string())),
        ] {
            if let Some(value) = value {
                line.push_str(&format!(" {key}={value}"));
            }
        }
        line.push_str(&format!(" site={name}"));
        for (name, rest) in worlds {
            line.push_str(&format!(" world.{name}={rest}"));
        }
        for (name, address) in natives {
            line.push_str(&format!(" world.{name}.xcatd={address}"));
        }
        line
    };
    Talk::data(&line)?;
    tokio::spawn(give_back());
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    talk.note("stopping");
    simulator.stop().await;
    Ok(())
}
