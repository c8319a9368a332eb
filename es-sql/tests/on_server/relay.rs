//! A network between a pool and the server that can fall silent: it closes nothing, and passes nothing on.

use std::{net::SocketAddr, time::Duration};

use es_sql::sqlx::{PgPool, postgres::PgPoolOptions};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use super::Database;

/// What goes through it until it falls silent, goes nowhere for ever, as where a host has vanished. What is connected
/// after it is back, works.
pub(super) struct Relay {
    at: SocketAddr,
    silent: watch::Sender<bool>,
}

impl Relay {
    pub(super) async fn to(database: &Database) -> Self {
        let server = (database.options.get_host().to_owned(), database.options.get_port());
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let at = listener.local_addr().unwrap();
        let (silent, is_silent) = watch::channel(false);
        tokio::spawn(async move {
            // Kept, so that nothing is closed.
            let mut lost = Vec::new();
            while let Ok((client, _)) = listener.accept().await {
                if *is_silent.borrow() {
                    lost.push(client);
                } else {
                    tokio::spawn(pass(client, server.clone(), is_silent.clone()));
                }
            }
        });
        Self { at, silent }
    }

    pub(super) fn pool(&self, database: &Database, connections: u32) -> PgPool {
        let options = database.options.clone().host(&self.at.ip().to_string()).port(self.at.port());
        PgPoolOptions::new().max_connections(connections).connect_lazy_with(options)
    }

    pub(super) fn fall_silent(&self) {
        self.silent.send_replace(true);
    }

    pub(super) fn come_back(&self) {
        self.silent.send_replace(false);
    }
}

async fn pass(mut client: TcpStream, server: (String, u16), mut silent: watch::Receiver<bool>) {
    let mut server = TcpStream::connect(server).await.unwrap();
    let (mut to_server, mut to_client) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            biased;
            () = async { drop(silent.wait_for(|silent| *silent).await) } => break,
            read = client.read(&mut to_server) => match read {
                Ok(0) | Err(_) => return,
                Ok(n) => server.write_all(&to_server[..n]).await.unwrap(),
            },
            read = server.read(&mut to_client) => match read {
                Ok(0) | Err(_) => return,
                Ok(n) => client.write_all(&to_client[..n]).await.unwrap(),
            },
        }
    }
    // Not even that one of them has ended is passed on.
    tokio::time::sleep(Duration::from_secs(3600)).await;
}
