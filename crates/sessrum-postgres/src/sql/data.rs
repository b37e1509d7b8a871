use super::{Statement, statements};

statements! {
    FIND(INT8, TEXT) =
        "SELECT d.key, d.value, d.revision, d.updated_at \
         FROM user_sessions s JOIN session_data d ON d.session_id = s.id \
         WHERE s.id = $1 AND s.ended_at IS NULL AND d.key = $2";

    LIST(INT8) =
        "SELECT d.key, d.value, d.revision, d.updated_at \
         FROM user_sessions s JOIN session_data d ON d.session_id = s.id \
         WHERE s.id = $1 AND s.ended_at IS NULL ORDER BY d.key";

    REVISION(INT8, TEXT) = "SELECT revision FROM session_data WHERE session_id = $1 AND key = $2";

    /// Bytes that the session's other keys and values take.
    SIZE_OF_OTHERS(INT8, TEXT) =
        "SELECT coalesce(sum(octet_length(key) + octet_length(value)), 0)::bigint \
         FROM session_data WHERE session_id = $1 AND key <> $2";

    PUT(INT8, TEXT, TEXT, INT8, INT8) =
        "INSERT INTO session_data (session_id, key, value, revision, updated_at) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (session_id, key) DO UPDATE SET \
         value = excluded.value, revision = excluded.revision, updated_at = excluded.updated_at";

    DELETE(INT8, TEXT) = "DELETE FROM session_data WHERE session_id = $1 AND key = $2";
}
