//! The daemon's own protocol (spec: rest-and-xcatd 3).

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use xcat_simulator::seam::Release;

use crate::doors::{Doors, xml, xml_of};

#[tokio::test]
async fn several_requests_follow_each_other_on_one_connection() {
    let doors = Doors::open(Release::M).await;
    let mut daemon = doors.daemon(None).await;
    let version = "<xcatrequest>\n<command>lsxcatd</command><arg>-v</arg><transid>t1</transid>\n</xcatrequest>\n";
    insta::assert_snapshot!(daemon.ask(version).await);
    insta::assert_snapshot!(
        daemon
            .ask(&xml("rpower", Some("opnstk1,opnstk9"), &["stat"]))
            .await
    );
    // A refusal by the policy leaves the connection open, too.
    insta::assert_snapshot!(
        daemon
            .ask(&xml_of("viewer", "viewer", "tabdump", None, &["site"]))
            .await
    );
    insta::assert_snapshot!(daemon.ask(&xml("nodels", None, &["mgt"])).await);
}

#[tokio::test]
async fn a_wrong_password_closes_the_connection() {
    let doors = Doors::open(Release::M).await;
    let mut daemon = doors.daemon(None).await;
    insta::assert_snapshot!(daemon.ask(&xml_of("admin", "no", "lsdef", None, &[])).await);
    assert!(daemon.is_closed().await);
}

#[tokio::test]
async fn the_name_in_the_certificate_is_the_user() {
    let doors = Doors::open(Release::M).await;
    let ask = "<xcatrequest>\n<command>authcheck</command>\n</xcatrequest>\n";
    let mut root = doors.daemon(Some("root")).await;
    insta::assert_snapshot!(root.ask(ask).await);
    let mut stranger = doors.daemon(Some("stranger")).await;
    assert!(
        stranger
            .ask(ask)
            .await
            .contains("Permission denied for request")
    );
    let mut nobody = doors.daemon(None).await;
    assert!(
        nobody
            .ask(ask)
            .await
            .contains("Permission denied for request")
    );
    // A password that comes along counts for more than the certificate.
    let mut both = doors.daemon(Some("stranger")).await;
    assert!(
        both.ask(&xml("authcheck", None, &[]))
            .await
            .contains("<username>admin</username>")
    );
}

#[tokio::test]
async fn a_trusted_peer_may_speak_for_another_user() {
    let doors = Doors::open(Release::M).await;
    let ask =
        "<xcatrequest>\n<command>authcheck</command><username>someone</username>\n</xcatrequest>\n";
    let mut trusted = doors.daemon(Some("xcat")).await;
    assert!(
        trusted
            .ask(ask)
            .await
            .contains("<username>someone</username>")
    );
    let mut root = doors.daemon(Some("root")).await;
    assert!(root.ask(ask).await.contains("<username>root</username>"));
}

#[tokio::test]
async fn a_token_stands_for_its_user() {
    let doors = Doors::open(Release::M).await;
    let mut daemon = doors.daemon(None).await;
    let wanted = "<xcatrequest>\n<gettoken><username>admin</username><password>admin</password></gettoken>\n</xcatrequest>\n";
    let answer = daemon.ask(wanted).await;
    assert!(daemon.is_closed().await);
    let id = answer
        .split("<id>")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap();
    assert_eq!(id.len(), 36);
    let with = |id: &str| {
        format!(
            "<xcatrequest>\n<command>authcheck</command><tokens><tokenid>{id}</tokenid></tokens>\n</xcatrequest>\n"
        )
    };
    let mut daemon = doors.daemon(None).await;
    assert!(
        daemon
            .ask(&with(id))
            .await
            .contains("<username>admin</username>")
    );
    let mut daemon = doors.daemon(None).await;
    assert!(
        daemon
            .ask(&with("no"))
            .await
            .contains("Authentication failure")
    );
    assert!(daemon.is_closed().await);
}

