//! The life of one HTTP request, in the program's own order (spec: rest-and-xcatd 1.1, 1.2, 1.6).

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Request as HttpRequest, Response, StatusCode, header};

use super::body::RequestBody;
use super::call::{Call, HeaderCredentials, credentials};
use super::query::{Params, percent_decode};
use super::reply::{Format, Reply, Stop};
use super::to_the_end::to_the_end;
use super::{html, resources, wire};
use crate::bytes::ByteSet;
use crate::defects::HttpReply;
use crate::mn;
use crate::seam::{DaemonFault, HttpFacts, RequestFacts, Site, When};

/// Largest request body that is read; a larger one is refused.
const BODY_LIMIT: usize = 16 * 1024 * 1024;
/// Where the program is mounted.
const BASE_PATH: &str = "/xcatws";

/// The REST door of a site as an axum router.
pub fn router(site: Arc<Site>) -> Router {
    Router::new().fallback(handle).with_state(site)
}

/// The answer of a site to a request, as its [`router`] gives it.
pub(crate) async fn respond(site: Arc<Site>, request: HttpRequest<Body>) -> Response<Body> {
    handle(State(site), request).await
}

/// A page of the web server itself, such as that of a program that died.
pub fn web_server_page(status: StatusCode) -> Response<Body> {
    Reply::apache(status).into_response()
}

async fn handle(State(site): State<Arc<Site>>, request: HttpRequest<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let too_large = parts
        .headers
        .get(header::CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.parse::<u64>().ok())
        .is_some_and(|n| n > BODY_LIMIT as u64);
    if too_large {
        return Reply::apache(StatusCode::PAYLOAD_TOO_LARGE).into_response();
    }
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return Reply::apache(StatusCode::PAYLOAD_TOO_LARGE).into_response();
    };
    let method = parts.method.as_str().to_ascii_uppercase();
    let http = HttpFacts {
        method: method.clone(),
        path: parts.uri.path().to_owned(),
        status: None,
    };
    let journal = site.open(Some(http), RequestFacts::default());
    // A command that has begun runs to its end even when the client goes away, as the daemon's child does.
    let work = to_the_end(async move {
        let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
        let request = Incoming {
            method: &method,
            path,
            query,
            headers: &parts.headers,
            body: &body,
        };
        let reply = answer(Arc::clone(&site), journal, request).await;
        let reply = if site.defects.are_active() {
            with_defects(&site, reply, &method, path, query)
        } else {
            reply
        };
        site.close(journal, Some(reply.status.as_u16()), None);
        reply
    });
    work.await
        .unwrap_or_else(|_| Reply::apache(StatusCode::INTERNAL_SERVER_ERROR))
        .into_response()
}

/// The reply as the site's deliberate defects leave it.
fn with_defects(site: &Site, reply: Reply, method: &str, path: &str, query: &str) -> Reply {
    let mut http = HttpReply {
        method,
        path,
        query,
        status: reply.status.as_u16(),
        content_type: reply.content_type,
        body: reply.body.into_bytes(),
    };
    site.defects.reply(&mut http);
    Reply {
        status: StatusCode::from_u16(http.status).unwrap_or(reply.status),
        content_type: http.content_type,
        body: http.body.into(),
        close: reply.close,
    }
}

/// An HTTP request that was read.
struct Incoming<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    headers: &'a HeaderMap,
    body: &'a [u8],
}

async fn answer(site: Arc<Site>, journal: u64, request: Incoming<'_>) -> Reply {
    let Incoming {
        method,
        path,
        query,
        headers,
        body,
    } = request;
    let Some(path_info) = path
        .strip_prefix(BASE_PATH)
        .filter(|rest| rest.is_empty() || rest.starts_with('/'))
    else {
        return Reply::apache(StatusCode::NOT_FOUND);
    };
    let is_refused = |path: &str| path.to_ascii_lowercase().contains("%2f") || path.contains("%00");
    if path_info.contains('%') && is_refused(path_info) {
        return Reply::apache(StatusCode::NOT_FOUND);
    }
    let path_info = percent_decode(path_info);
    let a = Params::parser_a(query);
    let format = match format(&a) {
        Ok(format) => format,
        Err(name) => {
            return Reply::text(
                StatusCode::BAD_REQUEST,
                Format::Html,
                format!("The format '{name}' is not valid"),
            );
        }
    };
    let mut parts: Vec<String> = path_info.split('/').skip(1).map(str::to_owned).collect();
    while parts.last().is_some_and(String::is_empty) {
        parts.pop();
    }
    if path_info.is_empty() || path_info == "/" {
        return Reply::text(StatusCode::OK, format, resources::root_page());
    }
    let resource = parts.first().cloned().unwrap_or_default();
    let Some(handler) = resources::handler(&resource) else {
        return Reply::text(
            StatusCode::NOT_FOUND,
            format,
            format!("Resource '{resource}' does not exist"),
        );
    };
    let header_text = |name: &str| {
        headers
            .get(name)
            .map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned())
    };
    let body = RequestBody::new(method, header_text("content-type").as_deref(), body);
    let b = match (&body, method) {
        (RequestBody::Form(form), _) => Params::parser_b(form),
        (_, "GET" | "HEAD" | "DELETE") => Params::parser_b(query),
        _ => Params::default(),
    };
    let credentials = credentials(
        &a,
        HeaderCredentials {
            user: header_text("userName"),
            password: header_text("password"),
        },
    );
    let call = Call {
        method: method.to_owned(),
        parts,
        format,
        a,
        b,
        body,
        credentials,
        settings: site.settings.clone(),
    };
    exchange(site, journal, &call, handler).await
}

