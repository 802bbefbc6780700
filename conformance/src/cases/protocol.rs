//! The REST front end: shapes and statuses (spec: driver 6.2 PRO; rest-and-xcatd 1).

use crate::target::{Auth, Method, Request};
use crate::{Case, CaseContext, Need, Stop};

/// The cases.
pub const CASES: &[Case] = &[
    case!("protocol/version/json-shape", "The version comes as JSON: an array `data` whose first element holds the text", Must [Core], "driver" "6.2 PRO-01", ReadOnly [], version_shape),
    case!("protocol/rinv/node-prefix", "Lines about a hypervisor are prefixed with its node name", Must [Core], "driver" "6.2 PRO-02", ReadOnly [Need::Hypervisor], node_prefix),
    case!("protocol/put/confirmations", "A row can be added and removed over PUT, both with status 200 and a confirmation", Must [Core Volume], "driver" "6.2 PRO-03", Reversible [Need::Hypervisor], put_confirmations),
    case!("protocol/put/without-node", "PUT on /hypervisor without a node is a bad request", Must [Core], "driver" "6.2 PRO-05", ReadOnly [], put_without_node),
    case!("protocol/put/unknown-node", "PUT on an unknown node is refused with 403 and the noderange text", Must [Core], "driver" "6.2 PRO-06", ReadOnly [], put_unknown_node),
    case!("protocol/get/unknown-node", "GET of an unknown node is refused with 403 and the noderange text", Must [Core], "rest-and-xcatd" "1.6", ReadOnly [], get_unknown_node),
    case!("protocol/get/unknown-resource", "GET of an unknown resource is 404 and names it", Must [Core], "driver" "6.2 PRO-07", ReadOnly [], unknown_resource),
    case!("protocol/get/resource-case", "Resource names are case sensitive", Should [Core], "rest-and-xcatd" "1.2", ReadOnly [], resource_case),
    case!("protocol/hypervisor/post", "POST on /hypervisor never looks like a success", Must [Core], "driver" "6.2 PRO-08", ReadOnly [], hypervisor_post),
    case!("protocol/hypervisor/delete", "DELETE on /hypervisor never looks like a success", Must [Core], "driver" "6.2 PRO-08", ReadOnly [], hypervisor_delete),
    case!("protocol/option/unknown", "An unknown option is answered with status 200 and an error inside", Must [Core], "driver" "6.2 PRO-14", ReadOnly [Need::Hypervisor], unknown_option),
    case!("protocol/body/not-json", "A body that is not JSON is never carried out", Must [Core], "rest-and-xcatd" "1.8", ReadOnly [Need::Hypervisor], body_not_json),
    case!("protocol/body/object", "A body that is a JSON object is never carried out", Must [Core], "rest-and-xcatd" "1.8", ReadOnly [Need::Hypervisor], body_object),
    case!("protocol/body/empty", "An empty body is never a success", Must [Core], "rest-and-xcatd" "1.8", ReadOnly [Need::Hypervisor], body_empty),
    case!("protocol/body/form", "A body sent as a form is not carried out as plain text is", Should [Core], "driver" "6.2 PRO-12", Reversible [Need::Hypervisor], body_form),
    case!("protocol/body/split-words", "One string with blanks and an array of words mean the same", Must [Core], "rest-and-xcatd" "1.4", Reversible [Need::Hypervisor], body_words),
    case!("protocol/body/double-space", "Two blanks make an empty argument, which an optional field takes as absent", Must [Core], "driver" "6.2 PRO-13", Reversible [Need::Hypervisor], double_space),
    case!("protocol/path/trailing-slash", "A trailing slash changes nothing", May [Core], "rest-and-xcatd" "1.2", ReadOnly [], trailing_slash),
    case!("protocol/format/unknown", "An unknown format is a bad request that names it", Must [Core], "rest-and-xcatd" "1.2", ReadOnly [], format_unknown),
    case!("protocol/format/content-type", "The content type follows the format", Must [Core], "rest-and-xcatd" "1.7", ReadOnly [], content_types),
    case!("protocol/root/open", "The root page needs no credentials", May [Core], "rest-and-xcatd" "1.2", ReadOnly [], root_page),
    case!("protocol/error/text-or-element", "A command that fails says so in an error element", Should [Core], "driver" "6.2 PRO-17", Reversible [Need::Hypervisor], error_element),
    case!("protocol/query/requestid", "The keys requestid and objectid are accepted", Must [Core], "driver" "6.2 PRO-18", ReadOnly [], request_id),
    case!("protocol/power/unreachable-shape", "A power query prefixes its line with the node", Must [Core], "rest-and-xcatd" "2.8", ReadOnly [Need::RunningGuests(1)], power_shape),
];