#[tokio::test]
async fn a_noderange_alone_is_expanded() {
    let doors = Doors::open(Release::M).await;
    let mut daemon = doors.daemon(Some("root")).await;
    let ask = "<xcatrequest>\n<command>noderange</command><noderange>opnstk[1-2],n9,n8</noderange>\n</xcatrequest>\n";
    insta::assert_snapshot!(daemon.ask(ask).await);
}

#[tokio::test]
async fn rq31_what_is_no_xml_closes_the_connection_in_silence() {
    let doors = Doors::open(Release::M).await;
    for text in [
        "GET / HTTP/1.1\nHost: example.com\n\n",
        "<xcatrequest>\n<command>lsxcatd</command\n</xcatrequest>\n",
        "<xcatrequest>\n<command>lsxcatd</command><arg>\u{1b}</arg>\n</xcatrequest>\n",
    ] {
        let mut daemon = doors.daemon(None).await;
        assert_eq!(daemon.ask(text).await, "", "{text:?}");
    }
    // The same argument through the other door: the daemon was lost.
    let answer = doors.put("/nodes/opnstk1/power", r#"["\u001b"]"#).await;
    assert_eq!(answer.status, 503);
    assert_eq!(
        answer.body,
        "ERROR/WARNING: communication with the xCAT server seems to have been ended prematurely"
    );
}

#[tokio::test]
async fn rq31_a_request_without_a_newline_is_awaited() {
    let doors = Doors::open(Release::M).await;
    let mut daemon = doors.daemon(None).await;
    daemon
        .write("<xcatrequest><command>lsxcatd</command><arg>-t</arg></xcatrequest>")
        .await;
    // Another client is answered meanwhile, this one is not.
    let mut other = doors.daemon(None).await;
    assert!(
        other
            .ask(&xml("lsxcatd", None, &["-t"]))
            .await
            .contains("Management Node")
    );
    daemon.write("\n").await;
    assert!(daemon.read().await.contains("This is a Management Node"));
}

#[tokio::test]
async fn clients_that_say_nothing_hold_nobody_up() {
    let doors = Doors::open(Release::M).await;
    let (mut silent, mut halves) = (Vec::new(), Vec::new());
    for _ in 0..200 {
        silent.push(doors.daemon(None).await);
        let mut half = TcpStream::connect(doors.rest).await.unwrap();
        half.write_all(b"PUT /xcatws/version HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n[")
            .await
            .unwrap();
        halves.push(half);
    }
    let answer = doors.get("/version").await;
    assert_eq!(
        answer.status,
        200,
        "{} and {} wait",
        silent.len(),
        halves.len()
    );
    let mut daemon = doors.daemon(None).await;
    assert!(
        daemon
            .ask(&xml("lsxcatd", None, &["-t"]))
            .await
            .contains("Management Node")
    );
}

#[tokio::test]
async fn the_audit_log_tells_who_asked_what() {
    let doors = Doors::open(Release::M).await;
    doors
        .site
        .edit()
        .mn
        .tables
        .delete("site", "key", "auditskipcmds");
    let mut daemon = doors.daemon(None).await;
    daemon.ask(&xml("lsxcatd", None, &["-t", "-v"])).await;
    daemon
        .ask(&xml_of("viewer", "viewer", "rmdef", Some("opnstk1"), &[]))
        .await;
    let log = daemon.ask(&xml("tabdump", None, &["auditlog"])).await;
    let rows: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("&quot;cli&quot;"))
        .collect();
    assert_eq!(rows.len(), 3, "{log}");
    assert!(rows[0].contains("&quot;admin&quot;,&quot;xcat&quot;,&quot;cli&quot;,&quot;lsxcatd&quot;,,&quot; -t -v&quot;,&quot;Allowed&quot;"), "{log}");
    assert!(rows[1].contains("&quot;viewer&quot;,&quot;xcat&quot;,&quot;cli&quot;,&quot;rmdef&quot;,&quot;opnstk1&quot;,,&quot;Denied&quot;"), "{log}");
}
