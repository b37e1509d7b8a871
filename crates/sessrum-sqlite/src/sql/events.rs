use super::{Statement, statements};

/// The columns of `session_events` in the order of `rows::event`.
macro_rules! event_columns {
    () => {
        "id, at, kind, user_id, session_handle, actor, ip_address, user_agent, detail"
    };
}

statements! {
    INSERT =
        "INSERT INTO session_events (at, kind, user_id, session_handle, actor, ip_address, \
         user_agent, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

    LIST =
        "SELECT ", event_columns!(), " FROM session_events WHERE id < ?1 \
         ORDER BY id DESC LIMIT ?2";

    /// By time, since by key it would read all that is older when little is younger.
    LIST_SINCE =
        "SELECT ", event_columns!(), " FROM session_events INDEXED BY session_events_by_time \
         WHERE at >= ?3 AND id < ?1 ORDER BY id DESC LIMIT ?2";

    LIST_OF_USER =
        "SELECT ", event_columns!(), " FROM session_events INDEXED BY session_events_by_user \
         WHERE user_id = ?3 AND id < ?1 AND (?4 IS NULL OR at >= ?4) ORDER BY id DESC LIMIT ?2";
}
