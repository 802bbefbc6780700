//! What comes from outside may be anything: no request makes a handler panic, a body over the limit is refused
//! without being read whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::http::Request as HttpRequest;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::ServiceExt;
use xcat_simulator::mn::{Credentials, Request, dispatch};
use xcat_simulator::rest;
use xcat_simulator::seam::Release;

use crate::doors::{ADMIN, Doors, xml};

/// Panics of this process that came from the simulator's own code. The door answers a panic as it answers a crash
/// of the real program, so the answer alone does not tell.
fn panics() -> &'static AtomicUsize {
    static PANICS: AtomicUsize = AtomicUsize::new(0);
    static HOOK: std::sync::Once = std::sync::Once::new();
    HOOK.call_once(|| {
        let former = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if info
                .location()
                .is_some_and(|place| place.file().contains("simulator/src/"))
            {
                PANICS.fetch_add(1, Ordering::SeqCst);
            }
            former(info);
        }));
    });
    &PANICS
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// Path elements that are likely to reach a handler, and others.
fn path() -> impl Strategy<Value = String> {
    let resource = prop::sample::select(vec![
        "accounts",
        "debug",
        "groups",
        "hypervisor",
        "images",
        "logs",
        "monitors",
        "networks",
        "nodes",
        "notifications",
        "objects",
        "policies",
        "site",
        "tables",
        "version",
        "vms",
        "",
    ]);
    let element = prop_oneof![
        prop::sample::select(vec![
            "opnstk1",
            "zvmhost1",
            "all",
            "power",
            "inventory",
            "dsh",
            "dcp",
            "status",
            "auditlog",
            "diagnostics",
            "makehosts",
            "export",
            "check",
            "chvm",
            "tabdump",
            "lsdef",
            "",
        ])
        .prop_map(str::to_owned),
        "[a-z0-9,@()%^=~!.+-]{0,8}",
    ];
    (resource, prop::collection::vec(element, 0..4))
        .prop_map(|(resource, rest)| format!("/{resource}/{}", rest.join("/")))
}

fn query() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec![
        "field",
        "col",
        "value",
        "attribute",
        "condition",
        "putData",
        "format",
        "criteria",
        "requestid",
        "nodeRange",
        "key",
        "verbose",
        "all",
        "network",
        "",
    ]);
    let value = "[a-z0-9=%+.,;*/~!^$()-]{0,10}";
    prop::collection::vec((key, value), 0..4).prop_map(|pairs| {
        pairs
            .iter()
            .map(|(key, value)| format!("&{key}={value}"))
            .collect()
    })
}

fn body() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::collection::vec("[a-zA-Z0-9=, .*/~!$()\\[\\]ä-]{0,16}", 0..4)
            .prop_map(|items| serde_json::to_string(&items).unwrap()),
        prop::collection::vec(
            prop::sample::select(vec![
                "--addzfcp2pool p free 500507630300c562 4010400000000000 10G",
                "--reservezfcp scsipol1 used opnstk1 auto",
                "-t node groups=all",
                "command=cat /etc/hosts | grep 'x",
                "node=opnstk1 hosts.ip=1",
                "-d node=opnstk1",
                "--smcli",
                "stat",
            ]),
            0..3,
        )
        .prop_map(|items| serde_json::to_string(&items).unwrap()),
        "[\\[\\]{}\",:a-z0-9\\\\ ]{0,20}",
        "[a-z=&;%+]{0,20}",
    ]
}

#[test]
fn no_http_request_makes_a_handler_panic() {
    let runtime = runtime();
    let doors = runtime.block_on(Doors::open(Release::M));
    let before = panics().load(Ordering::SeqCst);
    let strategy = (
        prop::sample::select(vec!["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"]),
        path(),
        query(),
        prop::sample::select(vec!["", "text/plain", "application/x-www-form-urlencoded"]),
        body(),
    );
    proptest!(ProptestConfig::with_cases(300), |((method, path, query, kind, body) in strategy)| {
        let target = format!("/xcatws{path}?{ADMIN}{query}");
        let mut request = HttpRequest::builder().method(method).uri(target);
        if !kind.is_empty() {
            request = request.header("Content-Type", kind);
        }
        let Ok(request) = request.body(Body::from(body)) else {
            // Not everything is a URI.
            return Ok(());
        };
        let answer = runtime.block_on(rest::router(Arc::clone(&doors.site)).oneshot(request));
        let status = answer.unwrap().status().as_u16();
        prop_assert!(
            matches!(status, 200 | 201 | 400 | 401 | 403 | 404 | 405 | 500 | 503),
            "{status}"
        );
        prop_assert_eq!(panics().load(Ordering::SeqCst), before);
    });
}

