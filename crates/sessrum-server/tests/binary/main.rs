//! The real program: started, talked to over sockets and pipes, killed, started again.

#![cfg(test)]

mod audit;
mod command_line;
mod database_files;
mod kill;
mod process;
mod shutdown;
mod walk_through;
