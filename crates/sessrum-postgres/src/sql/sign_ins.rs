//! Sign-ins are made in sets: each statement takes a row of each of them. What is looked up for each
//! is a subquery that yields a value: PostgreSQL has no way to answer that but by the index.

use super::{Statement, statements};

statements! {
    /// What speaks against a sign-in: of its bundled user `$1` whether they are active and when their
    /// password changed, both null when there is no such user; whether handle `$2` or token `$3` is
    /// taken.
    JUDGE(INT8_ARRAY, BYTEA_ARRAY, BYTEA_ARRAY) =
        "SELECT u.is_active, u.password_changed_at, coalesce(\
         (SELECT true FROM user_sessions s WHERE s.handle = new.handle), \
         (SELECT true FROM session_tokens t WHERE t.token_hash = new.token), false) \
         FROM unnest($1, $2, $3) WITH ORDINALITY AS new (user_id, handle, token, number) \
         LEFT JOIN users u ON u.id = new.user_id ORDER BY new.number";

    /// Whether user `$1` has signed in before, and whether on device `$2`; null when not.
    KNOWS_DEVICE(TEXT_ARRAY, TEXT_ARRAY) =
        "SELECT (SELECT true FROM session_events e \
         WHERE e.user_id = new.user_id AND e.kind = 'signed_in' LIMIT 1), \
         (SELECT true FROM session_events e WHERE e.user_id = new.user_id \
         AND coalesce(e.device, '') = coalesce(new.device, '') AND e.kind = 'signed_in' LIMIT 1) \
         FROM unnest($1, $2) WITH ORDINALITY AS new (user_id, device, number) \
         ORDER BY new.number";

    /// Ends sessions `$1` as a logout, each at `$2`.
    END_REPLACED(INT8_ARRAY, INT8_ARRAY) =
        "UPDATE user_sessions s SET (ended_at, updated_at, end_reason) = \
         (SELECT at, at, 'logout' FROM unnest($1, $2) AS new (replaces, at) \
         WHERE new.replaces = s.id) WHERE s.ended_at IS NULL AND s.id = ANY ($1) \
         RETURNING s.id, s.handle, s.user_id, s.revision";

    /// Ends the live sessions of users `$1` but the `$2` used most recently, each at `$3`, `$4` of a
    /// user at most.
    EVICT(TEXT_ARRAY, INT8_ARRAY, INT8_ARRAY, INT8) =
        "UPDATE user_sessions s SET (ended_at, updated_at, end_reason) = \
         (SELECT at, at, 'evicted' FROM unnest($1, $3) AS new (user_id, at) \
         WHERE new.user_id = s.user_id) \
         WHERE s.ended_at IS NULL AND s.id = ANY (ARRAY (\
         SELECT its.id FROM unnest($1, $2) AS new (user_id, kept) CROSS JOIN LATERAL \
         (SELECT id FROM user_sessions WHERE user_id = new.user_id AND ended_at IS NULL \
         ORDER BY last_activity DESC, id DESC OFFSET new.kept LIMIT $4) its)) \
         RETURNING s.id, s.handle, s.user_id, s.revision";

    /// Adds sessions with their tokens `$2`, and tells the key of each.
    INSERT(
        BYTEA_ARRAY, BYTEA_ARRAY, TEXT_ARRAY, TEXT_ARRAY, INT8_ARRAY, INT8_ARRAY, BOOL_ARRAY,
        BYTEA_ARRAY, TEXT_ARRAY, TEXT_ARRAY
    ) =
        "WITH added AS (INSERT INTO user_sessions (handle, user_id, active_platform_id, \
         created_at, updated_at, last_activity, authenticated_at, expires_at, remembered, \
         session_fingerprint, user_agent, ip_address) \
         SELECT handle, user_id, platform_id, at, at, at, at, expires_at, remembered, \
         fingerprint, user_agent, ip_address FROM unnest($1, $3, $4, $5, $6, $7, $8, $9, $10) \
         WITH ORDINALITY AS new (handle, user_id, platform_id, at, expires_at, remembered, \
         fingerprint, user_agent, ip_address, number) ORDER BY number RETURNING id, handle) \
         INSERT INTO session_tokens (token_hash, session_id, issued_at, first_used_at) \
         SELECT new.token, added.id, new.at, new.at \
         FROM unnest($1, $2, $5) AS new (handle, token, at) JOIN added USING (handle) \
         RETURNING token_hash, session_id";
}
