//! How the wire breaks.

use std::time::Duration;

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It does not arrive, and for so long nobody listens on the port.
    Refuse(Duration),
    /// It does not arrive: the connection is reset.
    Reset,
    /// It arrives at once, its answer so much later.
    Slow(Duration),
    /// It arrives so much later, whether or not the client still waits.
    Late(Duration),
    /// It arrives; of the answer's body, or of its head if it has none, the first half is sent, then the connection
    /// ends.
    HalfBody,
    /// It arrives and is worked on; the connection is reset instead of an answer.
    LoseAnswer,
    /// It does not arrive: this is the answer.
    Answer(Answer),
}

impl Fault {
    /// An answer with this status and an empty JSON object.
    #[must_use]
    pub fn status(status: u16) -> Answer {
        Answer { status, headers: Vec::new(), body: "{}".to_owned() }
    }
}

/// An answer that the server did not give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    /// With `Retry-After`, in seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header("retry-after", &seconds.to_string())
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With another body.
    #[must_use]
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    /// As it goes over the wire.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut head = format!(
            "HTTP/1.1 {} Test\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
            self.status,
            self.body.len()
        );
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        format!("{head}\r\n{}", self.body).into_bytes()
    }
}

impl From<Answer> for Fault {
    fn from(answer: Answer) -> Self {
        Self::Answer(answer)
    }
}
