//! The body of an answer, in pieces: texts, and rows of a pool that are put together while they are sent.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use parking_lot::Mutex;

use crate::world::pool_text::Framed;

/// Bytes of rows that are put together at a time: few enough that they are still in the processor's cache when the
/// kernel takes them, and so many that the kernel is asked seldom. Measured by `scripts/bench --only large-answer`.
const PIECE: usize = 192 * 1024;

/// A body.
#[derive(Debug, Default)]
pub(super) struct Pieces(Vec<Piece>);

/// A part of a body.
#[derive(Debug)]
pub(super) enum Piece {
    Bytes(Vec<u8>),
    Rows(Box<Framed>),
}

impl Pieces {
    /// Adds a text.
    pub(super) fn push_text(&mut self, text: String) {
        self.0.push(Piece::Bytes(text.into_bytes()));
    }

    /// Adds rows.
    pub(super) fn push_rows(&mut self, rows: Framed) {
        self.0.push(Piece::Rows(Box::new(rows)));
    }

    /// The whole body.
    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        if let [Piece::Bytes(_)] = self.0[..]
            && let Some(Piece::Bytes(bytes)) = self.0.pop()
        {
            return bytes;
        }
        let mut whole = Vec::with_capacity(self.0.iter().map(Piece::len).sum());
        for piece in self.0 {
            match piece {
                Piece::Bytes(bytes) => whole.extend(bytes),
                Piece::Rows(mut rows) => whole.extend(rows.piece(rows.left())),
            }
        }
        whole
    }

    /// The body of a response. Its length is known, so it is sent with it.
    pub(super) fn into_body(self) -> Body {
        if self.0.iter().all(|piece| matches!(piece, Piece::Bytes(_))) {
            return Body::from(self.into_bytes());
        }
        Body::new(Sending(self.0.into()))
    }
}

impl Piece {
    fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Rows(rows) => rows.left(),
        }
    }
}

impl From<Vec<u8>> for Pieces {
    fn from(bytes: Vec<u8>) -> Self {
        Self(vec![Piece::Bytes(bytes)])
    }
}

impl From<String> for Pieces {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

/// What is still to be sent.
#[derive(Debug)]
struct Sending(VecDeque<Piece>);

/// Buffers of rows that were sent, to be filled again by whoever sends rows next: they need no preparation, and they
/// are likely to be in the processor's cache.
static BUFFERS: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());
/// Most buffers that are kept: about as many as a connection holds at a time.
const KEPT: usize = 4;

/// A buffer on its way; when it was sent it is kept.
struct Filled {
    buffer: Vec<u8>,
    len: usize,
}

impl Filled {
    /// The next piece of rows.
    fn next(rows: &mut Framed) -> Self {
        let kept = BUFFERS.lock().pop();
        let mut buffer = kept.unwrap_or_else(|| Vec::with_capacity(PIECE + PIECE / 8));
        let len = rows.fill(&mut buffer, PIECE);
        Self { buffer, len }
    }
}

impl AsRef<[u8]> for Filled {
    fn as_ref(&self) -> &[u8] {
        &self.buffer[..self.len]
    }
}

impl Drop for Filled {
    fn drop(&mut self) {
        let mut kept = BUFFERS.lock();
        // Rows of any length make a buffer of any length; only usual ones stay.
        if kept.len() < KEPT && self.buffer.capacity() <= 2 * PIECE {
            kept.push(std::mem::take(&mut self.buffer));
        }
    }
}

impl HttpBody for Sending {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = loop {
            match self.0.front_mut() {
                None => return Poll::Ready(None),
                Some(Piece::Rows(rows)) if rows.left() > 0 => {
                    break Bytes::from_owner(Filled::next(rows));
                }
                Some(_) => match self.0.pop_front() {
                    Some(Piece::Bytes(bytes)) if !bytes.is_empty() => break Bytes::from(bytes),
                    _ => {}
                },
            }
        };
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.iter().all(|piece| piece.len() == 0)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.iter().map(|piece| piece.len() as u64).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::PoolText;

    fn pieces() -> (Pieces, String) {
        let rows: String = (0..5_000)
            .map(|n| format!("free,w,{n:016x},8G\n"))
            .collect();
        let framed = Framed::new(PoolText::new(&rows), "z: ", "|").unwrap();
        let mut pieces = Pieces::default();
        pieces.push_text("<".to_owned());
        pieces.push_rows(framed);
        pieces.push_text(">".to_owned());
        let text = rows.lines().map(|row| format!("z: {row}|"));
        (pieces, format!("<{}>", text.collect::<String>()))
    }

    #[tokio::test]
    async fn a_body_is_its_pieces_one_behind_the_other() {
        let (whole, text) = pieces();
        assert_eq!(whole.into_bytes(), text.as_bytes());
        let body = pieces().0.into_body();
        assert_eq!(body.size_hint().exact(), Some(text.len() as u64));
        let sent = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        assert_eq!(sent, text.as_bytes());
        let small = Pieces::from("x".to_owned()).into_body();
        assert_eq!(small.size_hint().exact(), Some(1));
    }

    #[tokio::test]
    async fn buffers_are_filled_again_and_few_are_kept() {
        for _ in 0..3 {
            let (whole, text) = pieces();
            let mut sending = Sending(whole.0.into());
            let mut held = Vec::new();
            while let Some(Ok(frame)) = next(&mut sending).await {
                held.push(frame.into_data().unwrap());
            }
            assert_eq!(held.concat(), text.as_bytes());
        }
        let framed = || Framed::new(PoolText::new("a\n"), "", "").unwrap();
        let many: Vec<Filled> = (0..3 * KEPT).map(|_| Filled::next(&mut framed())).collect();
        assert!(many.iter().all(|filled| filled.as_ref() == b"a"));
        drop(many);
        assert!(BUFFERS.lock().len() <= KEPT);
    }

    async fn next(sending: &mut Sending) -> Option<Result<Frame<Bytes>, Infallible>> {
        std::future::poll_fn(|context| Pin::new(&mut *sending).poll_frame(context)).await
    }
}
