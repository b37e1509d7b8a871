//! Reading the configuration: up to the line `%%` the input is a file, then come the variables of
//! the environment. Each `$` is a secret, which no message may repeat.
#![no_main]

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::FileExt as _;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sessrum_server::config::{Config, ConfigError, Overrides, Settings, read};
use toml::{Table, Value};

const SECRET: &str = "hunter2";
/// A key as it must be: what is shown of it would be a secret too.
const KEY: &str = "aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMjEyMzQ=";

/// In memory where there is such a place, since a disk is slow. It has no name, so nothing stays.
static FILE: LazyLock<File> =
    LazyLock::new(|| tempfile::tempfile_in("/dev/shm").or_else(|_| tempfile::tempfile()).unwrap());

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data).replace('$', SECRET).replace('@', KEY);
    let (file, environment) = text.split_once("\n%%\n").unwrap_or((&text, ""));
    let variables: Vec<(String, &str)> = environment
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (format!("SESSRUM_{name}"), value))
        .filter(|(name, value)| !name.contains('\0') && !value.contains('\0'))
        .collect();
    match with_environment(&variables, || read_text(file)) {
        Ok((settings, config)) => hides_its_key(settings, &config),
        Err(error) => {
            let in_name = variables.iter().any(|(name, _)| is_secret(&name.to_ascii_lowercase()));
            if !in_name && !has_secret_key(file) {
                assert!(!is_secret(&format!("{error} {error:?}")), "{error:?}");
            }
        }
    }
});

fn read_text(file: &str) -> Result<(Settings, Config), ConfigError> {
    FILE.set_len(0).unwrap();
    FILE.write_all_at(file.as_bytes(), 0).unwrap();
    let path = format!("/proc/self/fd/{}", FILE.as_raw_fd()).into();
    read(&Overrides { file: Some(path), ..Overrides::default() })
}

fn with_environment<T>(variables: &[(String, &str)], run: impl FnOnce() -> T) -> T {
    // SAFETY: the fuzzer runs targets on one thread, and nothing else asks the environment.
    variables.iter().for_each(|(name, value)| unsafe { std::env::set_var(name, value) });
    let outcome = run();
    variables.iter().for_each(|(name, _)| unsafe { std::env::remove_var(name) });
    outcome
}

/// Settings are printed without the key, and what is printed is read again.
fn hides_its_key(settings: Settings, config: &Config) {
    let key = settings.secret_key.is_some();
    let settings = settings.in_force(config);
    let printed = toml::to_string(&settings).expect("what was read can be printed");
    if key {
        assert!(!format!("{printed} {settings:?} {config:?}").contains(KEY), "{printed}");
    } else {
        let (again, _) = read_text(&printed).expect("what was printed can be read");
        assert_eq!(toml::to_string(&again).unwrap(), printed);
    }
}

fn is_secret(text: &str) -> bool {
    text.contains(SECRET) || text.contains(KEY)
}

/// Names are repeated: whoever writes a secret as the name of a key sees it again.
fn has_secret_key(file: &str) -> bool {
    fn in_table(table: &Table) -> bool {
        table.iter().any(|(name, value)| is_secret(name) || in_value(value))
    }
    fn in_value(value: &Value) -> bool {
        match value {
            Value::Table(table) => in_table(table),
            Value::Array(values) => values.iter().any(in_value),
            _ => false,
        }
    }
    file.parse().is_ok_and(|table| in_table(&table))
}
