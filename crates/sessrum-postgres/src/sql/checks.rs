use super::{Statement, statements};

statements! {
    WRITE() = "UPDATE checks SET made = made + 1 WHERE id = 1";
}
