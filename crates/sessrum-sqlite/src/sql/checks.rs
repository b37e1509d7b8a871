use super::{Statement, statements};

statements! {
    /// Another value each time: SQLite does not write a page that stays as it is.
    WRITE = "UPDATE checks SET made = made + 1 WHERE id = 1";
}
