/// Ticks. A time that has passed is counted up to the lease: longer ago is all the same.
pub type Ticks = u8;

/// What one process has in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Instance {
    /// Whether it takes itself to be on the list.
    pub is_listed: bool,
    /// The last event that it was told.
    pub told: u8,
    /// For how long the cache may still be used.
    pub proof: Ticks,
    /// What is cached: the last event before the row was read.
    pub entry: Option<u8>,
    /// A row that was read and is on its way into the cache: the last event before.
    pub filling: Option<u8>,
    /// What it asked the database for.
    pub asking: Option<Asking>,
    /// An event of its own that was committed and that it has not told itself of.
    pub untold: Option<(u8, Concerns)>,
}

/// Whom a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Concerns {
    /// The session that is looked at here.
    Session,
    /// Somebody else.
    Other,
}

/// A question to the database, and since when it is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Asking {
    pub sent: Ticks,
    pub question: Question,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Question {
    /// What happened? It also says what this instance has heard, and that it is there.
    Renew(Option<Answer>),
    /// To be put on the list of instances.
    Enter(Option<Entered>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Answer {
    /// The last event.
    Last(u8),
    /// The instance is not on the list.
    NotListed,
}

/// What others see of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The last event that it says it has heard.
    pub heard: u8,
    /// How long ago it renewed.
    pub unrenewed: Ticks,
}

/// On the list, from this event on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Entered {
    pub last: u8,
    /// Whether others can see it.
    pub visible: bool,
}
