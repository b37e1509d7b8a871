//! Proxies in front of the application: who is calling, and by which scheme.
//!
//! A proxy tells in `X-Forwarded-For` whom it answers and in `X-Forwarded-Proto` by which scheme it
//! was asked. Anybody can send these headers, so they are believed of configured proxies alone.
//!
//! Caveat: a proxy that is trusted must append to `X-Forwarded-For` (or set it) and set
//! `X-Forwarded-Proto`, as nginx, Caddy and Traefik do when they are told to. A proxy that
//! is not trusted is taken for the client: all who come through it have one address.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Redirect, Response};
use futures_util::future::Either;
use ipnet::IpNet;
use tower_layer::Layer;
use tower_service::Service;

use crate::answer::Audience;
use crate::origin::Origin;
use crate::problem::{Code, Problem};

/// The proxies whose word is taken, by address or network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

/// What is no address and no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no address such as 127.0.0.1 or ::1, and no network such as 10.0.0.0/8")]
pub struct TrustedProxiesError(String);

impl TrustedProxies {
    /// Reads addresses (`127.0.0.1`, `::1`) and networks (`10.0.0.0/8`).
    ///
    /// # Errors
    /// [`TrustedProxiesError`] names the first that is neither.
    pub fn parse<'a>(
        texts: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, TrustedProxiesError> {
        let parse = |text: &str| {
            let network = IpNet::from_str(text).ok();
            network
                .or_else(|| IpAddr::from_str(text).ok().map(|it| IpNet::from(it.to_canonical())))
                .ok_or_else(|| TrustedProxiesError(text.to_owned()))
        };
        texts.into_iter().map(parse).collect::<Result<_, _>>().map(Self)
    }

    /// Whether nobody is trusted.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether they are everyone: together they contain all addresses of version 4 or of version 6.
    #[must_use]
    pub fn are_everyone(&self) -> bool {
        IpNet::aggregate(&self.0).iter().any(|network| network.prefix_len() == 0)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The address of whoever made a request that came from `peer`: the last one in
    /// `X-Forwarded-For` that is no trusted proxy's. What stands before something that cannot be
    /// read may be anybody's word: then it is the trusted proxy that had it from there.
    #[must_use]
    pub fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        // Several lines are one list; the last entry is by the nearest proxy.
        let lines = headers.get_all("x-forwarded-for").iter().rev();
        let mut hops = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        while self.trusts(client) {
            let Some(address) = hops.next().and_then(forwarded_address) else { break };
            client = address;
        }
        client
    }

    /// Whether a trusted proxy says that it was asked by plain http.
    fn tell_of_plain_http(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        let said = headers.get_all("x-forwarded-proto").iter().next_back();
        let nearest = said.and_then(|line| line.as_bytes().rsplit(|byte| *byte == b',').next());
        self.trusts(peer.to_canonical())
            && nearest.is_some_and(|scheme| scheme.trim_ascii().eq_ignore_ascii_case(b"http"))
    }
}

/// An address as proxies write it: `192.0.2.1`, `2001:db8::1`, either with a port as in
/// `192.0.2.1:80` and `[2001:db8::1]:80`, or in brackets alone.
fn forwarded_address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text.trim_ascii()).ok()?;
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = IpAddr::from_str(bare).ok();
    let with_port = || SocketAddr::from_str(text).ok().map(|address| address.ip());
    address.or_else(with_port).map(|address| address.to_canonical())
}

/// The address of whoever made the request, as the proxies in front tell it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

/// The layer that takes the word of trusted proxies. Use it outside of
/// [`DatabaseSessionLayer`](crate::DatabaseSessionLayer).
///
/// When the site is https and a trusted proxy was asked by plain http, no session is opened: a
/// person is sent to the https address, anyone else is refused.
#[derive(Clone, Debug)]
pub struct ProxyGate {
    origin: Arc<Origin>,
    proxies: Arc<TrustedProxies>,
}