/// The format of the answer, or the name of one that does not exist.
fn format(a: &Params) -> Result<Format, String> {
    if !a.has("format") {
        return Ok(Format::Html);
    }
    let name = a.first("format").unwrap_or_default();
    Format::parse(name).ok_or_else(|| name.to_owned())
}

async fn exchange(
    site: Arc<Site>,
    journal: u64,
    call: &Call,
    handler: resources::Handler,
) -> Reply {
    let mut request = match handler(call) {
        Ok(request) => request,
        Err(Stop::Text(status, text)) => return Reply::text(status, call.format, text),
        Err(Stop::Crash(reason)) => {
            tracing::debug!(reason, "the REST program died");
            return Reply::apache(StatusCode::INTERNAL_SERVER_ERROR);
        }
        Err(Stop::Documents(mut documents)) => {
            if call.quirk("RQ14") {
                documents.pop();
            }
            return encode(call, StatusCode::OK, &documents, String::new());
        }
    };
    let prefix = resources::debug_prefix(call, &request);
    request.journal = journal;
    let failing = |fault| daemon_fault(call, &prefix, fault);
    if site.world.lock().mn.daemon_stopped {
        return failing(DaemonFault::Down);
    }
    // Only rules look at the facts.
    if site.is_armed()
        && let Some(fault) = site.daemon_fault(&request.facts(), When::Before)
        && let Some(fault) = fault.settled().await
    {
        return failing(fault);
    }
    if request_is_unreadable(&request) {
        return failing(DaemonFault::Closed);
    }
    let mut response = mn::dispatch::serve(Arc::clone(&site), request).await;
    if let Some(fault) = site.daemon_fault_after(journal)
        && let Some(fault) = fault.settled().await
    {
        return failing(fault);
    }
    if response.done_in_last
        && response.documents.len() == 1
        && let Some(error) = response.documents[0].texts("error").next()
    {
        let status =
            if error.contains("Permission denied") || error.contains("Authentication failure") {
                StatusCode::UNAUTHORIZED
            } else {
                StatusCode::FORBIDDEN
            };
        return Reply::text(status, call.format, format!("{prefix}<p>{error}</p>"));
    }
    if response.done_in_last {
        response.documents.pop();
    }
    let not_found = response
        .documents
        .first()
        .is_some_and(mn::Document::tells_missing);
    let status = if not_found {
        StatusCode::NOT_FOUND
    } else if call.method == "POST" {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    encode(call, status, &response.documents, prefix)
}

/// What the program answers when the daemon fails it (spec: rest-and-xcatd 1.6).
fn daemon_fault(call: &Call, prefix: &str, fault: DaemonFault) -> Reply {
    let (status, text) = match fault {
        DaemonFault::Down => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Connection failurexx: Connection refused".to_owned(),
        ),
        // What is cut or cannot be read is never complete for the program.
        DaemonFault::Closed
        | DaemonFault::Stall(_)
        | DaemonFault::Truncated(_)
        | DaemonFault::Garbage => (
            StatusCode::SERVICE_UNAVAILABLE,
            "ERROR/WARNING: communication with the xCAT server seems to have been ended prematurely"
                .to_owned(),
        ),
        DaemonFault::Error(text) => (StatusCode::FORBIDDEN, format!("<p>{text}</p>")),
    };
    Reply::text(status, call.format, format!("{prefix}{text}"))
}

/// Whether the request's XML cannot be parsed by the daemon, which then closes the connection (RQ31).
fn request_is_unreadable(request: &mn::Request) -> bool {
    const CONTROL: ByteSet = ByteSet::of(
        b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f",
    );
    let bad = |text: &String| CONTROL.is_in(text);
    request.args.iter().any(bad)
        || request.noderange.iter().any(bad)
        || request.env.iter().any(bad)
        || request.command.iter().any(bad)
}

fn encode(call: &Call, status: StatusCode, documents: &[mn::Document], prefix: String) -> Reply {
    let escapes = if call.quirk("RQ10") {
        wire::Escapes::Nested
    } else {
        wire::Escapes::Restored
    };
    let encoded = match call.format {
        Format::Json => wire::json(prefix, documents, escapes),
        Format::Xml => wire::xml(documents, escapes).map(|text| (prefix + &text).into()),
        Format::Html => html::encode(documents, resources::is_table_dump(call), escapes)
            .map(|text| (prefix + &text).into()),
    };
    match encoded {
        Ok(body) => Reply::text(status, call.format, body),
        Err(wire::IllFormed) => Reply::apache(StatusCode::INTERNAL_SERVER_ERROR),
    }
}
