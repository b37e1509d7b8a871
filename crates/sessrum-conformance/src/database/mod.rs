//! What needs more than an empty store: a way around it to its database, or another store beside it. A
//! store's own test file calls these, since each has its own way.

pub mod several;
pub mod tampering;
