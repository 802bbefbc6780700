//! How the daemon fails towards its native door, and who its clients are (spec: rest-and-xcatd 3.1, 1.6).

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use xcat_simulator::Simulator;
use xcat_simulator::seam::{Layer, Release, catalogue};
use xcat_simulator::server::ClientAuthority;

use crate::doors::{Doors, xml};

fn set(doors: &Doors, rule: &str) -> String {
    let request = serde_json::from_str(rule).expect("a rule");
    doors.site.add_fault(request).expect("a fault").id
}

/// What the daemon's answer is to a command that changes something, and whether it was changed.
async fn under(doors: &Doors, rule: &str) -> (String, bool) {
    let id = set(doors, rule);
    let mut daemon = doors.daemon(None).await;
    let told = daemon
        .ask(&xml(
            "chdef",
            None,
            &["-t", "node", "-o", "opnstk1", "groups=changed"],
        ))
        .await;
    assert_eq!(doors.site.fault_rules()[0].hits, 1, "{rule}");
    assert!(
        told.contains("serverdone") || daemon.is_closed().await,
        "{rule}"
    );
    doors.site.remove_fault(&id);
    let shown = doors
        .daemon(None)
        .await
        .ask(&xml("lsdef", None, &["opnstk1"]))
        .await;
    (told, shown.contains("changed"))
}

