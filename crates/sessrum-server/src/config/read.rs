use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::Config;
use super::error::ConfigError;
use super::settings::Settings;

/// The file that is read when no other is named, if it is there.
const DEFAULT_FILE: &str = "sessrum.toml";
const PREFIX: &str = "SESSRUM_";

/// What the command line says.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--config`.
    pub file: Option<PathBuf>,
    /// `--listen`.
    pub listen: Option<String>,
    /// `--database-url`.
    pub database_url: Option<String>,
    /// `--public-url`.
    pub public_url: Option<String>,
}

impl Overrides {
    fn flags(&self) -> [(&'static str, &Option<String>); 3] {
        [
            ("listen", &self.listen),
            ("database_url", &self.database_url),
            ("public_url", &self.public_url),
        ]
    }
}

/// Reads the configuration.
///
/// # Errors
/// [`ConfigError`] says what to change.
#[expect(clippy::disallowed_methods, reason = "this is the one place that asks the environment")]
pub fn read(overrides: &Overrides) -> Result<(Settings, Config), ConfigError> {
    read_with_environment(overrides, std::env::vars_os()).map_err(|error| match error {
        ConfigError::Value { key, message }
            if overrides.flags().iter().any(|(flag, value)| key == *flag && value.is_some()) =>
        {
            ConfigError::Flag { flag: key.replace('_', "-"), message }
        }
        other => other,
    })
}

fn read_with_environment(
    overrides: &Overrides,
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> Result<(Settings, Config), ConfigError> {
    let mut table = read_file(overrides.file.as_deref())?;
    for (name, value) in environment {
        if name.as_encoded_bytes().starts_with(PREFIX.as_bytes()) {
            let (name, text) = (readable(&name, &name)?, readable(&name, &value)?);
            let key = name.strip_prefix(PREFIX).unwrap_or(name).to_ascii_lowercase();
            insert(&mut table, &key, text)?;
        }
    }
    for (key, value) in overrides.flags() {
        if let Some(value) = value {
            table.insert(key.to_owned(), Value::String(value.clone()));
        }
    }
    let settings = to_settings(table)?;
    let config = Config::from_settings(settings.clone())?;
    Ok((settings, config))
}

/// A part of the environment variable `name` as text.
fn readable<'a>(name: &OsStr, part: &'a OsStr) -> Result<&'a str, ConfigError> {
    part.to_str().ok_or_else(|| ConfigError::Environment { name: name.to_owned() })
}

fn read_file(named: Option<&Path>) -> Result<Table, ConfigError> {
    let path = named.unwrap_or(Path::new(DEFAULT_FILE));
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Table::new());
        }
        Err(source) => return Err(ConfigError::File { path: path.to_owned(), source }),
    };
    text.parse().map_err(|error: toml::de::Error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = text.get(..start).unwrap_or(&text).lines().count().max(1);
        let message = format!("line {line}, {}", error.message());
        ConfigError::Syntax { path: path.to_owned(), message }
    })
}

/// Puts an environment variable where it belongs: two underscores go one level down. What reads as
/// a TOML number or truth is one, anything else is a text.
fn insert(table: &mut Table, key: &str, text: &str) -> Result<(), ConfigError> {
    match key.split_once("__") {
        None => {
            let scalar = format!("v = {text}").parse::<Table>().ok().and_then(|mut parsed| {
                parsed.remove("v").filter(|value| value.is_integer() || value.is_bool())
            });
            let value = scalar.unwrap_or_else(|| Value::String(text.to_owned()));
            table.insert(key.to_owned(), value);
            Ok(())
        }
        Some((parent, rest)) => {
            let below = table.entry(parent).or_insert_with(|| Value::Table(Table::new()));
            match below.as_table_mut() {
                Some(below) => insert(below, rest, text),
                None => Err(ConfigError::value(parent, "has nothing below it")),
            }
        }
    }
}

fn to_settings(table: Table) -> Result<Settings, ConfigError> {
    serde_path_to_error::deserialize(Value::Table(table)).map_err(|error| {
        let path = error.path().to_string();
        let text = error.into_inner().message().to_owned();
        // "unknown field `a`, expected one of `b`, `c`"; the unknown one may hold anything.
        let Some((unknown, known)) =
            text.strip_prefix("unknown field `").and_then(|rest| rest.rsplit_once("`, expected "))
        else {
            return ConfigError::value(&path, &demand(&text));
        };
        let parent = path.strip_suffix(unknown).unwrap_or(&path).to_owned();
        let nearest = known
            .split('`')
            .skip(1)
            .step_by(2)
            .map(|known| (strsim::damerau_levenshtein(unknown, known), known))
            .min()
            .map(|(_, known)| format!("{parent}{known}"));
        ConfigError::UnknownKey { key: format!("{parent}{unknown}"), nearest }
    })
}

