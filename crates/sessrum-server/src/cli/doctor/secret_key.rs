use std::os::unix::fs::PermissionsExt as _;

use super::Check;
use crate::config::{Config, SecretSource};

const NAME: &str = "secret key";

/// Nobody else can read the file with the secret key.
pub(super) fn check(config: &Config) -> Check {
    let SecretSource::File(path) = &config.secret else {
        return Check::ok(NAME, "It stands in the configuration.");
    };
    let shown = path.display();
    let mode = match std::fs::metadata(path) {
        Ok(file) => file.permissions().mode(),
        Err(error) => return Check::failed(NAME, format!("{shown} cannot be read: {error}")),
    };
    if mode & 0o007 != 0 {
        Check::failed(NAME, format!("Anyone can use {shown}: run `chmod 600 {shown}`."))
    } else if mode & 0o070 != 0 {
        let advice = "run `chmod 600` on it, unless the group is this program's alone";
        Check::warning(NAME, format!("The group can use {shown}: {advice}."))
    } else {
        Check::ok(NAME, format!("Only its owner can read {shown}."))
    }
}
