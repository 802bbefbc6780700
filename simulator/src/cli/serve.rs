//! `xcat-sim serve`.

use anyhow::Context as _;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::args::Serve;
use super::exit::Failure;
use super::talk::Talk;
use crate::{Identity, Simulator};

/// Serves until SIGINT or SIGTERM.
pub fn run(args: Serve, talk: &Talk) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(args, talk))
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
        .listen(args.listen);
    for id in args.defect {
        builder = builder.defect(id);
    }
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
    let simulator = builder.start().await?;
    if let (Some(path), Some(pem)) = (&args.certificate_out, simulator.certificate_pem()) {
        std::fs::write(path, pem).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let name = simulator.site().world.lock().name.clone();
    let rest = format!("{}/xcatws", simulator.url());
    let line = if args.json {
        json!({"event": "ready", "rest": rest, "url": simulator.url(), "site": name, "pid": std::process::id()})
            .to_string()
    } else {
        format!("ready rest={rest} site={name}")
    };
    Talk::data(&line)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    talk.note("stopping");
    simulator.stop().await;
    Ok(())
}