impl ProxyGate {
    /// A gate for a site at this origin, behind these proxies.
    #[must_use]
    pub fn new(origin: Origin, proxies: TrustedProxies) -> Self {
        Self { origin: Arc::new(origin), proxies: Arc::new(proxies) }
    }

    /// Notes the client's address. Answers a request that is not let in.
    fn admit(&self, request: &mut Request) -> Option<Response> {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        if let Some(peer) = peer.map(|ConnectInfo(peer)| peer.ip()) {
            if self.origin.is_secure() && self.proxies.tell_of_plain_http(peer, request.headers()) {
                return Some(self.refuse(request));
            }
            let client = self.proxies.client_address(peer, request.headers());
            request.extensions_mut().insert(ClientAddress(client));
        }
        None
    }

    fn refuse(&self, request: &Request) -> Response {
        if request.method() == Method::GET && Audience::of(request) == Audience::Person {
            let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
            // Anything else would go on with the host's name.
            if path.starts_with('/') {
                return Redirect::permanent(&format!("{}{path}", self.origin)).into_response();
            }
        }
        Problem::new(Code::HttpsRequired).into_response()
    }
}

impl<S> Layer<S> for ProxyGate {
    type Service = ProxyGateMiddleware<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ProxyGateMiddleware { gate: self.clone(), inner }
    }
}

/// What [`ProxyGate`] wraps a service in.
#[derive(Clone, Debug)]
pub struct ProxyGateMiddleware<S> {
    gate: ProxyGate,
    inner: S,
}

impl<S> Service<Request> for ProxyGateMiddleware<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<S::Future, Ready<Result<Response, Infallible>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        match self.gate.admit(&mut request) {
            None => Either::Left(self.inner.call(request)),
            Some(refusal) => Either::Right(ready(Ok(refusal))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn proxies() -> TrustedProxies {
        TrustedProxies::parse(["127.0.0.1", "10.0.0.0/8", "::1", "2001:db8:1::/48"]).unwrap()
    }

    fn headers(name: &'static str, lines: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name, HeaderValue::from_bytes(line).unwrap());
        }
        headers
    }

    fn client(peer: &str, lines: &[&[u8]]) -> String {
        let headers = headers("x-forwarded-for", lines);
        proxies().client_address(peer.parse().unwrap(), &headers).to_string()
    }

