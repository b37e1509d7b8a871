//! The real program: started, talked to over sockets and pipes, killed, started again.

#![cfg(test)]

mod audit;
mod campaign;
mod canaries;
mod command_line;
mod database_files;
mod forgetting;
mod jobs;
mod kill;
mod open_files;
mod postgres;
mod process;
mod proxies;
mod secrets;
mod shutdown;
mod time_zones;
mod walk_through;
