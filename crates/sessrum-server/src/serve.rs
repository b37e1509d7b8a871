//! Serving, from the first to the last request.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use axum::serve::ListenerExt as _;
use sessrum_core::knows_newest_seal;
use sessrum_web::Origin;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::app::app;
use crate::config::{Config, Database};
use crate::instance::Instance;
use crate::jobs::{Job, JobHealth, supervise};
use crate::open_files::{most_streams, raise_limit};

/// A server that has its port and has not yet answered anyone.
pub(crate) struct Server {
    listener: TcpListener,
    origin: Origin,
    instance: Instance,
    config: Config,
}

impl Server {
    /// Brings the database up to date, opens it, and takes the port.
    pub(crate) async fn prepare(mut config: Config) -> anyhow::Result<Self> {
        let wanted = config.policy.watches.total;
        config.policy.watches.total = most_streams(wanted, raise_limit());
        if config.policy.watches.total < wanted {
            tracing::warn!(
                streams = config.policy.watches.total,
                "fewer pages than live.streams can follow their session: raise the limit of open \
                 files (ulimit -n)"
            );
        }
        let applied = match &config.database {
            Database::Sqlite(_) => Instance::migrate(&config).await?,
            // A key that one instance makes here would not be the others'.
            Database::Postgres(_) => config.database.migrate().await?,
        };
        if !applied.is_empty() {
            tracing::info!(versions = ?applied, "migrated the database");
        }
        let instance = Instance::open(&config).await?;
        if !knows_newest_seal(instance.manager.store()).await? {
            tracing::warn!(
                "the secret key is another than the one that the newest events are sealed under: \
                 unless it was replaced, stop and set secret_key_file to the one that the other \
                 instances have; if it was, name the former one in earlier_secret_key_files"
            );
        }
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("cannot listen on {}", config.listen))?;
        let origin = config.origin(listener.local_addr()?)?;
        Ok(Self { listener, origin, instance, config })
    }

    /// Where browsers find it.
    pub(crate) const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What it stands on.
    pub(crate) const fn instance(&self) -> &Instance {
        &self.instance
    }

    /// Serves until the process is told to stop (SIGINT, SIGTERM, SIGHUP). Requests on the way finish, and
    /// activity is written. Told again, the process exits at once.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let mut signals = Signals::listen()?;
        let instance = self.instance;
        let (manager, accounts) = (Arc::clone(&instance.manager), Arc::clone(&instance.accounts));
        let health = Arc::new(JobHealth::starting(
            manager.now(),
            &[
                (Job::FlushActivity, self.config.flush_activity_every),
                (Job::CleanUp, self.config.clean_up_every),
            ],
        ));
        let (stop, stopping) = watch::channel(false);
        let jobs =
            tokio::spawn(supervise(Arc::clone(&manager), Arc::clone(&health), stopping.clone()));
        if self.config.trusts_nobody_in_front() {
            tracing::warn!(
                "the public URL is https and no proxy is trusted: if there is one in front, \
                 everyone has its address, and wrong passwords of one slow down all; name it in \
                 trusted_proxies"
            );
        }
        if let Some(warning) = self.config.trust_warning() {
            tracing::warn!("the configuration's {warning}");
        }
        let site = app(accounts, health, &self.origin, self.config.trusted_proxies);
        let address = self.listener.local_addr()?;
        tracing::info!(%address, public_url = %self.origin, "serving");

        let listener = self.listener.tap_io(|connection| {
            if let Err(error) = connection.set_nodelay(true) {
                tracing::debug!("no TCP_NODELAY: {error}");
            }
        });
        let service = site.into_make_service_with_connect_info::<SocketAddr>();
        let serving =
            axum::serve(listener, service).with_graceful_shutdown(until_true(stopping.clone()));
        let serving = tokio::spawn(serving.into_future());

        signals.next().await;
        tracing::info!("stopping: requests on the way finish first");
        stop.send_replace(true);
        // Pages that watch their session would never finish.
        manager.store().feed().watchers().close();
        tokio::spawn(signals.exit_at_the_next());
        let finishing = async { tokio::join!(serving, jobs) };
        let finished = tokio::time::timeout(self.config.shutdown_grace, finishing).await;
        // Whatever came of the requests, activity is not lost.
        let flushed = manager.flush_session_activity().await;
        instance.close().await;
        flushed.context("the last activity is not written")?;
        if let Ok((served, worked)) = finished {
            served??;
            worked?;
        } else {
            tracing::warn!("some requests did not finish in time");
        }
        tracing::info!("stopped");
        Ok(())
    }
}

async fn until_true(mut flag: watch::Receiver<bool>) {
    // The sender lives until after the server.
    let _ = flag.wait_for(|stopping| *stopping).await;
}

/// What tells the process to stop.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// The terminal is closed.
    hangup: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        let interrupt = signal(SignalKind::interrupt())?;
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self { interrupt, terminate, hangup: signal(SignalKind::hangup())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }

    async fn exit_at_the_next(mut self) {
        self.next().await;
        tracing::warn!("stopping at once: the last activity may not be written");
        std::process::exit(1);
    }
}
