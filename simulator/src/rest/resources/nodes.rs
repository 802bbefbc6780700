//! `/nodes[/{noderange}[/{sub-resource}]]` (spec: rest-and-xcatd 1.9.1).

use indexmap::IndexMap;

use crate::mn::Request;
use crate::rest::body::{Elements, extract_data, unsplit};
use crate::rest::call::Call;
use crate::rest::reply::Stop;

pub(super) fn handle(call: &Call) -> Result<Request, Stop> {
    match call.method.as_str() {
        "GET" => get(call),
        "PUT" => put(call),
        "POST" => post(call),
        "DELETE" => {
            let nodes = name(call)?;
            Ok(call.request("rmdef", ["-t", "node", "-o", nodes]))
        }
        _ => Err(call.unsupported()),
    }
}

fn name(call: &Call) -> Result<&str, Stop> {
    call.part(1)
        .ok_or_else(|| Stop::bad("No nodename was supplied."))
}

fn get(call: &Call) -> Result<Request, Stop> {
    let fields = call.b.all("field");
    let Some(sub) = call.part(2) else {
        return Ok(call.request("lsdef", call.lsdef_args("node", call.part(1))));
    };
    let nodes = call.part(1).unwrap_or_default();
    let (command, default) = match sub {
        "power" => ("rpower", Some("stat")),
        "energy" => ("renergy", Some("all")),
        "status" => return Ok(call.on_nodes("nodestat", nodes, [] as [String; 0])),
        "inventory" => ("rinv", Some("all")),
        "vitals" => ("rvitals", Some("all")),
        "scan" => ("rscan", None),
        _ => return Err(Stop::bad("Unspported operation on nodes object.")),
    };
    let args = if fields.is_empty() {
        default.map(str::to_owned).into_iter().collect()
    } else {
        fields
    };
    Ok(call.on_nodes(command, nodes, args))
}

fn post(call: &Call) -> Result<Request, Stop> {
    let nodes = name(call)?;
    let mut args: Vec<String> = ["-t", "node", "-o", nodes].map(str::to_owned).to_vec();
    if let Some(data) = call.body.true_data() {
        args.extend(unsplit(call.decode(data)?));
    }
    Ok(call.request("mkdef", args))
}

fn put(call: &Call) -> Result<Request, Stop> {
    let Some(nodes) = call.part(1) else {
        return Err(Stop::bad("Invalid nodes and/or groups in noderange"));
    };
    let elements = put_elements(call)?;
    let Some(sub) = call.part(2) else {
        let mut args = vec![format!("node={nodes}")];
        args.extend(
            extract_data(&elements)
                .into_iter()
                .map(|(k, v)| format!("{k}={v}")),
        );
        return Ok(call.on_nodes("tabch", nodes, args));
    };
    let command = match sub {
        "power" if elements.is_empty() => {
            return Err(Stop::bad("No power operands were supplied."));
        }
        "power" => "rpower",
        "energy" => "renergy",
        "bootstat" | "bootstate" => "nodeset",
        "bootseq" => "rbootseq",
        "setboot" => "rsetboot",
        "migrate" => "rmigrate",
        "execcmdonvm" => "execcmdonvm",
        "dsh" => return Ok(dsh(call, nodes, &elements)),
        "dcp" => return Ok(dcp(call, nodes, &elements)),
        _ => {
            return Ok(Request {
                noderange: Some(nodes.to_owned()),
                ..call.commandless(unsplit(elements))
            });
        }
    };
    Ok(call.on_nodes(command, nodes, unsplit(elements)))
}

fn put_elements(call: &Call) -> Result<Elements, Stop> {
    if let Some(data) = call.body.true_data() {
        return call.decode(data);
    }
    if !call.a.has("putData") {
        return Err(Stop::bad("No set attribute was supplied."));
    }
    // The values are texts where the handlers below expect arrays.
    if matches!(call.part(2), None | Some("power" | "dsh" | "dcp")) {
        return Err(Stop::Crash("Not an ARRAY reference".to_owned()));
    }
    Ok(call.put_data("field").into_iter().map(Some).collect())
}

/// Arguments of the keys that are there, in a fixed order; a key that ends in `!` is a flag without value.
pub(super) fn options(values: &IndexMap<String, String>, order: &[(&str, &str)]) -> Vec<String> {
    let mut args = Vec::new();
    for (key, flag) in order {
        let (key, alone) = key.strip_suffix('!').map_or((*key, false), |k| (k, true));
        let Some(value) = values.get(key) else {
            continue;
        };
        if !flag.is_empty() {
            args.push((*flag).to_owned());
        }
        if !alone {
            args.push(value.clone());
        }
    }
    args
}

fn dsh(call: &Call, nodes: &str, elements: &Elements) -> Request {
    let values = extract_data(elements);
    let args = options(
        &values,
        &[
            ("devicetype", "--devicetype"),
            ("execute!", "-e"),
            ("environment", "-E"),
            ("fanout", "-f"),
            ("nolocale!", "-L"),
            ("userid", "-l"),
            ("monitor!", "-m"),
            ("options", "-o"),
            ("showconfig!", "-q"),
            ("silent!", "-Q"),
            ("remoteshell", "-r"),
            ("syntax", "-S"),
            ("timeout", "-t"),
            ("envlist", "-X"),
            ("sshsetup", "-K"),
            ("rootimg", "-i"),
            ("command", ""),
        ],
    );
    let env = values
        .get("remotepasswd")
        .map(|password| {
            vec![
                format!("DSH_REMOTE_PASSWORD={password}"),
                "DSH_FROM_USERID=root".to_owned(),
                "DSH_TO_USERID=root".to_owned(),
            ]
        })
        .unwrap_or_default();
    Request {
        env,
        ..call.on_nodes("xdsh", nodes, args)
    }
}

fn dcp(call: &Call, nodes: &str, elements: &Elements) -> Request {
    let args = options(
        &extract_data(elements),
        &[
            ("fanout", "-f"),
            ("rootimg", "-i"),
            ("options", "-o"),
            ("rsyncfile", "-F"),
            ("preserve!", "-p"),
            ("pull!", "-P"),
            ("showconfig!", "-q"),
            ("remotecopy", "-r"),
            ("recursive!", "-R"),
            ("timeout", "-t"),
            ("source", ""),
            ("target", ""),
        ],
    );
    call.on_nodes("xdcp", nodes, args)
}
