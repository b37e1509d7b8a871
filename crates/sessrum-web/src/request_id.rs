use std::sync::{Arc, Mutex, PoisonError};

use sessrum_core::{Random, hex};

/// Names a request in the log and in the answer, `X-Request-Id` included.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Bytes of an id.
const LENGTH: usize = 8;

/// How many ids are made at once: one call to the system serves so many.
const STOCK: usize = 64;

/// Makes ids that tell nothing, not even how many there were.
pub(crate) struct RequestIds {
    random: Arc<dyn Random>,
    stock: Mutex<Vec<[u8; LENGTH]>>,
}

impl RequestIds {
    pub(crate) const fn new(random: Arc<dyn Random>) -> Self {
        Self { random, stock: Mutex::new(Vec::new()) }
    }

    /// Another one. Without randomness requests are still served; they only share an id.
    pub(crate) fn next(&self) -> String {
        let mut stock = self.stock.lock().unwrap_or_else(PoisonError::into_inner);
        let mut filled = Ok(());
        if stock.is_empty() {
            let mut ids = [[0; LENGTH]; STOCK];
            filled = self.random.fill(ids.as_flattened_mut());
            if filled.is_ok() {
                stock.extend(ids);
            }
        }
        let id = stock.pop().unwrap_or_default();
        drop(stock);
        if let Err(error) = filled {
            tracing::error!("{error}");
        }
        hex(&id)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use sessrum_core::SeededRandom;

    #[test]
    fn no_two_requests_share_an_id() {
        let ids = RequestIds::new(Arc::new(SeededRandom::new(1)));
        let made: HashSet<_> = (0..10 * STOCK).map(|_| ids.next()).collect();
        assert_eq!(made.len(), 10 * STOCK);
        assert!(made.iter().all(|id| id.len() == 2 * LENGTH));
    }
}
