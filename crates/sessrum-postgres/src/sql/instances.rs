use super::{Statement, statements};

statements! {
    /// Puts an instance with a lease of `$1` microseconds on the list: it has heard of all events so
    /// far.
    ENTER(INT8) =
        "INSERT INTO instances (heard, renewals, lease) \
         SELECT greatest(last_id, (SELECT max(id) FROM session_events)), 0, $1 \
         FROM event_counter WHERE id = 1 RETURNING id, heard";

    /// Instance `$1` is there and has heard of events up to `$2`. Answers the last event; nothing
    /// when the instance is not on the list.
    RENEW(INT8, INT8) =
        "UPDATE instances SET heard = $2, renewals = renewals + 1 WHERE id = $1 \
         RETURNING (SELECT greatest(last_id, (SELECT max(e.id) FROM session_events e)) \
         FROM event_counter c WHERE c.id = 1)";

    /// Instances but `$2` that have not heard of event `$1`: how often each has renewed, and its
    /// lease.
    DEAF(INT8, INT8) = "SELECT id, renewals, lease FROM instances WHERE heard < $1 AND id <> $2";

    /// All instances but `$1`.
    OTHERS(INT8) = "SELECT id, renewals, lease FROM instances WHERE id <> $1";

    /// Strikes instances `$1` off the list that have renewed no more often than `$2` says.
    STRIKE_OFF(INT8_ARRAY, INT8_ARRAY) =
        "DELETE FROM instances i USING unnest($1, $2) AS silent (id, renewals) \
         WHERE i.id = silent.id AND i.renewals = silent.renewals";

    LEAVE(INT8) = "DELETE FROM instances WHERE id = $1";

    LIST_NEWS(INT8, INT8, INT8) =
        "SELECT id, kind, user_id, session_handle FROM session_events \
         WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3";
}
