use super::{Statement, statements};

statements! {
    FIND =
        "SELECT failures, slowing, counted_at, succeeded_at, forget_at FROM sign_in_counters \
         WHERE account = ?1 AND place = ?2";

    KEEP =
        "INSERT INTO sign_in_counters \
         (account, place, failures, slowing, counted_at, succeeded_at, forget_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (account, place) DO UPDATE SET \
         failures = excluded.failures, slowing = excluded.slowing, \
         counted_at = excluded.counted_at, \
         succeeded_at = excluded.succeeded_at, forget_at = excluded.forget_at";

    REMOVE = "DELETE FROM sign_in_counters WHERE account = ?1 AND place = ?2";

    REMOVE_OF_ACCOUNT = "DELETE FROM sign_in_counters WHERE account = ?1";

    REMOVE_FORGOTTEN =
        "DELETE FROM sign_in_counters WHERE (account, place) IN \
         (SELECT account, place FROM sign_in_counters INDEXED BY sign_in_counters_by_end \
         WHERE forget_at <= ?1 ORDER BY forget_at, account, place LIMIT ?2)";
}