#[test]
fn no_operand_makes_a_table_command_panic() {
    let runtime = runtime();
    let doors = runtime.block_on(Doors::open(Release::M));
    let before = panics().load(Ordering::SeqCst);
    let operand = prop_oneof![
        "[a-z.=,+^~!/|()\\[\\]*ä-]{0,14}",
        prop::sample::select(vec![
            "node=opnstk1",
            "hosts.ip=1",
            "-t",
            "node",
            "-o",
            "opnstk[1-",
            "-w",
            "os=~(",
            "-d",
            "site",
            "groups=all",
            "nodelist.groups+=x",
            "zvm",
            "-i",
            "a,b,,",
            "nodetype.os!~*",
            "|\\D+(\\d+)|n($1-1)|",
            "hosts.ip=|(.*)|($1/0)|",
            "-n",
            "--",
        ])
        .prop_map(str::to_owned),
    ];
    let strategy = (
        prop::sample::select(vec![
            "tabch",
            "tabdump",
            "gettab",
            "lsdef",
            "mkdef",
            "chdef",
            "rmdef",
            "nodels",
            "nodech",
            "nodeadd",
            "noderm",
            "tabprune",
            "rnoderange",
            "makehosts",
            "lsxcatd",
            "rmimage",
        ]),
        prop::option::of("[n0-9a,@^/()\\[\\]:+=~!.*-]{0,12}|all|opnstk1"),
        prop::collection::vec(operand, 0..5),
    );
    proptest!(ProptestConfig::with_cases(400), |((command, noderange, args) in strategy)| {
        let request = Request {
            command: Some(command.to_owned()),
            noderange,
            args,
            credentials: Some(Credentials {
                user: "admin".to_owned(),
                password: "admin".to_owned(),
            }),
            ..Request::default()
        };
        runtime.block_on(dispatch::serve(Arc::clone(&doors.site), request));
        prop_assert_eq!(panics().load(Ordering::SeqCst), before);
        // Neither the administrator nor the permission to come back may be lost to chance.
        let mut world = doors.site.edit();
        let tables = &mut world.mn.tables;
        tables.set("policy", "priority", "6", &[("name", "admin"), ("rule", "allow")]);
    });
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_unread() {
    let doors = Doors::open(Release::M).await;
    // Told beforehand: the answer comes before a single byte of the body.
    let mut stream = TcpStream::connect(doors.rest).await.unwrap();
    let head = format!(
        "PUT /xcatws/vms/opnstk1?{ADMIN} HTTP/1.1\r\nHost: mn\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n",
        100 * 1024 * 1024
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(
        answer.to_ascii_lowercase().contains("connection: close"),
        "{answer}"
    );
    // Not told: reading stops at the limit.
    let stream = TcpStream::connect(doors.rest).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let head = format!(
        "PUT /xcatws/vms/opnstk1?{ADMIN} HTTP/1.1\r\nHost: mn\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    writer.write_all(head.as_bytes()).await.unwrap();
    let sender = tokio::spawn(async move {
        let chunk = format!("{:x}\r\n{}\r\n", 1 << 20, " ".repeat(1 << 20));
        let mut sent = 0;
        while sent < 100 && writer.write_all(chunk.as_bytes()).await.is_ok() {
            sent += 1;
        }
        sent
    });
    let mut answer = Vec::new();
    // The connection may be reset once the answer is out.
    let _ = reader.read_to_end(&mut answer).await;
    drop(reader);
    let sent = sender.await.unwrap();
    assert!(sent < 64, "{sent} MiB were taken");
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 413 "));
    // Others are served as before.
    assert_eq!(doors.get("/version").await.status, 200);
}

#[tokio::test]
async fn a_request_without_end_closes_the_daemon_s_connection() {
    let doors = Doors::open(Release::M).await;
    let mut daemon = doors.daemon(None).await;
    let text = format!("<xcatrequest>\n<arg>{}", "x".repeat(1 << 20));
    daemon.write(&text).await;
    for _ in 0..40 {
        if daemon.try_write(&"x".repeat(1 << 20)).await.is_err() {
            break;
        }
    }
    assert!(daemon.is_closed().await);
    let mut other = doors.daemon(None).await;
    assert!(
        other
            .ask(&xml("lsxcatd", None, &["-t"]))
            .await
            .contains("Management Node")
    );
}
