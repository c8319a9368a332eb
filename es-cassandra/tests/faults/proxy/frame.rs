//! As much of the CQL protocol, version 4, as is needed to tell requests apart and to answer with an error.

use std::sync::atomic::{AtomicU16, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt};

const HEADER: usize = 9;
const ERROR: u8 = 0x00;
const RESULT: u8 = 0x08;
const PREPARE: u8 = 0x09;
const EXECUTE: u8 = 0x0a;
const RESULT_PREPARED: [u8; 4] = [0, 0, 0, 4];
const TRACED: u8 = 0x02;
const WARNED: u8 = 0x08;

/// One message, header and all.
#[derive(Clone, Debug)]
pub struct Frame(Vec<u8>);

impl Frame {
    /// The next one, or `None` when the connection ends.
    pub async fn read(from: &mut (impl AsyncRead + Unpin)) -> Option<Self> {
        let mut bytes = vec![0; HEADER];
        from.read_exact(&mut bytes).await.ok()?;
        let length = u32::from_be_bytes([bytes[5], bytes[6], bytes[7], bytes[8]]);
        bytes.resize(HEADER + length as usize, 0);
        from.read_exact(&mut bytes[HEADER..]).await.ok()?;
        Some(Self(bytes))
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// What ties an answer to its request.
    pub fn stream(&self) -> [u8; 2] {
        [self.0[2], self.0[3]]
    }

    /// Gives it another number: its sender has an answer, and may use the number again. Drivers use low ones.
    pub fn make_stray(&mut self) {
        static STRAYS: AtomicU16 = AtomicU16::new(0x7000);
        let number = STRAYS.fetch_add(1, Ordering::Relaxed);
        self.0[2..4].copy_from_slice(&number.to_be_bytes());
    }

    fn opcode(&self) -> u8 {
        self.0[4]
    }

    fn body(&self) -> &[u8] {
        &self.0[HEADER..]
    }

    /// The statement of a request to prepare one.
    pub fn prepares(&self) -> Option<String> {
        let (length, rest) = self.body().split_first_chunk::<4>().filter(|_| self.opcode() == PREPARE)?;
        let text = rest.get(..u32::from_be_bytes(*length) as usize)?;
        Some(String::from_utf8_lossy(text).into_owned())
    }

    /// The name under which a statement was prepared, from the answer to that.
    pub fn prepared(&self) -> Option<Vec<u8>> {
        let mut body = Some(self.body()).filter(|_| self.opcode() == RESULT)?;
        if self.0[1] & TRACED != 0 {
            body = body.get(16..)?;
        }
        if self.0[1] & WARNED != 0 {
            let (count, mut rest) = body.split_first_chunk::<2>()?;
            for _ in 0..u16::from_be_bytes(*count) {
                rest = short_bytes(rest)?.1;
            }
            body = rest;
        }
        Some(short_bytes(body.strip_prefix(&RESULT_PREPARED)?)?.0.to_vec())
    }

    /// The name of the statement that is to be executed.
    pub fn executes(&self) -> Option<&[u8]> {
        Some(short_bytes(Some(self.body()).filter(|_| self.opcode() == EXECUTE)?)?.0)
    }

    /// How many replicas are to agree on the answer, as the protocol numbers it.
    pub fn consistency(&self) -> Option<u16> {
        let (_, rest) = short_bytes(self.body())?;
        Some(u16::from_be_bytes(rest.first_chunk().copied()?))
    }

    /// The server's answer to the request `stream`, as if it failed.
    pub fn error(stream: [u8; 2], refusal: Refusal) -> Self {
        let mut body = Vec::new();
        let (code, message) = match refusal {
            Refusal::Overloaded => (0x1001, "overloaded"),
            Refusal::WriteTimeout => (0x1100, "Operation timed out"),
            Refusal::WriteFailure => (0x1500, "Operation failed"),
            Refusal::CasUnknown => (0x1700, "CAS operation result is unknown"),
            Refusal::ServerError => (0x0000, "java.lang.RuntimeException"),
        };
        body.extend(i32::to_be_bytes(code));
        push_text(&mut body, message);
        // Consistency SERIAL, how many replicas answered, how many were needed.
        let counts = [0, 8, 0, 0, 0, 1, 0, 0, 0, 2];
        match refusal {
            Refusal::WriteTimeout => {
                body.extend(counts);
                push_text(&mut body, "CAS");
            }
            Refusal::WriteFailure => {
                body.extend(counts);
                body.extend(i32::to_be_bytes(1));
                push_text(&mut body, "CAS");
            }
            Refusal::CasUnknown => body.extend(counts),
            Refusal::Overloaded | Refusal::ServerError => {}
        }
        let mut bytes = vec![0x84, 0, stream[0], stream[1], ERROR];
        bytes.extend(u32::to_be_bytes(body.len() as u32));
        bytes.extend(body);
        Self(bytes)
    }
}

/// An error that a server can answer with, and that says nothing of what became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Overloaded,
    WriteTimeout,
    WriteFailure,
    CasUnknown,
    ServerError,
}

impl Refusal {
    pub const ALL: [Self; 5] =
        [Self::Overloaded, Self::WriteTimeout, Self::WriteFailure, Self::CasUnknown, Self::ServerError];
}

fn short_bytes(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(u16::from_be_bytes(*length).into())
}

fn push_text(body: &mut Vec<u8>, text: &str) {
    body.extend(u16::to_be_bytes(text.len() as u16));
    body.extend(text.as_bytes());
}
