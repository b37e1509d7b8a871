use stateright::{Model, Property};

use crate::fault::Fault;
use crate::installation::{Installation, Revocation};
use crate::instance::{Asking, Concerns, Entered, Instance, Place, Question};
use crate::state::{Action, Answered, End, State};

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
