//! A server that cannot be reached for a while.

use std::net::SocketAddr;

use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

/// Passes on what comes, unless it is cut.
pub struct Relay {
    pub address: SocketAddr,
    to: SocketAddr,
    running: Option<JoinHandle<()>>,
}

impl Relay {
    /// At `address`, whose port may be 0 for any.
    pub async fn start(address: SocketAddr, to: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let mut relay = Self { address: listener.local_addr().unwrap(), to, running: None };
        relay.run(listener);
        relay
    }

    fn run(&mut self, listener: TcpListener) {
        let to = self.to;
        self.running = Some(tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                connections.spawn(async move {
                    if let Ok(mut server) = TcpStream::connect(to).await {
                        // However it ends, both sides see it.
                        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                    }
                });
            }
        }));
    }

    /// Ends all connections, and takes no more.
    pub async fn cut(&mut self) {
        if let Some(running) = self.running.take() {
            running.abort();
            let _ = running.await;
        }
    }

    pub async fn mend(&mut self) {
        self.run(TcpListener::bind(self.address).await.unwrap());
    }
}
