use super::Check;
use crate::config::Config;

const NAME: &str = "proxies";

/// Visitors are known by their own addresses.
pub(super) fn check(config: &Config) -> Check {
    if let Some(warning) = config.trust_warning() {
        Check::warning(NAME, format!("The configuration's {warning}."))
    } else if config.trusts_nobody_in_front() {
        Check::warning(
            NAME,
            "The public URL is https, which a proxy in front must speak, and none is trusted: every \
             visitor has the proxy's address, and wrong passwords of one slow down all. Name it in \
             trusted_proxies.",
        )
    } else if config.trusted_proxies.is_empty() {
        Check::ok(NAME, "None is trusted, and none is needed for plain http.")
    } else {
        Check::ok(NAME, "Those in trusted_proxies tell the visitors' addresses.")
    }
}
