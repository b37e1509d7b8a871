use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use sessrum_core::store::Store;
use sessrum_core::{
    Accounts, OsRandom, PasswordHasher, SecretKey, SystemClock, UnifiedSessionManager,
};
use sessrum_sqlite::SqliteStore;

use crate::config::{Config, SecretSource, decode_key, encode_key};

/// An opened database with everything that stands on it.
pub struct Instance {
    /// The manager of its sessions.
    pub manager: Arc<UnifiedSessionManager>,
    /// Passwords and sessions together.
    pub accounts: Arc<Accounts>,
}

impl Instance {
    /// Opens the database, whose tables must be up to date.
    ///
    /// # Errors
    /// One sentence that says what stands in the way.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&config.database)?);
        let secret = match &config.secret {
            SecretSource::Given(key) => key.clone(),
            SecretSource::File(path) => load_or_make_secret(path)?,
        };
        let random = Arc::new(OsRandom);
        let hasher = PasswordHasher::new(
            config.password_cost,
            config.passwords_at_once,
            Arc::clone(&random) as _,
        )
        .context("the configuration's [password] does not do")?;
        let manager = UnifiedSessionManager::new(store, &secret)
            .with_policy(config.policy.clone())
            .with_clock(Arc::new(SystemClock))
            .with_random(random);
        let manager = Arc::new(manager);
        let accounts = Arc::new(Accounts::new(Arc::clone(&manager), hasher));
        Ok(Self { manager, accounts })
    }
}

/// Reads the secret, or makes one that only this user can read. Two processes that start at once
/// end up with the same.
fn load_or_make_secret(path: &Path) -> anyhow::Result<SecretKey> {
    if !path.exists() {
        let key = SecretKey::generate(&OsRandom)?;
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let mut file = tempfile::NamedTempFile::new_in(directory.unwrap_or(Path::new(".")))
            .with_context(|| format!("cannot make the secret key {}", path.display()))?;
        file.write_all(encode_key(&key).as_bytes())?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(path) {
            Ok(_) => return Ok(key),
            Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                let place = path.display();
                return Err(error.error)
                    .with_context(|| format!("cannot keep the secret key {place}"));
            }
        }
    }
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the secret key {}", path.display()))?;
    decode_key(&text).with_context(|| {
        format!("{} holds no secret key: 32 random bytes in base64", path.display())
    })
}
