use super::{Statement, newest_of, statements};

/// The columns of `user_sessions` in the order of `rows::session`.
macro_rules! session_columns {
    () => {
        "user_sessions.id, handle, user_sessions.user_id, active_platform_id, \
         user_sessions.created_at, updated_at, last_activity, authenticated_at, expires_at, \
         remembered, ended_at, end_reason, revision, session_fingerprint, user_agent, ip_address"
    };
}

/// The number that a key is; null for a text, which is never the key of a bundled row.
macro_rules! bundled {
    ($column:literal) => {
        concat!("CASE WHEN ", $column, " NOT LIKE '\"%' THEN ", $column, "::bigint END")
    };
}

/// Ends rows as `$2` at `$1`, and tells what `rows::ended` reads.
macro_rules! end_where {
    ($condition:literal) => {
        concat!(
            "UPDATE user_sessions SET ended_at = $1, updated_at = $1, end_reason = $2 \
             WHERE ended_at IS NULL AND ",
            $condition,
            " RETURNING id, handle, user_id, revision"
        )
    };
}

statements! {
    LOAD_BY_TOKEN(BYTEA) =
        "SELECT ", session_columns!(), ", t.issued_at, t.first_used_at, t.retired_at, \
         u.id, u.username, u.email, u.role, u.is_active, u.role_changed_at, \
         p.id, p.name, p.platform_type, p.instance_url, p.username, p.is_default, \
         EXISTS (SELECT 1 FROM session_tokens o WHERE o.session_id = t.session_id \
         AND o.retired_at IS NULL AND o.token_hash <> t.token_hash) \
         FROM session_tokens t JOIN user_sessions ON user_sessions.id = t.session_id \
         LEFT JOIN users u ON u.id = ", bundled!("user_sessions.user_id"), " \
         LEFT JOIN platform_connections p ON p.id = ", bundled!("active_platform_id"), " \
         AND p.user_id = u.id AND p.is_active \
         WHERE t.token_hash = $1";

    FIND(INT8) = "SELECT ", session_columns!(), " FROM user_sessions WHERE id = $1";
    FIND_BY_HANDLE(BYTEA) = "SELECT ", session_columns!(), " FROM user_sessions WHERE handle = $1";

    OWNER_OF_LIVE(INT8) = "SELECT user_id FROM user_sessions WHERE id = $1 AND ended_at IS NULL";

    /// Of rows `$1`, each to `$2`, in the order of their keys. Whoever else holds one keeps it.
    TOUCH(INT8_ARRAY, INT8_ARRAY) =
        "WITH touched AS (SELECT s.id, mark.at FROM unnest($1, $2) AS mark (id, at) \
         JOIN user_sessions s ON s.id = mark.id WHERE s.ended_at IS NULL \
         ORDER BY s.id FOR UPDATE OF s SKIP LOCKED) \
         UPDATE user_sessions s SET last_activity = greatest(s.last_activity, touched.at) \
         FROM touched WHERE s.id = touched.id AND s.ended_at IS NULL RETURNING s.id";

    SWITCH_PLATFORM(INT8, TEXT, INT8, INT8) =
        "UPDATE user_sessions SET active_platform_id = $2, updated_at = $3, \
         revision = revision + 1 \
         WHERE id = $1 AND ended_at IS NULL AND ($4 IS NULL OR revision = $4) \
         RETURNING ", session_columns!();

    /// Sets the sessions of user `$1` that are in platform `$2` to none.
    LEAVE_PLATFORM(TEXT, TEXT, INT8) =
        "UPDATE user_sessions SET active_platform_id = NULL, updated_at = $3, \
         revision = revision + 1 \
         WHERE user_id = $1 AND ended_at IS NULL AND active_platform_id = $2";

    /// Gives a session's row another revision if `$3` and, where `$4` is set, a new absolute end.
    RENEW(INT8, INT8, BOOL, INT8, INT8) =
        "UPDATE user_sessions SET updated_at = $2, revision = revision + $3::int, \
         authenticated_at = CASE WHEN $4 IS NULL THEN authenticated_at ELSE $5 END, \
         last_activity = CASE WHEN $4 IS NULL THEN last_activity ELSE $2 END, \
         expires_at = coalesce($4, expires_at) \
         WHERE id = $1 AND ended_at IS NULL RETURNING ", session_columns!();

    REVISE_OF_USER(TEXT, INT8) =
        "UPDATE user_sessions SET updated_at = $2, revision = revision + 1 \
         WHERE user_id = $1 AND ended_at IS NULL";

    NEXT_DATA_REVISION(INT8) =
        "UPDATE user_sessions SET data_revision = data_revision + 1 \
         WHERE id = $1 AND ended_at IS NULL RETURNING data_revision";

    END(INT8, TEXT, INT8) = end_where!("id = $3");
    END_EACH(INT8, TEXT, INT8_ARRAY) = end_where!("id = ANY ($3)");

    /// The keys are an array that is made before: as a join PostgreSQL might read the whole table,
    /// since it does not know the limit.
    END_ANY(INT8, TEXT, INT8, INT8) = end_where!(
        "id = ANY (ARRAY (SELECT id FROM user_sessions \
         WHERE ended_at IS NULL AND id > 0 AND id IS DISTINCT FROM $3 ORDER BY id LIMIT $4))"
    );

    /// Whoever else holds a row keeps it until the next time.
    END_TOO_OLD(INT8, TEXT, INT8, INT8) = end_where!(
        "id = ANY (ARRAY (SELECT id FROM user_sessions \
         WHERE ended_at IS NULL AND expires_at <= $3 ORDER BY expires_at LIMIT $4 \
         FOR UPDATE SKIP LOCKED))"
    );

    END_IDLE(INT8, TEXT, BOOL, INT8, INT8) = end_where!(
        "id = ANY (ARRAY (SELECT id FROM user_sessions \
         WHERE ended_at IS NULL AND remembered = $3 AND last_activity <= $4 \
         ORDER BY last_activity LIMIT $5 FOR UPDATE SKIP LOCKED))"
    );

    /// Tokens and data go with it.
    DELETE_ENDED(INT8, INT8) =
        "DELETE FROM user_sessions WHERE id = ANY (ARRAY (SELECT id FROM user_sessions \
         WHERE ended_at < $1 ORDER BY ended_at, id LIMIT $2 FOR UPDATE SKIP LOCKED))";

    /// Tokens and data go with them.
    DELETE_EACH(INT8_ARRAY) = "DELETE FROM user_sessions WHERE id = ANY ($1)";

    KEYS_OF_USER(TEXT) = "SELECT id FROM user_sessions WHERE user_id = $1";

    ENDED_KEYS_OF_USER(TEXT) =
        "SELECT id FROM user_sessions WHERE user_id = $1 AND ended_at IS NOT NULL";

    LIVE_KEYS_OF_USER(TEXT) =
        "SELECT id FROM user_sessions WHERE user_id = $1 AND ended_at IS NULL";

    LIST_LIVE_OF_USER(TEXT) =
        "SELECT ", session_columns!(), " FROM user_sessions \
         WHERE user_id = $1 AND ended_at IS NULL ORDER BY last_activity DESC, id DESC";

    LIST(INT8, INT8) =
        "SELECT ", session_columns!(), " FROM user_sessions WHERE id < $1 \
         ORDER BY id DESC LIMIT $2";

    LIST_LIVE(INT8, INT8) =
        "SELECT ", session_columns!(), " FROM user_sessions \
         WHERE ended_at IS NULL AND id < $1 ORDER BY id DESC LIMIT $2";

    LIST_OF_USER(INT8, INT8, TEXT, BOOL) =
        "SELECT ", session_columns!(), " FROM user_sessions \
         WHERE ", newest_of!("user_id"), " AND ($4 OR ended_at IS NULL) \
         ORDER BY user_id DESC, id DESC LIMIT $2";

    COUNT_LIVE() = "SELECT count(*) FROM user_sessions WHERE ended_at IS NULL AND id > 0";
}
