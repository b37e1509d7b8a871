use super::{Statement, statements};

statements! {
    FIND(BYTEA, BYTEA) =
        "SELECT failures, slowing, counted_at, succeeded_at, forget_at FROM sign_in_counters \
         WHERE account = $1 AND place = $2";

    KEEP(BYTEA, BYTEA, INT8, INT8, INT8, INT8, INT8) =
        "INSERT INTO sign_in_counters \
         (account, place, failures, slowing, counted_at, succeeded_at, forget_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account, place) DO UPDATE SET \
         failures = excluded.failures, slowing = excluded.slowing, \
         counted_at = excluded.counted_at, \
         succeeded_at = excluded.succeeded_at, forget_at = excluded.forget_at";

    REMOVE(BYTEA, BYTEA) = "DELETE FROM sign_in_counters WHERE account = $1 AND place = $2";

    REMOVE_OF_ACCOUNT(BYTEA) = "DELETE FROM sign_in_counters WHERE account = $1";

    REMOVE_FORGOTTEN(INT8, INT8) =
        "DELETE FROM sign_in_counters WHERE ctid = ANY (ARRAY (SELECT ctid FROM sign_in_counters \
         WHERE forget_at <= $1 ORDER BY forget_at, account, place LIMIT $2 \
         FOR UPDATE SKIP LOCKED))";
}
