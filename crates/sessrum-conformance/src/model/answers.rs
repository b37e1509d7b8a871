use std::time::Duration;

use sessrum_core::store::{
    Activity, CreateOutcome, DataWrite, EndedSession, NewEvent, NewPlatform, NewSession, NewUser,
    Page, PasswordChange, PasswordOutcome, PlatformChange, Rotation, SessionFilter, Store,
    StoreError, UserChange, UserOutcome,
};
use sessrum_core::{
    Actor, Change, Client, EventKind, ExpiryLimits, PlatformId, Role, SealedCredentials,
    SessionFingerprint, SessionHandle, SessionId, Timestamp, TokenHash, UserId,
};

use super::attempts;
use super::operations::{Checked, Offered, Operation, Step};
use crate::fixture::{at, change, new_platform, new_user, password};

/// What the operations of a sequence have in common: the time, and the names given so far.
#[derive(Default)]
pub(super) struct World {
    seconds: u64,
    steps: u8,
    last_session: i64,
    pub(super) tokens: Vec<TokenHash>,
    password_changed_at: Option<Timestamp>,
}

pub(super) fn user(number: u8) -> UserId {
    if number == 0 { UserId::from("1") } else { UserId::from(i64::from(number)) }
}

pub(super) fn platform(number: u8) -> PlatformId {
    if number == 0 { PlatformId::from("1") } else { PlatformId::from(i64::from(number)) }
}

fn name(number: u8) -> String {
    format!("name{number}")
}

/// Ended sessions come in no particular order.
fn sorted(mut ended: Vec<EndedSession>) -> Vec<EndedSession> {
    ended.sort_by_key(|ended| ended.id);
    ended
}

pub(super) fn text<Answer: std::fmt::Debug>(answer: Result<Answer, StoreError>) -> String {
    format!("{:?}", answer.map_err(|error| error.kind()))
}

impl World {
    /// Two users with a platform each, so that short sequences have something to work on.
    pub(super) fn beginning() -> Vec<Step> {
        let add = |name| Operation::AddUser { name, email: name, role: Role::Viewer };
        let platform =
            |user| Operation::AddPlatform { user, name: 0, account: 0, is_default: false };
        [add(0), add(1), platform(1), platform(2)]
            .map(|operation| Step { after: 1, operation })
            .to_vec()
    }

    /// Lets the time pass and makes ready what the step brings.
    pub(super) async fn advance(&mut self, step: &Step, reference: &dyn Store) {
        self.seconds += u64::from(step.after);
        self.steps += 1;
        let everything = SessionFilter { include_ended: true, ..SessionFilter::default() };
        let youngest = Page { before: None, limit: 1 };
        if let [session] = &reference.list(&everything, youngest).await.unwrap()[..] {
            self.last_session = session.id.0;
        }
        let (subject, offered) = match &step.operation {
            Operation::Create { user, token, .. } => (Some(*user), Some(*token)),
            Operation::ChangePassword { user, .. } => (Some(*user), Some(Offered::Fresh)),
            Operation::Rotate { token, .. } => (None, Some(*token)),
            _ => (None, None),
        };
        if let Some(offered) = offered {
            let token = match (offered, self.tokens.first()) {
                (Offered::First, Some(first)) => *first,
                _ => TokenHash::from_bytes([self.steps; 32]),
            };
            self.tokens.push(token);
        }
        if let Some(subject) = subject {
            let users = reference.users(None, 99).await.unwrap();
            let found = users.into_iter().find(|it| it.info.id == user(subject));
            self.password_changed_at = found.map(|it| it.password_changed_at);
        }
    }

    fn session(&self, back: u8) -> SessionId {
        // Never past the first, so that a sequence that is made shorter still means the same one.
        SessionId(self.last_session - i64::from(back).min(self.last_session - 1).max(0))
    }

    fn token(&self, back: u8) -> TokenHash {
        let index = self.tokens.len().checked_sub(usize::from(back) + 1);
        index.map_or(TokenHash::from_bytes([255; 32]), |index| self.tokens[index])
    }

