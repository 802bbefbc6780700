//! What protects the driver by itself: configuration, certificates, names (spec: driver 6.2 SEC, VER, LIM). Where an HTTPS
//! server is needed it is one of the kit's own, on a loopback address; the target is not asked.

use crate::cases::needs::HV;
use std::sync::Arc;

use xcat_simulator::{Identity, Simulator};
use zvm_volume::attachments::Attachments as _;
use zvm_volume::client::{Call, Client, GATES, Gate, MnVersion};
use zvm_volume::config::{Backend, Config};
use zvm_volume::types::{FcpList, MountPoint};

use super::bench::{Bench, done, node};
use super::wire::{Aim, Harm, Wire};
use crate::{Case, CaseContext, Need, Stop};

/// The cases.
#[rustfmt::skip]
pub const CASES: &[Case] = &[
    case!("driver/settings/fcp-list", "Lists of FCP devices are parsed as the seed writes them, others are refused", Must [Driver], "driver" "6.2 LIM-10", ReadOnly [], fcp_list),
    case!("driver/settings/node-names", "A node's name of nine characters is refused", Must [Driver], "driver" "6.2 LIM-02", ReadOnly [], names),
    case!("driver/settings/unsafe-names", "Names that would mean something to a shell are refused before any call", Must [Driver], "driver" "6.2 SEC-10", ReadOnly [], unsafe_names),
    case!("driver/settings/one-pool-twice", "Two back ends of one pool are a mistake of the configuration", Must [Driver], "driver" "6.2 POOL-17", ReadOnly [], twice),
    case!("driver/settings/versions", "Versions are numbers, and compared as such", Must [Driver], "driver" "6.2 VER-02", ReadOnly [], versions),
    case!("driver/settings/authority-missing", "A missing file of authorities is a mistake of the configuration, before any connection", Must [Driver], "driver" "6.2 SEC-07", ReadOnly [], authority_missing),
    case!("driver/settings/certificate", "A certificate of another authority is refused and no request sent; the right one is taken", Must [Driver], "driver" "6.2 SEC-06", ReadOnly [], certificate),
    case!("driver/settings/certificate-name", "A certificate for another name is refused, unless only its authority counts", Must [Driver], "driver" "6.2 SEC-08", ReadOnly [], certificate_name),
    case!("driver/settings/unverified", "Without keys about certificates nothing is verified; with verification a self-signed one is refused", Must [Driver], "driver" "6.2 SEC-15", ReadOnly [], unverified),
    case!("driver/settings/redirect", "A redirection is not followed", Must [Driver], "driver" "6.2 SEC-12", ReadOnly [], redirect),
    case!("driver/start/wrong-password", "Refused credentials are not tried again", Must [Driver], "driver" "6.2 SEC-01", ReadOnly [HV], wrong_password),
    case!("driver/start/down", "A start that failed while the management node was down can be repeated", Must [Driver], "driver" "6.2 VER-09", Reversible [HV], down),
    case!("driver/start/host-found", "Without a host the driver finds the one that has the pool", Must [Driver], "driver" "6.2 VER-04", Reversible [HV], host_found),
    case!("driver/start/files", "The driver's files can be read by their owner only and hold no secret", Must [Driver], "driver" "6.2 SEC-13", Reversible [HV, Need::RunningGuests(1), Need::FcpDevices(1)], files),
];

async fn fcp_list(c: &mut CaseContext) -> Result<(), Stop> {
    for (text, good) in [
        ("1f0e;2f02-2f1f;3f00", true),
        ("0-f", true),
        ("3-1", false),
        (";", false),
        ("12345", false),
        ("1f0e;", false),
        ("1f0e,2f02", false),
    ] {
        let parsed = text.parse::<FcpList>();
        c.check(
            "parsed",
            parsed.is_ok() == good,
            if good { "a list" } else { "a refusal" },
            || format!("{text}: {parsed:?}"),
        )?;
    }
    let list = "1f0e;2f02-2f04"
        .parse::<FcpList>()
        .map_err(|e| Stop::Error(e.to_string()))?;
    let devices: Vec<String> = list.devices().map(|d| d.to_string()).collect();
    c.equal(
        "expansion",
        &devices.join(","),
        &"1f0e,2f02,2f03,2f04".to_owned(),
    )
}

