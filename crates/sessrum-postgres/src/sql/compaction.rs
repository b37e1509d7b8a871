use super::{Statement, statements};

statements! {
    ASK_FOR() = "INSERT INTO due_compactions DEFAULT VALUES";

    /// The last one that was asked for; null when none is due.
    LAST_DUE() = "SELECT max(id) FROM due_compactions";

    DONE_UP_TO(INT8) = "DELETE FROM due_compactions WHERE id <= $1";
}
