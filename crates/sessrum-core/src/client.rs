//! Who is calling: what a request tells of the browser and the network it comes from.

use std::net::IpAddr;

use crate::text::is_unseen;

/// The longest user agent or language that is kept, in bytes.
const LONGEST: usize = 512;

/// The longest name of a tool that names itself, in bytes.
const LONGEST_NAME: usize = 40;

/// What a request tells of its sender. Everything may be missing; nothing is trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// The peer's address.
    pub ip_address: Option<IpAddr>,
    /// The `User-Agent` header, see [`Client::text`].
    pub user_agent: Option<Box<str>>,
    /// The first language of `Accept-Language`.
    pub language: Option<Box<str>>,
    /// The `Sec-CH-UA-Platform` client hint.
    pub platform_hint: Option<Box<str>>,
}

impl Client {
    /// Makes a header fit to be kept and logged: controls and what cannot be seen replaced, then cut at 512 bytes,
    /// so that it can neither forge a log line nor fill the disk.
    #[must_use]
    pub fn text(header: &str) -> Box<str> {
        // Nearly every one.
        if header.len() <= LONGEST && header.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return header.into();
        }
        let mut length = 0;
        header
            .chars()
            .map(|c| if is_unseen(c) { char::REPLACEMENT_CHARACTER } else { c })
            .take_while(|c| {
                length += c.len_utf8();
                length <= LONGEST
            })
            .collect()
    }

    /// The [name](Self::device_name) of the device, if there is a user agent.
    #[must_use]
    pub fn device(&self) -> Option<String> {
        self.user_agent.as_deref().map(|agent| Self::device_name(Some(agent)))
    }

    /// A name for the device that a person recognises, such as "Firefox on Linux".
    #[must_use]
    pub fn device_name(user_agent: Option<&str>) -> String {
        let (browser, system) = browser_and_system(user_agent.unwrap_or_default());
        match (browser, system) {
            (Some(browser), Some(system)) => format!("{browser} on {system}"),
            (Some(name), None) | (None, Some(name)) => name.to_owned(),
            (None, None) => "Unknown device".to_owned(),
        }
    }
}

/// The network of an address: /24 for IPv4, /48 for IPv6.
pub(crate) fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            format!("{}/48", std::net::Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}

/// The families of browser and operating system, without versions.
pub(crate) fn browser_and_system(user_agent: &str) -> (Option<&str>, Option<&str>) {
    match woothee::parser::Parser::new().parse(user_agent) {
        Some(parsed) if parsed.name != "HTTP Library" => {
            (known(parsed.name), known(parsed.os).map(system_family))
        }
        // Tools such as `curl/8.5.0` name themselves up to the slash.
        _ => (user_agent.split(['/', ' ']).next().filter(|name| is_tool(name)), None),
    }
}

/// Plain letters, and not too many: nothing else is a name to show.
fn is_tool(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
}

fn known(name: &str) -> Option<&str> {
    (name != "UNKNOWN").then_some(name)
}

/// Folds versions such as "Windows 10" and "Windows 7" into one family.
fn system_family(system: &str) -> &str {
    match system {
        "Mac OSX" => "macOS",
        "iPhone" | "iPad" | "iPod" => "iOS",
        _ if system.starts_with("Windows") && !system.starts_with("Windows Phone") => "Windows",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_has_a_name_that_its_owner_recognises() {
        let name = |agent| Client::device_name(Some(agent));
        assert_eq!(
            name("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
            "Firefox on Linux"
        );
        assert_eq!(
            name(
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Chrome/140.0.0.0 Safari/537.36"
            ),
            "Chrome on Windows"
        );
        assert_eq!(
            name(
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 \
                 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
            ),
            "Safari on iOS"
        );
        assert_eq!(name("curl/8.5.0"), "curl");
        for nameless in ["", "\u{202e}nimda", &"a".repeat(500)] {
            assert_eq!(name(nameless), "Unknown device", "{nameless}");
        }
        assert_eq!(Client::device_name(None), "Unknown device");
    }

    #[test]
    fn the_network_of_an_address_is_a_24_or_a_48() {
        let of = |address: &str| network(address.parse().unwrap());
        assert_eq!(of("192.0.2.77"), "192.0.2.0/24");
        assert_eq!(of("::ffff:192.0.2.77"), "192.0.2.0/24");
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1::/48");
        assert_eq!(of("::1"), "::/48");
    }

    /// Security: 16.4.1
    #[test]
    fn header_text_is_cut_and_cleaned_16_4_1() {
        assert_eq!(&*Client::text("a\r\nb"), "a\u{fffd}\u{fffd}b");
        assert_eq!(&*Client::text("a\u{202e}b"), "a\u{fffd}b");
        assert_eq!(&*Client::text("a\u{7f}b"), "a\u{fffd}b");
        assert_eq!(Client::text(&"a".repeat(600)).len(), 512);
        assert_eq!(Client::text(&"é".repeat(400)).len(), 512);
        assert_eq!(Client::text(&"\t".repeat(512)), "\u{fffd}".repeat(170).into());
    }
}
