//! What the tests of the seam share: a `lab` site and requests to it.

use std::sync::Arc;

use xcat_simulator::mn::{Credentials, Request, Response, dispatch};
use xcat_simulator::seam::{Settings, Site};
use xcat_simulator::site;

/// A running `lab` site.
pub fn lab() -> Arc<Site> {
    Arc::new(Site::new(site::lab(), Settings::default()))
}

/// A request of the administrator.
pub fn request(command: &str, nodes: &str, args: &[&str]) -> Request {
    Request {
        command: Some(command.to_owned()),
        noderange: Some(nodes.to_owned()),
        args: args.iter().map(|a| (*a).to_owned()).collect(),
        credentials: Some(Credentials {
            user: "admin".to_owned(),
            password: "admin".to_owned(),
        }),
        ..Request::default()
    }
}

/// Carries a request out.
pub async fn run(site: &Arc<Site>, command: &str, nodes: &str, args: &[&str]) -> Response {
    dispatch::serve(Arc::clone(site), request(command, nodes, args)).await
}

/// All texts of an answer, one a line.
pub fn texts(response: &Response) -> String {
    fn of(document: &xcat_simulator::mn::Document, out: &mut Vec<String>) {
        for element in document.0.values().flatten() {
            match element {
                xcat_simulator::mn::Element::Node(node) => of(node, out),
                leaf => out.extend(leaf.text().map(str::to_owned)),
            }
        }
    }
    let mut out = Vec::new();
    for document in &response.documents {
        of(document, &mut out);
    }
    out.join("\n")
}

/// Rows of a pool file.
pub fn pool(site: &Site, host: &str, name: &str) -> Vec<String> {
    let world = site.look();
    let text = world.linuxes[host]
        .fs
        .read(&format!("/var/opt/zhcp/zfcp/{name}.conf"))
        .unwrap_or_default()
        .into_owned();
    text.lines().skip(1).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_generated_site_is_the_same_each_time_and_is_served() {
    let generate = |seed: &str| {
        let output = crate::process::xcat_sim(&[
            "site", "generate", "--zvm", "4", "--guests", "1000", "--luns", "100000", "--seed",
            seed,
        ]);
        assert!(output.status.success());
        output.stdout
    };
    let text = generate("7");
    assert!(text == generate("7") && text != generate("8"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("site.toml");
    std::fs::write(&file, &text).unwrap();
    let served = crate::process::Served::start(&["--site".as_ref(), file.as_os_str()]);
    let url = format!("{}/worlds/default", served.control);
    let text = reqwest::get(url).await.unwrap().text().await.unwrap();
    let world: serde_json::Value = serde_json::from_str(&text).unwrap();
    let counts = ["systems", "linuxes", "volumes", "pools"].map(|key| world[key].as_u64().unwrap());
    // The management node and a zHCP for each system beside the guests.
    assert_eq!(counts, [4, 1 + 4 + 1000, 100_000, 4]);
}
