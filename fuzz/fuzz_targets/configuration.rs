//! Reading the configuration: up to the line `%%` the input is a file, then come the variables of
//! the environment. Each `$` is a secret, which no message may repeat.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sessrum_server::config::{Config, ConfigError, Overrides, Settings, read};
use tempfile::TempPath;
use toml::{Table, Value};

const SECRET: &str = "hunter2";
/// A key as it must be: what is shown of it would be a secret too.
const KEY: &str = "aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMjEyMzQ=";

static FILE: LazyLock<TempPath> =
    LazyLock::new(|| tempfile::NamedTempFile::new().unwrap().into_temp_path());

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data).replace('$', SECRET).replace('@', KEY);
    let (file, environment) = text.split_once("\n%%\n").unwrap_or((&text, ""));
    let variables: Vec<(String, &str)> = environment
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (format!("SESSRUM_{name}"), value))
        .filter(|(name, value)| !name.contains('\0') && !value.contains('\0'))
        .collect();
    std::fs::write(&*FILE, file).unwrap();
    let outcome = with_environment(&variables, || read_file(&FILE));
    match outcome {
        Ok((settings, config)) => hides_its_key(settings, &config),
        Err(error) => {
            let names = variables.iter().any(|(name, _)| is_secret(name));
            if !names && !has_secret_key(file) {
                assert!(!is_secret(&format!("{error} {error:?}")), "{error:?}");
            }
        }
    }
});

fn read_file(path: &Path) -> Result<(Settings, Config), ConfigError> {
    read(&Overrides { file: Some(path.to_owned()), ..Overrides::default() })
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
        std::fs::write(&*FILE, &printed).unwrap();
        let (again, _) = read_file(&FILE).expect("what was printed can be read");
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
