/// What is done wrong, to see that it is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A row that was read while something happened goes into the cache all the same.
    FillsWithoutGeneration,
    /// The lease begins when the answer comes, not when it was asked for.
    LeaseFromAnswer,
    /// An instance says that it has heard when it is about to.
    ConfirmsBeforeHearing,
    /// What was cached before an instance entered stays.
    EntersWithCache,
    /// An instance that enters anew goes by what it has cached until it hears that it has entered.
    EntersWithLease,
    /// A change is acknowledged before the instance that made it has heard of it.
    AcknowledgesBeforeTelling,
    /// An instance that was told of its own change takes all that came before for told.
    TakesOwnForAll,
    /// Instances that are silent are struck off the list at once.
    StrikesOffTheSilent,
    /// The lease begins anew with each look, though others see renewals alone.
    LeaseFromLook,
    /// Whoever asks again for the end, which has come by then, is answered at once.
    AnswersAgainAtOnce,
    /// An instance that is asked again waits for all others and not for itself.
    TrustsItself,
    /// The cache is used without a proof.
    KnowsNoLease,
    /// A switch that comes after the end writes the row it has read.
    SwitchRevives,
}
