//! The reference runs the suite that every store runs.
use std::sync::Arc;

use sessrum_core::MemoryStore;
use sessrum_core::store::Store;

sessrum_conformance::suite!(async { Arc::new(MemoryStore::new()) as Arc<dyn Store> });
