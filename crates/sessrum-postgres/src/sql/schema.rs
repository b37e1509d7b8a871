use super::{Statement, statements};

statements! {
    /// What the server is, and whether the table `$1` is there.
    SERVER(TEXT) =
        "SELECT current_setting('server_encoding'), \
         current_setting('transaction_read_only')::boolean, to_regclass($1) IS NOT NULL";

    /// The last migration that was made.
    VERSION() = "SELECT max(version) FROM sessrum_schema_history";

    OLDEST_SUPPORTED() = "SELECT oldest_schema FROM sessrum_schema_support WHERE id = 1";

    /// Waits for whoever migrates already.
    WAIT_TO_MIGRATE(INT8) = "SELECT pg_advisory_xact_lock($1)";
}