async fn version_shape(c: &mut CaseContext) -> Result<(), Stop> {
    let a = c.get("/version").await?;
    c.status("status", &a, 200)?;
    let first = a
        .documents()
        .and_then(|d| d.first())
        .and_then(|d| d.get("data"))
        .and_then(|d| d.get(0))
        .and_then(serde_json::Value::as_str);
    c.check(
        "shape",
        first.is_some_and(|text| text.contains("ersion")),
        "data[0].data[0] with the version text",
        || a.summary(),
    )
}

async fn node_prefix(c: &mut CaseContext) -> Result<(), Stop> {
    let a = c.inventory_of_host(&["config"]).await?;
    c.status("status", &a, 200)?;
    let prefix = format!("{}:", c.host()?);
    let lines = a.info();
    c.check(
        "prefix",
        !lines.is_empty() && lines.iter().all(|l| l.starts_with(&prefix)),
        &format!("lines that start with '{prefix}'"),
        || a.summary(),
    )
}

async fn put_confirmations(c: &mut CaseContext) -> Result<(), Stop> {
    let pool = c.new_pool()?;
    let at = c.address();
    let line = format!("--addzfcp2pool {pool} free {} {} 1G", at.wwpn, at.lun);
    let a = c.hypervisor(&line).await?;
    c.status("add-status", &a, 200)?;
    c.confirms("add", &a, "Adding zFCP device to")?;
    let line = format!("--removezfcpfrompool {pool} {} {}", at.lun, at.wwpn);
    let a = c.hypervisor(&line).await?;
    c.status("remove-status", &a, 200)?;
    c.confirms("remove", &a, "Removing zFCP device")
}

async fn put_without_node(c: &mut CaseContext) -> Result<(), Stop> {
    let pool = c.name();
    let line = format!("--reservezfcp {pool} used nobody auto 1G");
    let a = c.send(Request::put("/hypervisor", &line)).await?;
    c.status("status", &a, 400)
}

async fn put_unknown_node(c: &mut CaseContext) -> Result<(), Stop> {
    let node = c.name();
    let a = c
        .send(Request::put(format!("/hypervisor/{node}"), "--nosuch"))
        .await?;
    unknown_noderange(c, &a, &node)
}

async fn get_unknown_node(c: &mut CaseContext) -> Result<(), Stop> {
    let node = c.name();
    let a = c.get(format!("/nodes/{node}/inventory")).await?;
    unknown_noderange(c, &a, &node)
}

fn unknown_noderange(c: &CaseContext, a: &crate::target::Answer, node: &str) -> Result<(), Stop> {
    c.status("status", a, 403)?;
    let wanted = format!("Invalid nodes and/or groups in noderange: {node}");
    c.check("text", a.body.contains(&wanted), &wanted, || a.summary())
}

async fn unknown_resource(c: &mut CaseContext) -> Result<(), Stop> {
    let a = c.get("/nosuchthing").await?;
    c.status("status", &a, 404)?;
    c.check(
        "text",
        a.body.contains("nosuchthing"),
        "the resource's name in the body",
        || a.summary(),
    )
}

async fn resource_case(c: &mut CaseContext) -> Result<(), Stop> {
    let a = c.get("/Version").await?;
    c.status("status", &a, 404)
}

async fn hypervisor_post(c: &mut CaseContext) -> Result<(), Stop> {
    let node = c.name();
    let request = Request::new(Method::Post, format!("/hypervisor/{node}")).with_args(&["x"]);
    let a = c.send(request).await?;
    no_success(c, &a)
}

async fn hypervisor_delete(c: &mut CaseContext) -> Result<(), Stop> {
    let node = c.name();
    let a = c
        .send(Request::new(Method::Delete, format!("/hypervisor/{node}")))
        .await?;
    no_success(c, &a)
}

fn no_success(c: &CaseContext, a: &crate::target::Answer) -> Result<(), Stop> {
    c.check(
        "no-success",
        !(200..300).contains(&a.status) && !a.says("Done"),
        "no status of success and no confirmation",
        || a.summary(),
    )
}

async fn unknown_option(c: &mut CaseContext) -> Result<(), Stop> {
    let a = c.hypervisor("--nosuch").await?;
    c.status("status", &a, 200)?;
    c.refuses("error", &a, "Option not supported")
}

async fn body_not_json(c: &mut CaseContext) -> Result<(), Stop> {
    broken_body(c, "--nosuch kit").await
}

