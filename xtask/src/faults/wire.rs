//! Wires between the application and the servers, which can be cut.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
};

use crate::stack::Cut;

/// From an address of its own to a server's.
pub(super) struct Wire {
    state: Arc<State>,
    from: SocketAddr,
    listening: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    inner: Mutex<Inner>,
    mended: Condvar,
}

#[derive(Default)]
struct Inner {
    cut: Option<Cut>,
    /// How many cuts there have been: connections of before the last one end with it.
    cuts: u64,
    open: Vec<(u64, TcpStream)>,
    is_closed: bool,
}

impl Wire {
    /// New connections to `from` go on to `to` until this is dropped.
    pub(super) fn new(from: SocketAddr, to: SocketAddr) -> Result<Self, String> {
        let listener = TcpListener::bind(from).map_err(|error| format!("{from}: {error}"))?;
        let state = Arc::new(State::default());
        let accepts = state.clone();
        let listening = thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if accepts.lock().is_closed {
                    break;
                }
                let state = accepts.clone();
                thread::spawn(move || state.connect(client, to));
            }
        });
        Ok(Self { state, from, listening: Some(listening) })
    }

    /// Who sends is not told: a cut wire is silent.
    pub(super) fn cut(&self, cut: Cut) {
        let mut inner = self.state.lock();
        inner.cut = Some(cut);
        inner.cuts += 1;
    }

    /// Connections that were cut are gone, and new ones come through.
    pub(super) fn mend(&self) {
        let mut inner = self.state.lock();
        inner.cut = None;
        let cuts = inner.cuts;
        for (_, stream) in inner.open.extract_if(.., |(since, _)| *since < cuts) {
            // One that has ended by itself is shut already.
            let _ = stream.shutdown(Shutdown::Both);
        }
        self.state.mended.notify_all();
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.mend();
        self.state.lock().is_closed = true;
        // It looks up when somebody comes.
        if TcpStream::connect(self.from).is_ok() {
            let _ = self.listening.take().map(JoinHandle::join);
        }
    }
}

impl Inner {
    /// How many cuts are over.
    fn seen(&self) -> u64 {
        self.cuts - u64::from(self.cut.is_some())
    }
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps track of a connection, so that mending ends it. The number of cuts that it has seen.
    fn register(&self, stream: &TcpStream) -> Option<u64> {
        let clone = stream.try_clone().ok()?;
        let mut inner = self.lock();
        let since = inner.seen();
        inner.open.retain(|(_, stream)| stream.peer_addr().is_ok());
        inner.open.push((since, clone));
        Some(since)
    }

    fn connect(self: Arc<Self>, client: TcpStream, to: SocketAddr) {
        let Some(since) = self.register(&client) else { return };
        // An address behind a cut does not even answer.
        if !self.lets(since, false) {
            return;
        }
        let Ok(server) = TcpStream::connect(to) else { return };
        let (Ok(from), Ok(back)) = (client.try_clone(), server.try_clone()) else { return };
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        if self.register(&server).is_none() {
            return;
        }
        let this = self.clone();
        thread::spawn(move || this.pump(since, true, back, client));
        self.pump(since, false, from, server);
    }

    fn pump(&self, since: u64, replies: bool, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(size @ 1..) = from.read(&mut buffer) {
            if !self.lets(since, replies) || to.write_all(&buffer[..size]).is_err() {
                break;
            }
        }
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    }

    /// Whether something may pass. Where it may not, answers when the wire is mended.
    fn lets(&self, since: u64, replies: bool) -> bool {
        let mut inner = self.lock();
        while inner.cut.is_some_and(|cut| cut.stops(replies)) {
            inner = self.mended.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
        since == inner.seen()
    }
}

#[cfg(test)]
mod tests {
    use std::{io::ErrorKind, time::Duration};

    use super::*;

    /// Says back what it is told, and counts the bytes.
    fn echo() -> (SocketAddr, Arc<Mutex<usize>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, heard) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(0)));
        let count = heard.clone();
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let count = count.clone();
                thread::spawn(move || {
                    let mut byte = [0];
                    while stream.read_exact(&mut byte).is_ok() {
                        *count.lock().unwrap() += 1;
                        let _ = stream.write_all(&byte);
                    }
                });
            }
        });
        (address, heard)
    }

    fn free() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
    }

    fn says(stream: &mut TcpStream) -> std::io::Result<u8> {
        let mut byte = [0];
        stream.write_all(&[7])?;
        stream.read_exact(&mut byte).map(|()| byte[0])
    }

    #[test]
    fn a_cut_wire_is_silent_and_a_mended_one_takes_new_connections() {
        let ((server, heard), door) = (echo(), free());
        let wire = Wire::new(door, server).unwrap();
        let mut due = 0;
        for cut in Cut::ALL {
            let mut stream = TcpStream::connect(door).unwrap();
            stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
            assert_eq!(says(&mut stream).unwrap(), 7);
            wire.cut(cut);
            let silent = says(&mut stream).unwrap_err().kind();
            assert!(matches!(silent, ErrorKind::WouldBlock | ErrorKind::TimedOut), "{silent:?}");
            due += 1 + usize::from(cut == Cut::From);
            assert_eq!(*heard.lock().unwrap(), due, "{cut:?}");
            let mut during = TcpStream::connect(door).unwrap();
            during.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
            assert!(says(&mut during).is_err());
            due += usize::from(cut == Cut::From);
            wire.mend();
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            during.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            for mut old in [stream, during] {
                let ended = says(&mut old).and_then(|_| says(&mut old)).unwrap_err().kind();
                assert!(!matches!(ended, ErrorKind::WouldBlock | ErrorKind::TimedOut), "{ended:?}");
            }
        }
        assert_eq!(*heard.lock().unwrap(), due, "what was cut off does not come later");
        let mut stream = TcpStream::connect(door).unwrap();
        assert_eq!(says(&mut stream).unwrap(), 7);
        drop(wire);
        assert_eq!(says(&mut stream).unwrap(), 7, "who is connected stays so");
        Wire::new(door, server).unwrap();
    }
}
