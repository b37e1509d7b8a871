//! `sessrum`: see `sessrum --help`.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A request takes some fifty pieces of memory; the C library's allocator takes longer for each.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    sessrum_server::cli::main()
}
