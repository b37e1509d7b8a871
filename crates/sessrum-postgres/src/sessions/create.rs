//! Sign-ins that come together are made together: each statement is for all of them.

use std::collections::HashSet;

use sessrum_core::store::{CreateOutcome, EndedSession, NewSession};
use sessrum_core::{
    EndReason, EventKind, NEW_DEVICE, SessionHandle, SessionId, Timestamp, TokenHash, UserId,
    UserSession,
};
use tokio::try_join;

use super::end::record_end;
use crate::error::{Error, Result};
use crate::events::{last_of_users, learn_chains, record_of};
use crate::platform_use::{PlatformUse, note_uses};
use crate::rows::{self, plain};
use crate::sql::{AT_ONCE, Params, platforms, sign_ins as sql};
use crate::values::Sql;
use crate::writer::{SignIn, Writing};

/// What no two sign-ins of a set have in common: of those one would depend on the other.
#[derive(PartialEq, Eq, Hash)]
enum Claim {
    User(UserId),
    Handle(SessionHandle),
    Token(TokenHash),
    Replaced(SessionId),
}

fn claims(new: &NewSession) -> Vec<Claim> {
    let own =
        [Claim::User(new.user_id.clone()), Claim::Handle(new.handle), Claim::Token(new.token)];
    own.into_iter().chain(new.replaces.map(Claim::Replaced)).collect()
}

/// Makes sign-ins, in as few sets as they allow.
pub(crate) async fn create_all(writing: &mut Writing, sign_ins: Vec<&mut SignIn>) -> Result<()> {
    let mut rest = sign_ins;
    while !rest.is_empty() {
        let mut claimed = HashSet::new();
        let (mut set, later) = rest.into_iter().partition::<Vec<_>, _>(|sign_in| {
            let claims = claims(&sign_in.new);
            let is_free = !claims.iter().any(|claim| claimed.contains(claim));
            if is_free {
                claimed.extend(claims);
            }
            is_free
        });
        create_set(writing, &mut set).await?;
        rest = later;
    }
    Ok(())
}

async fn create_set(writing: &mut Writing, set: &mut [&mut SignIn]) -> Result<()> {
    writing.write_events().await?;
    let users = set.iter().map(|it| &it.new.user_id);
    // Where one fails the next ones do, too: the first says why.
    let (refusals, are_new, last) = try_join!(
        biased;
        judge(writing, set),
        are_new_devices(writing, set),
        last_of_users(writing, users),
    )?;
    writing.ledger.learn_all(last);
    let mut admitted = Vec::with_capacity(set.len());
    for ((sign_in, refusal), is_new) in set.iter_mut().zip(refusals).zip(are_new) {
        sign_in.outcome = refusal;
        if sign_in.outcome.is_none() {
            admitted.push((&mut **sign_in, is_new));
        }
    }
    if admitted.is_empty() {
        return Ok(());
    }
    if admitted.iter().any(|(it, _)| it.new.replaces.is_some()) {
        writing.asks_for_end();
    }
    let made = make(writing, &admitted).await?;
    learn_chains(writing, made.ended.iter().map(|session| &session.user_id)).await?;
    for (sign_in, is_new) in admitted {
        let ended = made.ended_for(&sign_in.new);
        for session in &ended {
            record_end(writing, session, &sign_in.change).await?;
        }
        let session = row(sign_in, made.id_of(&sign_in.new.token)?);
        let (kind, handle) = (EventKind::SignedIn, Some(session.handle));
        let detail = if is_new { NEW_DEVICE } else { "" };
        record_of(writing, kind, &session.user_id, handle, detail, &sign_in.change).await?;
        sign_in.outcome = Some(CreateOutcome::Created { session: Box::new(session), ended });
    }
    Ok(())
}

/// What speaks against each of them. A bundled user must be active and still have the password that
/// was checked.
async fn judge(writing: &Writing, set: &[&mut SignIn]) -> Result<Vec<Option<CreateOutcome>>> {
    let bundled =
        |new: &NewSession| new.user_is_bundled.then(|| rows::bundled(&new.user_id.0)).flatten();
    let users: Vec<_> = set.iter().map(|it| bundled(&it.new)).collect();
    let handles: Vec<_> = set.iter().map(|it| Sql(it.new.handle)).collect();
    let tokens: Vec<_> = set.iter().map(|it| Sql(it.new.token)).collect();
    let judged = writing.query(sql::JUDGE, &[&users, &handles, &tokens]).await?;
    let mut sign_ins = set.iter();
    judged.all(|row| {
        let is_active: Option<bool> = plain(row, 0)?;
        let changed_at = plain::<Option<Sql<Timestamp>>>(row, 1)?.map(|at| at.0);
        let is_taken: bool = plain(row, 2)?;
        let is_refused = sign_ins.next().is_none_or(|SignIn { new, .. }| {
            let changed = new.password_changed_at.is_some_and(|it| Some(it) != changed_at);
            new.user_is_bundled && (changed || is_active == Some(false))
        });
        Ok(match (is_refused, is_taken) {
            (true, _) => Some(CreateOutcome::Refused),
            (false, true) => Some(CreateOutcome::Collision),
            (false, false) => None,
        })
    })
}

/// Whether each user has signed in before, but never on this device.
async fn are_new_devices(writing: &Writing, set: &[&mut SignIn]) -> Result<Vec<bool>> {
    let users: Vec<_> = set.iter().map(|it| Sql(it.new.user_id.clone())).collect();
    let devices: Vec<_> = set.iter().map(|it| it.change.client.device()).collect();
    let known = writing.query(sql::KNOWS_DEVICE, &[&users, &devices]).await?;
    known.all(|row| {
        let (any, this): (Option<bool>, Option<bool>) = (plain(row, 0)?, plain(row, 1)?);
        Ok(any.is_some() && this.is_none())
    })
}

