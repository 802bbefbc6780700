//! `do_setup` and `check_for_setup_error`, and what the client says of an MN that is not as it should be.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use xcat_simulator::Simulator;
use xcat_simulator::seam::Release;
use zvm_volume::client::{
    Call, Client, Clock as _, Executed, Transport, TransportError, TransportFault, WireAnswer,
    WireRequest,
};
use zvm_volume::volumes::VolumeDriver;

use crate::rig::{CURRENT, Extras, Rig, VARIANTS, volume};

#[tokio::test]
async fn ver_04_the_host_is_the_only_one_whose_pool_has_rows() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let driver = rig.started("").await;
        assert_eq!(driver.host().unwrap().as_str(), "zvm1", "{variant}");
    }
    let rig = Rig::lab(CURRENT).await;
    rig.change(|world| {
        let name = world.resolve("zhcp2").unwrap().clone();
        let text = crate::rig::pool_text(world);
        let now = world.now_ms;
        world
            .linuxes
            .get_mut(&name)
            .unwrap()
            .fs
            .write(crate::rig::POOL, text, now);
    });
    let error = rig.driver(Extras::default()).start().await.unwrap_err();
    assert_eq!(error.exception(), "InvalidConfigurationValue");
    assert!(error.to_string().contains("zvm1, zvm2"), "{error}");
}

#[tokio::test]
async fn pool_08_a_missing_pool_and_an_unknown_host_are_configuration_errors() {
    let rig = Rig::lab(CURRENT).await;
    for (keys, text) in [
        (
            "zvm_host = zvm2",
            "pool scsipol1 on zvm2 is missing or empty",
        ),
        ("zvm_host = nosuch", "zvm_host nosuch is not known to xCAT"),
    ] {
        let driver = rig.driver(Extras {
            keys,
            ..Extras::default()
        });
        let error = driver.start().await.unwrap_err();
        assert_eq!(error.exception(), "InvalidConfigurationValue");
        assert!(error.to_string().contains(text), "{error}");
        assert!(
            driver.create_volume(&volume(1, 1)).await.is_err(),
            "not set up"
        );
    }
}

/// Answers `version` with a text of the test's, and passes everything else on to nobody.
struct Says(&'static str);

impl Transport for Says {
    fn send(&self, _: WireRequest) -> BoxFuture<'_, Result<WireAnswer, TransportError>> {
        let body = format!("{{\"data\":[{{\"data\":[\"{}\"]}}]}}", self.0);
        std::future::ready(Ok(WireAnswer {
            status: 200,
            body: body.into_bytes(),
        }))
        .boxed()
    }
}

#[tokio::test]
async fn ver_08_d45_an_old_mn_is_refused_unless_it_is_allowed() {
    let rig = Rig::lab(CURRENT).await;
    for (version, keys, fits) in [
        (
            "Version 2.8.3.5 (built Mon Apr 27 10:50:11 EDT 2015)",
            "",
            false,
        ),
        (
            "Version 2.8.3.5 (built x)",
            "zvm_xcat_allow_old_version = true",
            true,
        ),
        ("Version 2.8.3.16 (built x)", "", true),
        ("Version 2.9.3", "", false),
        ("Version 2.13.1", "", true),
        ("nothing", "", false),
    ] {
        let driver = rig.driver(Extras {
            keys,
            transport: Some(Arc::new(Says(version))),
            ..Extras::default()
        });
        assert_eq!(driver.do_setup().await.is_ok(), fits, "{version}");
    }
}

/// The MN comes up late.
#[tokio::test]
async fn ver_09_d44_a_start_that_failed_can_be_repeated() {
    use std::sync::atomic::{AtomicBool, Ordering};
    struct Late {
        up: AtomicBool,
        inner: zvm_volume::client::HttpTransport,
    }
    impl Transport for Late {
        fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireAnswer, TransportError>> {
            if self.up.load(Ordering::Relaxed) {
                return self.inner.send(request);
            }
            let error = TransportError {
                fault: TransportFault::NoConnection,
                text: "connection refused".to_owned(),
            };
            std::future::ready(Err(error)).boxed()
        }
    }
    let rig = Rig::lab(CURRENT).await;
    let base = format!("{}/xcatws", rig.simulator.url());
    let inner =
        zvm_volume::client::HttpTransport::with_base(&rig.backend(""), &base, 1 << 20).unwrap();
    let late = Arc::new(Late {
        up: AtomicBool::new(false),
        inner,
    });
    let driver = rig.driver(Extras {
        transport: Some(late.clone()),
        ..Extras::default()
    });
    let error = driver.start().await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    assert_eq!(error.exception(), "VolumeBackendAPIException");
    late.up.store(true, Ordering::Relaxed);
    driver.start().await.unwrap();
}

