//! `/images[/{image}]` (spec: rest-and-xcatd 1.9.5).

use indexmap::IndexMap;

use super::nodes::options;
use crate::mn::Request;
use crate::rest::body::extract_data;
use crate::rest::call::Call;
use crate::rest::reply::Stop;

pub(super) fn handle(call: &Call) -> Result<Request, Stop> {
    match call.method.as_str() {
        "GET" => {
            let mut args = call.lsdef_args("osimage", call.part(1));
            for criterion in call.b.all("criteria") {
                args.extend(["-w".to_owned(), criterion]);
            }
            Ok(call.request("lsdef", args))
        }
        "POST" => post(call),
        "PUT" => put(call),
        "DELETE" => delete(call),
        _ => Err(call.unsupported()),
    }
}

fn post(call: &Call) -> Result<Request, Stop> {
    let Some(data) = call.body.data() else {
        return Err(Stop::bad("Invalid Parameters"));
    };
    let elements = call.decode(data)?;
    if elements.is_empty() {
        return Err(Stop::bad("No set attribute was supplied."));
    }
    let values = extract_data(&elements);
    match call.part(1).unwrap_or_default() {
        "capture" => {
            let nodes = values
                .get("nodename")
                .ok_or_else(|| Stop::bad("No node range."))?;
            let args = options(
                &values,
                &[
                    ("profile", "-p"),
                    ("osimage", "-o"),
                    ("bootinterface", "-i"),
                    ("netdriver", "-n"),
                    ("device", "-d"),
                    ("compress", "-c"),
                ],
            );
            Ok(call.on_nodes("imgcapture", nodes, args))
        }
        "export" => {
            let mut args = vec![image(&values)?];
            args.extend(options(
                &values,
                &[
                    ("destination", ""),
                    ("postscripts", "-p"),
                    ("extra", "-e"),
                    ("remotehost", "-R"),
                    ("verbose!", "-v"),
                ],
            ));
            Ok(call.request("imgexport", args))
        }
        "import" => {
            let mut args = vec![image(&values)?];
            args.extend(options(
                &values,
                &[
                    ("profile", "-f"),
                    ("remotehost", "-R"),
                    ("postscripts", "-p"),
                    ("nozip!", "-n"),
                    ("verbose!", "-v"),
                ],
            ));
            Ok(call.request("imgimport", args))
        }
        _ => Ok(call.commandless([] as [String; 0])),
    }
}

fn image(values: &IndexMap<String, String>) -> Result<String, Stop> {
    values
        .get("osimage")
        .cloned()
        .ok_or_else(|| Stop::bad("No image specified"))
}

fn put(call: &Call) -> Result<Request, Stop> {
    let sub = call.part(2).unwrap_or_default();
    if sub != "check" {
        return Err(Stop::bad(format!("The subResource {sub} does not exist")));
    }
    let mut args = Vec::new();
    if call.body.data().is_some() {
        args.push("-c");
    }
    args.push(call.part(1).unwrap_or_default());
    Ok(call.request("chkosimage", args))
}

fn delete(call: &Call) -> Result<Request, Stop> {
    if let Some(image) = call.part(1) {
        let verbose = call.b.has("verbose").then_some("-v");
        return Ok(call.request("rmimage", verbose.into_iter().chain([image])));
    }
    let (Some(os), Some(arch), Some(profile)) = (
        call.b.first("os"),
        call.b.first("arch"),
        call.b.first("profile"),
    ) else {
        return Err(Stop::bad(
            "Either the image name or the os, architecture and profile must be specified to remove an image",
        ));
    };
    // The command is forgotten: xcatd refuses.
    Ok(call.commandless(["-o", os, "-a", arch, "-p", profile]))
}
