//! Looks for secrets, in every form that they may take on the way out.

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use url::form_urlencoded::byte_serialize;

/// Where something may come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The server's standard output and standard error.
    Log,
    /// What lies in the database's directory, the file with the secret key aside.
    Files,
    /// A header of an answer, but for the token in the one `Set-Cookie` that issues it.
    Header,
    /// The body of an answer.
    Body,
    /// What a command prints and says.
    Command,
}

/// Something that came out.
pub(super) struct Piece {
    pub(super) place: Place,
    /// Which file, header or command.
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// A secret that may be in some places at most.
struct Canary {
    name: &'static str,
    allowed: &'static [Place],
    forms: Vec<Vec<u8>>,
}

/// What came out so far, and what must not be in it.
#[derive(Default)]
pub(super) struct Search {
    canaries: Vec<Canary>,
    pieces: Vec<Piece>,
}

impl Search {
    /// A secret, and the places where it is no leak.
    pub(super) fn canary(
        &mut self,
        name: &'static str,
        secret: impl AsRef<[u8]>,
        allowed: &'static [Place],
    ) {
        self.canaries.push(Canary { name, allowed, forms: forms(secret.as_ref()) });
    }

    /// A secret that was put into some places on purpose.
    pub(super) fn allow(&mut self, name: &str, places: &'static [Place]) {
        for canary in self.canaries.iter_mut().filter(|canary| canary.name == name) {
            canary.allowed = places;
        }
    }

    pub(super) fn piece(
        &mut self,
        place: Place,
        name: impl Into<String>,
        bytes: impl Into<Vec<u8>>,
    ) {
        self.pieces.push(Piece { place, name: name.into(), bytes: bytes.into() });
    }

    /// How many bytes came out in a place.
    pub(super) fn seen(&self, place: Place) -> usize {
        self.pieces.iter().filter(|piece| piece.place == place).map(|it| it.bytes.len()).sum()
    }

    /// How many secrets of this name there are.
    pub(super) fn count(&self, name: &str) -> usize {
        self.canaries.iter().filter(|canary| canary.name == name).count()
    }

    /// Which secret came out where.
    pub(super) fn leaks(&self) -> Vec<String> {
        let forms = self.canaries.iter().flat_map(|it| it.forms.iter().map(move |form| (it, form)));
        let (owners, forms): (Vec<&Canary>, Vec<&Vec<u8>>) = forms.unzip();
        let automaton = AhoCorasick::new(forms).unwrap();
        let mut leaks = Vec::new();
        for Piece { place, name, bytes } in &self.pieces {
            for found in automaton.find_overlapping_iter(bytes) {
                let canary = owners[found.pattern().as_usize()];
                if !canary.allowed.contains(place) {
                    leaks.push(format!("{} is in {place:?} {name}", canary.name));
                }
            }
        }
        leaks.sort();
        leaks.dedup();
        leaks
    }
}

/// A secret as it is, and as it is written in hexadecimal digits, base64, lists of bytes, addresses,
/// forms, JSON, HTML and the log.
fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let hex = hex(secret);
    let list = format!("{secret:?}");
    let list = list.trim_matches(['[', ']']);
    let form: String = byte_serialize(secret).collect();
    let mut forms = vec![
        hex.to_uppercase(),
        hex,
        list.replace(' ', ""),
        list.to_owned(),
        form.replace('+', "%20"),
        form,
    ];
    forms.extend(base64(secret, &STANDARD_NO_PAD));
    forms.extend(base64(secret, &URL_SAFE_NO_PAD));
    if let Ok(text) = std::str::from_utf8(secret) {
        let json = serde_json::to_string(text).unwrap();
        let debug = format!("{text:?}");
        forms.extend([&json, &debug].map(|quoted| quoted[1..quoted.len() - 1].to_owned()));
        let html = text.replace('&', "&#38;").replace('<', "&#60;").replace('>', "&#62;");
        forms.push(html.replace('"', "&#34;").replace('\'', "&#39;"));
    }
    let mut forms: Vec<_> = forms.into_iter().map(String::into_bytes).collect();
    forms.push(secret.to_vec());
    forms.sort();
    forms.dedup();
    forms
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// A secret in base64, with whatever before and behind it: the characters that it decides alone.
fn base64(secret: &[u8], engine: &impl base64::Engine) -> [String; 3] {
    [(0, 0), (1, 2), (2, 3)].map(|(bytes_before, start)| {
        let joined = [&vec![0; bytes_before], secret].concat();
        let end = joined.len() * 8 / 6;
        engine.encode(&joined)[start..end].to_owned()
    })
}

#[test]
fn a_secret_is_found_in_every_form_it_may_take() {
    let secret = "a \"quoted\" <secret> & 5€ 'more'";
    let with = |text: &str| format!("before {text} behind");
    let written = [
        with(secret),
        with(&STANDARD_NO_PAD.encode(secret)),
        STANDARD_NO_PAD.encode(format!("x{secret}xyz")),
        URL_SAFE_NO_PAD.encode(format!("xy{secret}x")),
        STANDARD_NO_PAD.encode(format!("user:{secret}")),
        with(&hex(secret.as_bytes())),
        with(&hex(secret.as_bytes()).to_uppercase()),
        format!("{:?}", [b"xy", secret.as_bytes(), b"z"].concat()),
        serde_json::to_string(secret.as_bytes()).unwrap(),
        url::form_urlencoded::Serializer::new(String::new()).append_pair("a", secret).finish(),
        with(&byte_serialize(secret.as_bytes()).collect::<String>().replace('+', "%20")),
        serde_json::json!({ "password": with(secret) }).to_string(),
        format!("{:?}", with(secret)),
        with("a &#34;quoted&#34; &#60;secret&#62; &#38; 5€ &#39;more&#39;"),
    ];
    for text in written {
        let mut search = Search::default();
        search.canary("secret", secret, &[Place::Body]);
        search.piece(Place::Log, "log", text.as_str());
        search.piece(Place::Body, "body", text.as_str());
        assert_eq!(search.leaks(), ["secret is in Log log"], "{text}");
        let mut other = Search::default();
        other.canary("another", "another secret", &[]);
        other.piece(Place::Log, "log", text);
        assert_eq!(other.leaks(), [""; 0]);
    }
}
