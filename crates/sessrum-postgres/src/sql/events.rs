use super::{Statement, last_given, newest_of, statements};

/// The columns of `session_events` in the order of `rows::event`.
macro_rules! event_columns {
    () => {
        "id, at, kind, user_id, session_handle, actor, ip_address, user_agent, device, detail"
    };
}

/// The columns of a seal, behind those of its event, in the order of `rows::sealed_event`.
macro_rules! seal_columns {
    () => {
        "seal_key_id, previous_id, client_digest, client_salt, short_digest, short_salt, mac"
    };
}

/// What is left of a list: of kind `$4`, and without routine if `$5`.
macro_rules! event_filter {
    () => {
        "($4 IS NULL OR kind = $4) \
         AND NOT ($5 AND kind IN ('token_rotated', 'platform_switched'))"
    };
}

/// Of events, `$2` at most.
macro_rules! forget_clients_where {
    ($condition:literal) => {
        concat!(
            "UPDATE session_events SET ip_address = NULL, user_agent = NULL, device = NULL, \
             client_salt = NULL, short_salt = NULL \
             WHERE id = ANY (ARRAY (SELECT id FROM session_events WHERE ",
            $condition,
            " LIMIT $2))"
        )
    };
}

statements! {
    LAST_GIVEN() = last_given!();

    /// Waits for the turn to write.
    TAKE_TURN() = last_given!(), " FOR UPDATE";

    KEEP_LAST_GIVEN(INT8) = "UPDATE event_counter SET last_id = $1 WHERE id = 1";

    /// The last event of a user.
    LAST_OF_USERS(TEXT_ARRAY) =
        "SELECT of.user_id, last.id, last.mac FROM unnest($1) AS of (user_id) \
         CROSS JOIN LATERAL (SELECT id, mac FROM session_events e WHERE e.user_id = of.user_id \
         ORDER BY id DESC LIMIT 1) last";

    LAST_OF_NOBODY() =
        "SELECT id, mac FROM session_events WHERE user_id IS NULL \
         ORDER BY user_id DESC, id DESC LIMIT 1";

    INSERT(
        INT8_ARRAY, INT8_ARRAY, TEXT_ARRAY, TEXT_ARRAY, BYTEA_ARRAY, TEXT_ARRAY, TEXT_ARRAY,
        TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, TEXT_ARRAY, INT8_ARRAY, BYTEA_ARRAY, BYTEA_ARRAY,
        BYTEA_ARRAY, BYTEA_ARRAY, BYTEA_ARRAY
    ) =
        "INSERT INTO session_events (", event_columns!(), ", ", seal_columns!(), ") \
         SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, \
         $16, $17)";

    LIST(INT8, INT8, BOOL) =
        "SELECT ", event_columns!(), " FROM session_events WHERE id < $1 \
         AND NOT ($3 AND kind IN ('token_rotated', 'platform_switched')) \
         ORDER BY id DESC LIMIT $2";

    LIST_OF_KIND(INT8, INT8, TEXT) =
        "SELECT ", event_columns!(), " FROM session_events \
         WHERE ", newest_of!("kind"), " ORDER BY kind DESC, id DESC LIMIT $2";

    /// By time, since by key it would read all that is older when little is younger. The subquery
    /// and the upper limit are there for the planner: so it takes the index whatever `$4` is.
    LIST_SINCE(INT8, INT8, INT8, TEXT, BOOL) =
        "SELECT ", event_columns!(), " FROM (SELECT * FROM session_events \
         WHERE at BETWEEN $3 AND 9223372036854775807 OFFSET 0) since \
         WHERE id < $1 AND ", event_filter!(), " ORDER BY id DESC LIMIT $2";

    LIST_OF_USER(INT8, INT8, TEXT, TEXT, BOOL, INT8) =
        "SELECT ", event_columns!(), " FROM session_events WHERE ", newest_of!("user_id"), " \
         AND ($6 IS NULL OR at >= $6) AND ", event_filter!(), " \
         ORDER BY user_id DESC, id DESC LIMIT $2";

    LIST_SEALED(INT8, INT8) =
        "SELECT ", event_columns!(), ", ", seal_columns!(), " \
         FROM session_events WHERE id > $1 ORDER BY id LIMIT $2";

    WITH_CLIENT_BEFORE(INT8, INT8) =
        "SELECT ", event_columns!(), " FROM session_events \
         WHERE client_salt IS NOT NULL AND at + 0 < $1 ORDER BY at + 0, id LIMIT $2";

    /// Of events `$1`.
    SHORTEN_CLIENTS(INT8_ARRAY, TEXT_ARRAY, TEXT_ARRAY) =
        "UPDATE session_events e SET ip_address = short.ip_address, user_agent = short.user_agent, \
         client_salt = NULL FROM unnest($1, $2, $3) AS short (id, ip_address, user_agent) \
         WHERE e.id = short.id";

    /// Of events after `$3`, and tells which.
    FORGET_CLIENTS_OF_USER(TEXT, INT8, INT8) = forget_clients_where!(
        "user_id = $1 AND id > $3 \
         AND (ip_address IS NOT NULL OR user_agent IS NOT NULL OR device IS NOT NULL) \
         ORDER BY user_id, id"
    ), " RETURNING id";

    FORGET_CLIENTS_OF_ACTOR(TEXT, INT8) =
        forget_clients_where!("actor = $1 AND client_salt IS NOT NULL");
}