/// What a value must be, of "invalid type: integer `30`, expected a string": the value itself may
/// be a secret in the wrong place.
fn demand(text: &str) -> String {
    let Some((_, expected)) = text.rsplit_once(", expected ") else { return text.to_owned() };
    let expected = match expected {
        "u32" | "usize" => "a whole number",
        "a boolean" => "true or false",
        "a string" => "a text",
        structure if structure.starts_with("struct ") => "a table",
        other => other,
    };
    format!("must be {expected}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn read_with(file: &str, environment: &[(&str, &str)]) -> Result<(Settings, Config), String> {
        let mut saved = tempfile::NamedTempFile::new().unwrap();
        saved.write_all(file.as_bytes()).unwrap();
        let overrides = Overrides { file: Some(saved.path().to_owned()), ..Overrides::default() };
        let environment = environment.iter().map(|&(name, text)| (name.into(), text.into()));
        read_with_environment(&overrides, environment).map_err(|error| error.to_string())
    }

    fn refused(file: &str) -> String {
        read_with(file, &[]).unwrap_err()
    }

    #[test]
    fn an_unknown_key_names_the_nearest() {
        assert_eq!(
            refused("lisen = \"127.0.0.1:1\""),
            "the configuration has no key \"lisen\": did you mean \"listen\"?"
        );
        assert_eq!(
            refused("[session]\nidel = \"1m\""),
            "the configuration has no key \"session.idel\": did you mean \"session.idle\"?"
        );
        assert_eq!(
            refused("\"list`en\" = 1"),
            "the configuration has no key \"list`en\": did you mean \"listen\"?"
        );
    }

    #[test]
    fn the_environment_goes_over_the_file() {
        let file = "listen = \"127.0.0.1:1\"\n[session]\nper_user = 3\nidle = \"5m\"";
        let environment = [
            ("SESSRUM_SESSION__PER_USER", "4"),
            ("SESSRUM_ALLOW_PLAIN_HTTP", "true"),
            ("SESSRUM_CACHE__BYTES", "0"),
            ("HOME", "/root"),
        ];
        let (settings, config) = read_with(file, &environment).unwrap();
        assert!(settings.allow_plain_http);
        assert_eq!((config.policy.sessions_per_user, config.cache_bytes), (4, 0));
        assert_eq!(config.policy.lifetime.idle.as_secs(), 300);
        assert_eq!(config.listen.port(), 1);
        assert!(read_with("", &[("SESSRUM_SESION__IDLE", "1m")]).is_err());
        assert!(read_with("", &[("SESSRUM_LISTEN__X", "1m")]).is_err_and(|e| e.contains("listen")));
    }

    /// Security: 11.4.2
    #[test]
    fn where_others_can_reach_the_site_a_password_costs_what_it_should() {
        let open = "public_url = \"https://sessions.example\"\n[password]\n";
        for cheap in ["memory_kib = 19455", "passes = 1"] {
            let said = refused(&format!("{open}{cheap}"));
            assert!(said.contains("at least 19456 and 2"), "{said}");
            read_with(&format!("[password]\n{cheap}"), &[]).unwrap();
        }
        read_with(&format!("{open}memory_kib = 19456\npasses = 2"), &[]).unwrap();
    }

    #[test]
    fn a_list_is_a_list_or_a_text_with_commas() {
        let file = "trusted_proxies = [\"127.0.0.1\", \"10.0.0.0/8\"]";
        let (_, from_file) = read_with(file, &[]).unwrap();
        let environment = [("SESSRUM_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8")];
        let (settings, from_environment) = read_with("", &environment).unwrap();
        assert_eq!(from_file.trusted_proxies, from_environment.trusted_proxies);
        assert_eq!(settings.trusted_proxies.0, ["127.0.0.1", "10.0.0.0/8"]);
        let (_, nobody) = read_with(file, &[("SESSRUM_TRUSTED_PROXIES", "")]).unwrap();
        assert!(nobody.trusted_proxies.is_empty());
    }

    #[test]
    fn bad_values_say_what_they_must_be() {
        for (file, wanted) in [
            ("listen = \"here\"", "address and a port"),
            ("public_url = \"http://a/b\"", "without a path"),
            ("listen = \"0.0.0.0:80\"", "must be https"),
            ("[password]\nat_once = 0", "password.at_once must be 1 to 1024"),
            ("[password]\nat_once = 9999999999", "password.at_once must be 1 to 1024"),
            ("[password]\npasses = 4294967295", "must be at most 4194304 and 64"),
            ("public_url = \"http://example.org\"", "must be https"),
            ("database_url = \"mysql://u:hunter2@h/d\"", "must be sqlite:PATH"),
            ("database_url = \"postgres://u:hunter2@x@h/d\"", "must be postgres://USER:PASS"),
            ("database_url = \"postgres://u:hunter2@h/d?sslmode=prefer\"", "verify-full, or"),
            (
                "database_url = \"postgres://u:hunter2@h/d?sslrootcert=/ca\"",
                "in `root_certificate`",
            ),
            ("database_url = \"postgres://u:hunter2@h/d\"", "secret_key must be given with"),
            ("[database]\ndirect_url = \"sqlite:hunter2\"", "must be postgres://USER:PASSWORD"),
            ("[database]\npool_size = 1", "database.pool_size is for PostgreSQL"),
            ("[database]\npassword_file = \"hunter2\"", "database.password_file is for Postgre"),
            ("secret_key = \"hunter2\"", "32 random bytes"),
            ("[session]\nidle = \"0s\"", "session.idle must be more than nothing"),
            (
                "[session]\nprofile = \"strict\"\nidle = \"9h\"",
                "session.idle must not be longer than session.absolute: set both",
            ),
            ("[session]\nabsolute = \"29m\"", "session.idle must not be longer"),
            (
                "[session]\nremembered_idle = \"15d\"",
                "session.remembered_idle must not be longer than session.remembered_absolute",
            ),
            ("[session]\nidle = \"hunter2\"", "session.idle must be a time such as 30m"),
            ("[session]\nidle = 30", "session.idle must be a time such as 30m"),
            ("[session]\nper_user = \"hunter2\"", "session.per_user must be a whole number"),
            ("[cache]\nbytes = \"64MiB\"", "cache.bytes must be a whole number"),
            ("[session]\nper_user = -1", "session.per_user must be a whole number"),
            ("session = \"hunter2\"", "session must be a table"),
            ("allow_plain_http = \"hunter2\"", "allow_plain_http must be true or false"),
            ("[log]\nlevel = \"hunter2\"", "log.level must be"),
            ("[log]\nlevel = \"info,hunter2=hunter2\"", "log.level must be"),
            ("[log]\nlevel = \"\"", "log.level must be"),
            ("[log]\nlevel = \"info,\"", "log.level must be"),
            ("[log]\nlevel = \"=debug\"", "log.level must be"),
            ("[log]\nlevel = \"sessrum_web=\"", "log.level must be"),
            ("[log]\nlevel = \"sessrum_web[span]=debug\"", "log.level must be"),
            ("[password]\nmemory_kib = 1", "password.memory_kib and password.passes"),
            ("[password]\npasses = 0", "password.memory_kib and password.passes"),
            ("[session]\nper_user = 0", "at least 1"),
            ("[session]\nprofile = \"hunter2\"", "session.profile must be one of `relaxed`"),
            ("trusted_proxies = [\"hunter2\"]", "trusted_proxies must be addresses such as"),
            ("trusted_proxies = 1", "trusted_proxies must be a list of texts"),
            ("[throttle]\nlongest_wait = \"0s\"", "throttle.longest_wait must be more"),
            ("[throttle]\naddress_burst = 0", "throttle.address_burst must be at least 1"),
            ("[throttle]\naddress_refill = \"0s\"", "throttle.address_refill must be more"),
            ("listen = ", "line 1"),
        ] {
            let error = refused(file);
            assert!(error.contains(wanted), "{file}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn parts_of_the_level_may_have_spaces_around() {
        for level in [" info , sessrum_web=debug", " \u{e9}=debug"] {
            assert!(read_with(&format!("[log]\nlevel = \"{level}\""), &[]).is_ok(), "{level}");
        }
    }

    #[test]
    fn plain_http_to_others_needs_a_word() {
        let open = "listen = \"0.0.0.0:80\"\nallow_plain_http = true";
        assert!(refused(open).contains("every address"));
        let named = format!("{open}\npublic_url = \"http://intranet.example\"");
        assert!(read_with(&named, &[]).is_ok());
        assert!(
            read_with("listen = \"0.0.0.0:80\"\npublic_url = \"https://a.example\"", &[]).is_ok()
        );
    }
}