/// What the statements of a set have done.
struct Made {
    ended: Vec<EndedSession>,
    ids: Vec<(TokenHash, SessionId)>,
}

impl Made {
    fn id_of(&self, token: &TokenHash) -> Result<SessionId> {
        let found = self.ids.iter().find(|(of, _)| of == token);
        found.map(|(_, id)| *id).ok_or_else(|| Error::Defect("a session was not added".to_owned()))
    }

    /// What ended for a sign-in, in the order of the keys.
    fn ended_for(&self, new: &NewSession) -> Vec<EndedSession> {
        let is_for = |session: &&EndedSession| match session.reason {
            EndReason::Evicted => session.user_id == new.user_id,
            _ => Some(session.id) == new.replaces,
        };
        let mut ended: Vec<_> = self.ended.iter().filter(is_for).cloned().collect();
        ended.sort_unstable_by_key(|session| session.id);
        ended
    }
}

/// Ends what is replaced, evicts what is over the caps, adds the sessions, and notes which platforms
/// they go into: sent at once, in this order.
async fn make(writing: &Writing, set: &[(&mut SignIn, bool)]) -> Result<Made> {
    writing.prepare(&[sql::END_REPLACED, sql::EVICT, sql::INSERT, platforms::USE]).await?;
    let (replaced, evicted, ids, ()) = try_join!(
        biased;
        end_replaced(writing, set),
        evict(writing, set, 1),
        insert(writing, set),
        note_platforms(writing, set),
    )?;
    let mut more = evicted.len();
    let mut ended = [replaced, evicted].concat();
    // Caps were higher before: what one statement left.
    while more >= AT_ONCE {
        let evicted = evict(writing, set, 0).await?;
        more = evicted.len();
        ended.extend(evicted);
    }
    Ok(Made { ended, ids })
}

async fn end_replaced(writing: &Writing, set: &[(&mut SignIn, bool)]) -> Result<Vec<EndedSession>> {
    let (ids, times): (Vec<_>, Vec<_>) =
        set.iter().filter_map(|(it, _)| Some((it.new.replaces?.0, Sql(it.change.at)))).unzip();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ended = writing.query(sql::END_REPLACED, &[&ids, &times]).await?;
    ended.all(|row| rows::ended(row, EndReason::Logout))
}

/// Makes room for so many sessions under each cap, as far as one statement goes.
async fn evict(
    writing: &Writing,
    set: &[(&mut SignIn, bool)],
    room: usize,
) -> Result<Vec<EndedSession>> {
    let users: Vec<_> = set.iter().map(|(it, _)| Sql(it.new.user_id.clone())).collect();
    let kept: Vec<_> =
        set.iter().map(|(it, _)| rows::limit(it.new.cap.max(1).saturating_sub(room))).collect();
    let times: Vec<_> = set.iter().map(|(it, _)| Sql(it.change.at)).collect();
    let ended = writing.query(sql::EVICT, &[&users, &kept, &times, &rows::limit(AT_ONCE)]).await?;
    ended.all(|row| rows::ended(row, EndReason::Evicted))
}

async fn insert(
    writing: &Writing,
    set: &[(&mut SignIn, bool)],
) -> Result<Vec<(TokenHash, SessionId)>> {
    macro_rules! column {
        (|$new:ident| $value:expr) => {
            &set.iter().map(|(SignIn { new: $new, .. }, _)| $value).collect::<Vec<_>>()
        };
    }
    let columns: Params<'_> = &[
        column!(|new| Sql(new.handle)),
        column!(|new| Sql(new.token)),
        column!(|new| Sql(new.user_id.clone())),
        column!(|new| new.active_platform_id.clone().map(Sql)),
        &set.iter().map(|(it, _)| Sql(it.change.at)).collect::<Vec<_>>(),
        column!(|new| Sql(new.expires_at)),
        column!(|new| new.remembered),
        column!(|new| new.fingerprint.map(Sql)),
        column!(|new| new.user_agent.as_deref()),
        column!(|new| new.ip_address.map(Sql)),
    ];
    let added = writing.query(sql::INSERT, columns).await?;
    added.all(|row| Ok((rows::get(row, 0)?, rows::get(row, 1)?)))
}

async fn note_platforms(writing: &Writing, set: &[(&mut SignIn, bool)]) -> Result<()> {
    let uses: Vec<_> = set
        .iter()
        .filter_map(|(SignIn { new, change, .. }, _)| {
            let platform = new.active_platform_id.as_ref()?;
            Some(PlatformUse { user: &new.user_id, platform, at: change.at })
        })
        .collect();
    note_uses(writing, &uses).await
}

/// The row of a sign-in that was made.
fn row(SignIn { new, change, .. }: &SignIn, id: SessionId) -> UserSession {
    UserSession {
        id,
        handle: new.handle,
        user_id: new.user_id.clone(),
        active_platform_id: new.active_platform_id.clone(),
        created_at: change.at,
        updated_at: change.at,
        last_activity: change.at,
        authenticated_at: change.at,
        expires_at: new.expires_at,
        remembered: new.remembered,
        ended: None,
        revision: 1,
        fingerprint: new.fingerprint,
        user_agent: new.user_agent.clone(),
        ip_address: new.ip_address,
    }
}
