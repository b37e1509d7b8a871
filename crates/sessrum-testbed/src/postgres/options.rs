/// How a cluster is set up: without a word anybody on this machine may come in, without TLS.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub(super) settings: Vec<(String, String)>,
    pub(super) password: bool,
    pub(super) tls: bool,
}

impl Options {
    /// Gives a setting of `postgresql.conf`, such as `max_connections`, in place of its default.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Who comes over the network needs the password, which is in the URL.
    #[must_use]
    pub fn with_password(self) -> Self {
        Self { password: true, ..self }
    }

    /// Who comes over the network needs TLS. [`Postgres::certificate`](super::Postgres::certificate)
    /// is what to trust.
    #[must_use]
    pub fn with_tls(self) -> Self {
        Self { tls: true, ..self }
    }
}
