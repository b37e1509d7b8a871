use std::future::Future;
use std::sync::Arc;

use sessrum_core::store::Store;

/// What a factory makes: an empty store, alone or with a guard that must outlive it, such as a
/// directory.
pub trait Subject {
    /// The store.
    fn store(&self) -> Arc<dyn Store>;
}

impl Subject for Arc<dyn Store> {
    fn store(&self) -> Arc<dyn Store> {
        Self::clone(self)
    }
}

impl<Guard> Subject for (Arc<dyn Store>, Guard) {
    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.0)
    }
}

/// Runs one behaviour, given what it needs around a store of its own. [`suite!`](crate::suite) calls it.
pub fn run<Made, Given, Behaviour>(make: Made, behaviour: impl FnOnce(Given) -> Behaviour)
where
    Made: Future<Output: Subject>,
    Given: From<Arc<dyn Store>>,
    Behaviour: Future<Output = ()>,
{
    runtime().block_on(async {
        let subject = make.await;
        behaviour(subject.store().into()).await;
    });
}

/// Several threads, so that races are real.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap()
}
