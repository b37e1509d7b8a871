use super::{Statement, statements};

/// The columns of `users` in the order of `rows::user_facts` and `rows::user`.
macro_rules! user_columns {
    () => {
        "id, username, email, role, is_active, role_changed_at, created_at, password_changed_at"
    };
}

statements! {
    INSERT(TEXT, TEXT, TEXT, TEXT, INT8, TEXT) =
        "INSERT INTO users (username, email, password_hash, role, created_at, \
         password_changed_at, username_folded) VALUES ($1, $2, $3, $4, $5, $5, $6) RETURNING id";

    IS_USERNAME_TAKEN(TEXT) = "SELECT EXISTS (SELECT 1 FROM users WHERE username_folded = $1)";
    IS_EMAIL_TAKEN(TEXT) =
        "SELECT EXISTS (SELECT 1 FROM users WHERE lower(email) = lower($1 COLLATE \"C\"))";

    FIND(INT8) = "SELECT ", user_columns!(), " FROM users WHERE id = $1";
    FIND_BY_NAME(TEXT) = "SELECT ", user_columns!(), " FROM users WHERE username = $1";
    FIND_FOR_SIGN_IN(TEXT) =
        "SELECT ", user_columns!(), ", password_hash FROM users WHERE username = $1";

    HAS_ANY() = "SELECT EXISTS (SELECT 1 FROM users)";

    LIST(INT8, INT8) = "SELECT ", user_columns!(), " FROM users WHERE id > $1 ORDER BY id LIMIT $2";

    NAMES(INT8_ARRAY) = "SELECT id, username FROM users WHERE id = ANY ($1)";

    IS_THERE_ANOTHER_ADMIN(INT8) =
        "SELECT EXISTS (SELECT 1 FROM users WHERE role = 'admin' AND is_active AND id <> $1)";

    /// Platforms go with it.
    DELETE(INT8) = "DELETE FROM users WHERE id = $1";

    SET_ACTIVE(INT8, BOOL) = "UPDATE users SET is_active = $2 WHERE id = $1";
    SET_ROLE(INT8, TEXT, INT8) = "UPDATE users SET role = $2, role_changed_at = $3 WHERE id = $1";
    SET_PASSWORD(INT8, TEXT, INT8) =
        "UPDATE users SET password_hash = $2, password_changed_at = $3 WHERE id = $1";
    UPGRADE_PASSWORD(INT8, TEXT, TEXT) =
        "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2";
}
