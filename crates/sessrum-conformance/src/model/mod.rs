//! Random sequences of operations, on the reference and on another store: every answer and all
//! that can be seen afterwards must be the same. What a cache would have kept must hold no longer
//! than it is so.

mod answers;
mod attempts;
mod kept;
mod operations;
mod state;

use std::fmt;
use std::future::Future;
use std::ops::RangeInclusive;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};
use sessrum_core::MemoryStore;

pub use attempts::AttemptOperation;
pub use operations::{Operation, Step};

use crate::Subject;
use crate::runner::runtime;
use answers::World;
use kept::Kept;

/// Operations in a sequence: about sixty, and down to none when a failing one is made shorter.
const LENGTH: RangeInclusive<usize> = 0..=120;

/// Characters of an answer that are shown, from shortly before the first difference.
const SHOWN: usize = 400;

/// The shortest sequence found that a store answers differently from the reference.
pub struct Disagreement {
    /// The operations.
    pub steps: Vec<Step>,
    /// What was different.
    pub difference: String,
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the store and the reference disagree: {}\nafter", self.difference)?;
        for (number, step) in self.steps.iter().enumerate() {
            writeln!(f, "{number:4}. {step:?}")?;
        }
        Ok(())
    }
}

/// Fails when the stores that `make` makes behave otherwise than [`MemoryStore`].
pub fn agrees_with_memory<Made>(make: impl Fn() -> Made)
where
    Made: Future<Output: Subject>,
{
    if let Some(disagreement) = disagreement(make, 64) {
        panic!("{disagreement}");
    }
}

/// Looks in so many sequences for one that tells a store from the reference.
pub fn disagreement<Made>(make: impl Fn() -> Made, sequences: u32) -> Option<Disagreement>
where
    Made: Future<Output: Subject>,
{
    let runtime = runtime();
    let config = Config {
        cases: sequences,
        max_shrink_iters: 4096,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&vec(operations::step(), LENGTH), |steps| {
        runtime.block_on(async {
            let subject = make().await;
            compare(&steps, &subject).await.map_err(TestCaseError::fail)
        })
    });
    match outcome {
        Ok(()) => None,
        Err(TestError::Fail(difference, steps)) => {
            Some(Disagreement { steps, difference: difference.to_string() })
        }
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}

async fn compare(steps: &[Step], subject: &impl Subject) -> Result<(), String> {
    let reference = Arc::new(MemoryStore::new());
    let other = subject.store();
    let mut world = World::default();
    let (mut kept, mut kept_of_other) = (Kept::default(), Kept::default());
    for (number, step) in World::beginning().iter().chain(steps).enumerate() {
        world.advance(step, &*reference).await;
        let expected = world.answer(&step.operation, &*reference).await;
        let answer = world.answer(&step.operation, &*other).await;
        differ(&format!("step {number}, {:?}", step.operation), &expected, &answer)?;
        kept.compare(&*reference, &world.tokens).await?;
        kept_of_other.compare(&*other, &world.tokens).await?;
    }
    let expected = state::of(&*reference, &world).await;
    let found = state::of(&*other, &world).await;
    for ((what, expected), (also, found)) in expected.iter().zip(&found) {
        differ("what is seen", what, also)?;
        differ(what, expected, found)?;
    }
    Ok(())
}

fn differ(what: &str, expected: &str, found: &str) -> Result<(), String> {
    if expected == found {
        return Ok(());
    }
    let common = expected.chars().zip(found.chars()).take_while(|(one, other)| one == other);
    let skipped = common.count().saturating_sub(SHOWN / 4);
    let shown = |text: &str| -> String { text.chars().skip(skipped).take(SHOWN).collect() };
    Err(format!("{what}:\n  reference: …{}\n      store: …{}", shown(expected), shown(found)))
}
