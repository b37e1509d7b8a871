//! `sessrum`: see `sessrum --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    sessrum_server::cli::main()
}
