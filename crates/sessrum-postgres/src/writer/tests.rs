use std::time::Duration;

use futures_util::future::join_all;
use sessrum_core::store::StoreErrorKind;
use sessrum_core::{ChangeFeed, ManualClock, OsRandom, SecretKey, Timestamp};
use sessrum_testbed::{Database, Postgres};
use tokio::sync::Notify;
use tokio::sync::oneshot::error::TryRecvError;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, NoTls};

use super::*;
use crate::error::Error;
use crate::feed::Barrier;
use crate::readers::Readers;
use crate::server::Server;
use crate::sql::Statement;
use crate::{PostgresOptions, Revocation};

const INSERT: Statement =
    Statement { text: "INSERT INTO numbers VALUES ($1)", types: &[Type::INT8] };

const LIMITS: Limits = Limits { statement: Duration::from_secs(20) };

/// A migrated database with a table of numbers, and a connection around the writer.
struct Fixture {
    client: Client,
    database: Database,
    clock: Arc<ManualClock>,
}

impl Fixture {
    async fn new() -> Self {
        let database = Postgres::shared().await.database().await;
        crate::migrate(&PostgresOptions::new(database.url())).await.unwrap();
        let (client, connection) = tokio_postgres::connect(&database.url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        let tables = "CREATE TABLE numbers (number bigint UNIQUE);
            CREATE TABLE debts (number bigint REFERENCES numbers (number)
                DEFERRABLE INITIALLY DEFERRED)";
        client.batch_execute(tables).await.unwrap();
        let clock = Arc::new(ManualClock::starting_at(Timestamp::from_micros(0)));
        Self { client, database, clock }
    }

    fn connections(&self) -> Connections {
        let options = PostgresOptions::new(self.database.url());
        let server = Server::of(&options.url, &options).unwrap();
        server.connections(1, Duration::from_secs(20)).unwrap()
    }

    fn task(&self) -> WritingTask {
        let (announcer, clock) = (self.announcer(Revocation::Notify), self.clock.clone());
        WritingTask::new(self.connections(), LIMITS, sealer(), announcer, clock)
    }

    fn writer(&self, revocation: Revocation) -> Writer {
        let (announcer, clock) = (self.announcer(revocation), self.clock.clone());
        Writer::start(self.connections(), LIMITS, sealer(), announcer, clock)
    }

    /// One that tells nobody who is there.
    fn announcer(&self, revocation: Revocation) -> Arc<Announcer> {
        let mut options = PostgresOptions::new(self.database.url());
        options.revocation = revocation;
        let readers = Arc::new(Readers::new(self.connections()));
        let feed = Arc::new(ChangeFeed::unshared());
        let barrier = Barrier::start(readers, Arc::clone(&feed), Arc::default());
        Arc::new(Announcer::new(&options, feed, Arc::default(), Arc::new(barrier)))
    }

    /// Runs the jobs as one batch.
    async fn run(&self, batch: Vec<Job>) {
        assert!(batch.len() <= BATCH);
        let (queue, jobs) = mpsc::channel(BATCH);
        for job in batch {
            assert!(queue.try_send(job).is_ok());
        }
        drop(queue);
        self.task().work(jobs).await;
    }

    async fn numbers(&self) -> Vec<i64> {
        let all = "SELECT number FROM numbers ORDER BY number";
        let rows = self.client.query(all, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

fn sealer() -> Arc<EventSealer> {
    Arc::new(EventSealer::new(&SecretKey::from_bytes([1; 32]), &OsRandom).unwrap())
}

type Answer<T> = oneshot::Receiver<Result<T, StoreError>>;

fn job<T: Send + 'static>(
    change: impl for<'a> Fn(&'a (), &'a mut Writing) -> BoxFuture<'a, Result<T>> + Send + 'static,
) -> (Job, Answer<T>) {
    let (caller, answer) = oneshot::channel();
    (Job::Change(Box::new(Queued::new((), change, caller))), answer)
}

/// Inserts numbers, one after the other.
fn inserting(numbers: &'static [i64]) -> (Job, Answer<()>) {
    job(move |(), writing| {
        Box::pin(async move {
            for number in numbers {
                writing.query(INSERT, &[number]).await?;
            }
            Ok(())
        })
    })
}

async fn kind<T>(answer: Answer<T>) -> Option<StoreErrorKind> {
    answer.await.unwrap().err().map(|error| error.kind())
}

#[tokio::test]
async fn a_change_that_fails_undoes_itself_and_not_its_neighbours() {
    let fixture = Fixture::new().await;
    let (before, before_answer) = inserting(&[1]);
    let (failing, failing_answer) = inserting(&[2, 1]);
    let (panicking, panicking_answer) = job(|(), writing| {
        Box::pin(async move {
            writing.query(INSERT, &[&3_i64]).await?;
            let inserted = writing.query(INSERT, &[&5_i64]).await?.affected();
            assert_eq!(inserted, 7, "a defect");
            Ok(())
        })
    });
    let (after, after_answer) = inserting(&[4]);
    fixture.run(vec![before, failing, panicking, after]).await;
    assert_eq!(kind(before_answer).await, None);
    assert_eq!(kind(failing_answer).await, Some(StoreErrorKind::Failed));
    assert_eq!(kind(panicking_answer).await, Some(StoreErrorKind::Failed));
    assert_eq!(kind(after_answer).await, None);
    assert_eq!(fixture.numbers().await, [1, 4]);
}

#[tokio::test]
async fn nobody_is_answered_before_the_commit() {
    let fixture = Fixture::new().await;
    let (first, first_answer) = inserting(&[1]);
    let first_answer = Mutex::new(first_answer);
    let (second, second_answer) = job(move |(), _| {
        let answered = first_answer.lock().unwrap().try_recv();
        assert_eq!(answered.unwrap_err(), TryRecvError::Empty);
        Box::pin(async { Ok(()) })
    });
    fixture.run(vec![first, second]).await;
    assert_eq!(kind(second_answer).await, None);
}

/// Only the commit asks for the debt.
#[tokio::test]
async fn a_commit_that_fails_undoes_what_failed_and_nothing_else() {
    let fixture = Fixture::new().await;
    let (good, good_answer) = inserting(&[1]);
    let (debtor, debtor_answer) = job(|(), writing| {
        const OWE: Statement =
            Statement { text: "INSERT INTO debts VALUES ($1)", types: &[Type::INT8] };
        Box::pin(async move { writing.query(OWE, &[&7_i64]).await.map(drop) })
    });
    fixture.run(vec![good, debtor]).await;
    assert_eq!(kind(good_answer).await, None);
    assert_eq!(kind(debtor_answer).await, Some(StoreErrorKind::Failed));
    assert_eq!(fixture.numbers().await, [1]);
}

#[tokio::test]
async fn what_concerns_everyone_is_told_to_everyone() {
    let fixture = Fixture::new().await;
    let (good, good_answer) = inserting(&[1]);
    let (failing, failing_answer) = job(|(), writing| {
        const NOWHERE: Statement = Statement { text: "INSERT INTO nowhere VALUES (1)", types: &[] };
        Box::pin(async move { writing.query(NOWHERE, &[]).await.map(drop) })
    });
    let (after, after_answer) = inserting(&[2]);
    fixture.run(vec![good, failing, after]).await;
    for answer in [good_answer, failing_answer, after_answer] {
        assert_eq!(kind(answer).await, Some(StoreErrorKind::NotMigrated));
    }
    assert!(fixture.numbers().await.is_empty());
}

/// Other instances wait for the turn.
#[tokio::test]
async fn what_there_is_no_time_for_is_made_in_the_next_transaction() {
    const TRANSACTION: Statement = Statement { text: "SELECT txid_current()", types: &[] };
    let fixture = Fixture::new().await;
    let slow = |_| {
        let clock = Arc::clone(&fixture.clock);
        job(move |(), writing| {
            clock.advance(Duration::from_secs(1));
            Box::pin(async { writing.query(TRANSACTION, &[]).await?.value::<i64>() })
        })
    };
    let (batch, answers): (Vec<_>, Vec<_>) = (0..5).map(slow).unzip();
    fixture.run(batch).await;
    let made = join_all(answers).await.into_iter().map(|answer| answer.unwrap().unwrap());
    let mut made: Vec<_> = made.collect();
    made.dedup();
    assert_eq!(made.len(), 3, "two, two and one: {made:?}");
}

/// As when a server stops in the middle of a commit.
#[tokio::test]
async fn what_may_have_been_made_takes_along_nothing_that_waits_behind_it() {
    let fixture = Fixture::new().await;
    let dying = "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER die AFTER INSERT ON numbers DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.number = 1) EXECUTE FUNCTION die()";
    fixture.client.batch_execute(dying).await.unwrap();
    let clock = Arc::clone(&fixture.clock);
    let (lost, lost_answer) = job(move |(), writing| {
        clock.advance(LIMITS.turn());
        Box::pin(async move { writing.query(INSERT, &[&1_i64]).await.map(drop) })
    });
    let (behind, behind_answer) = inserting(&[2]);
    fixture.run(vec![lost, behind]).await;
    assert_eq!(kind(lost_answer).await, Some(StoreErrorKind::Unavailable));
    assert_eq!(kind(behind_answer).await, None);
    assert_eq!(fixture.numbers().await, [2]);
    // Also where one that failed makes all be made one by one.
    let (failing, failing_answer) = inserting(&[2]);
    let ((lost, lost_answer), (behind, behind_answer)) = (inserting(&[1]), inserting(&[3]));
    fixture.run(vec![lost, failing, behind]).await;
    assert_eq!(kind(failing_answer).await, Some(StoreErrorKind::Failed));
    assert_eq!(kind(lost_answer).await, Some(StoreErrorKind::Unavailable));
    assert_eq!(kind(behind_answer).await, None);
    assert_eq!(fixture.numbers().await, [2, 3]);
}

/// As where a database is not only Sessrum's, and runs its transactions one after the other.
#[tokio::test]
async fn what_the_server_asks_to_be_made_again_is_made_again_once() {
    let fixture = Fixture::new().await;
    let conflicts = "CREATE SEQUENCE tries;
        CREATE FUNCTION conflict() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('tries') <= NEW.number THEN
        RAISE EXCEPTION 'again' USING ERRCODE = 'serialization_failure'; END IF; RETURN NEW;
        END $$;
        CREATE TRIGGER conflict BEFORE INSERT ON numbers FOR EACH ROW EXECUTE FUNCTION conflict()";
    fixture.client.batch_execute(conflicts).await.unwrap();
    let (once, once_answer) = inserting(&[1]);
    fixture.run(vec![once]).await;
    assert_eq!(kind(once_answer).await, None);
    let (always, always_answer) = inserting(&[99]);
    fixture.run(vec![always]).await;
    assert_eq!(kind(always_answer).await, Some(StoreErrorKind::Unavailable));
    assert_eq!(fixture.numbers().await, [1]);
}

#[tokio::test]
async fn a_change_is_made_although_its_caller_has_gone() {
    let fixture = Fixture::new().await;
    let (abandoned, answer) = inserting(&[1]);
    drop(answer);
    let (next, next_answer) = inserting(&[2]);
    fixture.run(vec![abandoned, next]).await;
    assert_eq!(kind(next_answer).await, None);
    assert_eq!(fixture.numbers().await, [1, 2]);
}

#[tokio::test]
async fn closing_finishes_the_queue_and_takes_nothing_more() {
    let fixture = Fixture::new().await;
    let writer = fixture.writer(Revocation::Notify);
    let insert = |number: i64| {
        writer.run(number, |number, writing| {
            Box::pin(async move { writing.query(INSERT, &[number]).await.map(drop) })
        })
    };
    for number in 0..50 {
        let mut change = Box::pin(insert(number));
        // Polled once the change is in the queue; then its caller goes away.
        let waiting = std::future::poll_fn(|context| {
            std::task::Poll::Ready(change.as_mut().poll(context).is_pending())
        });
        assert!(waiting.await);
    }
    writer.close().await;
    assert_eq!(fixture.numbers().await.len(), 50);
    assert_eq!(insert(50).await.unwrap_err().kind(), StoreErrorKind::Unavailable);
    writer.close().await;
}

/// Whoever asked for an end waits for an instance that has heard of nothing, and nobody else does.
#[tokio::test]
async fn who_waits_behind_the_barrier_holds_up_nobody() {
    let fixture = Fixture::new().await;
    let deaf = "INSERT INTO instances (id, heard, renewals, lease) VALUES (7, -1, 0, 60000000)";
    fixture.client.batch_execute(deaf).await.unwrap();
    let writer = fixture.writer(Revocation::Barrier);
    let made = Arc::new(Notify::new());
    let mut end = Box::pin(writer.run(Arc::clone(&made), |made, writing| {
        writing.asks_for_end();
        made.notify_one();
        Box::pin(async { Ok(()) })
    }));
    // In a transaction of its own.
    tokio::select! {
        _ = &mut end => panic!("nobody has heard"),
        () = made.notified() => {}
    }
    for number in 0..3_i64 {
        let insert = writer.run(number, |number, writing| {
            Box::pin(async move { writing.query(INSERT, &[number]).await.map(drop) })
        });
        tokio::select! {
            biased;
            _ = &mut end => panic!("nobody has heard"),
            inserted = insert => inserted.unwrap(),
        }
    }
    fixture.client.batch_execute("UPDATE instances SET heard = 0").await.unwrap();
    end.await.unwrap();
    assert_eq!(fixture.numbers().await, [0, 1, 2]);
}

#[test]
fn an_error_that_is_told_to_everyone_has_its_cause() {
    let error: StoreError = Error::Lost("cut".to_owned()).into();
    let cause = std::error::Error::source(&error).unwrap();
    assert_eq!(cause.to_string(), "no connection: cut");
}
