use super::{Statement, statements};

/// The columns of `user_sessions` in the order of `rows::session`.
macro_rules! session_columns {
    () => {
        "user_sessions.id, handle, user_sessions.user_id, active_platform_id, \
         user_sessions.created_at, updated_at, last_activity, authenticated_at, expires_at, \
         remembered, ended_at, end_reason, revision, session_fingerprint, user_agent, ip_address"
    };
}

/// Ends rows as `?2` at `?1`, and tells what `rows::ended` reads.
macro_rules! end_where {
    ($($condition:expr),+) => {
        concat!(
            "UPDATE user_sessions SET ended_at = ?1, updated_at = ?1, end_reason = ?2 \
             WHERE ended_at IS NULL AND ",
            $($condition,)+
            " RETURNING id, handle, user_id, revision"
        )
    };
}

statements! {
    INSERT =
        "INSERT INTO user_sessions (handle, user_id, active_platform_id, created_at, \
         updated_at, last_activity, authenticated_at, expires_at, remembered, \
         session_fingerprint, user_agent, ip_address) \
         VALUES (?1, ?2, ?3, ?4, ?4, ?4, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING ", session_columns!();

    /// Whether a handle or a token is taken.
    IS_TAKEN =
        "SELECT EXISTS (SELECT 1 FROM user_sessions WHERE handle = ?1) \
         OR EXISTS (SELECT 1 FROM session_tokens WHERE token_hash = ?2)";

    /// The user's live sessions but the `?2` used most recently.
    BEYOND_CAP =
        "SELECT id FROM user_sessions WHERE user_id = ?1 AND ended_at IS NULL \
         ORDER BY last_activity DESC, id DESC LIMIT -1 OFFSET ?2";

    /// A text is never the key of a bundled row, though SQLite would take '7' for 7 in a join.
    LOAD_BY_TOKEN =
        "SELECT ", session_columns!(), ", t.issued_at, t.first_used_at, t.retired_at, \
         u.id, u.username, u.email, u.role, u.is_active, u.role_changed_at, \
         p.id, p.name, p.platform_type, p.instance_url, p.username, p.is_default, \
         EXISTS (SELECT 1 FROM session_tokens o WHERE o.session_id = t.session_id \
         AND o.retired_at IS NULL AND o.token_hash <> t.token_hash) \
         FROM session_tokens t JOIN user_sessions ON user_sessions.id = t.session_id \
         LEFT JOIN users u ON u.id = user_sessions.user_id \
         AND typeof(user_sessions.user_id) = 'integer' \
         LEFT JOIN platform_connections p ON p.id = active_platform_id \
         AND typeof(active_platform_id) = 'integer' AND p.user_id = u.id AND p.is_active \
         WHERE t.token_hash = ?1";

    FIND = "SELECT ", session_columns!(), " FROM user_sessions WHERE id = ?1";
    FIND_BY_HANDLE = "SELECT ", session_columns!(), " FROM user_sessions WHERE handle = ?1";

    OWNER_OF_LIVE = "SELECT user_id FROM user_sessions WHERE id = ?1 AND ended_at IS NULL";

    TOUCH = "UPDATE user_sessions SET last_activity = max(last_activity, ?2) \
         WHERE id = ?1 AND ended_at IS NULL";

    SWITCH_PLATFORM =
        "UPDATE user_sessions SET active_platform_id = ?2, updated_at = ?3, \
         revision = revision + 1 \
         WHERE id = ?1 AND ended_at IS NULL AND (?4 IS NULL OR revision = ?4) \
         RETURNING ", session_columns!();

    /// Sets the sessions of user `?1` that are in platform `?2` to none.
    LEAVE_PLATFORM =
        "UPDATE user_sessions SET active_platform_id = NULL, updated_at = ?3, \
         revision = revision + 1 \
         WHERE user_id = ?1 AND ended_at IS NULL AND active_platform_id = ?2";

    /// Gives a session's row `?3` more revisions and, where `?4` is set, a new absolute end.
    RENEW =
        "UPDATE user_sessions SET updated_at = ?2, revision = revision + ?3, \
         authenticated_at = iif(?4 IS NULL, authenticated_at, ?5), \
         last_activity = iif(?4 IS NULL, last_activity, ?2), \
         expires_at = coalesce(?4, expires_at) \
         WHERE id = ?1 AND ended_at IS NULL RETURNING ", session_columns!();

    REVISE_OF_USER =
        "UPDATE user_sessions SET updated_at = ?2, revision = revision + 1 \
         WHERE user_id = ?1 AND ended_at IS NULL";

    NEXT_DATA_REVISION =
        "UPDATE user_sessions SET data_revision = data_revision + 1 \
         WHERE id = ?1 AND ended_at IS NULL RETURNING data_revision";

    END = end_where!("id = ?3");
    END_OF_USER = end_where!("user_id = ?3 AND id IS NOT ?4");

    END_ANY = end_where!(
        "id IN (SELECT id FROM user_sessions INDEXED BY user_sessions_live \
         WHERE ended_at IS NULL AND id IS NOT ?3 ORDER BY id LIMIT ?4)"
    );

    END_TOO_OLD = end_where!(
        "id IN (SELECT id FROM user_sessions INDEXED BY user_sessions_live_by_expiry \
         WHERE ended_at IS NULL AND expires_at <= ?3 ORDER BY expires_at LIMIT ?4)"
    );

    END_IDLE = end_where!(
        "id IN (SELECT id FROM user_sessions INDEXED BY user_sessions_live_by_activity \
         WHERE ended_at IS NULL AND remembered = ?3 AND last_activity <= ?4 \
         ORDER BY last_activity LIMIT ?5)"
    );

    /// Tokens and data go with it.
    DELETE_ENDED =
        "DELETE FROM user_sessions WHERE id IN (SELECT id FROM user_sessions \
         INDEXED BY user_sessions_ended WHERE ended_at < ?1 ORDER BY ended_at, id LIMIT ?2)";

    /// Tokens and data go with them.
    DELETE_OF_USER = "DELETE FROM user_sessions WHERE user_id = ?1";

    LIST_LIVE_OF_USER =
        "SELECT ", session_columns!(), " FROM user_sessions \
         WHERE user_id = ?1 AND ended_at IS NULL ORDER BY last_activity DESC, id DESC";

    LIST =
        "SELECT ", session_columns!(), " FROM user_sessions WHERE id < ?1 \
         ORDER BY id DESC LIMIT ?2";

    LIST_LIVE =
        "SELECT ", session_columns!(), " FROM user_sessions INDEXED BY user_sessions_live \
         WHERE ended_at IS NULL AND id < ?1 ORDER BY id DESC LIMIT ?2";

    LIST_OF_USER =
        "SELECT ", session_columns!(), " FROM user_sessions INDEXED BY user_sessions_by_user \
         WHERE user_id = ?3 AND id < ?1 AND (?4 OR ended_at IS NULL) \
         ORDER BY id DESC LIMIT ?2";

    COUNT_LIVE =
        "SELECT count(*) FROM user_sessions INDEXED BY user_sessions_live \
         WHERE ended_at IS NULL";
}
