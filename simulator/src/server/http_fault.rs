//! Faults of the layer HTTP, on one request and its answer.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use futures_util::stream;

use super::wire::WireFault;
use crate::rest;
use crate::seam::Effect;

/// How long a request stalls when no time is given.
const FOREVER: Duration = Duration::from_hours(1);
/// Time for what was sent to leave.
const LEAVE: Duration = Duration::from_millis(20);
/// Pieces in a second of a slow body.
const PIECES: u64 = 10;

/// The connection is to end without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection ends here")]
pub(super) struct Abort;

/// What a fault does before the request is carried out: an answer instead of it, or the end of the connection.
pub(super) async fn before(
    effect: &Effect,
    wire: &WireFault,
) -> Result<Option<Response<Body>>, Abort> {
    match effect {
        Effect::HttpRefuse | Effect::HttpReset => {
            wire.reset.store(true, Ordering::Release);
            Err(Abort)
        }
        Effect::HttpStall { ms } => {
            tokio::time::sleep(ms.map_or(FOREVER, Duration::from_millis)).await;
            Ok(None)
        }
        Effect::HttpGarbage => {
            wire.garbage.store(true, Ordering::Release);
            Ok(None)
        }
        Effect::HttpStatus { status } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Ok(Some(rest::web_server_page(status)))
        }
        _ => Ok(None),
    }
}

/// What a fault makes of an answer.
pub(super) async fn after(
    effect: &Effect,
    wire: &WireFault,
    response: Response<Body>,
) -> Result<Response<Body>, Abort> {
    match effect {
        Effect::HttpTruncate { bytes } => {
            let (whole, mut response) = taken(response).await;
            let kept = whole.slice(..whole.len().min(*bytes as usize));
            // What was sent must have left before the connection ends.
            let pieces = stream::unfold(Some(kept), |left| async move {
                if let Some(kept) = left {
                    Some((Ok(kept), None))
                } else {
                    tokio::time::sleep(LEAVE).await;
                    Some((Err(std::io::Error::other(Abort)), None))
                }
            });
            *response.body_mut() = Body::from_stream(pieces);
            Ok(response)
        }
        Effect::HttpSlow { bytes_per_second } => {
            let (whole, mut response) = taken(response).await;
            let piece = (bytes_per_second / PIECES).max(1) as usize;
            let pause = Duration::from_secs_f64(piece as f64 / (*bytes_per_second).max(1) as f64);
            let pieces = stream::unfold(whole, move |mut left| async move {
                if left.is_empty() {
                    return None;
                }
                tokio::time::sleep(pause).await;
                let next = left.split_to(piece.min(left.len()));
                Some((Ok::<_, std::io::Error>(next), left))
            });
            *response.body_mut() = Body::from_stream(pieces);
            Ok(response)
        }
        other => match before(other, wire).await? {
            Some(instead) => Ok(instead),
            None => Ok(response),
        },
    }
}

/// The whole body, and the answer with its length said.
async fn taken(response: Response<Body>) -> (Bytes, Response<Body>) {
    let (mut parts, body) = response.into_parts();
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts
        .headers
        .insert(header::CONTENT_LENGTH, HeaderValue::from(whole.len()));
    (whole, Response::from_parts(parts, Body::empty()))
}
