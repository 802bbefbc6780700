//! Mistakes of the web front end.

use super::defect::Area::{Security, Status, Text};
use super::defect::Mistake::Reply;
use super::defect::{Defect, defect};
use super::edit::{replace_body, status};

/// The defects.
#[rustfmt::skip]
pub const DEFECTS: &[Defect] = &[
    defect("status/unknown-resource-200", "An unknown resource is answered with 200", Status, "protocol/get/unknown-resource", Reply(|r| status(r, 404, 200))),
    defect("status/unknown-node-200", "An unknown node is answered with 200", Status, "protocol/put/unknown-node", Reply(|r| status(r, 403, 200))),
    defect("status/unknown-node-404", "An unknown node is answered with 404", Status, "protocol/get/unknown-node", Reply(|r| status(r, 403, 404))),
    defect("status/authentication-403", "A wrong password is answered with 403", Status, "security/password/wrong", Reply(|r| status(r, 401, 403))),
    defect("status/authentication-500", "A wrong password makes the front end fail with 500", Status, "security/user/unknown", Reply(|r| status(r, 401, 500))),
    defect("status/put-201", "A change is answered with 201", Status, "protocol/put/confirmations", Reply(|r| if r.method == "PUT" { status(r, 200, 201) })),
    defect("status/post-200", "A definition is answered with 200", Status, "tables/node/create", Reply(|r| if r.method == "POST" { status(r, 201, 200) })),
    defect("status/bad-request-500", "A bad request makes the front end fail with 500", Status, "protocol/put/without-node", Reply(|r| status(r, 400, 500))),
    defect("status/bad-format-200", "An unknown format is answered with 200", Status, "protocol/format/unknown", Reply(|r| if r.body.starts_with(b"The format") { status(r, 400, 200) })),
    defect("status/method-200", "A method that a resource does not know is answered with 200", Status, "tables/row/post-refused", Reply(|r| status(r, 405, 200))),
    defect("status/crash-200", "A body that cannot be read is answered with 200", Status, "protocol/body/not-json", Reply(|r| status(r, 500, 200))),
    defect("status/error-500", "An error of a command is answered with 500", Status, "protocol/option/unknown", Reply(|r| if r.status == 200 && contains(r, "\"error\"") { r.status = 500; })),
    defect("status/trailing-slash-404", "A trailing slash is answered with 404", Status, "protocol/path/trailing-slash", Reply(|r| if r.path.len() > 9 && r.path.ends_with('/') { r.status = 404; })),
    defect("status/request-id-400", "A request with a requestid is refused", Status, "protocol/query/requestid", Reply(|r| if r.query.contains("requestid=") { r.status = 400; })),
    defect("status/json-as-html", "JSON is sent as text/html", Status, "protocol/format/content-type", Reply(|r| if r.content_type.starts_with("application/json") { r.content_type = "text/html; charset=ISO-8859-1"; })),
    defect("status/xml-as-json", "XML is sent as application/json", Status, "protocol/format/content-type", Reply(|r| if r.content_type.starts_with("text/xml") { r.content_type = "application/json; charset=ISO-8859-1"; })),
    defect("text/data-renamed", "The list of documents has another name", Text, "protocol/version/json-shape", Reply(|r| replace_body(r, "{\"data\":[", "{\"result\":["))),
    defect("text/data-unwrapped", "The list of documents comes without its object", Text, "protocol/version/json-shape", Reply(unwrap)),
    defect("text/version-two-parts", "The version text has two numbers only", Text, "version/text/numbers", Reply(|r| if r.path.ends_with("/version") { cut_version(r); })),
    defect("text/noderange-unnamed", "The refusal of a node does not name it", Text, "protocol/get/unknown-node", Reply(|r| replace_body(r, "Invalid nodes and/or groups in noderange: ", "Invalid nodes and/or groups in noderange. "))),
    defect("text/resource-unnamed", "The refusal of a resource does not name it", Text, "protocol/get/unknown-resource", Reply(|r| if r.status == 404 { r.body = b"Resource does not exist".to_vec(); })),
    defect("text/authentication-silent", "A wrong password is refused without a word", Text, "security/refusal/not-json", Reply(|r| if r.status == 401 { r.body.clear(); })),
    defect("security/password-echoed", "The refusal of a password shows it", Security, "security/password/not-echoed", Reply(|r| if r.status == 401 { echo(r); })),
];

fn contains(reply: &super::HttpReply<'_>, text: &str) -> bool {
    String::from_utf8_lossy(&reply.body).contains(text)
}

fn unwrap(reply: &mut super::HttpReply<'_>) {
    let body = String::from_utf8_lossy(&reply.body).into_owned();
    let inner = body
        .strip_prefix("{\"data\":")
        .and_then(|rest| rest.trim_end().strip_suffix('}'));
    if let Some(inner) = inner {
        reply.body = inner.as_bytes().to_vec();
    }
}

fn cut_version(reply: &mut super::HttpReply<'_>) {
    let body = String::from_utf8_lossy(&reply.body).into_owned();
    if let Some((before, rest)) = body.split_once("ersion ") {
        let (number, after) = rest.split_once(' ').unwrap_or((rest, ""));
        let two: Vec<&str> = number.split('.').take(2).collect();
        reply.body = format!("{before}ersion {} {after}", two.join(".")).into_bytes();
    }
}

fn echo(reply: &mut super::HttpReply<'_>) {
    if let Some(password) = reply
        .query
        .split('&')
        .find_map(|pair| pair.strip_prefix("password="))
    {
        reply
            .body
            .extend_from_slice(format!("<p>password {password}</p>").as_bytes());
    }
}