#[tokio::test]
async fn faults_of_the_daemon_show_at_its_own_door() {
    const CHDEF: &str = r#""target":{"operation":"chdef"}"#;
    for (rule, expected, done) in [
        (r#""name":"xcatd-down""#, "", false),
        (r#""name":"xcatd-closed""#, "", false),
        (r#""name":"xcatd-closed","when":"after""#, "", true),
        (
            r#""name":"xcatd-error""#,
            "<xcatresponse>\n  <error>Unable to process the request</error>\n  \
             <errorcode>1</errorcode>\n  <serverdone></serverdone>\n</xcatresponse>\n",
            false,
        ),
        (r#""name":"xcatd-truncate""#, "<xcatresponse>\n  <i", true),
    ] {
        let doors = Doors::open(Release::M).await;
        let (told, changed) = under(&doors, &format!("{{{rule},{CHDEF}}}")).await;
        assert!(
            told == expected || (rule.contains("truncate") && told.starts_with("<xcatresponse>\n")),
            "{rule}: {told:?}"
        );
        if rule.contains("truncate") {
            assert_eq!(told.len(), 20, "{told:?}");
        }
        assert_eq!(changed, done, "{rule}");
    }
    let doors = Doors::open(Release::M).await;
    let (told, changed) = under(&doors, &format!(r#"{{"name":"xcatd-garbage",{CHDEF}}}"#)).await;
    assert!(
        !told.is_empty() && !told.contains('<') && changed,
        "{told:?}"
    );
    let (told, changed) = under(
        &doors,
        &format!(r#"{{"effect":{{"kind":"xcatd-stall","ms":1}},{CHDEF}}}"#),
    )
    .await;
    assert!(told.contains("serverdone") && changed, "{told:?}");
}

#[tokio::test]
async fn the_same_faults_show_at_the_rest_door() {
    for (name, status) in [
        ("xcatd-down", 503),
        ("xcatd-closed", 503),
        ("xcatd-error", 403),
        ("xcatd-truncate", 503),
        ("xcatd-garbage", 503),
    ] {
        let doors = Doors::open(Release::M).await;
        set(&doors, &format!(r#"{{"name":"{name}"}}"#));
        let answer = doors.get("/nodes/opnstk1").await;
        assert_eq!(answer.status, status, "{name}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_daemon_that_is_down_accepts_nobody() {
    let doors = Doors::open(Release::M).await;
    let id = set(&doors, r#"{"name":"xcatd-down"}"#);
    assert!(doors.try_daemon().await.is_err());
    doors.site.remove_fault(&id);
    assert!(doors.try_daemon().await.is_ok());
}

#[tokio::test]
async fn faults_of_the_web_server_do_not_concern_the_native_door() {
    // Every fault of layer HTTP: the native door has no web server in front of it.
    for fault in catalogue().filter(|f| (f.effect)().layer() == Layer::Http) {
        let doors = Doors::open(Release::M).await;
        set(&doors, &format!(r#"{{"name":"{}"}}"#, fault.name));
        let mut daemon = doors.daemon(None).await;
        let told = daemon.ask(&xml("lsxcatd", None, &["-t"])).await;
        assert!(told.contains("serverdone"), "{}: {told}", fault.name);
        assert_eq!(doors.site.fault_rules()[0].hits, 0, "{}", fault.name);
        // Who asks for one at the daemon is refused, and told of the layer.
        let wrong = format!(r#"{{"name":"{}","layer":"xcatd"}}"#, fault.name);
        let refused = doors.site.add_fault(serde_json::from_str(&wrong).unwrap());
        let said = refused.unwrap_err().to_string();
        assert_eq!(
            said, "the effect is one of layer http, not xcatd",
            "{}",
            fault.name
        );
    }
}

/// Asks a started simulator's daemon who it takes the client for.
async fn authcheck(
    simulator: &Simulator,
    credential: Option<&(String, String)>,
) -> std::io::Result<String> {
    let address = simulator.xcatd_address().expect("the door");
    ask_at(
        simulator,
        address,
        credential,
        "<command>authcheck</command>",
    )
    .await
}

/// Asks the daemon at an address.
async fn ask_at(
    simulator: &Simulator,
    address: SocketAddr,
    credential: Option<&(String, String)>,
    what: &str,
) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    let trusted = simulator.certificate_pem().expect("a certificate");
    roots
        .add(CertificateDer::from_pem_slice(trusted.as_bytes()).expect("PEM"))
        .expect("an anchor");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots);
    let config = match credential {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).expect("PEM")];
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("PEM");
            builder.with_client_auth_cert(chain, key).expect("a pair")
        }
    };
    let stream = TcpStream::connect(address).await?;
    let server = ServerName::try_from("localhost").expect("a name");
    let mut stream = TlsConnector::from(Arc::new(config))
        .connect(server, stream)
        .await?;
    let ask = format!("<xcatrequest>\n{what}\n</xcatrequest>\n");
    stream.write_all(ask.as_bytes()).await?;
    let mut told = Vec::new();
    let mut buffer = [0; 4096];
    while !String::from_utf8_lossy(&told).contains("</xcatresponse>") {
        match stream.read(&mut buffer).await? {
            0 => break,
            length => told.extend_from_slice(&buffer[..length]),
        }
    }
    Ok(String::from_utf8_lossy(&told).into_owned())
}

#[tokio::test]
async fn a_clients_certificate_is_verified() {
    let local = SocketAddr::from(([127, 0, 0, 1], 0));
    let simulator = Simulator::builder()
        .http()
        .xcatd(local)
        .start()
        .await
        .unwrap();
    let own = simulator.client_authority().unwrap();
    let root = own.issue("root").unwrap().unwrap();
    let told = authcheck(&simulator, Some(&root)).await.unwrap();
    assert!(told.contains("<username>root</username>"), "{told}");
    // None is needed; then nobody is known.
    let told = authcheck(&simulator, None).await.unwrap();
    assert!(told.contains("Permission denied"), "{told}");
    // One of another authority is no certificate.
    let other = ClientAuthority::generate().unwrap();
    let forged = other.issue("root").unwrap().unwrap();
    assert!(authcheck(&simulator, Some(&forged)).await.is_err());
    // An authority that was given takes the place of that made at start, and signs nothing here.
    let simulator = Simulator::builder()
        .http()
        .xcatd(local)
        .client_ca(other.pem())
        .start()
        .await
        .unwrap();
    let told = authcheck(&simulator, Some(&forged)).await.unwrap();
    assert!(told.contains("<username>root</username>"), "{told}");
    assert!(authcheck(&simulator, Some(&root)).await.is_err());
    assert!(
        simulator
            .client_authority()
            .unwrap()
            .issue("root")
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_further_world_has_a_native_door_of_its_own() {
    let local = SocketAddr::from(([127, 0, 0, 1], 0));
    let builder = Simulator::builder().http().world("two", "empty", None);
    let simulator = builder.world_xcatd("two", local).start().await.unwrap();
    assert_eq!(simulator.xcatd_address(), None, "the first world has none");
    let address = simulator.world_xcatd_address("two").unwrap();
    let root = simulator.client_authority().unwrap().issue("root").unwrap();
    let list = "<command>lsdef</command><arg>-t</arg><arg>node</arg>";
    let told = ask_at(&simulator, address, root.as_ref(), list)
        .await
        .unwrap();
    assert!(told.contains("zhcp1") && !told.contains("lnx1"), "{told}");
    // One that is added later may have one too, and takes it away with it.
    let options = xcat_simulator::server::WorldOptions {
        xcatd: Some(local),
        ..Default::default()
    };
    simulator.worlds().add("three", options.clone()).unwrap();
    let address = simulator.world_xcatd_address("three").unwrap();
    let told = ask_at(&simulator, address, root.as_ref(), list)
        .await
        .unwrap();
    assert!(told.contains("lnx1"), "{told}");
    assert!(simulator.worlds().remove("three"));
    tokio::task::yield_now().await;
    assert!(
        ask_at(&simulator, address, root.as_ref(), list)
            .await
            .is_err()
    );
    // Without a certificate for native doors there is none.
    let simulator = Simulator::builder().http().start().await.unwrap();
    let refused = simulator.worlds().add("three", options).unwrap_err();
    assert!(refused.to_string().contains("--world-xcatd"), "{refused}");
}
