use std::thread;
use std::time::Duration;

/// Waits until something is so that tells nobody, such as what another program has heard.
///
/// # Panics
/// When it is not so within a minute.
pub async fn until(is_so: impl AsyncFn() -> bool) {
    let so = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), so).await.expect("it never came");
}

/// Waits until a server is ready: false when it is not within a minute.
#[expect(clippy::disallowed_methods, reason = "servers tell nobody that they are ready")]
pub(crate) fn until_ready(ready: impl Fn() -> bool) -> bool {
    (0..6000).any(|_| {
        let ready = ready();
        if !ready {
            thread::sleep(Duration::from_millis(10));
        }
        ready
    })
}

/// Does what blocks while the tasks of the test go on.
pub(crate) async fn aside<Output: Send + 'static>(
    work: impl FnOnce() -> Output + Send + 'static,
) -> Output {
    match tokio::task::spawn_blocking(work).await {
        Ok(output) => output,
        Err(failure) => std::panic::resume_unwind(failure.into_panic()),
    }
}
