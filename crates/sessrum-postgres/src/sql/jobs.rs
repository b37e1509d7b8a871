use super::{Statement, statements};

statements! {
    /// Takes the turn until the transaction ends, if nobody has it.
    CLAIM(INT8) = "SELECT pg_try_advisory_xact_lock($1)";

    /// Nothing; the server notices that the transaction goes on.
    GO_ON() = "SELECT 1";

    /// Null when none has.
    LAST_CLEAN_UP() = "SELECT succeeded_at FROM clean_up WHERE id = 1";

    NOTE_CLEAN_UP(INT8) = "UPDATE clean_up SET succeeded_at = $1 WHERE id = 1";
}