async fn names(c: &mut CaseContext) -> Result<(), Stop> {
    for (name, good) in [("os000001", true), ("os0000001", false)] {
        let parsed = zvm_volume::types::NodeName::guest(name);
        c.check(
            "parsed",
            parsed.is_ok() == good,
            if good { "a name" } else { "a refusal" },
            || format!("{name}: {parsed:?}"),
        )?;
    }
    Ok(())
}

async fn unsafe_names(c: &mut CaseContext) -> Result<(), Stop> {
    for name in ["/dev/vdb;reboot", "/dev/$(id)", "/etc/passwd", "/dev/../x"] {
        let parsed = name.parse::<MountPoint>();
        c.check("mount-point", parsed.is_err(), "a refusal", || {
            format!("{parsed:?}")
        })?;
    }
    for name in ["x;y", "x y", "x#y", "$(x)", "x'y"] {
        c.check("node", node(name).is_err(), "a refusal", || name.to_owned())?;
        let pool = name.parse::<zvm_volume::types::PoolName>();
        c.check("pool", pool.is_err(), "a refusal", || format!("{pool:?}"))?;
    }
    let root = zvm_volume::attachments::BootMetadata::read(|key| match key {
        "root" => Some("x$(id)"),
        key => super::guests::complete(key),
    });
    c.check("metadata", root.is_err(), "a refusal", || {
        format!("{root:?}")
    })
}

async fn twice(c: &mut CaseContext) -> Result<(), Stop> {
    let section = |name: &str, pool: &str| {
        format!(
            "[{name}]\nvolume_driver = cinder.volume.drivers.zvm.volumedriver.ZVMVolumeDriver\nzvm_xcat_server = mn\nzvm_xcat_username = u\nzvm_xcat_password = pw1234\n\
             zvm_host = zvm1\nzvm_scsi_pool = {pool}\nvolume_backend_name = {name}\n"
        )
    };
    let text = |other: &str| {
        format!(
            "[DEFAULT]\nenabled_backends = a,b\n{}{}",
            section("a", "pool1"),
            section("b", other)
        )
    };
    let good = Config::parse(&text("pool2")).map(|config| config.backends.len());
    c.check(
        "apart",
        good.as_ref().is_ok_and(|n| *n == 2),
        "two back ends",
        || format!("{good:?}"),
    )?;
    let same = Config::parse(&text("POOL1"));
    c.check("same", same.is_err(), "a refusal", || {
        "two back ends of one pool".to_owned()
    })
}

async fn versions(c: &mut CaseContext) -> Result<(), Stop> {
    let parse = |text: &str| -> Result<MnVersion, Stop> {
        let text = format!("Version {text} (git commit x, built y)");
        MnVersion::parse(&text).ok_or_else(|| Stop::fail("parsed", "a version", text))
    };
    // By number and by lineage: 2.13 comes after 2.9, and the releases between the two lineages have nothing (D45).
    for (text, starts) in [
        ("2.8.3", false),
        ("2.8.3.5", false),
        ("2.8.3.16", true),
        ("2.9.3", false),
        ("2.13.1", true),
        ("2.16.10", true),
        ("2.19", true),
    ] {
        let passes = parse(text)?.passes(Gate::Start);
        c.check(
            "start",
            passes == starts,
            if starts { "open" } else { "shut" },
            || text.to_owned(),
        )?;
    }
    for (gate, _) in GATES {
        c.check(
            "current",
            parse("2.13.1")?.passes(gate),
            "open to 2.13.1",
            || format!("{gate:?}"),
        )?;
    }
    Ok(())
}

/// A simulated management node of the kit's own, over HTTPS, for one name.
async fn secure(name: &str) -> Result<(Simulator, String), Stop> {
    let kit = |e: &dyn std::fmt::Display| Stop::Error(e.to_string());
    let identity = Identity::generate(&[name.to_owned()], &[]).map_err(|e| kit(&e))?;
    let pem = identity.certificate_pem().to_owned();
    let simulator = Simulator::builder()
        .site("empty")
        .identity(identity)
        .start();
    Ok((simulator.await.map_err(|e| kit(&e))?, pem))
}

