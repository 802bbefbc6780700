//! `/vms/{noderange}` (spec: rest-and-xcatd 1.9.2).

use crate::mn::Request;
use crate::rest::body::{extract_data, split_all};
use crate::rest::call::Call;
use crate::rest::reply::Stop;

/// How a key of a mkvm body becomes arguments.
enum Mkvm {
    /// The value alone.
    Value,
    /// A flag followed by the value.
    Flagged(&'static str),
    /// A flag alone.
    Flag(&'static str),
    /// `key=value`.
    Pair,
}

/// Keys of a mkvm body in the order in which their arguments are sent.
const MKVM: [(&str, Mkvm); 22] = [
    ("clonefrom", Mkvm::Value),
    ("cec", Mkvm::Flagged("-c")),
    ("startId", Mkvm::Flagged("-i")),
    ("source", Mkvm::Flagged("-l")),
    ("profile", Mkvm::Flagged("-p")),
    ("full", Mkvm::Flag("--full")),
    ("master", Mkvm::Flagged("-m")),
    ("disksize", Mkvm::Flagged("-s")),
    ("memory", Mkvm::Flagged("--mem")),
    ("cpu", Mkvm::Flagged("--cpus")),
    ("force", Mkvm::Flag("-f")),
    ("userid", Mkvm::Flagged("--userid")),
    ("size", Mkvm::Flagged("--size")),
    ("password", Mkvm::Flagged("--password")),
    ("privilege", Mkvm::Flagged("--privilege")),
    ("diskpool", Mkvm::Flagged("--diskpool")),
    ("diskvdev", Mkvm::Flagged("--diskVdev")),
    ("imagename", Mkvm::Flagged("--imagename")),
    ("osimage", Mkvm::Flagged("--osimage")),
    ("ipl", Mkvm::Flagged("--ipl")),
    ("pool", Mkvm::Pair),
    ("pw", Mkvm::Pair),
];

pub(super) fn handle(call: &Call) -> Result<Request, Stop> {
    let Some(nodes) = call.part(1) else {
        return Err(Stop::bad("Invalid nodes and/or groups in noderange"));
    };
    let (command, mut args) = match call.method.as_str() {
        "GET" => ("lsvm", lsvm(call)),
        "POST" => ("mkvm", mkvm(call)?),
        "PUT" => ("chvm", chvm(call)?),
        "DELETE" => ("rmvm", rmvm(call)),
        _ => return Err(call.unsupported()),
    };
    for key in ["objectid", "requestid"] {
        if call.a.has(key) {
            args.push(format!("--{key}"));
            args.push(call.a.first(key).unwrap_or_default().to_owned());
        }
    }
    Ok(call.on_nodes(command, nodes, args))
}

fn lsvm(call: &Call) -> Vec<String> {
    let mut args: Vec<String> = Vec::new();
    // The value of `network` is looked for under another name (RQ12).
    let network = if call.quirk("RQ12") {
        "getnetwork"
    } else {
        "network"
    };
    let options = [
        ("all", "-a", None),
        ("networknames", "--getnetworknames", None),
        ("network", "--getnetwork", Some(network)),
        ("diskpoolnames", "--diskpoolnames", None),
        ("diskpool", "--diskpool", Some("diskpool")),
        ("checknics", "--checknics", Some("checknics")),
    ];
    for (key, flag, values) in options {
        if call.b.has(key) {
            args.push(flag.to_owned());
            args.extend(values.map(|v| call.b.all(v)).unwrap_or_default());
        }
    }
    args
}

fn mkvm(call: &Call) -> Result<Vec<String>, Stop> {
    let Some(data) = call.body.true_data() else {
        return Err(Stop::bad("Invalid Parameters"));
    };
    let elements = call.decode(data)?;
    if elements.is_empty() {
        return Err(Stop::bad("No set attribute was supplied."));
    }
    let values = extract_data(&elements);
    let mut args = Vec::new();
    for (key, how) in &MKVM {
        let Some(value) = values.get(*key) else {
            continue;
        };
        match how {
            Mkvm::Value => args.push(value.clone()),
            Mkvm::Flagged(flag) => args.extend([(*flag).to_owned(), value.clone()]),
            Mkvm::Flag(flag) => args.push((*flag).to_owned()),
            Mkvm::Pair => args.push(format!("{key}={value}")),
        }
    }
    Ok(args)
}

fn chvm(call: &Call) -> Result<Vec<String>, Stop> {
    let none = || Stop::bad("No Field and Value map was supplied.");
    let elements = call.decode(call.body.true_data().ok_or_else(none)?)?;
    if elements.is_empty() {
        return Err(none());
    }
    Ok(split_all(&elements))
}

fn rmvm(call: &Call) -> Vec<String> {
    [("retain", "-r"), ("service", "--service")]
        .into_iter()
        .filter(|(key, _)| call.b.has(key))
        .map(|(_, flag)| flag.to_owned())
        .collect()
}
