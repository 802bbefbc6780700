//! Work that runs to its end even when nobody waits for it any more.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, CatchUnwind};

/// A panic of the work.
pub(super) type Panic = Box<dyn Any + Send>;

/// The work runs in the task that waits for it, which spares the way through another task; only when that one stops
/// waiting does it get a task of its own. A panic is caught.
pub(super) fn to_the_end<R: Send + 'static>(
    work: impl Future<Output = R> + Send + 'static,
) -> ToTheEnd<R> {
    let work: BoxFuture<'static, R> = Box::pin(work);
    ToTheEnd(Some(AssertUnwindSafe(work).catch_unwind()))
}

/// See [`to_the_end`].
pub(super) struct ToTheEnd<R: Send + 'static>(
    Option<CatchUnwind<AssertUnwindSafe<BoxFuture<'static, R>>>>,
);

impl<R: Send + 'static> Future for ToTheEnd<R> {
    type Output = Result<R, Panic>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(work) = &mut self.0 else {
            return Poll::Pending;
        };
        let result = work.poll_unpin(context);
        if result.is_ready() {
            self.0 = None;
        }
        result
    }
}

impl<R: Send + 'static> Drop for ToTheEnd<R> {
    fn drop(&mut self) {
        if let Some(work) = self.0.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(work);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_goes_on_when_nobody_waits() {
        let (go, gone) = tokio::sync::oneshot::channel::<()>();
        let (done, ended) = tokio::sync::oneshot::channel::<u8>();
        let mut work = to_the_end(async move {
            gone.await.unwrap();
            done.send(7).unwrap();
        });
        assert!((&mut work).now_or_never().is_none());
        drop(work);
        go.send(()).unwrap();
        assert_eq!(ended.await, Ok(7));
    }

    #[tokio::test]
    async fn a_panic_is_caught() {
        let work = to_the_end(async { panic!("on purpose") });
        let result: Result<(), Panic> = work.await;
        assert!(result.is_err());
    }
}