fn backend_with(keys: &str) -> Result<Backend, String> {
    let text = format!(
        "zvm_xcat_server = localhost\nzvm_xcat_username = admin\nzvm_xcat_password = admin\n\
         zvm_scsi_pool = pool1\nzvm_host = zvm1\n{keys}\n"
    );
    let config = Config::parse(&text).map_err(|e| e.to_string())?;
    config
        .backends
        .into_iter()
        .next()
        .ok_or_else(|| "no back end".to_owned())
}

/// The version by HTTPS with these keys, asked of `https://localhost`.
async fn ask(simulator: &Simulator, keys: &str) -> Result<(), String> {
    let backend = backend_with(keys)?;
    let url = simulator.url().replace("127.0.0.1", "localhost");
    let client = Client::builder(&backend)
        .base_url(format!("{url}/xcatws"))
        .clock(Arc::new(zvm_volume::client::ManualClock::at(
            jiff::Timestamp::UNIX_EPOCH,
        )))
        .build()
        .map_err(|e| e.to_string())?;
    client
        .call(&Call::Version)
        .await
        .map(drop)
        .map_err(|e| e.to_string())
}

fn requests(simulator: &Simulator) -> usize {
    simulator.site().journal.lock().requests().count()
}

fn file_of(pem: &str) -> Result<tempfile::NamedTempFile, Stop> {
    let file = tempfile::NamedTempFile::new().map_err(|e| Stop::Error(e.to_string()))?;
    std::fs::write(file.path(), pem).map_err(|e| Stop::Error(e.to_string()))?;
    Ok(file)
}

async fn authority_missing(c: &mut CaseContext) -> Result<(), Stop> {
    let (simulator, _) = secure("localhost").await?;
    let outcome = ask(&simulator, "zvm_xcat_ca_file = /nonexistent/ca.pem").await;
    c.check("refused", outcome.is_err(), "a refusal", || {
        "an answer".to_owned()
    })?;
    c.equal("requests", &requests(&simulator), &0)
}

async fn certificate(c: &mut CaseContext) -> Result<(), Stop> {
    let (simulator, pem) = secure("localhost").await?;
    let (_, other) = secure("localhost").await?;
    let (right, wrong) = (file_of(&pem)?, file_of(&other)?);
    let keys =
        |file: &tempfile::NamedTempFile| format!("zvm_xcat_ca_file = {}", file.path().display());
    let outcome = ask(&simulator, &keys(&wrong)).await;
    c.check("refused", outcome.is_err(), "a refusal", || {
        "an answer".to_owned()
    })?;
    c.equal("requests", &requests(&simulator), &0)?;
    let outcome = ask(&simulator, &keys(&right)).await;
    c.check("taken", outcome.is_ok(), "an answer", || {
        format!("{outcome:?}")
    })
}

async fn certificate_name(c: &mut CaseContext) -> Result<(), Stop> {
    let (simulator, pem) = secure("mn.example.com").await?;
    let file = file_of(&pem)?;
    let keys = |verify: &str| {
        format!(
            "zvm_xcat_ca_file = {}\nzvm_xcat_tls_verify = {verify}\nzvm_xcat_tls_server_name = other.example.com",
            file.path().display()
        )
    };
    let full = ask(&simulator, &keys("full")).await;
    c.check("full", full.is_err(), "a refusal", || {
        "an answer".to_owned()
    })?;
    let ca = ask(&simulator, &keys("ca")).await;
    c.check("ca", ca.is_ok(), "an answer", || format!("{ca:?}"))
}

async fn unverified(c: &mut CaseContext) -> Result<(), Stop> {
    let (simulator, _) = secure("localhost").await?;
    let plain = ask(&simulator, "").await;
    c.check("plain", plain.is_ok(), "an answer", || format!("{plain:?}"))?;
    let verified = ask(&simulator, "driver_ssl_cert_verify = true").await;
    c.check("verified", verified.is_err(), "a refusal", || {
        "an answer".to_owned()
    })
}

