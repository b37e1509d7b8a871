use proptest::option::{of, weighted};
use proptest::prelude::*;
use proptest::sample::select;
use sessrum_core::store::Precondition;
use sessrum_core::{EndReason, Role};

use super::attempts::{self, AttemptOperation};

/// An operation, so many seconds after the one before.
#[derive(Clone, Debug)]
pub struct Step {
    /// Seconds that pass first; at least one, so that no two changes share their time.
    pub after: u16,
    /// What is done then.
    pub operation: Operation,
}

/// A verb with its arguments, chosen from a small universe so that they often meet. Sessions and
/// tokens count back from the latest, which is 0; users and platforms are keys, with 0 for a text.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the fields are the arguments of the verbs")]
pub enum Operation {
    Create {
        user: u8,
        user_is_bundled: bool,
        platform: Option<u8>,
        remembered: bool,
        lifetime: u16,
        replaces: Option<u8>,
        cap: u8,
        checked: Checked,
        token: Offered,
    },
    Confirm {
        token: u8,
    },
    Rotate {
        session: u8,
        forced: bool,
        authenticated: Option<u16>,
        token: Offered,
    },
    Touch {
        first: u8,
        second: u8,
        seconds_ago: u8,
    },
    Switch {
        session: u8,
        platform: Option<u8>,
        expected_revision: Option<u8>,
    },
    End {
        session: u8,
        reason: EndReason,
    },
    EndForUser {
        user: u8,
        keep: Option<u8>,
        reason: EndReason,
    },
    EndAll {
        keep: Option<u8>,
        reason: EndReason,
    },
    EndExpired,
    DeleteEnded {
        seconds_ago: u16,
    },
    Put {
        session: u8,
        key: u8,
        length: u8,
        precondition: Precondition,
    },
    Remove {
        session: u8,
        key: u8,
        precondition: Precondition,
    },
    Record {
        user: u8,
        is_bundled: bool,
    },
    ShortenClients {
        seconds_ago: u16,
    },
    ForgetUser {
        user: u8,
    },
    AddUser {
        name: u8,
        email: u8,
        role: Role,
    },
    ChangeUser {
        user: u8,
        role: Option<Role>,
        is_active: Option<bool>,
        spares_last_admin: bool,
    },
    ChangePassword {
        user: u8,
        keep: Option<u8>,
        password: u8,
        checked: Checked,
    },
    UpgradePasswordHash {
        user: u8,
        old: u8,
        new: u8,
    },
    AddPlatform {
        user: u8,
        name: u8,
        account: u8,
        is_default: bool,
    },
    ChangePlatform {
        user: u8,
        platform: u8,
        name: Option<u8>,
        is_active: Option<bool>,
        credentials: Option<u8>,
        is_default: Option<bool>,
    },
    RemovePlatform {
        user: u8,
        platform: u8,
    },
    Attempts(AttemptOperation),
}

/// What a sign-in or a password change says of the password that was checked.
#[derive(Clone, Copy, Debug)]
pub enum Checked {
    /// Nothing was checked.
    Nothing,
    /// The present one.
    Current,
    /// One from before.
    Stale,
}

/// Which token a verb brings.
#[derive(Clone, Copy, Debug)]
pub enum Offered {
    /// One that nobody has.
    Fresh,
    /// The one that was brought first of all.
    First,
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let after = prop_oneof![2 => 1..8_u16, 1 => 8..60_u16];
    (after, operation()).prop_map(|(after, operation)| Step { after, operation })
}

fn user() -> impl Strategy<Value = u8> {
    prop_oneof![4 => Just(1_u8), 3 => Just(2), 1 => Just(3), 1 => Just(0)]
}

fn session() -> impl Strategy<Value = u8> {
    prop_oneof![3 => Just(0_u8), 3 => Just(1), 2 => 2..8_u8]
}

fn platform() -> impl Strategy<Value = u8> {
    0..=5_u8
}

fn reason() -> impl Strategy<Value = EndReason> {
    select(EndReason::ALL)
}

fn role() -> impl Strategy<Value = Role> {
    select(Role::ALL)
}

fn checked() -> impl Strategy<Value = Checked> {
    prop_oneof![3 => Just(Checked::Nothing), 2 => Just(Checked::Current), 1 => Just(Checked::Stale)]
}

fn offered() -> impl Strategy<Value = Offered> {
    prop_oneof![12 => Just(Offered::Fresh), 1 => Just(Offered::First)]
}