/// Keeps the time limit of each request.
#[derive(Default)]
struct Limits(std::sync::Mutex<Vec<(String, Duration)>>);

impl Transport for Limits {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireAnswer, TransportError>> {
        self.0
            .lock()
            .unwrap()
            .push((request.path.clone(), request.timeout));
        let error = TransportError {
            fault: TransportFault::TimedOut,
            text: "timed out".to_owned(),
        };
        std::future::ready(Err(error)).boxed()
    }
}

#[tokio::test]
async fn d43_each_class_of_call_has_its_limit_and_a_time_out_is_no_failure() {
    let rig = Rig::lab(CURRENT).await;
    let backend = rig.backend("");
    let limits = Arc::new(Limits::default());
    let clock = Arc::new(zvm_volume::client::ManualClock::at(
        jiff::Timestamp::UNIX_EPOCH,
    ));
    let client = Client::builder(&backend)
        .transport(limits.clone())
        .clock(clock)
        .seed(1)
        .build()
        .unwrap();
    let host: zvm_volume::types::NodeName = "zvm1".parse().unwrap();
    let (wwpn, lun) = (
        "500507630300c562".parse().unwrap(),
        "4010403300000000".parse().unwrap(),
    );
    let calls = [
        (Call::Version, 3, 60),
        (
            Call::Release {
                host: host.clone(),
                pool: "p".parse().unwrap(),
                wwpn,
                lun,
            },
            1,
            120,
        ),
        (
            Call::Undedicate {
                node: "lnx1".parse().unwrap(),
                device: "1a00".parse().unwrap(),
            },
            1,
            600,
        ),
        (
            Call::Deploy {
                host: host.clone(),
                profile: "cvx".parse().unwrap(),
                wwpn,
                lun,
                gib: 10,
            },
            1,
            900,
        ),
        (
            Call::Deploy {
                host,
                profile: "cvx".parse().unwrap(),
                wwpn,
                lun,
                gib: 10_000,
            },
            1,
            3600,
        ),
    ];
    for (call, attempts, seconds) in calls {
        let error = client.call(&call).await.unwrap_err();
        assert_eq!(error.executed, Executed::Unknown, "{call}");
        let seen: Vec<_> = limits.0.lock().unwrap().drain(..).collect();
        assert_eq!(
            seen.len(),
            attempts,
            "{call}: a change is not repeated blindly"
        );
        assert!(
            seen.iter().all(|(_, limit)| limit.as_secs() == seconds),
            "{call}: {seen:?}"
        );
    }
}

#[tokio::test]
async fn sec_01_refused_credentials_are_not_tried_again() {
    for variant in VARIANTS {
        let rig = Rig::lab(variant).await;
        let mut backend = rig.backend("");
        backend.password = zvm_volume::Secret::new("not-the-password");
        let client = Client::builder(&backend)
            .base_url(format!("{}/xcatws", rig.simulator.url()))
            .build()
            .unwrap();
        let first = client.call(&Call::Version).await;
        // The version is told to anybody; what is not is a node.
        drop(first);
        let call = Call::NodeDefinition {
            node: "zvm1".parse().unwrap(),
        };
        let error = client.call(&call).await.unwrap_err();
        assert!(error.is_authentication(), "{variant}: {error}");
        assert!(!error.is_retryable());
        assert!(!error.to_string().contains("not-the-password"));
        let again = client.call(&call).await.unwrap_err();
        assert!(again.to_string().contains("not sent"), "{again}");
    }
}

#[tokio::test]
async fn sec_03_credentials_can_travel_in_headers() {
    let rig = Rig::lab(CURRENT).await;
    let driver = rig.driver(Extras {
        keys: "zvm_xcat_auth_in = header",
        ..Extras::default()
    });
    driver.start().await.unwrap();
}

