//! Plain HTTP to the mock server over a blocking socket: what the mock's own tests speak.

use std::io::{Read, Write};
use std::net::TcpStream;

use xmedia::mock::MockServer;

/// A connection that is kept.
pub struct Http {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Http {
    pub fn to(server: &MockServer) -> Self {
        let stream = TcpStream::connect(server.address().unwrap()).unwrap();
        stream.set_nodelay(true).unwrap();
        Http { stream, buffer: Vec::new() }
    }

    /// One request and its answer.
    pub fn call(&mut self, method: &str, path: &str, content_type: &str, body: &[u8]) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n", body.len());
        if !content_type.is_empty() {
            request.push_str(&format!("Content-Type: {content_type}\r\n"));
        }
        let mut bytes = (request + "\r\n").into_bytes();
        bytes.extend_from_slice(body);
        self.stream.write_all(&bytes).unwrap();
        self.answer()
    }

    pub fn form(&mut self, path: &str, form: &str) -> Answer {
        self.call("POST", path, "application/x-www-form-urlencoded", form.as_bytes())
    }

    /// A segment, as v1.1 takes it.
    pub fn append(&mut self, media_id: &str, index: &str, data: &[u8]) -> Answer {
        let path = format!("{V1}?command=APPEND&media_id={media_id}&segment_index={index}");
        let mut body = b"--X\r\nContent-Disposition: form-data; name=\"media\"\r\n\r\n".to_vec();
        body.extend_from_slice(data);
        body.extend_from_slice(b"\r\n--X--\r\n");
        self.call("POST", &path, "multipart/form-data; boundary=X", &body)
    }

    fn answer(&mut self) -> Answer {
        let end = loop {
            if let Some(at) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.more();
        };
        let head = String::from_utf8(self.buffer[..end].to_vec()).unwrap().to_ascii_lowercase();
        let status = head[9..12].parse().unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        while self.buffer.len() < end + length {
            self.more();
        }
        let body = self.buffer[end..end + length].to_vec();
        self.buffer.drain(..end + length);
        Answer { status, body }
    }

    fn more(&mut self) {
        let mut piece = [0; 65536];
        let read = self.stream.read(&mut piece).unwrap();
        assert!(read > 0, "the connection ended");
        self.buffer.extend_from_slice(&piece[..read]);
    }
}

/// v1.1's address.
pub const V1: &str = "/1.1/media/upload.json";
