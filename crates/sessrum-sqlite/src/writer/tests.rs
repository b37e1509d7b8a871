use rusqlite::Connection;
use sessrum_core::store::StoreErrorKind;
use sessrum_core::{OsRandom, SecretKey};
use tokio::sync::oneshot::error::TryRecvError;

use super::*;

fn database() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch("CREATE TABLE numbers (number INTEGER UNIQUE)").unwrap();
    connection
}

fn numbers(connection: &Connection) -> Vec<i64> {
    let mut query = connection.prepare("SELECT number FROM numbers ORDER BY number").unwrap();
    query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn sealer() -> EventSealer {
    EventSealer::new(&SecretKey::from_bytes([1; 32]), &OsRandom).unwrap()
}

fn insert(number: i64) -> impl FnOnce(&Writing<'_>) -> Result<usize> + Send + 'static {
    move |connection| connection.execute("INSERT INTO numbers VALUES (?1)", [number])
}

type Answer<T> = oneshot::Receiver<Result<T, StoreError>>;

fn job<T: Send + 'static>(
    change: impl FnOnce(&Writing<'_>) -> Result<T> + Send + 'static,
) -> (Box<dyn Job>, Answer<T>) {
    let (caller, answer) = oneshot::channel();
    (Box::new(Pending { change: Some(change), outcome: None, caller }), answer)
}

/// Runs the jobs as one batch, as the thread would.
fn run(connection: &Connection, batch: Vec<Box<dyn Job>>) {
    assert!(batch.len() <= BATCH);
    let (queue, jobs) = mpsc::channel(BATCH);
    for job in batch {
        assert!(queue.try_send(job).is_ok());
    }
    drop(queue);
    // These databases are in memory; any place that stays will do.
    let file = InPlace::of(".".as_ref()).unwrap();
    work(connection, &file, &sealer(), &mut |_| {}, &timer().unwrap(), jobs);
}

fn kind<T>(answer: Answer<T>) -> Option<StoreErrorKind> {
    answer.blocking_recv().unwrap().err().map(|error| error.kind())
}

#[test]
fn a_change_that_fails_undoes_itself_and_not_its_neighbours() {
    let connection = database();
    let (before, before_answer) = job(insert(1));
    let (failing, failing_answer) = job(|connection: &Writing<'_>| {
        insert(2)(connection)?;
        insert(1)(connection)
    });
    let (panicking, panicking_answer) = job(|connection: &Writing<'_>| -> Result<()> {
        insert(3)(connection)?;
        panic!("a defect")
    });
    let (after, after_answer) = job(insert(4));
    run(&connection, vec![before, failing, panicking, after]);
    assert_eq!(kind(before_answer), None);
    assert_eq!(kind(failing_answer), Some(StoreErrorKind::Failed));
    assert_eq!(kind(panicking_answer), Some(StoreErrorKind::Failed));
    assert_eq!(kind(after_answer), None);
    assert_eq!(numbers(&connection), [1, 4]);
}

#[test]
fn nobody_is_answered_before_the_commit() {
    let connection = database();
    let (first, mut first_answer) = job(insert(1));
    let (second, second_answer) = job(move |_: &Writing<'_>| {
        assert_eq!(first_answer.try_recv().unwrap_err(), TryRecvError::Empty);
        Ok(())
    });
    run(&connection, vec![first, second]);
    assert_eq!(kind(second_answer), None);
}

#[test]
fn a_commit_that_fails_is_told_to_everyone_and_leaves_nothing() {
    let connection = database();
    connection
        .execute_batch(
            "PRAGMA foreign_keys = ON;
             CREATE TABLE debts (number INTEGER REFERENCES numbers (number)
                 DEFERRABLE INITIALLY DEFERRED);",
        )
        .unwrap();
    let (good, good_answer) = job(insert(1));
    // A savepoint can be released with the debt open; only COMMIT asks for it.
    let (debtor, debtor_answer) =
        job(|connection: &Writing<'_>| connection.execute("INSERT INTO debts VALUES (7)", []));
    run(&connection, vec![good, debtor]);
    assert_eq!(kind(good_answer), Some(StoreErrorKind::Failed));
    assert_eq!(kind(debtor_answer), Some(StoreErrorKind::Failed));
    assert!(numbers(&connection).is_empty());

    let (later, later_answer) = job(insert(2));
    run(&connection, vec![later]);
    assert_eq!(kind(later_answer), None);
    assert_eq!(numbers(&connection), [2]);
}

#[test]
fn a_change_that_loses_the_transaction_is_told_to_everyone() {
    let connection = database();
    let (good, good_answer) = job(insert(1));
    let (losing, losing_answer) = job(|connection: &Writing<'_>| {
        connection.execute_batch("ROLLBACK")?;
        Err::<(), _>(Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL),
            None,
        ))
    });
    let (after, after_answer) = job(insert(2));
    run(&connection, vec![good, losing, after]);
    assert_eq!(kind(good_answer), Some(StoreErrorKind::Full));
    assert_eq!(kind(losing_answer), Some(StoreErrorKind::Full));
    assert_eq!(kind(after_answer), Some(StoreErrorKind::Full));
    assert!(numbers(&connection).is_empty());
}

#[test]
fn a_change_is_made_although_its_caller_has_gone() {
    let connection = database();
    let (abandoned, answer) = job(insert(1));
    drop(answer);
    let (next, next_answer) = job(insert(2));
    run(&connection, vec![abandoned, next]);
    assert_eq!(kind(next_answer), None);
    assert_eq!(numbers(&connection), [1, 2]);
}

#[tokio::test]
async fn dropping_the_writer_finishes_the_queue() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("numbers.db");
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("CREATE TABLE numbers (number INTEGER UNIQUE)").unwrap();
    let file = Arc::new(InPlace::of(&path).unwrap());
    let writer = Writer::start(connection, file, Arc::new(sealer()), |_| {}).unwrap();
    for number in 0..50 {
        let mut change = Box::pin(writer.run(insert(number)));
        // Polled once the change is in the queue; then its caller goes away.
        let waiting = std::future::poll_fn(|context| {
            std::task::Poll::Ready(change.as_mut().poll(context).is_pending())
        });
        let _ = waiting.await;
    }
    drop(writer);
    assert_eq!(numbers(&Connection::open(&path).unwrap()).len(), 50);
}
