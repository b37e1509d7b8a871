use super::{Statement, statements};

statements! {
    INSERT(BYTEA, INT8, INT8, INT8) =
        "INSERT INTO session_tokens (token_hash, session_id, issued_at, first_used_at) \
         VALUES ($1, $2, $3, $4)";

    LATEST(INT8) = "SELECT max(issued_at) FROM session_tokens WHERE session_id = $1";

    IS_TAKEN(BYTEA) = "SELECT EXISTS (SELECT 1 FROM session_tokens WHERE token_hash = $1)";

    /// Whether it has not retired and is no older than the last authentication.
    IS_IN_USE(BYTEA, INT8) =
        "SELECT EXISTS (SELECT 1 FROM session_tokens t JOIN user_sessions s ON s.id = t.session_id \
         WHERE t.token_hash = $1 AND t.session_id = $2 AND t.retired_at IS NULL \
         AND t.issued_at >= s.authenticated_at)";

    /// Whether a successor that was issued after `$2` is still unseen.
    HAS_YOUNG_SUCCESSOR(INT8, INT8) =
        "SELECT EXISTS (SELECT 1 FROM session_tokens WHERE session_id = $1 \
         AND retired_at IS NULL AND first_used_at IS NULL AND issued_at > $2)";

    RETIRE_LOST_SUCCESSORS(INT8, INT8, INT8) =
        "UPDATE session_tokens SET retired_at = $3 WHERE session_id = $1 \
         AND retired_at IS NULL AND first_used_at IS NULL AND issued_at <= $2";

    CONFIRM(BYTEA, INT8) =
        "UPDATE session_tokens SET first_used_at = $2 \
         WHERE token_hash = $1 AND first_used_at IS NULL AND retired_at IS NULL AND \
         (SELECT ended_at IS NULL FROM user_sessions s WHERE s.id = session_id) \
         RETURNING session_id, issued_at";

    /// Retires the tokens of session `$1` but `$2` that were issued no later than `$3`.
    RETIRE_OTHERS(INT8, BYTEA, INT8, INT8) =
        "UPDATE session_tokens SET retired_at = $4 \
         WHERE session_id = $1 AND retired_at IS NULL AND token_hash <> $2 AND issued_at <= $3";
}