#[tokio::test]
async fn sec_05_06_08_the_certificate_is_judged_as_configured() {
    let simulator = Simulator::builder()
        .release(Release::M)
        .https()
        .start()
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own.pem");
    std::fs::write(&own, simulator.certificate_pem().unwrap()).unwrap();
    let stranger = Simulator::builder().https().start().await.unwrap();
    let other = folder.path().join("other.pem");
    std::fs::write(&other, stranger.certificate_pem().unwrap()).unwrap();
    let port = simulator.url().rsplit(':').next().unwrap().to_owned();
    let try_with = async |keys: &str| {
        let text = format!(
            "zvm_xcat_server = 127.0.0.1\nzvm_xcat_port = {port}\nzvm_xcat_username = admin\n\
             zvm_xcat_password = admin\nzvm_scsi_pool = scsipol1\n{keys}\n"
        );
        let config = zvm_volume::config::Config::parse(&text).unwrap();
        Client::new(&config.backends[0])
            .unwrap()
            .call(&Call::Version)
            .await
    };
    let ca = |path: &std::path::Path| format!("zvm_xcat_ca_file = {}", path.display());
    try_with("").await.unwrap();
    try_with(&ca(&own)).await.unwrap();
    try_with(&format!(
        "{}\nzvm_xcat_tls_verify = ca\nzvm_xcat_tls_server_name = wrong.example.com",
        ca(&own)
    ))
    .await
    .unwrap();
    for refused in [
        ca(&other),
        format!("{}\nzvm_xcat_tls_server_name = wrong.example.com", ca(&own)),
        format!("{}\nzvm_xcat_tls_verify = ca", ca(&other)),
        "driver_ssl_cert_verify = true".to_owned(),
    ] {
        let error = try_with(&refused).await.unwrap_err();
        assert_eq!(error.executed, Executed::No, "{refused}: {error}");
        assert!(!error.is_retryable(), "{refused}: {error}");
    }
}

#[tokio::test]
async fn sec_13_i23_files_of_the_driver_hold_no_secret_and_are_the_owners_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let rig = Rig::lab(CURRENT).await;
    let stop = crate::crash::StopAt::new(6);
    let driver = rig.driver(Extras {
        observers: vec![stop.clone()],
        ..Extras::default()
    });
    driver.start().await.unwrap();
    stop.arm();
    let task = tokio::spawn({
        let driver = driver.clone();
        async move {
            driver
                .for_request("req-1")
                .create_volume(&volume(1, 1))
                .await
        }
    });
    stop.reached().await;
    let folder = driver.engine().journal().folder().to_owned();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|f| f.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1);
    assert_eq!(mode(&files[0]), 0o600);
    let text = std::fs::read_to_string(&files[0]).unwrap();
    assert!(text.contains("req-1") && !text.contains("admin"), "{text}");
    // A living operation is nobody else's to resolve.
    assert!(driver.reconcile().await.unwrap().is_empty());
    task.abort();
}

/// Refuses or stalls, and takes its time for it.
struct Slow {
    clock: Arc<zvm_volume::client::ManualClock>,
    takes: Duration,
    fault: TransportFault,
    limits: std::sync::Mutex<Vec<Duration>>,
}

impl Transport for Slow {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireAnswer, TransportError>> {
        self.limits.lock().unwrap().push(request.timeout);
        self.clock.advance(self.takes.min(request.timeout));
        let error = TransportError {
            fault: self.fault,
            text: "nobody there".to_owned(),
        };
        std::future::ready(Err(error)).boxed()
    }
}

