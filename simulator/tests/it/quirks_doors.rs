//! Quirks of commands that only a client of the REST door sees.

use xcat_simulator::seam::{Release, Settings};

use crate::doors::Doors;
use crate::stage::repaired;

#[tokio::test]
async fn q55_a_partial_failure_is_200() {
    let doors = Doors::open(Release::M).await;
    let remove = "--removezfcpfrompool scsipol2 0001000000000000,0009000000000000 5005076802102993";
    let answer = doors
        .put("/hypervisor/zvmhost1", &format!(r#"["{remove}"]"#))
        .await;
    assert_eq!(
        (answer.status, &*answer.body),
        (
            200,
            concat!(
                r#"{"data":[{"info":["zvmhost1: Removing zFCP device 5005076802102993/0001000000000000 from scsipol2 pool... Done"],"xcatdsource":["xcat"]},"#,
                r#"{"error":["zvmhost1: (Error) zFCP device 0009000000000000 does not exist"],"errorcode":["1"],"xcatdsource":["xcat"]}]}"#
            )
        )
    );
}

#[tokio::test]
async fn rq15_execcmdonvm_is_silent_over_rest() {
    for (settings, body) in [
        (Settings::default(), r#"{"data":[]}"#),
        (
            repaired("RQ15"),
            r#"{"data":[{"info":["opnstk1: Linux\n"],"xcatdsource":["xcat"]}]}"#,
        ),
    ] {
        let doors = Doors::with(settings).await;
        let answer = doors
            .put("/nodes/opnstk1/execcmdonvm", r#"["uname"]"#)
            .await;
        assert_eq!((answer.status, &*answer.body), (200, body));
    }
}

#[tokio::test]
async fn rq18_the_hash_is_a_password() {
    let doors = Doors::open(Release::M).await;
    let hash = "$1$abcdefgh$irWbblnpmw.5z7wgBnprh0";
    doors.site.edit().mn.tables.set(
        "passwd",
        "key",
        "xcat",
        &[("username", "admin"), ("password", hash)],
    );
    for (password, status) in [(hash, 200), ("other", 401)] {
        let answer = doors
            .http(
                "GET",
                "/xcatws/nodes?format=json",
                &[("userName", "admin"), ("password", password)],
                None,
            )
            .await;
        assert_eq!(answer.status, status);
    }
}
