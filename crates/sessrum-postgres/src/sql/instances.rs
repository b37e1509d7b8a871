use super::{Statement, last_given, statements};

statements! {
    /// Puts instance `$1` with a lease of `$2` microseconds on the list, in the place of `$3`: it has
    /// heard of all events so far.
    ENTER(INT8, INT8, INT8) =
        "WITH former AS (DELETE FROM instances WHERE id = $3) \
         INSERT INTO instances (id, heard, renewals, lease) \
         SELECT $1, (", last_given!(), "), 0, $2 RETURNING heard";

    /// Whether instance `$1` is on the list.
    IS_LISTED(INT8) = "SELECT EXISTS (SELECT 1 FROM instances WHERE id = $1)";

    /// Instance `$1`, which has renewed `$3` times, is there and has heard of events up to `$2`. Answers
    /// the last event; nothing when there is no such instance on the list.
    RENEW(INT8, INT8, INT8) =
        "UPDATE instances SET heard = $2, renewals = renewals + 1 WHERE id = $1 AND renewals = $3 \
         RETURNING (", last_given!(), ")";

    /// All instances but `$1`: what each has heard, how often it has renewed, and its lease.
    OTHERS(INT8) = "SELECT id, heard, renewals, lease FROM instances WHERE id <> $1";

    /// Strikes instances `$1` off the list that have renewed no more often than `$2` says.
    STRIKE_OFF(INT8_ARRAY, INT8_ARRAY) =
        "DELETE FROM instances i USING unnest($1, $2) AS silent (id, renewals) \
         WHERE i.id = silent.id AND i.renewals = silent.renewals";

    LEAVE(INT8) = "DELETE FROM instances WHERE id = $1";

    LIST_NEWS(INT8, INT8) =
        "SELECT id, kind, user_id, session_handle FROM session_events \
         WHERE id > $1 ORDER BY id LIMIT $2";
}