fn precondition() -> impl Strategy<Value = Precondition> {
    prop_oneof![
        3 => Just(Precondition::None),
        1 => Just(Precondition::Absent),
        1 => Just(Precondition::Present),
        2 => (1..6_i64).prop_map(Precondition::Revision),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        10 => life(), 2 => ends(), 4 => data(), 2 => users(), 3 => platforms(), 5 => attempts::operation().prop_map(Operation::Attempts),
    ]
}

fn life() -> impl Strategy<Value = Operation> {
    prop_oneof![
        3 => (
            user(), proptest::bool::weighted(0.8), weighted(0.4, platform()), any::<bool>(), 100..900_u16,
            weighted(0.3, session()), 1..5_u8, checked(), offered(),
        )
            .prop_map(
                |(user, bundled, platform, remembered, lifetime, replaces, cap, checked, token)| {
                    Operation::Create {
                        user, user_is_bundled: bundled, platform, remembered, lifetime,
                        replaces, cap, checked, token,
                    }
                },
            ),
        3 => (0..4_u8).prop_map(|token| Operation::Confirm { token }),
        3 => (session(), any::<bool>(), weighted(0.3, 100..900_u16), offered()).prop_map(
            |(session, forced, authenticated, token)| {
                Operation::Rotate { session, forced, authenticated, token }
            }
        ),
        2 => (session(), session(), 0..60_u8).prop_map(|(first, second, seconds_ago)| {
            Operation::Touch { first, second, seconds_ago }
        }),
        2 => (session(), weighted(0.7, platform()), weighted(0.5, 1..4_u8)).prop_map(
            |(session, platform, expected_revision)| {
                Operation::Switch { session, platform, expected_revision }
            }
        ),
    ]
}

fn ends() -> impl Strategy<Value = Operation> {
    let keep = || of(session());
    prop_oneof![
        8 => (session(), reason())
            .prop_map(|(session, reason)| Operation::End { session, reason }),
        1 => (user(), keep(), reason())
            .prop_map(|(user, keep, reason)| Operation::EndForUser { user, keep, reason }),
        1 => (keep(), reason()).prop_map(|(keep, reason)| Operation::EndAll { keep, reason }),
        2 => Just(Operation::EndExpired),
        1 => (0..600_u16).prop_map(|seconds_ago| Operation::DeleteEnded { seconds_ago }),
    ]
}

fn data() -> impl Strategy<Value = Operation> {
    prop_oneof![
        3 => (session(), 0..3_u8, 0..40_u8, precondition()).prop_map(
            |(session, key, length, precondition)| {
                Operation::Put { session, key, length, precondition }
            }
        ),
        1 => (session(), 0..3_u8, precondition())
            .prop_map(|(session, key, precondition)| Operation::Remove { session, key, precondition }),
    ]
}

fn users() -> impl Strategy<Value = Operation> {
    prop_oneof![
        1 => (user(), any::<bool>())
            .prop_map(|(user, is_bundled)| Operation::Record { user, is_bundled }),
        1 => (0..600_u16).prop_map(|seconds_ago| Operation::ShortenClients { seconds_ago }),
        1 => user().prop_map(|user| Operation::ForgetUser { user }),
        2 => (0..4_u8, 0..4_u8, role())
            .prop_map(|(name, email, role)| Operation::AddUser { name, email, role }),
        4 => (user(), of(role()), of(any::<bool>()), any::<bool>()).prop_map(
            |(user, role, is_active, spares_last_admin)| {
                Operation::ChangeUser { user, role, is_active, spares_last_admin }
            }
        ),
        3 => (user(), of(session()), 0..3_u8, checked()).prop_map(
            |(user, keep, password, checked)| {
                Operation::ChangePassword { user, keep, password, checked }
            }
        ),
        1 => (user(), 0..3_u8, 0..3_u8)
            .prop_map(|(user, old, new)| Operation::UpgradePasswordHash { user, old, new }),
    ]
}

fn platforms() -> impl Strategy<Value = Operation> {
    prop_oneof![
        3 => (user(), 0..3_u8, 0..3_u8, any::<bool>()).prop_map(
            |(user, name, account, is_default)| {
                Operation::AddPlatform { user, name, account, is_default }
            }
        ),
        3 => (
            user(), platform(), of(0..3_u8), of(any::<bool>()),
            of(0..3_u8), of(any::<bool>()),
        )
            .prop_map(|(user, platform, name, is_active, credentials, is_default)| {
                Operation::ChangePlatform {
                    user, platform, name, is_active, credentials, is_default,
                }
            }),
        1 => (user(), platform())
            .prop_map(|(user, platform)| Operation::RemovePlatform { user, platform }),
    ]
}
