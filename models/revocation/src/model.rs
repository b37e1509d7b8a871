use stateright::{Model, Property};

use crate::instance::{Answer, Asking, Concerns, Entered, Instance, Place, Question, Ticks};

/// When a revocation is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// When it is committed: other instances hear of it soon, or lose their lease.
    Notify,
    /// When every instance has heard of it or has lost its lease.
    Barrier,
}

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

/// Two instances over one database.
#[derive(Clone, Copy)]
pub struct Installation {
    /// When a revocation is acknowledged.
    pub revocation: Revocation,
    /// For how long what was heard is good.
    pub lease: Ticks,
    /// Changes that are made.
    pub most_events: u8,
    /// Whether instances look without renewing, enter anew at any time and are struck off at any time,
    /// and an end is asked for again. Without, they are struck off only where an end waits for them.
    pub is_restless: bool,
    /// What is done wrong.
    pub fault: Option<Fault>,
}

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
    fn swap(&mut self) {
        self.instances.swap(0, 1);
        self.listed.swap(0, 1);
        if let Some(end) = &mut self.end {
            end.by = 1 - end.by;
        }
    }
}

impl Installation {
    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// The event up to which an instance knows the row, if it answers a request from its cache.
    pub fn served(&self, instance: &Instance) -> Option<u8> {
        instance.entry.filter(|_| instance.proof > 0 || self.has(Fault::KnowsNoLease))
    }

    /// Whether an instance would take the session for a live one though it ended.
    fn opens(&self, instance: &Instance, end: &End) -> bool {
        self.served(instance).is_some_and(|saw| saw < end.event)
    }

    /// Something happened to the user: what is cached or on its way there is not good any more.
    fn hear(&self, instance: &mut Instance) {
        instance.entry = None;
        if !self.has(Fault::FillsWithoutGeneration) {
            instance.filling = None;
        }
    }

    /// Tells whatever happened up to an event.
    fn tell(&self, instance: &mut Instance, last: u8) {
        if instance.told < last {
            instance.told = last;
            self.hear(instance);
        }
    }

    fn commit(state: &mut State, index: usize, concerns: Concerns) {
        state.last += 1;
        state.instances[index].untold = Some((state.last, concerns));
    }

    /// Whether all on the list but the instance that is asked have heard of the end.
    fn others_have_heard(state: &State, end: &End) -> bool {
        let heard = |place: &Option<Place>| place.is_none_or(|place| place.heard >= end.event);
        heard(&state.listed[1 - end.by])
    }

    fn may_acknowledge(&self, state: &State, end: &End) -> bool {
        if end.answered != Answered::NotYet {
            return false;
        }
        let instance = &state.instances[end.by];
        let has_waited = end.waited >= self.lease;
        if end.again {
            let knows = instance.told >= end.event || self.has(Fault::TrustsItself);
            return (knows && Self::others_have_heard(state, end))
                || has_waited
                || self.has(Fault::AnswersAgainAtOnce);
        }
        // It tells itself before it does anything else.
        (instance.untold != Some((end.event, Concerns::Session))
            || self.has(Fault::AcknowledgesBeforeTelling))
            && (self.revocation == Revocation::Notify
                || Self::others_have_heard(state, end)
                || has_waited)
    }

    /// Whether the session has ended and no instance has it, nor is about to: then none ever will again.
    fn is_settled(&self, state: &State) -> bool {
        let knows_nothing =
            |instance: &Instance| instance.entry.is_none() && instance.filling.is_none();
        state.end.is_some()
            && state.instances.iter().all(knows_nothing)
            && !self.has(Fault::SwitchRevives)
    }

    /// Whoever was answered does not ask again.
    fn may_ask_again(&self, state: &State) -> bool {
        self.is_restless
            && self.revocation == Revocation::Barrier
            && state
                .end
                .is_some_and(|end| matches!(end.answered, Answered::NotYet | Answered::Never))
    }

    /// Nobody looks at the list where nobody waits for others.
    fn may_strike_off(&self, state: &State, place: &Place) -> bool {
        let is_waited_for = state.end.is_some_and(|end| end.answered == Answered::NotYet);
        self.revocation == Revocation::Barrier
            && (self.is_restless || is_waited_for)
            && (place.unrenewed >= self.lease || self.has(Fault::StrikesOffTheSilent))
    }

