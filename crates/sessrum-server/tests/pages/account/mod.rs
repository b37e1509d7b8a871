mod confirm;
mod platforms;
mod security;
mod security_log;
mod sessions;
