use crate::fault::Fault;
use crate::instance::{Answer, Asking, Concerns, Entered, Instance, Place, Question, Ticks};
use crate::state::{Answered, End, State};

/// When a revocation is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// When it is committed: other instances hear of it soon, or lose their lease.
    Notify,
    /// When every instance has heard of it or has lost its lease.
    Barrier,
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

impl Installation {
    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// The event up to which an instance knows the row, if it answers a request from its cache.
    pub fn served(&self, instance: &Instance) -> Option<u8> {
        instance.entry.filter(|_| instance.proof > 0 || self.has(Fault::KnowsNoLease))
    }

    /// Whether an instance would take the session for a live one though it ended.
    pub(crate) fn opens(&self, instance: &Instance, end: &End) -> bool {
        self.served(instance).is_some_and(|saw| saw < end.event)
    }

    /// Something happened to the user: what is cached or on its way there is not good any more.
    pub(crate) fn hear(&self, instance: &mut Instance) {
        instance.entry = None;
        if !self.has(Fault::FillsWithoutGeneration) {
            instance.filling = None;
        }
    }

    /// Tells whatever happened up to an event.
    pub(crate) fn tell(&self, instance: &mut Instance, last: u8) {
        if instance.told < last {
            instance.told = last;
            self.hear(instance);
        }
    }

    pub(crate) fn commit(state: &mut State, index: usize, concerns: Concerns) {
        state.last += 1;
        state.instances[index].untold = Some((state.last, concerns));
    }

    /// Whether all on the list but the instance that is asked have heard of the end.
    pub(crate) fn others_have_heard(state: &State, end: &End) -> bool {
        let heard = |place: &Option<Place>| place.is_none_or(|place| place.heard >= end.event);
        heard(&state.listed[1 - end.by])
    }

    pub(crate) fn may_acknowledge(&self, state: &State, end: &End) -> bool {
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
    pub(crate) fn is_settled(&self, state: &State) -> bool {
        let knows_nothing =
            |instance: &Instance| instance.entry.is_none() && instance.filling.is_none();
        state.end.is_some()
            && state.instances.iter().all(knows_nothing)
            && !self.has(Fault::SwitchRevives)
    }

    /// Whoever was answered does not ask again.
    pub(crate) fn may_ask_again(&self, state: &State) -> bool {
        self.is_restless
            && self.revocation == Revocation::Barrier
            && state
                .end
                .is_some_and(|end| matches!(end.answered, Answered::NotYet | Answered::Never))
    }

    /// Nobody looks at the list where nobody waits for others.
    pub(crate) fn may_strike_off(&self, state: &State, place: &Place) -> bool {
        let is_waited_for = state.end.is_some_and(|end| end.answered == Answered::NotYet);
        self.revocation == Revocation::Barrier
            && (self.is_restless || is_waited_for)
            && (place.unrenewed >= self.lease || self.has(Fault::StrikesOffTheSilent))
    }

    /// The database answers what an instance asked.
    pub(crate) fn answer(&self, state: &mut State, index: usize) -> Option<()> {
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
    pub(crate) fn hear_answer(&self, instance: &mut Instance) -> Option<()> {
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

    pub(crate) fn tick(&self, state: &mut State) {
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
