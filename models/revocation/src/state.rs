use crate::instance::{Instance, Place, Question, Ticks};

/// Everything there is at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct State {
    /// The last event that was committed.
    pub last: u8,
    /// The end of the session, if there was one.
    pub end: Option<End>,
    /// What the row says.
    pub is_ended: bool,
    /// The list of instances.
    pub listed: [Option<Place>; 2],
    /// In memory.
    pub instances: [Instance; 2],
}

/// The end of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct End {
    /// The event that tells of it.
    pub event: u8,
    /// How long ago it was committed.
    pub age: Ticks,
    /// The instance that is asked for it, last.
    pub by: usize,
    /// Whether it had come by then.
    pub again: bool,
    /// How long whoever asks has waited.
    pub waited: Ticks,
    /// Whether they were answered.
    pub answered: Answered,
}

/// Whether the caller knows that the session has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answered {
    /// The caller waits.
    NotYet,
    /// The instance crashed before.
    Never,
    /// All instances on the list had heard of it.
    Confirmed,
    /// Some had not.
    AfterLease,
}

/// A step; of instance 0 or 1 but for the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Time passes.
    Tick,
    /// What an instance had in memory is lost.
    Crash(usize),
    /// The database reads the row for an instance that will cache it.
    ReadRow(usize),
    /// That row goes into the cache.
    Fill(usize),
    /// An instance has looked what happened, and tells one event of it. How long the answer was on its
    /// way makes no difference: it is told later then.
    Look(usize),
    /// An instance asks the database.
    Ask(usize, Question),
    /// The database gets the question and answers it.
    Answer(usize),
    /// What it wrote for that becomes visible to others.
    Appear(usize),
    /// The instance hears the answer.
    HearAnswer(usize),
    /// Question or answer is lost.
    LoseAnswer(usize),
    /// An instance commits a change to the session, such as a switch of the platform.
    Switch(usize),
    /// An instance commits a change that is about another user.
    ChangeOther(usize),
    /// An instance commits the end of the session.
    End(usize),
    /// An instance is asked for the end and finds that it has come.
    AskAgain(usize),
    /// An instance tells itself what it has committed.
    TellOwn(usize),
    /// The instance that was asked for the end answers its caller.
    Acknowledge,
    /// Somebody strikes an instance off the list that was silent for the lease.
    StrikeOff(usize),
}

impl State {
    /// The two instances are alike: of two states that differ in which is which, one is explored.
    pub(crate) fn swap(&mut self) {
        self.instances.swap(0, 1);
        self.listed.swap(0, 1);
        if let Some(end) = &mut self.end {
            end.by = 1 - end.by;
        }
    }
}
