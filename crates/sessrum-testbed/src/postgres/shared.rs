//! One cluster for all test programs of a run: whoever comes first starts it, and it ends some
//! seconds after the last one.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};

use tokio::sync::OnceCell;

use super::cluster::Cluster;
use super::{Options, Postgres, programs};
use crate::port::Port;
use crate::{account, wait};

static SHARED: OnceCell<Postgres> = OnceCell::const_new();

impl Postgres {
    /// The cluster that all tests of a run share. It forgets what is committed when the machine
    /// stops, and is fast.
    pub async fn shared() -> &'static Self {
        SHARED.get_or_init(|| wait::aside(|| join(&meeting_place()))).await
    }
}

/// Where the test programs of a target directory find each other.
fn meeting_place() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    program.ancestors().nth(2).unwrap().join("testbed")
}

fn options() -> Options {
    Options::default()
        .set("max_connections", "300")
        .set("fsync", "off")
        .set("full_page_writes", "off")
        .set("wal_level", "minimal")
        .set("max_wal_senders", "0")
        .set("log_checkpoints", "off")
        // It would hold templates that are about to be copied.
        .set("autovacuum", "off")
}

/// Uses the cluster for the life of this process, and starts it when it does not run.
fn join(place: &Path) -> Postgres {
    fs::create_dir_all(place).unwrap();
    let starting = open(&place.join("starting.lock"));
    starting.lock().unwrap();
    // This waits while the supervisor stops a server that nobody used.
    let using = open(&place.join("using.lock"));
    using.lock_shared().unwrap();

    let running = open(&place.join("running"));
    let port = if running.try_lock().is_ok() { Some(start(place, running)) } else { None };
    let directory = PathBuf::from(fs::read_to_string(place.join("running")).unwrap());
    wait::until(|| Cluster::ready(&directory).is_some() || !is_running(place));
    let Some(address) = Cluster::ready(&directory) else {
        let log = fs::read_to_string(place.join("log"));
        panic!("the shared PostgreSQL does not start: {}", log.unwrap_or_default());
    };
    drop(port);
    let cluster = Cluster { directory, address, options: options() };
    Postgres { process: None, cluster, _kept: Box::new(using) }
}

/// Starts the supervisor of a new cluster. It takes the lock of `running` over, which says where.
#[expect(clippy::zombie_processes, reason = "the supervisor outlives this process")]
fn start(place: &Path, mut running: File) -> Port {
    let mut stale = String::new();
    running.read_to_string(&mut stale).unwrap();
    // A killed run or a machine that stopped may have left it.
    let _ = fs::remove_dir_all(stale);

    let port = Port::free();
    let directory = account::directory().keep();
    running.set_len(0).unwrap();
    running.rewind().unwrap();
    write!(running, "{}", directory.display()).unwrap();
    let cluster = Cluster { directory, address: port.address, options: options() };
    cluster.initialise();
    account::command("sh", &cluster.directory)
        .args(["-c", include_str!("supervise.sh"), "supervise.sh"])
        .arg(&cluster.directory)
        .arg(programs::program("postgres"))
        .args(cluster.arguments())
        .stdin(open(&place.join("using.lock")))
        .stdout(running)
        .stderr(File::create(place.join("log")).unwrap())
        // What is sent to the test with all its processes is not for this one.
        .process_group(0)
        .spawn()
        .unwrap();
    port
}

fn is_running(place: &Path) -> bool {
    open(&place.join("running")).try_lock_shared().is_err()
}

fn open(path: &Path) -> File {
    File::options().read(true).write(true).create(true).truncate(false).open(path).unwrap()
}