async fn redirect(c: &mut CaseContext) -> Result<(), Stop> {
    let (simulator, _) = secure("localhost").await?;
    let away = format!(
        "{}/xcatws/version?userName=admin&password=admin",
        simulator.url()
    );
    let kit = |e: std::io::Error| Stop::Error(e.to_string());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .map_err(kit)?;
    let address = listener.local_addr().map_err(kit)?;
    let router = axum::Router::new().fallback(move || {
        let away = away.clone();
        async move { axum::response::Redirect::temporary(&away) }
    });
    let server = tokio::spawn(async move {
        let _ = axum::serve(listener, router).await;
    });
    let backend = backend_with("").map_err(Stop::Error)?;
    let client = Client::builder(&backend)
        .base_url(format!("http://{address}/xcatws"))
        .build()
        .map_err(|e| Stop::Error(e.to_string()))?;
    let outcome = client.call(&Call::Version).await;
    server.abort();
    c.check("refused", outcome.is_err(), "a refusal", || {
        format!("{outcome:?}")
    })?;
    c.equal("followed", &requests(&simulator), &0)
}

async fn wrong_password(c: &mut CaseContext) -> Result<(), Stop> {
    let backend = backend_with("zvm_xcat_auth_in = query").map_err(Stop::Error)?;
    let wire = Arc::new(Wire::new(c.gate.clone(), true));
    let mut backend = backend;
    backend.password = zvm_volume::Secret::new("wrong-password-of-the-kit");
    let client = Client::builder(&backend)
        .transport(Arc::clone(&wire) as Arc<_>)
        .clock(Arc::new(zvm_volume::client::ManualClock::at(
            jiff::Timestamp::UNIX_EPOCH,
        )))
        .build()
        .map_err(|e| Stop::Error(e.to_string()))?;
    for _ in 0..2 {
        let outcome = client.call(&Call::Version).await;
        c.check("refused", outcome.is_err(), "a refusal", || {
            format!("{outcome:?}")
        })?;
    }
    c.equal("requests", &wire.sent().len(), &1)
}

async fn down(c: &mut CaseContext) -> Result<(), Stop> {
    let bench = Bench::with_rows(c, &["10G"], "").await?.successor(c)?;
    bench.wire.aim(Aim {
        harm: Harm::CutBefore,
        at: 0,
        onwards: true,
        text: String::new(),
    });
    let outcome = bench.driver.start().await;
    bench.wire.rest();
    let retryable = outcome
        .as_ref()
        .err()
        .is_some_and(zvm_volume::Error::is_retryable);
    c.check(
        "retryable",
        retryable,
        "an error that can be retried",
        || format!("{outcome:?}"),
    )?;
    done("start", bench.driver.start().await)
}

async fn host_found(c: &mut CaseContext) -> Result<(), Stop> {
    let bench = Bench::with_rows(c, &["10G"], "zvm_host =\nzvm_zhcp_node =").await?;
    let host = done("host", bench.driver.host())?;
    c.equal("host", &host.as_str(), &c.host()?)?;
    let other = Bench::on_pool(
        c,
        c.gate.fence().prefix().to_owned() + "none",
        "zvm_host =\nzvm_zhcp_node =",
    )
    .await;
    c.check(
        "none",
        other.is_err(),
        "an error for a pool that nobody has",
        || "a start".to_owned(),
    )
}

async fn files(c: &mut CaseContext) -> Result<(), Stop> {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::with_rows(c, &["10G"], "").await?;
    bench.create(c, 1).await?;
    // The ledger of the Nova half.
    let guest = super::bench::instance(c, crate::target::GuestState::Running, 0)?;
    done("connector", bench.nova.get_volume_connector(&guest).await)?;
    let mut folders = vec![bench.state_folder()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        let listed = std::fs::read_dir(&folder).map_err(|e| Stop::Error(e.to_string()))?;
        for item in listed.flatten() {
            let path = item.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            seen += 1;
            let mode = item.metadata().map(|m| m.permissions().mode() & 0o077);
            let mode = mode.map_err(|e| Stop::Error(e.to_string()))?;
            c.check("mode", mode == 0, "its owner only", || {
                path.display().to_string()
            })?;
            let text = std::fs::read(&path).unwrap_or_default();
            let text = String::from_utf8_lossy(&text).into_owned();
            let secret = c.account().password.reveal();
            let told =
                text.contains("kept-by-the-kit") || (secret.len() > 5 && text.contains(secret));
            c.check("secret", !told, "no secret", || path.display().to_string())?;
        }
    }
    c.check("files", seen > 0, "at least one file", || "none".to_owned())
}