async fn body_object(c: &mut CaseContext) -> Result<(), Stop> {
    broken_body(c, r#"{"a":"--nosuch"}"#).await
}

async fn body_empty(c: &mut CaseContext) -> Result<(), Stop> {
    broken_body(c, "").await
}

async fn broken_body(c: &mut CaseContext, body: &str) -> Result<(), Stop> {
    let path = format!("/hypervisor/{}", c.host()?);
    let request = Request::new(Method::Put, path).with_body(body, Some("text/plain"));
    let a = c.send(request).await?;
    no_success(c, &a)
}

async fn body_form(c: &mut CaseContext) -> Result<(), Stop> {
    let pool = c.new_pool()?;
    let at = c.address();
    let line = format!("--addzfcp2pool {pool} free {} {} 1G", at.wwpn, at.lun);
    let mut request = c.hypervisor_request(&line)?;
    request.content_type = Some("application/x-www-form-urlencoded");
    let a = c.send(request).await?;
    no_success(c, &a)?;
    let rows = c.pool(&pool).await?.rows.len();
    c.equal("unchanged", &rows, &0)
}

async fn body_words(c: &mut CaseContext) -> Result<(), Stop> {
    let pool = c.new_pool()?;
    let at = c.address();
    let path = format!("/hypervisor/{}", c.host()?);
    let words = ["--addzfcp2pool", &pool, "free", &at.wwpn, &at.lun, "1G"];
    let a = c
        .send(Request::new(Method::Put, path).with_args(&words))
        .await?;
    c.confirms("words", &a, "Adding zFCP device to")?;
    let rows = c.pool(&pool).await?.rows.len();
    c.equal("row", &rows, &1)
}

async fn double_space(c: &mut CaseContext) -> Result<(), Stop> {
    let pool = c.new_pool()?;
    let at = c.address();
    // The empty argument stands for the range.
    let line = format!(
        "--addzfcp2pool {pool} used {} {} 1G  {pool}",
        at.wwpn, at.lun
    );
    let a = c.hypervisor(&line).await?;
    c.confirms("accepted", &a, "Adding zFCP device to")?;
    let rows = c.pool(&pool).await?;
    let row = rows.row(&at.lun).cloned().unwrap_or_default();
    c.equal("owner", &row.owner, &pool)?;
    c.equal("range", &row.range, &String::new())
}

async fn trailing_slash(c: &mut CaseContext) -> Result<(), Stop> {
    let a = c.get("/version/").await?;
    c.status("status", &a, 200)?;
    let b = c.get("/version").await?;
    c.equal("same", &a.body, &b.body)
}

async fn format_unknown(c: &mut CaseContext) -> Result<(), Stop> {
    let a = c
        .send(Request::get("/version").with_format(Some("kit")))
        .await?;
    c.status("status", &a, 400)?;
    c.check(
        "text",
        a.body.contains("'kit'"),
        "the format's name",
        || a.summary(),
    )
}

async fn content_types(c: &mut CaseContext) -> Result<(), Stop> {
    for (format, wanted) in [
        (Some("json"), "application/json"),
        (Some("xml"), "text/xml"),
        (Some("html"), "text/html"),
        (None, "text/html"),
    ] {
        let a = c.send(Request::get("/version").with_format(format)).await?;
        c.status("status", &a, 200)?;
        c.check("type", a.content_type.starts_with(wanted), wanted, || {
            format!("{format:?} as {}", a.content_type)
        })?;
    }
    Ok(())
}

async fn root_page(c: &mut CaseContext) -> Result<(), Stop> {
    let request = Request::get("/")
        .with_format(None)
        .with_auth(Auth::Given(Vec::new()));
    let a = c.send(request).await?;
    c.status("status", &a, 200)
}

async fn error_element(c: &mut CaseContext) -> Result<(), Stop> {
    let (pool, _) = c.pool_with(&[("free", "1G", "")]).await?;
    let absent = c.address();
    let line = format!("--releasezfcp {pool} {} {}", absent.wwpn, absent.lun);
    let a = c.hypervisor(&line).await?;
    c.status("status", &a, 200)?;
    c.refuses("element", &a, "Releasing FCP device... Failed")
}

async fn request_id(c: &mut CaseContext) -> Result<(), Stop> {
    let request = Request::get("/version")
        .with("requestid", "kit1")
        .with("objectid", "kit2");
    let a = c.send(request).await?;
    c.status("status", &a, 200)
}

async fn power_shape(c: &mut CaseContext) -> Result<(), Stop> {
    let node = c.guest(crate::target::GuestState::Running, 0)?;
    let a = c
        .send(Request::put(format!("/nodes/{node}/power"), "stat"))
        .await?;
    c.status("status", &a, 200)?;
    let wanted = format!("{node}: on");
    c.check(
        "line",
        a.info().iter().any(|l| l.starts_with(&wanted)),
        &wanted,
        || a.summary(),
    )
}
