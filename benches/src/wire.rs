//! A server's address that counts what goes through it.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::Error;

/// Passes bytes on between clients and one server, and counts them both ways. Ends with its runtime.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) address: SocketAddr,
    bytes: Arc<AtomicU64>,
}

impl Wire {
    pub(crate) async fn to(server: SocketAddr) -> Result<Self, Error> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let bytes = Arc::new(AtomicU64::new(0));
        let counted = bytes.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let counted = counted.clone();
                tokio::spawn(async move {
                    let server = TcpStream::connect(server).await?;
                    let _ = (client.set_nodelay(true), server.set_nodelay(true));
                    let ((from_client, to_client), (from_server, to_server)) =
                        (client.into_split(), server.into_split());
                    let back = pass(from_server, to_client, counted.clone());
                    tokio::try_join!(pass(from_client, to_server, counted), back)?;
                    Ok::<_, Error>(())
                });
            }
        });
        Ok(Self { address, bytes })
    }

    /// How many bytes have gone through, both ways.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

async fn pass(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    counted: Arc<AtomicU64>,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        counted.fetch_add(count as u64, Ordering::Relaxed);
        to.write_all(&buffer[..count]).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn counts_both_ways() {
        let echo = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = echo.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut socket, _) = echo.accept().await.unwrap();
            let mut five = [0; 5];
            socket.read_exact(&mut five).await.unwrap();
            socket.write_all(b"seven b").await.unwrap();
        });
        let wire = Wire::to(server).await.unwrap();
        let mut client = TcpStream::connect(wire.address).await.unwrap();
        client.write_all(b"hello").await.unwrap();
        let mut seven = [0; 7];
        client.read_exact(&mut seven).await.unwrap();
        assert_eq!((&seven, wire.bytes()), (b"seven b", 12));
    }
}
