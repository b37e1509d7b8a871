//! An installation of Sessrum, filled by SQL: everything about the session with a number follows from
//! the number, so that any can be asked for.

use std::fmt::Write as _;
use std::io::{BufWriter, Write as _};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rusqlite::functions::FunctionFlags;
use sessrum_core::{
    Client, Clock as _, OsRandom, PasswordCost, PasswordHasher, SecretKey, SessionFingerprint,
    SessionHandle, SystemClock,
};
use sessrum_server::Instance;
use sessrum_server::config::{Overrides, read};
use sha2::{Digest as _, Sha256};
use tokio_postgres::{Config, NoTls};

use crate::bench::Bench;

/// What everyone's browser calls itself.
pub const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// What everyone signs in with.
pub const PASSWORD: &str = "correct horse battery staple";

const SECRET: [u8; 32] = *b"only ever used to measure things";

/// Where sessions are kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    Sqlite,
    Postgres,
}

/// How an installation is filled. The user with the key 1 is an administrator.
#[derive(Clone, Copy)]
pub struct Filling {
    pub sessions: usize,
    /// Sessions of a user.
    pub of_each: usize,
    /// Sessions after those that are over, and have not been ended.
    pub expired: usize,
}

impl Filling {
    /// Sessions of people with a few devices each.
    pub fn of(sessions: usize) -> Self {
        Self { sessions, of_each: 10, expired: 0 }
    }
}

/// A filled database and its configuration.
pub struct Installation {
    pub directory: PathBuf,
    pub config: sessrum_server::config::Config,
    filling: Filling,
}

impl Installation {
    /// Makes an installation with further lines of configuration.
    pub async fn make(
        bench: &mut Bench,
        kept: Kept,
        filling: Filling,
        settings: &str,
    ) -> anyhow::Result<Self> {
        let directory = bench.place()?;
        let database = directory.join("sessrum.db");
        let url = match kept {
            Kept::Sqlite => format!("sqlite:{}", database.display()),
            Kept::Postgres => bench.postgres.database().await.url(),
        };
        let secret = STANDARD.encode(SECRET);
        // What is measured must not grow idle, nor end for another, nor be cleaned up unasked.
        let text = format!(
            "database_url = \"{url}\"\nsecret_key = \"{secret}\"\n\
             jobs.clean_up_every = \"1d\"\nsession.profile = \"relaxed\"\n\
             session.per_user = 100000\n{settings}\n"
        );
        let file = directory.join("sessrum.toml");
        std::fs::write(&file, text)?;
        let (_, config) = read(&Overrides { file: Some(file), ..Overrides::default() })?;
        Instance::migrate(&config).await?;
        match kept {
            Kept::Sqlite => {
                let script = script(include_str!("../sql/sqlite.sql"), filling).await?;
                tokio::task::spawn_blocking(move || fill_sqlite(&database, &script)).await??;
            }
            Kept::Postgres => {
                let script = script(include_str!("../sql/postgres.sql"), filling).await?;
                fill_postgres(bench, &url, &script).await?;
            }
        }
        Ok(Self { directory, config, filling })
    }

    /// Writes what browsers send who ask, each for one session, in this order.
    pub fn write_cookies(
        &self,
        name: &str,
        numbers: impl Iterator<Item = usize>,
    ) -> anyhow::Result<PathBuf> {
        let path = self.directory.join(name);
        let mut file = BufWriter::new(std::fs::File::create(&path)?);
        for number in numbers {
            writeln!(file, "{}\t{}", username(owner(number, self.filling)), cookie(number))?;
        }
        file.flush()?;
        Ok(path)
    }
}

/// The `Cookie` header of a session.
pub fn cookie(number: usize) -> String {
    format!("session_id={}", URL_SAFE_NO_PAD.encode(Sha256::digest(format!("token {number}"))))
}

/// A token that a page of a session sends with changes.
pub fn csrf_token(number: usize) -> anyhow::Result<String> {
    let digest: [u8; 32] = Sha256::digest(format!("handle {number}")).into();
    let handle = digest.first_chunk().map(|bytes| SessionHandle::from_bytes(*bytes));
    let key = SecretKey::from_bytes(SECRET).csrf_key();
    Ok(key.session_token(&handle.context("a digest has more bytes")?, &OsRandom)?)
}

/// Whose session it is: the key of the user.
pub fn owner(number: usize, filling: Filling) -> usize {
    (number - 1) / filling.of_each + 1
}

/// The name of the user with this key.
pub fn username(key: usize) -> String {
    format!("user-{key}")
}

/// The SQL with what it leaves open.
async fn script(sql: &str, filling: Filling) -> anyhow::Result<String> {
    let hasher = PasswordHasher::new(PasswordCost::default(), 1, Arc::new(OsRandom))?;
    let client = Client {
        user_agent: Some(AGENT.into()),
        ip_address: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        ..Client::default()
    };
    let key = SecretKey::from_bytes(SECRET).fingerprint_key();
    let mut fingerprint = String::new();
    for byte in SessionFingerprint::of(&client, &key).to_bytes() {
        write!(fingerprint, "{byte:02x}")?;
    }
    let sessions = filling.sessions + filling.expired;
    Ok(sql
        .replace("{users}", &sessions.div_ceil(filling.of_each).to_string())
        .replace("{sessions}", &sessions.to_string())
        .replace("{live}", &filling.sessions.to_string())
        .replace("{of_each}", &filling.of_each.to_string())
        .replace("{now}", &SystemClock.now().as_micros().to_string())
        .replace("{agent}", AGENT)
        .replace("{fingerprint}", &fingerprint)
        .replace("{password_hash}", hasher.hash(PASSWORD).await?.expose()))
}

fn fill_sqlite(database: &Path, script: &str) -> anyhow::Result<()> {
    let connection = rusqlite::Connection::open(database)?;
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("sha256", 1, flags, |context| {
        let value = context.get_raw(0);
        Ok(Sha256::digest(value.as_bytes()?).to_vec())
    })?;
    connection.execute_batch(script).context("the database cannot be filled")
}

async fn fill_postgres(bench: &Bench, url: &str, script: &str) -> anyhow::Result<()> {
    let named: Config = url.parse()?;
    let mut administrator = Config::new();
    // Over the socket as its superuser: others may make no checkpoint.
    administrator.host_path(bench.postgres.directory()).port(bench.postgres.address().port());
    administrator.user("postgres").dbname(named.get_dbname().context("no database")?);
    let (client, connection) = administrator.connect(NoTls).await?;
    let connection = tokio::spawn(connection);
    for statement in script.split_inclusive(";\n") {
        client.batch_execute(statement).await.context("the database cannot be filled")?;
    }
    drop(client);
    Ok(connection.await??)
}
