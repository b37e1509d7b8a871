use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use sessrum_core::{
    Accounts, EventSealer, OsRandom, PasswordHasher, SecretKey, SystemClock, UnifiedSessionManager,
};
use sessrum_web::Origin;

use crate::config::{Config, SecretSource, decode_key, encode_key};
use crate::database::OpenStore;
use crate::secret_file;

/// An opened database with everything that stands on it.
pub struct Instance {
    /// Its URL, as it may be shown.
    pub database: String,
    /// The manager of its sessions.
    pub manager: Arc<UnifiedSessionManager>,
    /// Passwords and sessions together.
    pub accounts: Arc<Accounts>,
    store: OpenStore,
}

impl Instance {
    /// Brings the database's tables up to date and answers the versions that were missing. As long
    /// as the database has no users, a secret key that is missing is made.
    ///
    /// # Errors
    /// One sentence that says what stands in the way.
    pub async fn migrate(config: &Config) -> anyhow::Result<Vec<i32>> {
        let applied = config.database.migrate().await?;
        if let SecretSource::File(path) = &config.secret {
            // In this order: whoever adds the first user meanwhile has made the key before.
            if !config.database.has_users().await? && !path.try_exists()? {
                make_secret(path)?;
            }
            read_secret(path)?;
        }
        Ok(applied)
    }

    /// Opens the database, whose tables must be up to date, with its key.
    ///
    /// # Errors
    /// One sentence that says what stands in the way.
    pub async fn open(config: &Config) -> anyhow::Result<Self> {
        Self::open_for(config, true).await
    }

    /// [Opens](Self::open) the database for a command that ends soon.
    pub(crate) async fn open_for_command(config: &Config) -> anyhow::Result<Self> {
        Self::open_for(config, false).await
    }

    async fn open_for(config: &Config, serves: bool) -> anyhow::Result<Self> {
        // A database that cannot be opened is told before a key that cannot be read.
        config.database.check_schema().await?;
        let secret = match &config.secret {
            SecretSource::Given(key) => key.clone(),
            SecretSource::File(path) => read_secret(path)?,
        };
        let earlier: Vec<SecretKey> = config
            .earlier_secrets
            .iter()
            .map(|path| read_secret(path))
            .collect::<Result<_, _>>()?;
        let random = Arc::new(OsRandom);
        let sealer = EventSealer::new(&secret, random.as_ref())?.with_earlier_secrets(&earlier);
        let hasher = PasswordHasher::new(
            config.password_cost,
            config.passwords_at_once,
            Arc::clone(&random) as _,
        )
        .context("the configuration's [password] does not do")?;
        // Opened when nothing else can stand in the way.
        let store = config.database.open(sealer, serves).await?;
        let manager = UnifiedSessionManager::new(store.store(), &secret)
            .with_earlier_secrets(&earlier)
            .with_policy(config.policy.clone())
            .with_cache_bytes(config.cache_bytes)
            .with_clock(Arc::new(SystemClock))
            .with_random(random);
        let manager = Arc::new(manager);
        let site_name = config.public_url.as_ref().map_or("", Origin::host);
        let accounts = Accounts::new(Arc::clone(&manager), hasher).with_site_name(site_name);
        let accounts = Arc::new(accounts);
        Ok(Self { database: config.database.to_string(), manager, accounts, store })
    }

    /// Waits until no server goes by what was so before the changes that were made here.
    pub(crate) async fn until_heard(&self) -> anyhow::Result<()> {
        Ok(self.store.until_heard().await?)
    }

    /// Takes no more changes, and waits until those that are queued are made.
    pub async fn close(&self) {
        self.store.close().await;
    }
}

/// Makes a secret that only this user can read. Of two processes that do so at once one wins.
fn make_secret(path: &Path) -> anyhow::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(directory.unwrap_or(Path::new(".")))
        .with_context(|| format!("cannot make the secret key {}", path.display()))?;
    file.write_all(encode_key(&SecretKey::generate(&OsRandom)?).as_bytes())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() != ErrorKind::AlreadyExists => Err(error.error)
            .with_context(|| format!("cannot keep the secret key {}", path.display())),
        Ok(_) | Err(_) => Ok(()),
    }
}

pub(crate) fn read_secret(path: &Path) -> anyhow::Result<SecretKey> {
    let shown = path.display();
    let text = match secret_file::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => bail!(
            "the secret key {shown} is missing: restore it, or copy that of another instance; if it \
             is lost, so are the credentials of platforms, and the audit trail so far cannot be \
             checked any more; 32 other random bytes in base64 may take its place (for a database \
             without users `sessrum migrate` makes them)"
        ),
        read => read.with_context(|| format!("cannot read the secret key {shown}"))?,
    };
    decode_key(&text).map_err(|fault| anyhow!("{shown} holds no secret key: it {fault}"))
}
