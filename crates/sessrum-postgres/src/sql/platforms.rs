use super::{Statement, statements};

/// The columns of `platform_connections` in the order of `rows::platform_info` and
/// `rows::platform_connection`.
macro_rules! platform_columns {
    () => {
        "id, name, platform_type, instance_url, username, is_default, is_active, created_at, \
         last_used"
    };
}

statements! {
    INSERT(INT8, TEXT, TEXT, TEXT, TEXT, BYTEA, TEXT, BOOL, INT8) =
        "INSERT INTO platform_connections (user_id, name, platform_type, instance_url, username, \
         credentials, credentials_key_id, is_default, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING ", platform_columns!();

    COUNT(INT8) = "SELECT count(*) FROM platform_connections WHERE user_id = $1";

    /// Of platforms `$1`, each as user `$2` at `$3`.
    USE(INT8_ARRAY, INT8_ARRAY, INT8_ARRAY) =
        "UPDATE platform_connections p SET last_used = used.at \
         FROM unnest($1, $2, $3) AS used (id, user_id, at) \
         WHERE p.id = used.id AND p.user_id = used.user_id";

    /// Whether another platform of user `$1` than `$3` has the name `$2`.
    IS_NAME_TAKEN(INT8, TEXT, INT8) =
        "SELECT EXISTS (SELECT 1 FROM platform_connections \
         WHERE user_id = $1 AND name = $2 AND id IS DISTINCT FROM $3)";

    IS_ACCOUNT_TAKEN(INT8, TEXT, TEXT) =
        "SELECT EXISTS (SELECT 1 FROM platform_connections \
         WHERE user_id = $1 AND instance_url = $2 AND username = $3)";

    FIND(INT8, INT8) =
        "SELECT ", platform_columns!(), " FROM platform_connections WHERE id = $1 AND user_id = $2";

    LIST(INT8) =
        "SELECT ", platform_columns!(), " FROM platform_connections WHERE user_id = $1 \
         ORDER BY is_default DESC, name";

    LIST_ACTIVE(INT8) =
        "SELECT ", platform_columns!(), " FROM platform_connections \
         WHERE user_id = $1 AND is_active ORDER BY is_default DESC, name";

    CREDENTIALS(INT8, INT8) =
        "SELECT credentials_key_id, credentials FROM platform_connections \
         WHERE id = $1 AND user_id = $2 AND credentials IS NOT NULL";

    LIST_CREDENTIALS(INT8, INT8) =
        "SELECT user_id, id, credentials_key_id, credentials FROM platform_connections \
         WHERE id > $1 AND credentials IS NOT NULL ORDER BY id LIMIT $2";

    RESEAL(INT8, TEXT, BYTEA, BYTEA) =
        "UPDATE platform_connections SET credentials_key_id = $2, credentials = $3 \
         WHERE id = $1 AND credentials = $4";

    CLEAR_DEFAULT(INT8) =
        "UPDATE platform_connections SET is_default = false WHERE user_id = $1 AND is_default";

    /// Leaves the credentials as they are where `$5` is null.
    UPDATE(INT8, TEXT, BOOL, BOOL, BYTEA, TEXT) =
        "UPDATE platform_connections SET name = $2, is_active = $3, is_default = $4, \
         credentials = coalesce($5, credentials), \
         credentials_key_id = coalesce($6, credentials_key_id) \
         WHERE id = $1";

    DELETE(INT8, INT8) = "DELETE FROM platform_connections WHERE id = $1 AND user_id = $2";
}
