use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::Port;

/// A network that a test can break: a proxy in front of a server. It runs in the test's runtime.
pub struct TcpProxy {
    port: Port,
    wire: Arc<Wire>,
    accepting: Option<JoinHandle<()>>,
}

/// The way that bytes take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

struct Wire {
    server: SocketAddr,
    to_server: Lane,
    to_client: Lane,
    connections: Mutex<JoinSet<()>>,
}

/// One of the two ways.
struct Lane {
    flow: watch::Sender<Flow>,
    bytes: AtomicU64,
}

#[derive(PartialEq, Eq)]
enum Flow {
    Open,
    Stalled,
    /// Stalled, and there is something to hold back.
    Holding,
}

impl TcpProxy {
    /// A proxy on a free port in front of a server, which may be away.
    pub async fn start(server: SocketAddr) -> Self {
        let wire = Wire {
            server,
            to_server: Lane::new(),
            to_client: Lane::new(),
            connections: Mutex::default(),
        };
        let mut proxy = Self { port: Port::free(), wire: Arc::new(wire), accepting: None };
        proxy.accept().await;
        proxy
    }

    /// Where the proxy listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// Cuts all connections. New ones are taken.
    pub async fn cut(&self) {
        let mut connections = std::mem::take(&mut *self.wire.connections());
        connections.shutdown().await;
    }

    /// Refuses new connections. Those there are go on.
    pub async fn refuse(&mut self) {
        if let Some(accepting) = self.accepting.take() {
            accepting.abort();
            let _ = accepting.await;
        }
    }

    /// Takes new connections again.
    pub async fn accept(&mut self) {
        self.refuse().await;
        let listener = TcpListener::bind(self.address()).await.unwrap();
        self.accepting = Some(tokio::spawn(Arc::clone(&self.wire).accept(listener)));
    }

    /// Holds back what is sent from now on, on one way of all connections. Nobody is told.
    pub fn stall(&self, way: Way) {
        self.wire.lane(way).flow.send_replace(Flow::Stalled);
    }

    /// Waits until something is held back on a way that is stalled.
    pub async fn held(&self, way: Way) {
        let mut flow = self.wire.lane(way).flow.subscribe();
        let _ = flow.wait_for(|flow| *flow == Flow::Holding).await;
    }

    /// Lets what is held back go on.
    pub fn resume(&self, way: Way) {
        self.wire.lane(way).flow.send_replace(Flow::Open);
    }

    /// How many bytes went one way so far.
    #[must_use]
    pub fn bytes(&self, way: Way) -> u64 {
        self.wire.lane(way).bytes.load(Ordering::Relaxed)
    }
}

impl Drop for TcpProxy {
    fn drop(&mut self) {
        if let Some(accepting) = &self.accepting {
            accepting.abort();
        }
        self.wire.connections().abort_all();
    }
}

impl Wire {
    async fn accept(self: Arc<Self>, listener: TcpListener) {
        while let Ok((client, _)) = listener.accept().await {
            let mut connections = self.connections();
            while connections.try_join_next().is_some() {}
            connections.spawn(Arc::clone(&self).connect(client));
        }
    }

    /// Closes the client's connection when the server takes none.
    async fn connect(self: Arc<Self>, client: TcpStream) {
        let Ok(server) = TcpStream::connect(self.server).await else { return };
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let forth = self.to_server.carry(from_client, to_server);
        let back = self.to_client.carry(from_server, to_client);
        // One end may still listen when it has said everything.
        tokio::join!(forth, back);
    }

    fn lane(&self, way: Way) -> &Lane {
        match way {
            Way::ToServer => &self.to_server,
            Way::ToClient => &self.to_client,
        }
    }

    fn connections(&self) -> std::sync::MutexGuard<'_, JoinSet<()>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane {
    fn new() -> Self {
        Self { flow: watch::Sender::new(Flow::Open), bytes: AtomicU64::new(0) }
    }

    async fn carry(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let mut flow = self.flow.subscribe();
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let read = from.read(&mut buffer).await.unwrap_or(0);
            self.flow.send_if_modified(|flow| {
                let stalled = *flow == Flow::Stalled;
                if stalled {
                    *flow = Flow::Holding;
                }
                stalled
            });
            let _ = flow.wait_for(|flow| *flow == Flow::Open).await;
            let Some(bytes @ [_, ..]) = buffer.get(..read) else { break };
            self.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            if to.write_all(bytes).await.is_err() {
                break;
            }
        }
        let _ = to.shutdown().await;
    }
}
