//! Undoing what a case did, through the same doors and the same fence, and proving that nothing is left.

use crate::fence::Fence;
use crate::ledger::{Ledger, Undo};
use crate::pool::Pool;
use crate::target::{Answer, Client, Method, Request};

/// Undoes every entry, newest first. Gives what could not be undone, in words.
pub async fn undo_all(ledger: &mut Ledger, client: &Client, fence: &Fence) -> Vec<String> {
    let mut left = Vec::new();
    while let Some(entry) = ledger.newest() {
        let result = undo(&entry, client, fence).await;
        ledger.close_newest(result.is_ok());
        if let Err(why) = result {
            left.push(why);
        }
    }
    left
}

/// Undoes one entry.
pub async fn undo(entry: &Undo, client: &Client, fence: &Fence) -> Result<(), String> {
    match entry {
        Undo::Pool { host, name } => pool(host, name, client, fence).await,
        Undo::Disk {
            node,
            devices,
            wwpns,
            lun,
        } => {
            // The row may be gone or never have been: what counts is what the guest shows, which the undedication of the
            // device settles. The answer is kept as evidence.
            let line = format!("--removezfcp {devices} {wwpns} {lun} 1");
            chvm(node, &line, client, fence).await.map(drop)
        }
        Undo::Dedication { node, device } => {
            let answer = chvm(node, &format!("--undedicatedevice {device}"), client, fence).await?;
            let entry = send(Request::get(format!("/vms/{node}")), client, fence).await?;
            let wanted = format!("DEDICATE {device}").to_ascii_uppercase();
            let still = entry.info().iter().any(|l| {
                l.to_ascii_uppercase()
                    .split_whitespace()
                    .collect::<Vec<_>>()
                    .join(" ")
                    .contains(&wanted)
            });
            if still {
                return Err(format!(
                    "{node} still has {device} dedicated: {}",
                    answer.summary()
                ));
            }
            Ok(())
        }
        Undo::DeviceNode { node, path } => {
            chvm(node, &format!("--removefilesysnode {path}"), client, fence)
                .await
                .map(drop)
        }
        Undo::Image { name } => {
            // The first removes the files, the second the definition.
            for path in [
                format!("/images/{name}"),
                format!("/objects/osimage/{name}"),
            ] {
                send(Request::new(Method::Delete, path), client, fence).await?;
            }
            let seen = send(Request::get(format!("/images/{name}")), client, fence).await?;
            if seen
                .info()
                .iter()
                .any(|l| l.contains(&format!("Object name: {name}")))
            {
                return Err(format!("image {name} is still there"));
            }
            Ok(())
        }
        Undo::Node { name } => {
            let request = Request::new(Method::Delete, format!("/nodes/{name}"));
            send(request, client, fence).await?;
            let seen = send(Request::get(format!("/nodes/{name}")), client, fence).await?;
            if seen.says(&format!("Object name: {name}")) {
                return Err(format!("node {name} is still there"));
            }
            Ok(())
        }
        Undo::Row { table, node } => {
            let line = format!("-d node={node} {table}");
            let request = Request::put(format!("/tables/{table}"), &line);
            send(request, client, fence).await?;
            let seen = send(Request::get(format!("/tables/{table}")), client, fence).await?;
            if seen
                .lines("data")
                .iter()
                .any(|l| l.starts_with(&format!("\"{node}\",")))
            {
                return Err(format!("table {table} still has a row of {node}"));
            }
            Ok(())
        }
        Undo::Boot { node, wwpn, lun } => {
            chvm(node, "--deleteipl", client, fence).await?;
            chvm(
                node,
                &format!("--removeloaddev {wwpn} {lun}"),
                client,
                fence,
            )
            .await
            .map(drop)
        }
        Undo::Power { node, state } => {
            let request = Request::put(format!("/nodes/{node}/power"), state);
            send(request, client, fence).await.map(drop)
        }
    }
}

async fn pool(host: &str, name: &str, client: &Client, fence: &Fence) -> Result<(), String> {
    // Each removal takes every row that matches, so the pool is read anew before each; a row that survives its removal
    // ends the loop instead of keeping it alive.
    let mut tried: Vec<String> = Vec::new();
    loop {
        let rows = read(host, name, client, fence).await?.rows;
        let Some(row) = rows.iter().find(|r| !tried.contains(&r.text())) else {
            return if rows.is_empty() {
                Ok(())
            } else {
                Err(format!("pool {name} still has {} row(s)", rows.len()))
            };
        };
        tried.push(row.text());
        let wwpn = row.wwpn.split(';').next().unwrap_or_default();
        let line = format!("--removezfcpfrompool {name} {} {wwpn}", row.lun);
        send(
            Request::put(format!("/hypervisor/{host}"), &line),
            client,
            fence,
        )
        .await?;
    }
}

async fn read(host: &str, name: &str, client: &Client, fence: &Fence) -> Result<Pool, String> {
    let request = pool_query(host, name, "all");
    Ok(Pool::read(host, &send(request, client, fence).await?))
}

/// The request that lists a pool.
pub fn pool_query(host: &str, name: &str, filter: &str) -> Request {
    Request::get(format!("/nodes/{host}/inventory"))
        .with("field", "--zfcppool")
        .with("field", name)
        .with("field", filter)
}

async fn chvm(node: &str, line: &str, client: &Client, fence: &Fence) -> Result<Answer, String> {
    send(Request::put(format!("/vms/{node}"), line), client, fence).await
}

async fn send(request: Request, client: &Client, fence: &Fence) -> Result<Answer, String> {
    let permit = fence.check(request)?;
    client.send(permit.request()).await
}