    fn checked(&self, checked: Checked) -> Option<Timestamp> {
        match checked {
            Checked::Nothing => None,
            Checked::Current => Some(self.password_changed_at.unwrap_or(at(0))),
            Checked::Stale => Some(at(0)),
        }
    }

    /// By a user on one of two devices.
    fn change(&self) -> Change {
        let client = Client {
            user_agent: Some(
                if self.steps.is_multiple_of(3) { "Other/1" } else { "Browser/1" }.into(),
            ),
            ..change(0).client
        };
        Change { by: Actor::User(user(self.steps % 3)), client, ..change(self.seconds) }
    }

    fn ago(&self, seconds: impl Into<u64>) -> Timestamp {
        at(self.seconds) - Duration::from_secs(seconds.into())
    }

    fn offered(&self) -> TokenHash {
        self.token(0)
    }

    fn rotation(&self, forced: bool, authenticated: Option<u16>) -> Rotation {
        Rotation {
            token: self.offered(),
            replaces: None,
            patience_since: self.ago(30_u8),
            forced,
            authenticated_until: authenticated.map(|more| at(self.seconds + u64::from(more))),
            password_changed_at: None,
        }
    }

    /// A store's answer to an operation, as text, in an order that does not depend on the store.
    pub(super) async fn answer(&self, operation: &Operation, store: &dyn Store) -> String {
        let now = &self.change();
        match operation.clone() {
            Operation::Create { .. } => self.create(operation, store).await,
            Operation::Confirm { token } => {
                text(store.confirm_token(&self.token(token), now.at).await)
            }
            Operation::Rotate { session: id, forced, authenticated, .. } => {
                let rotation = self.rotation(forced, authenticated);
                text(store.rotate(self.session(id), rotation, now).await)
            }
            Operation::Touch { first, second, seconds_ago } => {
                let mark = |id| Activity { session: self.session(id), at: self.ago(seconds_ago) };
                let marks = [mark(first), mark(second)];
                text(store.touch_many(&marks[usize::from(first == second)..]).await)
            }
            Operation::Switch { session: id, platform: to, expected_revision } => {
                let (to, expected) = (to.map(platform), expected_revision.map(i64::from));
                text(store.switch_platform_if(self.session(id), to.as_ref(), expected, now).await)
            }
            Operation::End { session: id, reason } => {
                text(store.end(self.session(id), reason, now).await)
            }
            Operation::EndForUser { user: of, keep, reason } => {
                let ended = store
                    .end_for_user(&user(of), keep.map(|back| self.session(back)), reason, now)
                    .await;
                text(ended.map(sorted))
            }
            Operation::EndAll { keep, reason } => text(
                store
                    .end_all(keep.map(|back| self.session(back)), reason, 99, now)
                    .await
                    .map(sorted),
            ),
            Operation::EndExpired => {
                let limits = ExpiryLimits {
                    now: now.at,
                    idle_since: self.ago(150_u8),
                    remembered_idle_since: self.ago(300_u16),
                };
                text(store.end_expired(limits, 99, now).await.map(sorted))
            }
            Operation::DeleteEnded { seconds_ago } => {
                text(store.delete_ended_before(self.ago(seconds_ago), 99).await)
            }
            Operation::Put { session: id, key, length, precondition } => {
                let (key, value) = (name(key), "x".repeat(length.into()));
                let write =
                    DataWrite { key: &key, value: &value, precondition, cap: 60, at: now.at };
                text(store.put_data(self.session(id), write).await)
            }
            Operation::Remove { session: id, key, precondition } => {
                text(store.remove_data(self.session(id), &name(key), precondition).await)
            }
            _ => self.account_answer(operation, store).await,
        }
    }

