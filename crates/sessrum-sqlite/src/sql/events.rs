use super::{Statement, statements};

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

/// What `?4` to `?6` leave of a list: from a moment on, of a kind, without routine.
macro_rules! event_filter {
    () => {
        "(?4 IS NULL OR at >= ?4) AND (?5 IS NULL OR kind = ?5) \
         AND NOT (?6 AND kind IN ('token_rotated', 'platform_switched'))"
    };
}

statements! {
    /// The key that AUTOINCREMENT would give: the seal covers it, so it is asked for before.
    NEXT_ID =
        "SELECT 1 + max(coalesce((SELECT max(id) FROM session_events), 0), coalesce(\
         (SELECT seq FROM sqlite_sequence WHERE name = 'session_events'), 0))";

    /// The last event of a user, or of nobody.
    LAST_OF_CHAIN =
        "SELECT id, mac FROM session_events INDEXED BY session_events_by_user \
         WHERE user_id IS ?1 ORDER BY id DESC LIMIT 1";

    INSERT =
        "INSERT INTO session_events (", event_columns!(), ", ", seal_columns!(), ") \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";

    LIST =
        "SELECT ", event_columns!(), " FROM session_events WHERE id < ?1 \
         AND NOT (?3 AND kind IN ('token_rotated', 'platform_switched')) \
         ORDER BY id DESC LIMIT ?2";

    LIST_OF_KIND =
        "SELECT ", event_columns!(), " FROM session_events INDEXED BY session_events_by_kind \
         WHERE kind = ?3 AND id < ?1 ORDER BY id DESC LIMIT ?2";

    /// By time, since by key it would read all that is older when little is younger.
    LIST_SINCE =
        "SELECT ", event_columns!(), " FROM session_events INDEXED BY session_events_by_time \
         WHERE at >= ?4 AND id < ?1 AND ", event_filter!(), " ORDER BY id DESC LIMIT ?2";

    LIST_OF_USER =
        "SELECT ", event_columns!(), " FROM session_events INDEXED BY session_events_by_user \
         WHERE user_id = ?3 AND id < ?1 AND ", event_filter!(), " ORDER BY id DESC LIMIT ?2";

    LIST_SEALED =
        "SELECT ", event_columns!(), ", ", seal_columns!(), " \
         FROM session_events WHERE id > ?1 ORDER BY id LIMIT ?2";

    LAST_ID = "SELECT coalesce(max(id), 0) FROM session_events";

    /// Changes when another connection has committed something.
    DATA_VERSION = "PRAGMA data_version";

    LIST_NEWS =
        "SELECT id, kind, user_id, session_handle FROM session_events WHERE id > ?1 \
         ORDER BY id LIMIT ?2";

    /// Whether a user has signed in before, and on this device.
    KNOWS_DEVICE =
        "SELECT EXISTS (SELECT 1 FROM session_events INDEXED BY session_events_sign_ins \
         WHERE user_id = ?1 AND kind = 'signed_in'), \
         EXISTS (SELECT 1 FROM session_events INDEXED BY session_events_sign_ins \
         WHERE user_id = ?1 AND device IS ?2 AND kind = 'signed_in')";

    WITH_CLIENT_BEFORE =
        "SELECT ", event_columns!(), " FROM session_events \
         INDEXED BY session_events_with_client WHERE client_salt IS NOT NULL AND at < ?1 \
         ORDER BY at, id LIMIT ?2";

    SHORTEN_CLIENT =
        "UPDATE session_events SET ip_address = ?2, user_agent = ?3, client_salt = NULL \
         WHERE id = ?1";

    FORGET_CLIENTS_OF_USER =
        "UPDATE session_events SET ip_address = NULL, user_agent = NULL, device = NULL, \
         client_salt = NULL, short_salt = NULL WHERE user_id = ?1 \
         AND (ip_address IS NOT NULL OR user_agent IS NOT NULL OR device IS NOT NULL)";

    FORGET_CLIENTS_OF_ACTOR =
        "UPDATE session_events INDEXED BY session_events_by_actor SET ip_address = NULL, \
         user_agent = NULL, device = NULL, client_salt = NULL, short_salt = NULL \
         WHERE actor = ?1 AND client_salt IS NOT NULL";
}
