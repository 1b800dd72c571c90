//! As much of both protocols as it takes to see a COMMIT go by.

use crate::common::server::Server;
use std::collections::BTreeSet;

/// What a client sends on one connection, taken apart into messages.
pub(crate) struct Requests {
    server: Server,
    started: bool,
    buffer: Vec<u8>,
    /// Prepared statements that commit.
    commits: BTreeSet<Vec<u8>>,
    /// The statement that was bound last (PostgreSQL).
    bound: Vec<u8>,
    /// The answer to the preparation of a COMMIT, as far as it is there (MariaDB).
    preparing: Option<Vec<u8>>,
}

/// A message.
pub(crate) struct Request {
    pub(crate) bytes: Vec<u8>,
    /// Whether it runs a COMMIT.
    pub(crate) commits: bool,
}

impl Requests {
    pub(crate) fn to(server: Server) -> Self {
        let buffer = Vec::new();
        Self { server, started: false, buffer, commits: BTreeSet::new(), bound: Vec::new(), preparing: None }
    }

    /// The messages that are complete with these bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<Request> {
        self.buffer.extend_from_slice(bytes);
        let mut requests = Vec::new();
        while let Some(length) = self.length().filter(|length| *length <= self.buffer.len()) {
            let bytes: Vec<u8> = self.buffer.drain(..length).collect();
            let commits = match self.server {
                Server::Postgres => self.started && self.postgres(&bytes),
                Server::MariaDb => self.mariadb(&bytes),
            };
            self.started = true;
            requests.push(Request { bytes, commits });
        }
        requests
    }

    /// Takes note of what the server answers.
    pub(crate) fn answered(&mut self, bytes: &[u8]) {
        let Some(answer) = &mut self.preparing else { return };
        answer.extend_from_slice(bytes);
        // A header of four bytes, OK, and the number of the statement.
        if answer.len() >= 9 {
            if answer[4] == 0 {
                self.commits.insert(answer[5..9].to_vec());
            }
            self.preparing = None;
        }
    }

    /// What is still to be sent after a message that commits, so that the server answers.
    pub(crate) fn ending(&self) -> &'static [u8] {
        match self.server {
            Server::Postgres => b"S\0\0\0\x04",
            Server::MariaDb => b"",
        }
    }

    /// Whether this is the whole answer to a message that commits.
    pub(crate) fn is_answer(&self, mut bytes: &[u8]) -> bool {
        match self.server {
            Server::MariaDb => bytes.len() > 4,
            Server::Postgres => {
                while let Some(length) = typed(bytes).filter(|length| *length <= bytes.len()) {
                    if bytes[0] == b'Z' {
                        return true;
                    }
                    bytes = &bytes[length..];
                }
                false
            }
        }
    }

    fn length(&self) -> Option<usize> {
        match self.server {
            Server::Postgres if self.started => typed(&self.buffer),
            // The first one has no type.
            Server::Postgres => self.buffer.first_chunk().map(|length| u32::from_be_bytes(*length) as usize),
            Server::MariaDb => {
                let [a, b, c, _] = *self.buffer.first_chunk()?;
                Some(4 + u32::from_le_bytes([a, b, c, 0]) as usize)
            }
        }
    }

    fn postgres(&mut self, message: &[u8]) -> bool {
        let mut texts = message[5..].split(|byte| *byte == 0);
        let mut next = || texts.next().unwrap_or_default().to_vec();
        match message[0] {
            b'Q' => next() == b"COMMIT",
            b'P' => {
                let (name, text) = (next(), next());
                if text == b"COMMIT" {
                    self.commits.insert(name);
                } else {
                    self.commits.remove(&name);
                }
                false
            }
            b'B' => {
                let _portal = next();
                self.bound = next();
                false
            }
            b'E' => self.commits.contains(&self.bound),
            _ => false,
        }
    }

    fn mariadb(&mut self, message: &[u8]) -> bool {
        // Commands begin with packet number 0; what else a client sends does not.
        let [_, _, _, 0, command, body @ ..] = message else { return false };
        match command {
            0x03 => body == b"COMMIT",
            0x16 => {
                self.preparing = (body == b"COMMIT").then(Vec::new);
                false
            }
            0x17 => body.get(..4).is_some_and(|number| self.commits.contains(number)),
            _ => false,
        }
    }
}

/// The length of a message with a type.
fn typed(bytes: &[u8]) -> Option<usize> {
    let [_, length @ ..] = bytes.first_chunk::<5>()?;
    Some(1 + u32::from_be_bytes(*length) as usize)
}