/// All attempts of a call share one budget: a key's by default, the caller's when it has less time (spec: driver 3.7).
#[tokio::test]
async fn all_attempts_of_one_call_end_by_its_deadline() {
    use TransportFault::{NoConnection, TimedOut};
    let rig = Rig::lab(CURRENT).await;
    let query = Call::Version;
    let change = Call::Undedicate {
        node: "lnx1".parse().unwrap(),
        device: "1a00".parse().unwrap(),
    };
    let bound = "zvm_xcat_connection_timeout = 100";
    // The key, the call, the caller's budget, what an attempt comes to, its seconds, and how many seconds each attempt had.
    let cases = [
        // By the defaults every attempt of the specification has its whole time.
        ("", &query, None, TimedOut, 60, vec![60, 60, 60]),
        ("", &change, None, NoConnection, 10, vec![600, 600, 600]),
        ("", &change, None, NoConnection, 600, vec![600, 600, 600]),
        // What is left of the bound is the time of the next attempt.
        (bound, &query, None, TimedOut, 60, vec![60, 39]),
        (bound, &change, None, NoConnection, 10, vec![100, 89, 77]),
        // None is begun when nothing is left.
        (bound, &change, None, NoConnection, 100, vec![100]),
        ("", &query, Some(60), TimedOut, 60, vec![60]),
        ("", &query, Some(5), TimedOut, 60, vec![5]),
        ("", &change, Some(20), NoConnection, 10, vec![20, 9]),
    ];
    for (keys, call, budget, fault, takes, expected) in cases {
        let clock = Arc::new(zvm_volume::client::ManualClock::at(
            jiff::Timestamp::UNIX_EPOCH,
        ));
        let slow = Arc::new(Slow {
            clock: clock.clone(),
            takes: Duration::from_secs(takes),
            fault,
            limits: std::sync::Mutex::default(),
        });
        let client = Client::builder(&rig.backend(keys))
            .transport(slow.clone())
            .clock(clock.clone())
            .seed(1)
            .build()
            .unwrap();
        let outcome = match budget {
            None => client.call(call).await,
            Some(seconds) => client.call_within(call, Duration::from_secs(seconds)).await,
        };
        let error = outcome.unwrap_err();
        assert!(error.to_string().contains("nobody there"), "{error}");
        let limits = slow.limits.lock().unwrap();
        let seconds: Vec<u64> = limits.iter().map(Duration::as_secs).collect();
        assert_eq!(seconds, expected, "{keys} {call} {budget:?} {takes}");
        let total = budget.unwrap_or(if keys.is_empty() { 3600 } else { 100 });
        let took = clock.now().as_duration();
        assert!(took.as_secs() <= i64::try_from(total).unwrap(), "{took:?}");
    }
}

/// Whatever fails in the Cinder half says of what request, in which operation, on what and at which step, and what it is stays
/// the same (spec: driver 2.10).
#[tokio::test]
async fn every_error_that_cinder_sees_names_its_step_and_request() {
    let rig = Rig::lab(CURRENT).await;
    let driver = rig.driver(Extras::default()).for_request("req-42");
    let error = driver.create_volume(&volume(1, 1)).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("the driver is not set up"), "{text}");
    assert!(text.ends_with("[req-42]"), "{text}");
    driver.start().await.unwrap();
    let big = driver.create_volume(&volume(1, 101)).await.unwrap_err();
    let id = volume(1, 101).id;
    assert_eq!(
        big.to_string(),
        format!(
            "create_volume of {id} failed at step check: no free LUN of at least 101G in pool scsipol1; \
             the largest free one has 100G [req-42]"
        )
    );
    assert!(matches!(big.root(), zvm_volume::Error::NoSpace { .. }));
    assert_eq!(big.exception(), "VolumeBackendAPIException");
    assert!(!big.is_retryable() && big.left_behind().is_empty());
    let path = driver.local_path(&volume(1, 1)).unwrap_err();
    assert_eq!(path.exception(), "NotImplementedError");
    assert!(path.to_string().ends_with("[req-42]"), "{path}");

    // A call that fails outside of a step.
    let slow = Arc::new(Slow {
        clock: Arc::new(zvm_volume::client::ManualClock::at(
            jiff::Timestamp::UNIX_EPOCH,
        )),
        takes: Duration::ZERO,
        fault: TransportFault::TimedOut,
        limits: std::sync::Mutex::default(),
    });
    let driver = rig.driver(Extras {
        transport: Some(slow),
        ..Extras::default()
    });
    let error = driver.for_request("req-43").do_setup().await.unwrap_err();
    assert!(error.is_retryable() && error.is_unknown_outcome());
    let text = error.to_string();
    assert!(text.starts_with("do_setup of "), "{text}");
    assert!(text.contains(" failed at step call: "), "{text}");
    assert!(text.ends_with("[req-43]"), "{text}");
    // Without a request there is no id to tell.
    let text = driver.do_setup().await.unwrap_err().to_string();
    assert!(
        text.contains(" failed at step call: ") && !text.contains('['),
        "{text}"
    );
}