    /// Security: 4.1.3
    #[test]
    fn only_a_trusted_proxy_says_who_is_calling() {
        assert_eq!(client("192.0.2.1", &[b"198.51.100.1"]), "192.0.2.1");
        assert_eq!(client("127.0.0.2", &[b"198.51.100.1"]), "127.0.0.2");
        assert_eq!(client("127.0.0.1", &[b"198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("::ffff:127.0.0.1", &[b"198.51.100.1"]), "198.51.100.1");
        let nobody = TrustedProxies::default();
        let forged = headers("x-forwarded-for", &[b"198.51.100.1"]);
        let loopback = IpAddr::from([127, 0, 0, 1]);
        assert_eq!(nobody.client_address(loopback, &forged), loopback);
    }

    /// Security: 4.1.3
    #[test]
    fn an_address_is_trusted_however_it_is_written() {
        let mapped = TrustedProxies::parse(["::ffff:127.0.0.1"]).unwrap();
        let headers = headers("x-forwarded-for", &[b"198.51.100.1"]);
        let client = mapped.client_address([127, 0, 0, 1].into(), &headers);
        assert_eq!(client.to_string(), "198.51.100.1");
    }

    #[test]
    fn the_last_that_is_not_trusted_is_the_client_whatever_stands_before() {
        let forged: &[&[u8]] = &[b"203.0.113.9, 198.51.100.1"];
        assert_eq!(client("127.0.0.1", forged), "198.51.100.1");
        assert_eq!(
            client("127.0.0.1", &[b"203.0.113.9", b"198.51.100.1,10.1.2.3"]),
            "198.51.100.1"
        );
        assert_eq!(client("127.0.0.1", &[b"198.51.100.1, 10.1.2.3", b"10.9.9.9"]), "198.51.100.1");
        assert_eq!(client("127.0.0.1", &[b"10.1.2.3, 10.9.9.9"]), "10.1.2.3");
        assert_eq!(client("::1", &[b"2001:db8:2::7, 2001:db8:1::1"]), "2001:db8:2::7");
    }

    #[test]
    fn addresses_are_read_as_proxies_write_them() {
        for (text, address) in [
            ("198.51.100.1:4711", "198.51.100.1"),
            ("[2001:db8:2::7]:4711", "2001:db8:2::7"),
            ("[2001:db8:2::7]", "2001:db8:2::7"),
            ("\t198.51.100.1 ", "198.51.100.1"),
            ("::ffff:198.51.100.1", "198.51.100.1"),
        ] {
            assert_eq!(client("127.0.0.1", &[text.as_bytes()]), address);
        }
    }

    /// Security: 4.1.3
    #[test]
    fn what_cannot_be_read_leaves_the_last_trusted_address() {
        for garbage in [
            "",
            ",",
            " , ",
            "unknown",
            "_hidden",
            "198.51.100.300",
            "198.51.100.1 203.0.113.9",
            "198.51.100.1;",
            "\"198.51.100.1\"",
            "[::1",
            "::1]:80",
            "localhost",
            "\u{e9}",
            "1",
        ] {
            assert_eq!(client("127.0.0.1", &[garbage.as_bytes()]), "127.0.0.1", "{garbage:?}");
            let line = format!("203.0.113.9, {garbage}, 10.1.2.3");
            assert_eq!(client("127.0.0.1", &[line.as_bytes()]), "10.1.2.3", "{garbage:?}");
        }
        assert_eq!(client("127.0.0.1", &[b"\xff\xfe"]), "127.0.0.1");
        assert_eq!(client("127.0.0.1", &[]), "127.0.0.1");
        let long = "10.1.1.1,".repeat(7_000);
        assert_eq!(client("127.0.0.1", &[long.as_bytes()]), "127.0.0.1");
    }

    /// Security: N5.1, abuse 33
    #[test]
    fn the_nearest_trusted_proxy_tells_the_scheme() {
        let told = |peer: &str, lines: &[&[u8]]| {
            let headers = headers("x-forwarded-proto", lines);
            proxies().tell_of_plain_http(peer.parse().unwrap(), &headers)
        };
        for plain in [&b"http"[..], b"HTTP", b" http ", b"https, http"] {
            assert!(told("127.0.0.1", &[plain]));
            assert!(!told("192.0.2.1", &[plain]));
        }
        assert!(told("127.0.0.1", &[b"https", b"http"]));
        for other in [&b"https"[..], b"", b"wss", b"http, https", b"\xff"] {
            assert!(!told("127.0.0.1", &[other]));
        }
        assert!(!told("127.0.0.1", &[]));
    }

    /// Security: 4.1.3
    #[test]
    fn networks_that_contain_every_address_are_everyone() {
        let everyone: [&[&str]; 5] = [
            &["0.0.0.0/0"],
            &["127.0.0.1", "203.0.113.9/0"],
            &["::/0"],
            &["128.0.0.0/1", "0.0.0.0/1"],
            &["0.0.0.0/2", "8000::/1", "64.0.0.0/2", "::/1"],
        ];
        for networks in everyone {
            let proxies = TrustedProxies::parse(networks.iter().copied()).unwrap();
            assert!(proxies.are_everyone(), "{networks:?}");
        }
        let some: [&[&str]; 4] =
            [&[], &["0.0.0.0"], &["0.0.0.0/1", "128.0.0.0/2"], &["10.0.0.0/8", "::/1", "::1"]];
        for networks in some {
            let proxies = TrustedProxies::parse(networks.iter().copied()).unwrap();
            assert!(!proxies.are_everyone(), "{networks:?}");
        }
    }

    #[test]
    fn what_is_no_address_is_named() {
        for bad in ["", "localhost", "10.0.0.0/33", "10.0.0", "*", "127.0.0.1:80"] {
            let error = TrustedProxies::parse(["127.0.0.1", bad]).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{bad:?} is no address")), "{error}");
        }
    }
}
