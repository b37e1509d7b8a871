//! Readings that are kept, and changes that overtake them: no order of the steps of those who read,
//! change and look lets anybody use what was read before a change that was acknowledged.

#![cfg(test)]

mod atomics {
    pub(crate) use loom::sync::atomic::{AtomicU64, Ordering};
}

#[path = "../../../crates/sessrum-core/src/change_feed/generations.rs"]
mod generations;

use generations::Generations;
use loom::sync::atomic::AtomicU64;
use loom::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use loom::sync::{Arc, Mutex};
use loom::thread::{self, JoinHandle};

const ADA: &str = "ada";
const NOW: u64 = 0;

/// A database of one row, and a cache of it.
struct World {
    /// How often the row has changed. The database's own locks order nothing beyond this.
    row: AtomicU64,
    generations: Generations,
    /// A reading, and the generation before it.
    kept: Mutex<Option<(u64, u64)>>,
    /// How many changes were acknowledged.
    acknowledged: AtomicU64,
}

impl World {
    fn new() -> Arc<Self> {
        let world = Self {
            row: AtomicU64::new(0),
            generations: Generations::new(1),
            kept: Mutex::new(None),
            acknowledged: AtomicU64::new(0),
        };
        world.generations.prove_until(u64::MAX);
        Arc::new(world)
    }

    /// Reads the row and keeps it.
    fn fill(&self) {
        let generation = self.generations.current();
        let row = self.row.load(Relaxed);
        *self.kept.lock().unwrap() = Some((row, generation));
    }

    /// Changes the row, tells of it, and answers.
    fn change(&self, tell: impl FnOnce(&Generations)) {
        self.row.fetch_add(1, Relaxed);
        tell(&self.generations);
        self.acknowledged.fetch_add(1, Release);
    }

    /// What a request takes from the cache is no older than what was acknowledged before it.
    fn request(&self) {
        let acknowledged = self.acknowledged.load(Acquire);
        let Some((row, generation)) = *self.kept.lock().unwrap() else { return };
        if self.generations.holds(&ADA, generation, NOW) {
            assert!(row >= acknowledged, "a request went by what was so before");
        }
    }
}

fn spawn(world: &Arc<World>, act: impl Fn(&World) + 'static) -> JoinHandle<()> {
    let world = Arc::clone(world);
    thread::spawn(move || act(&world))
}

fn join(threads: impl IntoIterator<Item = JoinHandle<()>>) {
    for thread in threads {
        thread.join().unwrap();
    }
}

fn of_ada(generations: &Generations) {
    generations.count_change(&ADA);
}

#[test]
fn a_reading_that_a_change_overtakes_is_void() {
    loom::model(|| {
        let world = World::new();
        let threads = [spawn(&world, World::fill), spawn(&world, |world| world.change(of_ada))];
        world.request();
        join(threads);
        world.request();
    });
}

#[test]
fn so_it_is_when_it_is_not_known_what_changed() {
    loom::model(|| {
        let world = World::new();
        let change = |world: &World| world.change(Generations::count_change_of_anyone);
        let threads = [spawn(&world, World::fill), spawn(&world, change)];
        world.request();
        join(threads);
        world.request();
    });
}

#[test]
fn of_two_changes_at_once_neither_is_lost() {
    // All orders of three threads would take minutes.
    let mut explorer = loom::model::Builder::new();
    explorer.preemption_bound = Some(3);
    explorer.check(|| {
        let world = World::new();
        let change = |world: &World| world.change(of_ada);
        let changes = [spawn(&world, change), spawn(&world, change)];
        world.fill();
        join(changes);
        world.request();
    });
}

/// What was read before a change that nobody told in time is not used under the lease after.
#[test]
fn a_new_lease_vouches_for_nothing_that_was_overtaken_in_the_last() {
    const EXPIRED: u64 = 10;
    const LATER: u64 = 15;
    loom::model(|| {
        let world = World::new();
        world.generations.prove_until(EXPIRED);
        let generation = world.generations.current();
        // Another process has changed the row, and the lease has run out since.
        let look = spawn(&world, |world| {
            of_ada(&world.generations);
            world.generations.prove_until(20);
        });
        assert!(!world.generations.holds(&ADA, generation, LATER));
        look.join().unwrap();
        assert!(!world.generations.holds(&ADA, generation, LATER));
        assert!(world.generations.holds(&ADA, world.generations.current(), LATER));
    });
}
