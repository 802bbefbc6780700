//! The two code lines, difference by difference (spec: rest-and-xcatd 8).

use std::fmt::Write as _;

use xcat_simulator::seam::Release;

use crate::doors::Doors;

/// The same requests to both lines, one after the other on a site of each; what each answers to the last.
async fn both(requests: &[(&str, &str, &str)]) -> String {
    let mut out = String::new();
    for release in [Release::E, Release::M] {
        let doors = Doors::open(release).await;
        let mut last = String::new();
        for (method, path, body) in requests {
            let answer = doors.send(method, path, body).await;
            last = format!("{} {}", answer.status, answer.body);
        }
        let _ = writeln!(out, "{release}: {last}");
    }
    out
}

macro_rules! differences {
    ($($name:ident: $requests:expr;)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                insta::assert_snapshot!(both(&$requests).await);
            }
        )*
    };
}

differences! {
    xcatdsource_and_numofnodes: [("GET", "/nodes", "")];
    numofnodes_of_nodels: [("PUT", "/hypervisor/opnstk1/nodels", r#"["mgt"]"#)];
    lsdef_of_an_unknown_name: [("GET", "/nodes/n9", "")];
    lsdef_that_selects_nothing: [("GET", "/images?criteria=profile=~nope", "")];
    mkdef_of_what_exists: [("POST", "/nodes/opnstk1", r#"["groups=all"]"#)];
    mkdef_of_a_bad_attribute: [("POST", "/nodes/n9", r#"["groups=all", "colour=blue"]"#)];
    mkdef_without_attributes: [("POST", "/nodes/n9", "[]")];
    mkdef_without_groups: [("POST", "/nodes/n9", r#"["mgt=zvm"]"#)];
    rq16_rows_that_mkdef_leaves: [
        ("POST", "/nodes/n9", r#"["mgt=zvm"]"#),
        ("GET", "/tables/nodehm?col=node&value=n9&attribute=mgt", ""),
    ];
    mkdef_of_hcp_without_mgt: [("POST", "/nodes/n9", r#"["groups=all", "hcp=zhcp1"]"#)];
    a_dot_in_a_node_s_name: [("POST", "/nodes/n9.example.com", r#"["groups=all"]"#)];
    rmdef_counts: [("DELETE", "/nodes/opnstk3,n9", "")];
    a_network_without_a_mask: [("POST", "/networks/net9", r#"["net=10.99.0.0"]"#)];
    chdef_of_an_unknown_network: [("PUT", "/networks/net9", r#"["gateway=10.99.0.1"]"#)];
    tabch_complaints: [("PUT", "/tables/x", r#"["node=opnstk1 nosuch.x=1"]"#)];
    tabch_with_an_unknown_key: [("PUT", "/tables/x", r#"["colour=blue zvm.hcp=1"]"#)];
    tabch_deleting_from_an_unknown_table: [("PUT", "/tables/x", r#"["-d node=opnstk1 nosuch"]"#)];
    tabch_inserting_twice_with_half_a_key: [
        ("PUT", "/tables/x", r#"["switch.node=n9 switch.interface=1"]"#),
        ("PUT", "/tables/x", r#"["switch.node=n9 switch.interface=2"]"#),
    ];
    gettab_with_an_unknown_key: [("GET", "/tables/zvm?col=colour&value=x&attribute=hcp", "")];
    a_plugin_that_dies: [("PUT", "/nodes/opnstk1/dsh", "[]")];
    the_version: [("GET", "/version", "")];
    nodestat_of_a_node_without_address: [
        ("POST", "/nodes/n9", r#"["groups=all"]"#),
        ("GET", "/nodes/n9/status", ""),
    ];
    a_node_that_no_plugin_serves: [("PUT", "/hypervisor/opnstk1", r#"["--x"]"#)];
    without_a_master: [
        ("PUT", "/tables/x", r#"["-d key=master site"]"#),
        ("GET", "/nodes/opnstk1/power", ""),
    ];
    columns_of_the_older_line: [("GET", "/tables/networks", "")];
    tables_of_the_older_line: [("GET", "/tables", "")];
}

#[tokio::test]
async fn rq19_xdsh_logs_in_as_the_rest_user_in_the_newer_line() {
    for (release, body, user) in [
        (Release::E, r#"["userid=guest", "command=id"]"#, "guest"),
        (Release::E, r#"["command=id"]"#, "root"),
        (Release::M, r#"["userid=guest", "command=id"]"#, "admin"),
        (
            Release::M,
            r#"["userid=guest", "command=id", "remotepasswd=x"]"#,
            "guest",
        ),
    ] {
        let doors = Doors::open(release).await;
        doors.put("/nodes/opnstk1/dsh", body).await;
        let journal = doors.site.journal.lock();
        let commands = &journal.requests().last().unwrap().commands;
        let last = commands.last().unwrap().command.to_string();
        assert!(
            last.contains(&format!("{user}@opnstk1")),
            "{release}: {last}"
        );
    }
}

#[tokio::test]
async fn a_refusal_has_an_errorcode_in_the_newer_line_only() {
    for (release, coded) in [(Release::E, false), (Release::M, true)] {
        let doors = Doors::open(release).await;
        let mut daemon = doors.daemon(None).await;
        let answer = daemon
            .ask("<xcatrequest>\n<command>lsdef</command>\n</xcatrequest>\n")
            .await;
        assert!(answer.contains("Permission denied for request"));
        assert_eq!(answer.contains("errorcode"), coded, "{answer}");
        // It is not seen through the other door.
        let answer = doors.http("GET", "/xcatws/nodes", &[], None).await;
        assert_eq!(answer.body, "<p>Permission denied for request</p>");
    }
}
