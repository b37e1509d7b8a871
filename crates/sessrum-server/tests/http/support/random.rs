//! Randomness that can be made to repeat itself.

use std::sync::Mutex;

use sessrum_core::{Random, RandomError, SeededRandom};

pub(crate) struct RepeatableRandom(Mutex<SeededRandom>);

impl Default for RepeatableRandom {
    fn default() -> Self {
        Self(Mutex::new(SeededRandom::new(1)))
    }
}

impl RepeatableRandom {
    /// From now on comes again what came at the start.
    pub(crate) fn start_over(&self) {
        *self.0.lock().unwrap() = SeededRandom::new(1);
    }
}

impl Random for RepeatableRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        self.0.lock().unwrap().fill(bytes)
    }
}
