use super::{Statement, statements};

statements! {
    /// Null when none has.
    LAST_CLEAN_UP = "SELECT succeeded_at FROM clean_up WHERE id = 1";

    NOTE_CLEAN_UP = "UPDATE clean_up SET succeeded_at = ?1 WHERE id = 1";
}
