//! As much of HTTP as the tests need: a connection for each request.

use std::{fmt::Write, io, net::SocketAddr};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub struct Request {
    head: String,
    body: Vec<u8>,
}

pub fn get(path: &str) -> Request {
    Request::new("GET", path)
}

pub fn post(path: &str, body: Value) -> Request {
    Request::new("POST", path).body(body.to_string(), "application/json")
}

impl Request {
    pub fn new(method: &str, path: &str) -> Self {
        let head = format!("{method} {path} HTTP/1.1\r\nhost: bank\r\nconnection: close\r\n");
        Self { head, body: Vec::new() }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        write!(self.head, "{name}: {value}\r\n").unwrap();
        self
    }

    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    pub fn body(self, body: impl Into<Vec<u8>>, content_type: &str) -> Self {
        Self { body: body.into(), ..self.header("content-type", content_type) }
    }

    pub async fn send(self, to: SocketAddr) -> io::Result<Reply> {
        let mut connection = TcpStream::connect(to).await?;
        let head = format!("{}content-length: {}\r\n\r\n", self.head, self.body.len());
        connection.write_all(head.as_bytes()).await?;
        connection.write_all(&self.body).await?;
        let mut reply = String::new();
        connection.read_to_string(&mut reply).await?;
        Reply::parse(&reply).ok_or_else(|| io::Error::other(format!("cut off: {reply:?}")))
    }
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    head: String,
    pub body: Value,
}

impl Reply {
    fn parse(reply: &str) -> Option<Self> {
        let (head, body) = reply.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        // Everything the bank says is JSON.
        Some(Self { status, head: head.to_owned(), body: serde_json::from_str(body).ok()? })
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let headers = self.head.lines().filter_map(|line| line.split_once(": "));
        headers.filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    /// The token under which a later query sees this write.
    #[track_caller]
    pub fn token(&self) -> &str {
        self.header("x-read-token").unwrap_or_else(|| panic!("no read token in {self:?}"))
    }

    /// Fails unless the status is `status`.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Fails unless it is an error of `status` and `code`, with some text.
    #[track_caller]
    pub fn expect_error(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.body["error"].as_str()), (status, Some(code)), "{self:?}");
        assert!(self.body["message"].as_str().is_some_and(|text| !text.is_empty()), "{self:?}");
        self
    }
}
