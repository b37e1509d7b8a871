//! One cluster for all test programs of a run: whoever comes first starts it, and it ends some
//! seconds after the last one.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

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
        .set("max_wal_size", "128MB")
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
    wait::until_ready(|| Cluster::ready(&directory).is_some() || !is_running(place));
    let Some(address) = Cluster::ready(&directory) else {
        let log = fs::read_to_string(place.join("log"));
        panic!("the shared PostgreSQL does not start: {}", log.unwrap_or_default());
    };
    drop(port);
    let cluster = Cluster { directory, address, options: options(), shared: true };
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
    let directory = account::directory_in(&parent()).keep();
    running.set_len(0).unwrap();
    running.rewind().unwrap();
    write!(running, "{}", directory.display()).unwrap();
    let cluster = Cluster { directory, address: port.address(), options: options(), shared: true };
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

/// Memory, where there are two gigabytes of it: a database is made five times as fast as on a disk
/// that others write to.
fn parent() -> PathBuf {
    let memory = "/dev/shm";
    let free = Command::new("df").args(["--output=avail", "--block-size=M", memory]).output();
    let free = String::from_utf8(free.unwrap().stdout).unwrap();
    let megabytes = free.lines().last().and_then(|line| line.trim().strip_suffix('M'));
    match megabytes.and_then(|megabytes| megabytes.parse::<u64>().ok()) {
        Some(2048..) => memory.into(),
        _ => std::env::temp_dir(),
    }
}

fn is_running(place: &Path) -> bool {
    open(&place.join("running")).try_lock_shared().is_err()
}

fn open(path: &Path) -> File {
    File::options().read(true).write(true).create(true).truncate(false).open(path).unwrap()
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;
    use std::thread;

    use super::*;
    use crate::program::Program;

    fn ended(place: &Path) -> bool {
        wait::until_ready(|| !is_running(place))
    }

    #[test]
    fn who_comes_at_once_gets_the_same_and_it_ends_after_the_last() {
        let place = tempfile::tempdir().unwrap();
        let mut clusters: Vec<Postgres> = thread::scope(|scope| {
            let joining: Vec<_> = (0..6).map(|_| scope.spawn(|| join(place.path()))).collect();
            joining.into_iter().map(|joining| joining.join().unwrap()).collect()
        });
        let Cluster { directory, address, .. } = clusters[0].cluster.clone();
        assert!(clusters.iter().all(|cluster| cluster.cluster.directory == directory));
        assert!(TcpStream::connect(address).is_ok());

        clusters.truncate(1);
        let using = open(&place.path().join("using.lock"));
        assert!(using.try_lock().is_err(), "one still uses it");
        drop(clusters);
        assert!(is_running(place.path()), "who comes next may use it");
        assert!(ended(place.path()));
        assert!(!directory.exists());
        assert!(TcpStream::connect(address).is_err());
    }

    #[test]
    fn what_a_stopped_machine_left_is_removed() {
        let place = tempfile::tempdir().unwrap();
        let stale = tempfile::tempdir().unwrap().keep();
        fs::create_dir(stale.join("data")).unwrap();
        fs::write(Cluster::status_file(&stale), "1\n\n\n1\n\n127.0.0.1\n\nready\n").unwrap();
        fs::write(place.path().join("running"), stale.to_str().unwrap()).unwrap();

        let cluster = join(place.path());
        assert!(TcpStream::connect(cluster.address()).is_ok());
        assert!(!stale.exists());
        drop(cluster);
        assert!(ended(place.path()));
    }

    #[test]
    fn it_outlives_the_killed_program_that_started_it() {
        let place = tempfile::tempdir().unwrap();
        let mut first = Program::start("postgres::shared::tests::first", place.path());
        let address = first.says();
        first.kill();
        let second = join(place.path());
        assert_eq!(second.address().to_string(), address);
        assert!(TcpStream::connect(second.address()).is_ok());

        // It ends with the one that is to stop it, and is started anew.
        let status = fs::read_to_string(Cluster::status_file(&second.cluster.directory)).unwrap();
        let server = status.lines().next().unwrap();
        let status = fs::read_to_string(format!("/proc/{server}/status")).unwrap();
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:")).unwrap();
        assert!(Command::new("kill").args(["-KILL", parent.trim()]).status().unwrap().success());
        assert!(wait::until_ready(|| TcpStream::connect(second.address()).is_err()));
        let third = join(place.path());
        assert!(TcpStream::connect(third.address()).is_ok());
        assert!(!second.cluster.directory.exists());
        drop((second, third));
        assert!(ended(place.path()));
    }

    #[test]
    #[ignore = "a program that another test kills"]
    fn first() {
        let cluster = join(Path::new("."));
        Program::say(cluster.address());
    }
}