    /// The database answers what an instance asked.
    fn answer(&self, state: &mut State, index: usize) -> Option<()> {
        let last = state.last;
        let told = state.instances[index].told;
        let asking = state.instances[index].asking.as_mut()?;
        match &mut asking.question {
            Question::Renew(answer) => {
                let heard = if self.has(Fault::ConfirmsBeforeHearing) { last } else { told };
                *answer = Some(match &mut state.listed[index] {
                    Some(place) => {
                        *place = Place { heard, unrenewed: 0 };
                        Answer::Last(last)
                    }
                    None => Answer::NotListed,
                });
            }
            Question::Enter(entered) => {
                *entered = Some(Entered { last, visible: false });
            }
        }
        Some(())
    }

    /// An instance hears what the database answered.
    fn hear_answer(&self, instance: &mut Instance) -> Option<()> {
        let Asking { sent, question } = instance.asking.take()?;
        let left = if self.has(Fault::LeaseFromAnswer) { self.lease } else { self.lease - sent };
        match question {
            Question::Renew(answer) => match answer? {
                Answer::NotListed => instance.is_listed = false,
                Answer::Last(last) => {
                    self.tell(instance, last);
                    instance.proof = instance.proof.max(left);
                }
            },
            Question::Enter(entered) => {
                instance.told = entered?.last;
                if !self.has(Fault::EntersWithCache) {
                    self.hear(instance);
                }
                instance.is_listed = true;
                instance.proof = left;
            }
        }
        Some(())
    }

    fn tick(&self, state: &mut State) {
        let grow = |age: &mut Ticks| *age = (*age + 1).min(self.lease);
        if let Some(end) = &mut state.end {
            grow(&mut end.age);
            grow(&mut end.waited);
        }
        if self.revocation == Revocation::Barrier && (self.is_restless || state.end.is_some()) {
            for place in state.listed.iter_mut().flatten() {
                grow(&mut place.unrenewed);
            }
        }
        for instance in &mut state.instances {
            instance.proof = instance.proof.saturating_sub(1);
            if let Some(asking) = &mut instance.asking {
                grow(&mut asking.sent);
            }
        }
    }
}

