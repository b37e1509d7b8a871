mod confirm;
mod platforms;
mod security;
mod sessions;
