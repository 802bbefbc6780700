//! From HTTP to a verb and back.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use serde_json::{Value, json};

use super::call::{Call, Refusal};
use super::routes::{ROUTES, Route, Verb};
use crate::seam::Site;
use crate::server::{DEFAULT_WORLD, Worlds};
use crate::state::{Origin, Record};

/// Largest body: a whole state.
const BODY_LIMIT: usize = 1 << 30;

/// The control door as an axum router.
pub fn router(worlds: Worlds) -> Router {
    Router::new().fallback(handle).with_state(worlds)
}

async fn handle(State(worlds): State<Worlds>, request: Request<Body>) -> Response<Body> {
    // A page that a browser loaded from elsewhere must not steer the simulator.
    if request.headers().contains_key(header::ORIGIN) {
        return answer(
            StatusCode::FORBIDDEN,
            &json!({"error": "no requests from web pages"}),
        );
    }
    let method = request.method().as_str().to_owned();
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    if method == "GET" && path == "/openapi.json" {
        return answer(StatusCode::OK, &super::openapi());
    }
    if method == "GET" && path == "/health" {
        return answer(StatusCode::OK, &json!({"ok": true}));
    }
    let Ok(body) = to_bytes(request.into_body(), BODY_LIMIT).await else {
        return answer(
            StatusCode::PAYLOAD_TOO_LARGE,
            &json!({"error": "the body is too large"}),
        );
    };
    let body = if body.is_empty() {
        Ok(Value::Null)
    } else {
        serde_json::from_slice(&body).map_err(Refusal::bad)
    };
    let result = match body {
        Ok(body) => serve(worlds, &method, &path, &query, body).await,
        Err(refusal) => Err(refusal),
    };
    match result {
        Ok(value) => answer(StatusCode::OK, &value),
        Err(refusal) => answer(refusal.status, &json!({"error": refusal.message})),
    }
}

fn answer(status: StatusCode, value: &Value) -> Response<Body> {
    let mut text = value.to_string();
    text.push('\n');
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}

async fn serve(
    worlds: Worlds,
    method: &str,
    path: &str,
    query: &str,
    body: Value,
) -> Result<Value, Refusal> {
    let (route, params) = find(method, path)?;
    let name = params.get("world").map_or(DEFAULT_WORLD, String::as_str);
    let hosted = worlds
        .get(name)
        .ok_or_else(|| Refusal::missing(format!("no world '{name}'")))?;
    let query = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(k, v)| (decode(k), decode(v)))
        .collect();
    let call = Call {
        worlds,
        site: hosted.site,
        origin: hosted.origin,
        params,
        query,
        body,
    };
    match route.verb {
        Verb::Look(look) => look(&call),
        Verb::Wait(wait) => wait(call).await,
        Verb::Change(change) => changed(&call, method, path, change),
    }
}

/// Carries out a change; with a change log it takes its turn, and is recorded when it was done.
pub(super) fn changed(
    call: &Call,
    method: &str,
    path: &str,
    change: fn(&Call) -> Result<Value, Refusal>,
) -> Result<Value, Refusal> {
    let site = Arc::clone(&call.site);
    let Some(log) = site.log.get() else {
        let done = change(call);
        site.happened();
        return done;
    };
    let turn = log.verb_turn();
    log.capture(&mut site.world.lock());
    let value = change(call)?;
    log.append(&Record::Verb {
        method: method.to_owned(),
        path: path.to_owned(),
        body: call.body.clone(),
    });
    // What the verb did is in its record.
    log.catch_up(&mut site.world.lock());
    drop(turn);
    log.flush();
    site.happened();
    Ok(value)
}

/// Carries out a recorded change of a site again.
///
/// # Errors
/// It is none, or is refused now.
pub fn replay(
    site: &Arc<Site>,
    origin: &Origin,
    method: &str,
    path: &str,
    body: Value,
) -> Result<(), Refusal> {
    let (route, params) = find(method, path)?;
    let Verb::Change(change) = route.verb else {
        return Err(Refusal::bad("a recorded verb that changes nothing"));
    };
    let call = Call {
        worlds: Worlds::default(),
        site: Arc::clone(site),
        origin: Arc::new(origin.clone()),
        params,
        query: BTreeMap::new(),
        body,
    };
    change(&call).map(|_| ())
}

/// The route of a path, and its variable parts.
fn find(method: &str, path: &str) -> Result<(&'static Route, BTreeMap<String, String>), Refusal> {
    let mut is_path = false;
    for route in ROUTES {
        if let Some(params) = matches(route.path, path) {
            if route.method == method {
                return Ok((route, params));
            }
            is_path = true;
        }
    }
    Err(if is_path {
        Refusal {
            status: StatusCode::METHOD_NOT_ALLOWED,
            message: format!("{method} is not for {path}"),
        }
    } else {
        Refusal::missing(format!("there is no {path}; see /openapi.json"))
    })
}

fn matches(pattern: &str, path: &str) -> Option<BTreeMap<String, String>> {
    let mut params = BTreeMap::new();
    let (mut wanted, mut given) = (pattern.split('/'), path.trim_end_matches('/').split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(params),
            (Some(w), Some(g)) => match w.strip_prefix('{').and_then(|w| w.strip_suffix('}')) {
                Some(name) if !g.is_empty() => {
                    params.insert(name.to_owned(), decode(g));
                }
                _ if w == g => {}
                _ => return None,
            },
            _ => return None,
        }
    }
}

/// Percent decoding; a broken escape stays as it is.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|h| u8::from_str_radix(h, 16).ok());
        if let Some(byte) = hex {
            out.push(byte);
            at += 3;
        } else {
            out.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
