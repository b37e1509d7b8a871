//! A stream of server-sent events, as a page reads it.

use axum::body::Body;
use axum::response::Response;
use http_body_util::BodyExt as _;
use serde_json::Value;

use super::invariants::has_security_headers;
use super::site::Site;

pub(crate) struct EventStream {
    body: Body,
}

/// An event: its name, its id and its data.
#[derive(Debug, PartialEq)]
pub(crate) struct Told {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
    pub(crate) data: Value,
}

impl EventStream {
    #[track_caller]
    pub(super) fn of(site: &Site, response: Response) -> Self {
        let (parts, body) = response.into_parts();
        assert_eq!(parts.status, 200);
        let header = |name| parts.headers.get(name).unwrap().to_str().unwrap();
        assert_eq!(header("content-type"), "text/event-stream");
        assert_eq!((header("cache-control"), header("x-accel-buffering")), ("no-store", "no"));
        assert!(!parts.headers.contains_key("set-cookie"));
        has_security_headers(site, &parts.headers);
        Self { body }
    }

    /// The next event that says something; `None` when the stream is over.
    pub(crate) async fn next(&mut self) -> Option<Told> {
        loop {
            let told = self.next_or_sign_of_life().await?;
            if told.name != "keep_alive" {
                return Some(told);
            }
        }
    }

    /// The next event.
    pub(crate) async fn next_or_sign_of_life(&mut self) -> Option<Told> {
        let frame = self.body.frame().await?.unwrap().into_data().unwrap();
        let text = String::from_utf8(frame.to_vec()).unwrap();
        let text = text.strip_suffix("\n\n").expect("one event in each frame");
        let field = |name: &str| {
            let mut lines = text.lines().filter_map(|line| line.strip_prefix(name));
            let value = lines.next().map(|value| value.trim_start_matches(": ").to_owned());
            assert_eq!(lines.next(), None, "{text}");
            value
        };
        let data = serde_json::from_str(&field("data").unwrap()).unwrap();
        Some(Told { name: field("event").unwrap(), id: field("id"), data })
    }

    /// The next event, which must have this name; its data.
    pub(crate) async fn is(&mut self, name: &str) -> Value {
        let told = self.next().await.unwrap_or_else(|| panic!("no {name}: the stream is over"));
        assert_eq!(told.name, name, "{told:?}");
        told.data
    }

    /// There is nothing more to hear.
    pub(crate) async fn is_over(&mut self) {
        assert_eq!(self.next().await, None);
    }
}
