//! The connection itself, so that it can fail: reset, or carry what is no HTTP.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// How a connection is to fail.
#[derive(Debug, Default)]
pub(super) struct WireFault {
    /// It ends with a reset.
    pub(super) reset: AtomicBool,
    /// What is written is no HTTP.
    pub(super) garbage: AtomicBool,
}

/// A stream over TCP.
pub(super) trait Socket: AsyncRead + AsyncWrite + Unpin {
    /// The TCP connection beneath.
    fn tcp(&self) -> &TcpStream;
}

impl Socket for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Socket for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// A connection that does what its fault says.
pub(super) struct Wire<S: Socket> {
    stream: S,
    fault: Arc<WireFault>,
}

impl<S: Socket> Wire<S> {
    pub(super) fn new(stream: S, fault: Arc<WireFault>) -> Self {
        Self { stream, fault }
    }
}

impl<S: Socket> Drop for Wire<S> {
    fn drop(&mut self) {
        if self.fault.reset.load(Ordering::Acquire) {
            // With no time to linger, closing sends a reset. A socket that refuses is closed in the usual way.
            let _ = self.stream.tcp().set_zero_linger();
        }
    }
}

impl<S: Socket> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: Socket> AsyncWrite for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.fault.garbage.load(Ordering::Acquire) {
            let garbled: Vec<u8> = bytes.iter().map(|b| b ^ 0xa5).collect();
            return Pin::new(&mut self.stream).poll_write(context, &garbled);
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.fault.garbage.load(Ordering::Acquire) {
            let first = parts.iter().find(|part| !part.is_empty());
            return self.poll_write(context, first.map_or(&[], |part| part));
        }
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
