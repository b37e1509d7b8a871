//! The reference runs the suite that every store runs.
use std::sync::Arc;

use sessrum_core::MemoryStore;
use sessrum_core::store::Store;

sessrum_conformance::suite!(async { Arc::new(MemoryStore::new()) as Arc<dyn Store> });

#[test]
fn the_model_agrees_with_itself() {
    let store = || async { Arc::new(MemoryStore::new()) as Arc<dyn Store> };
    sessrum_conformance::model::agrees_with_memory(store);
}
