//! The protocol between the instances of one installation, small enough to look at every order in
//! which its steps can happen: what an instance may have cached, how it hears of changes, and when
//! a revocation may be acknowledged.
//!
//! One session stands for all. Its row is as old as the events there have been: what an instance has
//! cached is the number of events that its reading saw. Time is counted in ticks; every step takes
//! no time, and any number of ticks may pass between two steps. A message is a step that has been
//! sent and not yet received; whatever is on its way may be lost, and an instance may crash at any
//! moment.

mod fault;
mod installation;
mod instance;
mod model;
mod state;
#[cfg(test)]
mod tests;

pub use fault::Fault;
pub use installation::{Installation, Revocation};
pub use instance::{Answer, Asking, Concerns, Entered, Instance, Place, Question, Ticks};
pub use state::{Action, Answered, End, State};
