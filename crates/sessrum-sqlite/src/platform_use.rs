use rusqlite::{Connection, Result, params};
use sessrum_core::{Change, UserSession};

use crate::rows::{self, Sql};
use crate::sql::platforms as sql;

/// Notes that a session went into its platform, if that is a bundled one of its user.
pub(crate) fn note_use(
    connection: &Connection,
    session: &UserSession,
    change: &Change,
) -> Result<()> {
    let platform = session.active_platform_id.as_ref().and_then(|id| rows::bundled(&id.0));
    let Some((platform, user)) = platform.zip(rows::bundled(&session.user_id.0)) else {
        return Ok(());
    };
    sql::USE.execute(connection, params![platform, user, Sql(change.at)]).map(drop)
}