    async fn create(&self, operation: &Operation, store: &dyn Store) -> String {
        let Operation::Create {
            user: of,
            user_is_bundled,
            platform: within,
            remembered,
            lifetime,
            replaces,
            cap,
            checked,
            ..
        } = *operation
        else {
            unreachable!("only a create comes here")
        };
        let new = NewSession {
            handle: SessionHandle::from_bytes([self.steps; 16]),
            token: self.offered(),
            user_id: user(of),
            user_is_bundled,
            active_platform_id: within.map(platform),
            expires_at: at(self.seconds + u64::from(lifetime)),
            remembered,
            fingerprint: SessionFingerprint::from_bytes(&[self.steps; 40]),
            user_agent: remembered.then(|| "Browser/1".into()),
            ip_address: remembered.then(|| [192, 0, 2, self.steps].into()),
            replaces: replaces.map(|back| self.session(back)),
            password_changed_at: self.checked(checked),
            cap: cap.into(),
        };
        let outcome = store.create(new, &self.change()).await;
        text(outcome.map(|outcome| match outcome {
            CreateOutcome::Created { session, ended } => {
                CreateOutcome::Created { session, ended: sorted(ended) }
            }
            other => other,
        }))
    }

    async fn account_answer(&self, operation: &Operation, store: &dyn Store) -> String {
        let now = &self.change();
        match operation.clone() {
            Operation::Record { user: of, is_bundled } => {
                let new = NewEvent {
                    kind: EventKind::SignInFailed,
                    user_id: Some(user(of)),
                    session: None,
                    detail: "why".into(),
                };
                text(if is_bundled {
                    store.record_of_bundled(new, now).await
                } else {
                    store.record(new, now).await
                })
            }
            Operation::ShortenClients { seconds_ago } => {
                text(store.shorten_clients_before(self.ago(seconds_ago), 99).await)
            }
            Operation::ForgetUser { user: of } => {
                let ended = store.forget_user(&user(of), now).await;
                text(ended.map(|ended| ended.map(sorted)))
            }
            Operation::AddUser { name: named, email, role } => {
                let mut email = format!("{}@example.org", name(email));
                if role == Role::Admin {
                    email.make_ascii_uppercase();
                }
                text(store.add_user(NewUser { email, role, ..new_user(&name(named)) }, now).await)
            }
            Operation::ChangeUser { user: of, role, is_active, spares_last_admin } => {
                let what = UserChange { role, is_active, spares_last_admin };
                let outcome = store.change_user(&user(of), what, now).await;
                text(outcome.map(|outcome| match outcome {
                    UserOutcome::Changed { user, ended } => {
                        UserOutcome::Changed { user, ended: sorted(ended) }
                    }
                    other => other,
                }))
            }
            Operation::ChangePassword { user: of, keep, password: to, checked } => {
                let keep = keep.map(|id| (self.session(id), self.rotation(true, Some(500))));
                let checked_against = self.checked(checked);
                let new = PasswordChange { hash: password(&name(to)), keep, checked_against };
                let outcome = store.change_password(&user(of), new, now).await;
                text(outcome.map(|outcome| match outcome {
                    PasswordOutcome::Changed { kept, ended } => {
                        PasswordOutcome::Changed { kept, ended: sorted(ended) }
                    }
                    PasswordOutcome::Refused => PasswordOutcome::Refused,
                }))
            }
            Operation::UpgradePasswordHash { user: of, old, new } => {
                let (old, new) = (password(&name(old)), password(&name(new)));
                text(store.upgrade_password_hash(&user(of), &old, &new).await)
            }
            Operation::AddPlatform { user: of, name: named, account, is_default } => {
                let new = NewPlatform {
                    username: name(account),
                    is_default,
                    ..new_platform(&name(named))
                };
                text(store.add_platform(&user(of), new, now).await)
            }
            Operation::ChangePlatform {
                user: of,
                platform: id,
                name: named,
                is_active,
                credentials,
                is_default,
            } => {
                let credentials = credentials
                    .map(|byte| SealedCredentials { key_id: "k1".into(), sealed: vec![byte; 3] });
                let what =
                    PlatformChange { name: named.map(name), is_active, credentials, is_default };
                text(store.change_platform(&user(of), &platform(id), what, now).await)
            }
            Operation::RemovePlatform { user: of, platform: id } => {
                text(store.remove_platform(&user(of), &platform(id), now).await)
            }
            Operation::Attempts(operation) => {
                attempts::answer(operation, store, at(self.seconds)).await
            }
            other => unreachable!("{other:?} is answered before"),
        }
    }
}
