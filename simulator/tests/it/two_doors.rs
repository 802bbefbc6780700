//! A client of nothing but HTTP requests and one of nothing but a TLS socket and XML get the same answers to the same
//! commands. Each has a site of its own, so that what one changes is not there for the other.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value, json};
use xcat_simulator::seam::Release;

use crate::doors::{Doors, xml, xml_of};

/// A command as both clients give it.
struct Asked {
    method: &'static str,
    path: &'static str,
    body: Option<&'static str>,
    command: &'static str,
    nodes: Option<&'static str>,
    args: &'static [&'static str],
}

#[rustfmt::skip]
const COMMANDS: [Asked; 24] = [
    Asked { method: "GET", path: "/version", body: None, command: "lsxcatd", nodes: None, args: &["-v"] },
    Asked { method: "GET", path: "/nodes", body: None, command: "lsdef", nodes: None, args: &["-t", "node"] },
    Asked { method: "GET", path: "/nodes/opnstk1", body: None, command: "lsdef", nodes: None, args: &["-t", "node", "-o", "opnstk1"] },
    Asked { method: "GET", path: "/nodes/nosuch", body: None, command: "lsdef", nodes: None, args: &["-t", "node", "-o", "nosuch"] },
    Asked { method: "GET", path: "/nodes/opnstk1/power", body: None, command: "rpower", nodes: Some("opnstk1"), args: &["stat"] },
    Asked { method: "PUT", path: "/nodes/opnstk1/power", body: Some(r#"["sideways"]"#), command: "rpower", nodes: Some("opnstk1"), args: &["sideways"] },
    Asked { method: "GET", path: "/nodes/opnstk1,opnstk3/status", body: None, command: "nodestat", nodes: Some("opnstk1,opnstk3"), args: &[] },
    Asked { method: "GET", path: "/nodes/zvmhost1/inventory?field=--zfcppoolnames", body: None, command: "rinv", nodes: Some("zvmhost1"), args: &["--zfcppoolnames"] },
    Asked { method: "GET", path: "/nodes/zvmhost1/inventory?field=--zfcppool&field=scsipol1", body: None, command: "rinv", nodes: Some("zvmhost1"), args: &["--zfcppool", "scsipol1"] },
    Asked { method: "PUT", path: "/hypervisor/zvmhost1", body: Some(r#"["--reservezfcp scsipol1 used opnstk1 auto 5G"]"#), command: "chhypervisor", nodes: Some("zvmhost1"), args: &["--reservezfcp", "scsipol1", "used", "opnstk1", "auto", "5G"] },
    Asked { method: "PUT", path: "/hypervisor/opnstk1", body: Some(r#"["--reservezfcp"]"#), command: "chhypervisor", nodes: Some("opnstk1"), args: &["--reservezfcp"] },
    Asked { method: "GET", path: "/vms/opnstk1", body: None, command: "lsvm", nodes: Some("opnstk1"), args: &[] },
    Asked { method: "PUT", path: "/nodes/opnstk1/dsh", body: Some(r#"["command=echo a; echo 'b <&> c'"]"#), command: "xdsh", nodes: Some("opnstk1"), args: &["echo a; echo 'b <&> c'"] },
    Asked { method: "PUT", path: "/hypervisor/all/nodels", body: Some(r#"["nodetype.os"]"#), command: "nodels", nodes: Some("all"), args: &["nodetype.os"] },
    Asked { method: "GET", path: "/tables/zvm", body: None, command: "tabdump", nodes: None, args: &["zvm"] },
    Asked { method: "GET", path: "/tables/zvm?col=node&value=opnstk1&attribute=userid", body: None, command: "gettab", nodes: None, args: &["node=opnstk1", "zvm.userid"] },
    Asked { method: "PUT", path: "/tables/hosts", body: Some(r#"["node=opnstk1 hosts.ip=10.10.1.9"]"#), command: "tabch", nodes: None, args: &["node=opnstk1", "hosts.ip=10.10.1.9"] },
    Asked { method: "GET", path: "/tables/hosts", body: None, command: "tabdump", nodes: None, args: &["hosts"] },
    Asked { method: "POST", path: "/nodes/new1", body: Some(r#"["groups=all", "mgt=zvm"]"#), command: "mkdef", nodes: None, args: &["-t", "node", "-o", "new1", "groups=all", "mgt=zvm"] },
    Asked { method: "DELETE", path: "/nodes/new1", body: None, command: "rmdef", nodes: None, args: &["-t", "node", "-o", "new1"] },
    Asked { method: "PUT", path: "/site", body: Some(r#"["ntpservers=a b"]"#), command: "chdef", nodes: None, args: &["-t", "site", "-o", "clustersite", "ntpservers=a b"] },
    Asked { method: "PUT", path: "/networks/makehosts", body: None, command: "makehosts", nodes: None, args: &[] },
    Asked { method: "GET", path: "/nodes/n8,opnstk1,n9/power", body: None, command: "rpower", nodes: Some("n8,opnstk1,n9"), args: &["stat"] },
    Asked { method: "PUT", path: "/hypervisor/zvmhost1/frobnicate", body: Some(r#"["x"]"#), command: "frobnicate", nodes: Some("zvmhost1"), args: &["x"] },
];

#[tokio::test]
async fn both_doors_answer_the_same() {
    for release in [Release::M, Release::E] {
        let (by_http, by_xml) = (Doors::open(release).await, Doors::open(release).await);
        let mut daemon = by_xml.daemon(None).await;
        for asked in &COMMANDS {
            let answer = match asked.body {
                Some(body) => by_http.send(asked.method, asked.path, body).await,
                None => by_http.send(asked.method, asked.path, "").await,
            };
            let text = daemon
                .ask(&xml(asked.command, asked.nodes, asked.args))
                .await;
            let http: Value = match answer.status {
                200 | 201 => serde_json::from_str(&answer.body).unwrap(),
                _ => json!({ "refused": answer.body }),
            };
            assert_eq!(
                as_rest(&text),
                sorted(http),
                "{} {}",
                asked.method,
                asked.path
            );
        }
        assert_eq!(by_http.site.look().mn.tables, by_xml.site.look().mn.tables);
    }
}

#[tokio::test]
async fn both_doors_refuse_the_same() {
    let doors = Doors::open(Release::M).await;
    for (user, password, command) in [
        ("admin", "wrong", "lsdef"),
        ("nobody", "x", "lsdef"),
        ("viewer", "viewer", "tabdump"),
    ] {
        let path = if command == "lsdef" {
            "/nodes"
        } else {
            "/tables"
        };
        let target = format!("/xcatws{path}?userName={user}&password={password}&format=json");
        let answer = doors.http("GET", &target, &[], None).await;
        let text = doors
            .daemon(None)
            .await
            .ask(&xml_of(user, password, command, None, &[]))
            .await;
        assert_eq!(answer.status, 401);
        assert_eq!(as_rest(&text), json!({ "refused": answer.body }), "{user}");
    }
}

fn sorted(mut value: Value) -> Value {
    value.sort_all_objects();
    value
}

/// The daemon's documents as the REST program gives them to its client.
fn as_rest(text: &str) -> Value {
    let mut documents: Vec<Value> = text
        .split_inclusive("</xcatresponse>\n")
        .map(document)
        .collect();
    let done = documents.pop().unwrap();
    assert!(done.get("serverdone").is_some(), "{text}");
    if documents.is_empty()
        && let Some(error) = done.get("error")
    {
        return json!({ "refused": format!("<p>{}</p>", error[0].as_str().unwrap()) });
    }
    sorted(json!({ "data": documents }))
}

/// One document: every element a list, an empty or blank text null.
fn document(text: &str) -> Value {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<(String, String, Map<String, Value>)> = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) => {
                open.push((tag.name().as_ref().to_owned(), String::new(), Map::new()));
            }
            Event::Text(piece) => open
                .last_mut()
                .map_or((), |e| e.1 += &piece.xml10_content()),
            Event::GeneralRef(reference) => {
                let c = match &*reference {
                    "lt" => "<",
                    "gt" => ">",
                    "amp" => "&",
                    "quot" => "\"",
                    other => panic!("{other}"),
                };
                open.last_mut().unwrap().1 += c;
            }
            Event::End(_) => {
                let (name, text, children) = open.pop().unwrap();
                let value = if !children.is_empty() {
                    Value::Object(children)
                } else if text.trim().is_empty() {
                    Value::Null
                } else {
                    Value::String(text)
                };
                let Some((_, _, parent)) = open.last_mut() else {
                    return if value.is_null() { json!({}) } else { value };
                };
                let list = parent.entry(name).or_insert_with(|| json!([]));
                list.as_array_mut().unwrap().push(value);
            }
            Event::Eof => panic!("no document in {text:?}"),
            other => panic!("{other:?}"),
        }
    }
}
