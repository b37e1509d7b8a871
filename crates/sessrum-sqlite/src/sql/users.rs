use super::{Statement, statements};

/// The columns of `users` in the order of `rows::user_facts` and `rows::user`.
macro_rules! user_columns {
    () => {
        "id, username, email, role, is_active, role_changed_at, created_at, password_changed_at"
    };
}

statements! {
    INSERT =
        "INSERT INTO users (username, email, password_hash, role, created_at, \
         password_changed_at, username_folded) VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6) RETURNING id";

    IS_USERNAME_TAKEN = "SELECT EXISTS (SELECT 1 FROM users WHERE username_folded = ?1)";
    IS_EMAIL_TAKEN = "SELECT EXISTS (SELECT 1 FROM users WHERE email = ?1)";

    FIND = "SELECT ", user_columns!(), " FROM users WHERE id = ?1";
    FIND_BY_NAME = "SELECT ", user_columns!(), " FROM users WHERE username = ?1";
    FIND_FOR_SIGN_IN =
        "SELECT ", user_columns!(), ", password_hash FROM users WHERE username = ?1";

    HAS_ANY = "SELECT EXISTS (SELECT 1 FROM users)";

    LIST = "SELECT ", user_columns!(), " FROM users WHERE id > ?1 ORDER BY id LIMIT ?2";

    /// Of the keys in a JSON array.
    NAMES = "SELECT id, username FROM users WHERE id IN (SELECT value FROM json_each(?1))";

    IS_THERE_ANOTHER_ADMIN =
        "SELECT EXISTS (SELECT 1 FROM users WHERE role = 'admin' AND is_active AND id <> ?1)";

    /// Platforms go with it.
    DELETE = "DELETE FROM users WHERE id = ?1";

    SET_ACTIVE = "UPDATE users SET is_active = ?2 WHERE id = ?1";
    SET_ROLE = "UPDATE users SET role = ?2, role_changed_at = ?3 WHERE id = ?1";
    SET_PASSWORD = "UPDATE users SET password_hash = ?2, password_changed_at = ?3 WHERE id = ?1";
    UPGRADE_PASSWORD = "UPDATE users SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2";
}