impl Model for Installation {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::default()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.end.is_some_and(|end| self.may_acknowledge(state, &end)) {
            actions.push(Action::Acknowledge);
        }
        if self.is_settled(state) {
            return;
        }
        actions.push(Action::Tick);
        for (index, instance) in state.instances.iter().enumerate() {
            actions.push(Action::Crash(index));
            if instance.filling.is_some() {
                actions.push(Action::Fill(index));
            } else if self.served(instance).is_none() {
                actions.push(Action::ReadRow(index));
            }
            match instance.asking.map(|asking| asking.question) {
                None => {
                    if instance.is_listed {
                        actions.push(Action::Ask(index, Question::Renew(None)));
                    }
                    if self.is_restless && instance.is_listed {
                        actions.push(Action::Look(index));
                    }
                    // Also when its connection broke.
                    if self.is_restless || !instance.is_listed {
                        actions.push(Action::Ask(index, Question::Enter(None)));
                    }
                }
                Some(question) => {
                    actions.push(Action::LoseAnswer(index));
                    actions.push(match question {
                        Question::Renew(None) | Question::Enter(None) => Action::Answer(index),
                        Question::Enter(Some(Entered { visible: false, .. })) => {
                            Action::Appear(index)
                        }
                        _ => Action::HearAnswer(index),
                    });
                }
            }
            if instance.untold.is_some() {
                actions.push(Action::TellOwn(index));
            } else if state.last < self.most_events {
                actions.push(Action::ChangeOther(index));
                // A switch finds no live row after the end, and before it is like any other change.
                if self.has(Fault::SwitchRevives) {
                    actions.push(Action::Switch(index));
                }
                if state.end.is_none() {
                    actions.push(Action::End(index));
                }
            }
        }
        if self.may_ask_again(state) {
            actions.extend([0, 1].map(Action::AskAgain));
        }
        for (index, place) in state.listed.iter().enumerate() {
            if place.is_some_and(|place| self.may_strike_off(state, &place)) {
                actions.push(Action::StrikeOff(index));
            }
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        match action {
            Action::Tick => self.tick(&mut state),
            Action::Crash(index) => {
                state.instances[index] = Instance::default();
                if let Some(end) = state.end.as_mut().filter(|end| end.by == index)
                    && end.answered == Answered::NotYet
                {
                    end.answered = Answered::Never;
                }
            }
            Action::ReadRow(index) => {
                // A row that has ended is not cached.
                state.instances[index].filling = (!state.is_ended).then_some(state.last);
            }
            Action::Fill(index) => {
                let instance = &mut state.instances[index];
                instance.entry = instance.filling.take();
            }
            Action::Look(index) => {
                let instance = &mut state.instances[index];
                self.tell(instance, state.last.min(instance.told + 1));
                if self.has(Fault::LeaseFromLook) {
                    instance.proof = self.lease;
                }
            }
            Action::Ask(index, question) => {
                if matches!(question, Question::Enter(_)) && !self.has(Fault::EntersWithLease) {
                    // Others take it from then on for one that has heard, and it may never know.
                    state.instances[index].proof = 0;
                }
                state.instances[index].asking = Some(Asking { sent: 0, question });
            }
            Action::Answer(index) => self.answer(&mut state, index)?,
            Action::Appear(index) => {
                if let Some(Asking { question: Question::Enter(Some(entered)), .. }) =
                    &mut state.instances[index].asking
                {
                    entered.visible = true;
                    state.listed[index] = Some(Place { heard: entered.last, unrenewed: 0 });
                }
            }
            Action::HearAnswer(index) => self.hear_answer(&mut state.instances[index])?,
            Action::LoseAnswer(index) => state.instances[index].asking = None,
            Action::ChangeOther(index) => Self::commit(&mut state, index, Concerns::Other),
            Action::Switch(index) => {
                Self::commit(&mut state, index, Concerns::Session);
                state.is_ended = false;
            }
            Action::End(by) => {
                Self::commit(&mut state, by, Concerns::Session);
                state.is_ended = true;
                let (event, answered) = (state.last, Answered::NotYet);
                state.end = Some(End { event, age: 0, by, again: false, waited: 0, answered });
            }
            Action::AskAgain(by) => {
                let end = state.end?;
                let answered = Answered::NotYet;
                state.end = Some(End { by, again: true, waited: 0, answered, ..end });
            }
            Action::TellOwn(index) => {
                let instance = &mut state.instances[index];
                let (event, concerns) = instance.untold.take()?;
                if concerns == Concerns::Session {
                    self.hear(instance);
                }
                // Unless there was something before that it has not been told.
                if instance.told + 1 == event || self.has(Fault::TakesOwnForAll) {
                    instance.told = instance.told.max(event);
                }
            }
            Action::Acknowledge => {
                let have_heard = Self::others_have_heard(&state, &state.end?);
                state.end.as_mut()?.answered =
                    if have_heard { Answered::Confirmed } else { Answered::AfterLease };
            }
            Action::StrikeOff(index) => state.listed[index] = None,
        }
        if self.revocation == Revocation::Barrier
            && let Some(end) = state.end.as_mut().filter(|end| end.answered != Answered::NotYet)
        {
            // It makes no difference any more who was asked.
            *end = End { by: 0, again: false, waited: 0, ..*end };
        }
        if state.instances[1] < state.instances[0] {
            state.swap();
        }
        (state != *before).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("dead stays dead", |_, state: &State| {
                state.end.is_none() || state.is_ended
            }),
            Property::always("an acknowledged end holds", |model: &Self, state: &State| {
                let is_acknowledged =
                    |end: &End| matches!(end.answered, Answered::Confirmed | Answered::AfterLease);
                let Some(end) = state.end.filter(is_acknowledged) else { return true };
                let is_bound = |index| model.revocation == Revocation::Barrier || index == end.by;
                let opens = |index: usize| model.opens(&state.instances[index], &end);
                (0..2).all(|index| !is_bound(index) || !opens(index))
            }),
            Property::always("an end holds after the lease", |model: &Self, state: &State| {
                let Some(end) = state.end.filter(|end| end.age >= model.lease) else { return true };
                state.instances.iter().all(|instance| !model.opens(instance, &end))
            }),
            Property::sometimes("both answer from their caches", |model: &Self, state: &State| {
                state.instances.iter().all(|instance| model.served(instance).is_some())
            }),
            Property::sometimes("both have heard of an end", |_, state: &State| {
                state.end.is_some_and(|end| end.answered == Answered::Confirmed)
                    && state.listed.iter().all(Option::is_some)
            }),
            Property::sometimes("one is silent", |_, state: &State| {
                state.end.is_some_and(|end| end.answered == Answered::AfterLease)
                    && state.listed.iter().all(Option::is_some)
            }),
            Property::sometimes("one that was struck off enters anew", |_, state: &State| {
                state.instances.iter().zip(&state.listed).any(|(instance, place)| {
                    let is_entering = matches!(
                        instance.asking,
                        Some(Asking { question: Question::Enter(Some(_)), .. })
                    );
                    instance.told > 0 && place.is_none() && is_entering
                })
            }),
        ]
    }
}
