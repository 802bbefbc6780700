//! Quirks of the REST program and the daemon (spec: rest-and-xcatd 6), each as a client sees it. Those that are seen
//! below the doors have their tests in `tables.rs` and beside the code.

use xcat_simulator::seam::{Release, Settings};

use crate::doors::{Answer, Doors};

const M: Release = Release::M;
const E: Release = Release::E;

/// A site of which these quirks are repaired.
async fn repaired(quirks: &[&str]) -> Doors {
    Doors::with(Settings {
        repaired: quirks.iter().map(|q| (*q).to_owned()).collect(),
        ..Settings::default()
    })
    .await
}

/// Status and body in one line.
fn short(answer: &Answer) -> String {
    format!("{} {}", answer.status, answer.body)
}

#[tokio::test]
async fn rq1_errors_of_commands_are_answered_with_success() {
    let doors = Doors::open(M).await;
    let answer = doors.put("/hypervisor/zvmhost1", r#"["--nope"]"#).await;
    assert_eq!(
        short(&answer),
        r#"200 {"data":[{"error":["zvmhost1: (Error) Option not supported"],"errorcode":["1"],"xcatdsource":["xcat"]}]}"#
    );
}

#[tokio::test]
async fn rq2_plain_texts_are_labelled_as_json() {
    let doors = Doors::open(M).await;
    for (method, path, status, body) in [
        ("GET", "/nosuch", 404, "Resource 'nosuch' does not exist"),
        (
            "POST",
            "/tables/site",
            405,
            "request method 'POST' is not supported on resource 'tables'",
        ),
        ("DELETE", "/nodes", 400, "No nodename was supplied."),
        (
            "GET",
            "/nodes/n9/power",
            403,
            "<p>Invalid nodes and/or groups in noderange: n9</p>",
        ),
    ] {
        let answer = doors.send(method, path, "").await;
        assert_eq!((answer.status, answer.body.as_str()), (status, body));
        assert_eq!(
            answer.content_type(),
            "application/json; charset=ISO-8859-1"
        );
        assert!(!answer.reason.is_empty());
    }
}

#[tokio::test]
async fn rq3_an_unknown_object_is_no_404() {
    let doors = Doors::open(M).await;
    let answer = doors.get("/objects/osimage/nope").await;
    assert_eq!(answer.status, 200);
    assert!(
        answer
            .body
            .contains("Could not find an object named 'nope' of type 'osimage'.")
    );
}

#[tokio::test]
async fn rq4_one_unknown_name_rejects_a_noderange_but_not_a_list_of_objects() {
    let doors = Doors::open(M).await;
    for (method, path, body) in [
        ("GET", "/nodes/opnstk1,n9/power", ""),
        ("PUT", "/nodes/n9", r#"["hosts.ip=1"]"#),
    ] {
        let answer = doors.send(method, path, body).await;
        assert_eq!((answer.status, answer.reason.as_str()), (403, "Forbidden"));
    }
    for (method, path, body) in [
        ("GET", "/nodes/opnstk1,n9", ""),
        ("POST", "/nodes/n9", r#"["groups=all"]"#),
        ("DELETE", "/nodes/n9,n8", ""),
        ("PUT", "/tables/hosts", r#"["node=n77 hosts.ip=1"]"#),
    ] {
        let answer = doors.send(method, path, body).await;
        assert!(answer.status < 300, "{}", short(&answer));
    }
}

#[tokio::test]
async fn rq5_a_json_body_needs_the_json_format() {
    let target = "/xcatws/hypervisor/zvmhost1?userName=admin&password=admin";
    let headers = [("Content-Type", "text/plain")];
    let body = Some(r#"["--nope"]"#);
    let answer = Doors::open(M)
        .await
        .http("PUT", target, &headers, body)
        .await;
    assert_eq!(
        (answer.status, answer.content_type()),
        (500, "text/html; charset=iso-8859-1")
    );
    assert!(
        answer
            .body
            .contains("<title>500 Internal Server Error</title>")
    );
    let answer = repaired(&["RQ5"])
        .await
        .http("PUT", target, &headers, body)
        .await;
    assert_eq!(
        short(&answer),
        "200 <table border=1><tr><td>zvmhost1: (Error) Option not supported</td></tr></table>"
    );
}

#[tokio::test]
async fn rq6_a_text_is_an_error_by_the_words_in_it() {
    let doors = Doors::open(M).await;
    // The directory of a user of that name is shown as an error.
    doors
        .site
        .edit()
        .systems
        .values_mut()
        .flat_map(|system| system.directory.values_mut())
        .for_each(|entry| entry.statements.push("* This one FAILED once".to_owned()));
    let answer = doors.get("/vms/opnstk1").await;
    assert!(
        answer.body.contains(r#"{"data":[{"error":["#),
        "{}",
        short(&answer)
    );
}

#[tokio::test]
async fn rq7_further_path_elements_are_ignored() {
    let doors = Doors::open(M).await;
    let made = doors
        .send("POST", "/nodes/n77/power", r#"["groups=all"]"#)
        .await;
    assert_eq!(made.status, 201);
    assert!(doors.site.look().mn.tables.is_node("n77"));
    let removed = doors.send("DELETE", "/nodes/n77/power/on", "").await;
    assert_eq!(removed.status, 200);
    assert!(!doors.site.look().mn.tables.is_node("n77"));
    assert_eq!(doors.get("/version/what/ever").await.status, 200);
}

#[tokio::test]
async fn rq8_an_operand_without_a_dot_changes_nothing() {
    let body = r#"["node=opnstk1 interface=1000 mac.mac=02:00:00:00:00:01"]"#;
    for (release, wanted) in [
        (
            M,
            r#"{"data":["Table interface=1000 does not exist.\n"],"errorcode":["1"],"xcatdsource":["xcat"]}"#,
        ),
        (E, r#"{"data":["Table interface=1000 does not exist.\n"]}"#),
    ] {
        let doors = Doors::open(release).await;
        let before = doors.site.look().mn.tables.clone();
        let answer = doors.put("/tables/mac", body).await;
        assert_eq!(short(&answer), format!(r#"200 {{"data":[{wanted}]}}"#));
        assert!(doors.site.look().mn.tables == before);
    }
}

#[tokio::test]
async fn rq9_two_resources_print_the_request_with_its_password() {
    let doors = Doors::open(M).await;
    for (method, path) in [
        ("GET", "/policies/6"),
        ("GET", "/notifications"),
        ("DELETE", "/policies"),
    ] {
        let answer = doors.send(method, path, "").await;
        let (dump, rest) = answer.body.split_once(";\n").unwrap();
        assert!(
            dump.starts_with("request is $VAR1 = {\n          'arg' => ["),
            "{dump}"
        );
        assert!(dump.contains("'password' => ["), "{dump}");
        assert!(
            rest.starts_with(if path == "/policies" {
                "<p>"
            } else {
                "{\"data\":"
            }),
            "{rest}"
        );
    }
    let answer = repaired(&["RQ9"]).await.get("/policies/6").await;
    assert!(answer.body.starts_with("{\"data\":["));
}

#[tokio::test]
async fn rq11_a_lookup_without_a_value_carries_it_in_the_column() {
    let doors = Doors::open(M).await;
    for path in [
        "/tables/zvm?col=node=opnstk1&attribute=status",
        "/tables/zvm?col=node&value=opnstk1=x&attribute=status",
    ] {
        let answer = doors.get(path).await;
        assert_eq!(
            short(&answer),
            r#"200 {"data":[{"data":["SSH=1"],"xcatdsource":["xcat"]}]}"#
        );
    }
    // A value with a comma cannot be looked up.
    let answer = doors
        .get("/tables/zvm?col=node&value=opnstk1,x&attribute=status")
        .await;
    assert!(
        answer.body.contains("Unknown key x to zvm"),
        "{}",
        short(&answer)
    );
}

#[tokio::test]
async fn rq12_the_value_of_network_is_taken_from_getnetwork() {
    let arguments = async |doors: &Doors, path: &str| {
        doors.get(path).await;
        let journal = doors.site.journal.lock();
        journal.requests().last().unwrap().facts.title()
    };
    let doors = Doors::open(M).await;
    assert_eq!(
        arguments(&doors, "/vms/opnstk1?network=VSW1").await,
        "lsvm opnstk1 --getnetwork"
    );
    assert_eq!(
        arguments(&doors, "/vms/opnstk1?network=VSW1&getnetwork=VSW2&all").await,
        "lsvm opnstk1 -a --getnetwork VSW2"
    );
    let doors = repaired(&["RQ12"]).await;
    assert_eq!(
        arguments(&doors, "/vms/opnstk1?network=VSW1").await,
        "lsvm opnstk1 --getnetwork VSW1"
    );
}

#[tokio::test]
async fn rq13_arguments_are_split_on_single_blanks() {
    let doors = Doors::open(M).await;
    doors
        .put("/vms/opnstk1", r#"["--nope 'a  b'", " x", null, 7]"#)
        .await;
    let journal = doors.site.journal.lock();
    // Between `'a` and `b'` an empty argument, another before `x`.
    assert_eq!(
        journal.requests().last().unwrap().facts.title(),
        "chvm opnstk1 --nope 'a  b'  x 7"
    );
}

#[tokio::test]
async fn rq14_single_documents_are_lost() {
    let doors = Doors::open(M).await;
    for (method, path, body) in [
        ("GET", "/objects", ""),
        ("PUT", "/hypervisor/all/noderange", r#"["x"]"#),
        ("PUT", "/hypervisor/zvmhost1/authcheck", r#"["x"]"#),
    ] {
        let answer = doors.send(method, path, body).await;
        assert_eq!(short(&answer), r#"200 {"data":[]}"#, "{path}");
    }
    let answer = repaired(&["RQ14"]).await.get("/objects").await;
    assert!(answer.body.contains(r#""osimage""#), "{}", short(&answer));
}

#[tokio::test]
async fn rq17_null_is_a_word_of_its_own() {
    let doors = Doors::open(M).await;
    doors
        .put("/tables/zvm", r#"["node=opnstk1 zvm.status=NULL"]"#)
        .await;
    doors
        .put("/tables/zvm", r#"["node=n77 zvm.status=NULL"]"#)
        .await;
    let tables = &doors.site.look().mn.tables;
    assert_eq!(tables.get("zvm", "node", "opnstk1", "status"), None);
    assert_eq!(tables.get("zvm", "node", "n77", "status"), Some("NULL"));
}

#[tokio::test]
async fn rq20_rq21_garbage_is_passed_on() {
    let title = async |doors: &Doors| {
        let journal = doors.site.journal.lock();
        journal.requests().last().unwrap().facts.title()
    };
    let doors = Doors::open(M).await;
    doors
        .form("PUT", "/groups/all", "command=4dsh&path=/tmp")
        .await;
    assert_eq!(
        title(&doors).await,
        "groupfiles4dsh - p=CGI=HASH(0x1f0c2a8)->param('path')"
    );
    let answer = doors
        .form("PUT", "/groups/all", "command=4dsh&path=0")
        .await;
    assert_eq!(
        short(&answer),
        "400 The path must be specified for creating directories for dsh"
    );
    let answer = doors.get("/notifications?fileName=x.pm").await;
    assert!(
        title(&doors)
            .await
            .starts_with("gettab - filenamex.pm notification.filename")
    );
    assert!(
        answer
            .body
            .contains("Unknown key filenamex.pm to notification")
    );
    let doors = repaired(&["RQ20", "RQ21"]).await;
    doors
        .form("PUT", "/groups/all", "command=4dsh&path=/tmp")
        .await;
    assert_eq!(title(&doors).await, "groupfiles4dsh - p=/tmp");
    doors.get("/notifications?fileName=x.pm").await;
    assert!(title(&doors).await.starts_with("gettab - filename=x.pm "));
}

#[tokio::test]
async fn rq22_html_shows_a_reference() {
    let doors = Doors::open(M).await;
    let target = "/xcatws/networks/makedns?userName=admin&password=admin";
    let answer = doors.http("PUT", target, &[], None).await;
    assert!(
        answer
            .body
            .starts_with("<table border=1><tr><td>HASH(0x1f0c2a8)</td></tr>\n</table>"),
        "{}",
        short(&answer)
    );
}

#[tokio::test]
async fn rq24_any_command_runs_through_hypervisor_and_other_methods_crash() {
    let doors = Doors::open(M).await;
    let answer = doors.put("/hypervisor/opnstk1/nodels", r#"["mgt"]"#).await;
    assert!(
        answer.body.contains(r#""contents":["zvm"]"#),
        "{}",
        short(&answer)
    );
    for resource in ["/hypervisor/zvmhost1", "/debug"] {
        for method in ["GET", "POST", "DELETE", "PATCH", "OPTIONS"] {
            let answer = doors.send(method, resource, "[]").await;
            assert_eq!(answer.status, 500, "{method} {resource}");
        }
    }
    let answer = repaired(&["RQ24"]).await.get("/hypervisor/zvmhost1").await;
    assert_eq!(answer.status, 405);
}

#[tokio::test]
async fn rq25_pruning_never_names_its_table() {
    let doors = Doors::open(M).await;
    let answer = doors.form("PUT", "/logs/auditlog", "percent=50").await;
    assert_eq!(
        short(&answer),
        r#"200 {"data":[{"data":["Table name required."],"errorcode":["1"],"xcatdsource":["xcat"]}]}"#
    );
    let answer = repaired(&["RQ25"])
        .await
        .form("PUT", "/logs/auditlog", "")
        .await;
    assert_eq!(short(&answer), r#"200 {"data":[]}"#);
}

#[tokio::test]
async fn rq26_the_table_in_the_path_does_not_matter() {
    let doors = Doors::open(M).await;
    let answer = doors
        .put("/tables/nosuch", r#"["node=opnstk1 hosts.ip=10.9.9.9"]"#)
        .await;
    assert_eq!(short(&answer), r#"200 {"data":[]}"#);
    let tables = &doors.site.look().mn.tables;
    assert_eq!(
        tables.get("hosts", "node", "opnstk1", "ip"),
        Some("10.9.9.9")
    );
}

#[tokio::test]
async fn rq27_xdcp_fails_in_data_and_xdsh_in_error() {
    let doors = Doors::open(M).await;
    let answer = doors
        .put(
            "/nodes/opnstk1/dcp",
            r#"["source=/no/such", "target=/tmp/x"]"#,
        )
        .await;
    assert!(
        answer.body.starts_with(r#"{"data":[{"data":["opnstk1: "#),
        "{}",
        short(&answer)
    );
    assert!(
        answer
            .body
            .ends_with(r#"{"errorcode":["1"],"xcatdsource":["xcat"]}]}"#)
    );
    let answer = doors
        .put("/nodes/opnstk1/dsh", r#"["command=cat /no/such"]"#)
        .await;
    assert!(
        answer.body.starts_with(
            r#"{"data":[{"NoErrorPrefix":["1"],"error":["opnstk1: cat: /no/such: No such file or directory"],"errorcode":["0"]"#
        ),
        "{}",
        short(&answer)
    );
    let answer = doors
        .put("/nodes/opnstk1/dsh", r#"["command=false"]"#)
        .await;
    assert_eq!(
        short(&answer),
        r#"200 {"data":[{"errorcode":["1"],"xcatdsource":["xcat"]}]}"#
    );
}

#[tokio::test]
async fn rq29_parsers_differ() {
    let doors = Doors::open(M).await;
    let answer = doors
        .http("GET", "/xcatws/version?format=json;x=1", &[], None)
        .await;
    assert_eq!(
        (answer.status, answer.content_type(), answer.body.as_str()),
        (
            400,
            "text/html; charset=ISO-8859-1",
            "The format 'json;x=1' is not valid"
        )
    );
    // A key that is encoded is none for the one parser and one for the other.
    let answer = doors
        .http("GET", "/xcatws/version?%66ormat=json", &[], None)
        .await;
    assert_eq!(answer.content_type(), "text/html; charset=ISO-8859-1");
    let answer = doors.get("/nodes/opnstk1?%66ield=ip;field=os").await;
    assert!(
        answer
            .body
            .contains(r#"["Object name: opnstk1","    ip=10.10.1.1","    os=rhel7.2"]"#)
    );
    for query in ["format", "format="] {
        let answer = doors
            .http("GET", &format!("/xcatws/version?{query}"), &[], None)
            .await;
        assert_eq!(short(&answer), "400 The format '' is not valid");
    }
}

#[tokio::test]
async fn rq30_whatever_was_posted_was_created() {
    let doors = Doors::open(M).await;
    for (path, body) in [
        ("/version", ""),
        ("/nodes/n77", r#"["colour=blue"]"#),
        ("/logs/diagnostics?nodeRange=opnstk1", r#"["reason=x"]"#),
    ] {
        let answer = doors.send("POST", path, body).await;
        assert_eq!(
            (answer.status, answer.reason.as_str()),
            (201, "Created"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn rq33_the_site_has_one_object() {
    let doors = Doors::open(M).await;
    let answer = doors.get("/objects/site/whatever").await;
    assert!(
        answer.body.contains("Object name: clustersite"),
        "{}",
        short(&answer)
    );
    doors.put("/site", r#"["timezone="]"#).await;
    let answer = doors.get("/site?field=timezone").await;
    assert!(
        answer.body.contains(r#""    timezone="]"#),
        "{}",
        short(&answer)
    );
}

#[tokio::test]
async fn rq34_spelling_is_kept() {
    let doors = Doors::open(M).await;
    let answer = doors.get("/nodes/opnstk1/colour").await;
    assert_eq!(short(&answer), "400 Unspported operation on nodes object.");
    let answer = doors.send("POST", "/nodes/n77", r#"["mgt=zvm"]"#).await;
    assert!(
        answer.body.contains("One or more errors occured"),
        "{}",
        short(&answer)
    );
    doors.site.edit().mn.daemon_stopped = true;
    let answer = doors.get("/version").await;
    assert_eq!(
        short(&answer),
        "503 Connection failurexx: Connection refused"
    );
}

#[tokio::test]
async fn crashes_are_the_web_server_s_own_page() {
    let doors = Doors::open(M).await;
    for (method, path, body) in [
        ("PUT", "/vms/opnstk1", "no json"),
        ("PUT", "/vms/opnstk1", "{}"),
        ("POST", "/vms/opnstk1", r#""text""#),
        ("PUT", "/hypervisor/zvmhost1", ""),
        ("PUT", "/debug", ""),
        ("PUT", "/networks/n", ""),
        ("POST", "/networks/n", ""),
        ("POST", "/images/capture", ""),
        ("PUT", "/tables/site", ""),
        ("PATCH", "/tables/site", r#"["key=a site.value=b"]"#),
        ("PUT", "/nodes/opnstk1?putData=field=a.b=c", ""),
        ("PUT", "/nodes/opnstk1/power?putData=field=on", ""),
        ("PUT", "/site", "12"),
        ("POST", "/logs/diagnostics?nodeRange=opnstk1", "nope"),
    ] {
        let answer = doors.send(method, path, body).await;
        assert_eq!(
            answer.status, 500,
            "{method} {path} {body}: {}",
            answer.body
        );
        assert_eq!(answer.header("connection"), Some("close"));
        assert!(answer.body.starts_with("<!DOCTYPE HTML PUBLIC"));
    }
    // Control characters in an answer kill the program after the command has run.
    let answer = doors
        .put(
            "/nodes/opnstk1/dsh",
            r#"["command=printf 'a\\013b\\n'; touch /tmp/ran"]"#,
        )
        .await;
    assert_eq!(answer.status, 500, "{}", answer.body);
}

#[tokio::test]
async fn credentials_come_from_headers_and_query() {
    let doors = Doors::open(M).await;
    for (target, headers, status) in [
        (
            "/xcatws/nodes?format=json",
            &[("userName", "admin"), ("password", "admin")][..],
            200,
        ),
        (
            "/xcatws/nodes?format=json&userName=admin",
            &[("password", "admin")],
            200,
        ),
        (
            "/xcatws/nodes?userName=admin&password=",
            &[("password", "admin")],
            401,
        ),
        (
            "/xcatws/nodes?userName=admin&password=x",
            &[("password", "admin")],
            401,
        ),
        ("/xcatws/nodes?userName=admin&password=0", &[], 401),
        ("/xcatws/nodes?username=admin&password=admin", &[], 401),
        ("/xcatws/version", &[], 200),
    ] {
        let answer = doors.http("GET", target, headers, None).await;
        assert_eq!(
            answer.status, status,
            "{target} {headers:?}: {}",
            answer.body
        );
        assert!(answer.header("www-authenticate").is_none());
    }
}

#[tokio::test]
async fn an_image_survives_export_removal_and_import() {
    let doors = Doors::open(M).await;
    let directory = "/install/netboot/rhel7.2/s390x/default";
    let put = |path: &str, text: &str| {
        let mut world = doors.site.edit();
        let mn = world.mn.host.clone();
        world.linuxes.get_mut(&mn).unwrap().fs.write(path, text, 0);
    };
    put(&format!("{directory}/0100.img"), "disk <of> é\n");
    let image = "rhel7.2-s390x-netboot-default";
    let body = format!(r#"["osimage={image}", "destination=/tmp/bundle.tgz"]"#);
    let answer = doors.send("POST", "/images/export", &body).await;
    insta::assert_snapshot!(short(&answer), @r#"201 {"data":[{"data":["Exporting rhel7.2-s390x-netboot-default to ..."],"xcatdsource":["xcat"]},{"data":["Compressing rhel7.2-s390x-netboot-default bundle.  Please be patient."],"xcatdsource":["xcat"]},{"data":["Done!"],"xcatdsource":["xcat"]}]}"#);
    let before = doors.site.look().mn.tables.clone();
    let answer = doors.send("DELETE", &format!("/images/{image}"), "").await;
    assert!(
        answer
            .body
            .contains("Image files have been removed successfully")
    );
    doors
        .send("DELETE", &format!("/objects/osimage/{image}"), "")
        .await;
    let answer = doors
        .send("POST", "/images/import", r#"["osimage=/tmp/bundle.tgz"]"#)
        .await;
    insta::assert_snapshot!(short(&answer), @r#"201 {"data":[{"data":["Unbundling image..."],"xcatdsource":["xcat"]},{"data":["Successfully imported the image rhel7.2-s390x-netboot-default."],"xcatdsource":["xcat"]}]}"#);
    {
        let world = doors.site.look();
        for table in ["osimage", "linuximage"] {
            assert_eq!(world.mn.tables.rows(table), before.rows(table));
        }
        let fs = &world.linuxes[&world.mn.host].fs;
        assert_eq!(
            fs.read(&format!("{directory}/0100.img")).unwrap(),
            "disk <of> é\n"
        );
    }
    let answer = doors
        .send(
            "POST",
            "/images/import",
            r#"["osimage=/tmp/bundle.tgz", "profile=other"]"#,
        )
        .await;
    assert!(
        answer
            .body
            .contains("imported the image rhel7.2-s390x-netboot-other."),
        "{}",
        short(&answer)
    );
    let answer = doors
        .send("POST", "/images/export", r#"["osimage=nope"]"#)
        .await;
    assert!(
        answer
            .body
            .contains("Cannot find image 'nope' from the osimage table.")
    );
}

#[tokio::test]
async fn makehosts_keeps_the_order_of_the_file() {
    let doors = Doors::open(M).await;
    doors
        .put("/tables/hosts", r#"["node=opnstk1 hosts.ip=10.10.1.77"]"#)
        .await;
    doors
        .put("/tables/hosts", r#"["node=n9 hosts.ip=nonsense"]"#)
        .await;
    doors
        .put(
            "/tables/hosts",
            r#"["node=n8 hosts.ip=10.10.1.8 hosts.hostnames=other,n8.example.com"]"#,
        )
        .await;
    let answer = doors.put("/networks/makehosts", "").await;
    assert_eq!(
        short(&answer),
        r#"200 {"data":[{"error":["Invalid IP Addr 'nonsense' for node 'n9'."],"errorcode":["1"],"xcatdsource":["xcat"]}]}"#
    );
    let world = doors.site.look();
    let fs = &world.linuxes[&world.mn.host].fs;
    insta::assert_snapshot!(fs.read("/etc/hosts").unwrap());
}

#[tokio::test]
async fn rq18_the_hash_is_a_password() {
    let hash = "$1$saltstri$YMyguxXMBpd2TEZ.vS/3q1";
    let status = async |doors: &Doors, password: &str| {
        doors.site.edit().mn.tables.update(
            "passwd",
            &[("username", "admin")],
            &[("password", hash)],
        );
        let headers = [("userName", "admin"), ("password", password)];
        doors
            .http("GET", "/xcatws/nodes", &headers, None)
            .await
            .status
    };
    let doors = Doors::open(M).await;
    assert_eq!(status(&doors, "Hello world!").await, 200);
    assert_eq!(status(&doors, hash).await, 200);
    assert_eq!(status(&doors, "hello").await, 401);
    let doors = repaired(&["RQ18"]).await;
    assert_eq!(status(&doors, "Hello world!").await, 200);
    assert_eq!(status(&doors, hash).await, 401);
}

#[tokio::test]
async fn rq15_execcmdonvm_is_silent_over_rest() {
    let doors = Doors::open(M).await;
    for body in [r#"["echo hello"]"#, r#"["cat /no/such"]"#] {
        let answer = doors.put("/nodes/opnstk1/execcmdonvm", body).await;
        assert_eq!(short(&answer), r#"200 {"data":[]}"#, "{body}");
    }
}
