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
    INSERT =
        "INSERT INTO platform_connections (user_id, name, platform_type, instance_url, username, \
         credentials, credentials_key_id, is_default, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING ", platform_columns!();

    COUNT = "SELECT count(*) FROM platform_connections WHERE user_id = ?1";

    USE = "UPDATE platform_connections SET last_used = ?3 WHERE id = ?1 AND user_id = ?2";

    /// Whether another platform of user `?1` than `?3` has the name `?2`.
    IS_NAME_TAKEN =
        "SELECT EXISTS (SELECT 1 FROM platform_connections \
         WHERE user_id = ?1 AND name = ?2 AND id IS NOT ?3)";

    IS_ACCOUNT_TAKEN =
        "SELECT EXISTS (SELECT 1 FROM platform_connections \
         WHERE user_id = ?1 AND instance_url = ?2 AND username = ?3)";

    FIND =
        "SELECT ", platform_columns!(), " FROM platform_connections WHERE id = ?1 AND user_id = ?2";

    LIST =
        "SELECT ", platform_columns!(), " FROM platform_connections WHERE user_id = ?1 \
         ORDER BY is_default DESC, name";

    LIST_ACTIVE =
        "SELECT ", platform_columns!(), " FROM platform_connections \
         WHERE user_id = ?1 AND is_active ORDER BY is_default DESC, name";

    CREDENTIALS =
        "SELECT credentials_key_id, credentials FROM platform_connections \
         WHERE id = ?1 AND user_id = ?2 AND credentials IS NOT NULL";

    LIST_CREDENTIALS =
        "SELECT user_id, id, credentials_key_id, credentials FROM platform_connections \
         WHERE id > ?1 AND credentials IS NOT NULL ORDER BY id LIMIT ?2";

    RESEAL =
        "UPDATE platform_connections SET credentials_key_id = ?2, credentials = ?3 \
         WHERE id = ?1 AND credentials = ?4";

    CLEAR_DEFAULT =
        "UPDATE platform_connections SET is_default = 0 WHERE user_id = ?1 AND is_default";

    /// Leaves the credentials as they are where `?5` is null.
    UPDATE =
        "UPDATE platform_connections SET name = ?2, is_active = ?3, is_default = ?4, \
         credentials = coalesce(?5, credentials), \
         credentials_key_id = coalesce(?6, credentials_key_id) \
         WHERE id = ?1";

    DELETE = "DELETE FROM platform_connections WHERE id = ?1 AND user_id = ?2";
}
