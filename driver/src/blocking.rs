//! Work on files, which may wait for a disk, away from the threads that serve requests.

/// Runs file work on a thread made for waiting, and gives back what it returns. A panic of the work goes on here.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime ends before the work was begun: nobody waits for the result any more.
            Err(_) => std::future::pending().await,
        },
    }
}

/// [`blocking`], or at once when what is written need not reach a disk.
pub(crate) async fn blocking_if<T: Send + 'static>(
    durable: bool,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    if durable {
        blocking(work).await
    } else {
        work()
    }
}
