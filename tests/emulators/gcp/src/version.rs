//! A version: its payload and its state.

use crate::{
    body::Message,
    refusal::{Refusal, Result},
    times,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use std::time::Duration;

const PAYLOAD_BYTES: usize = 65_536;

/// What may be done with a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Enabled,
    Disabled,
    /// For ever.
    Destroyed,
}

impl State {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Enabled => "ENABLED",
            Self::Disabled => "DISABLED",
            Self::Destroyed => "DESTROYED",
        }
    }

    /// As clients ask for it that want enumerations as numbers.
    fn number(self) -> u8 {
        match self {
            Self::Enabled => 1,
            Self::Disabled => 2,
            Self::Destroyed => 3,
        }
    }
}

/// A payload as it was sent.
#[derive(Debug)]
pub(crate) struct Payload {
    data: Vec<u8>,
    /// Whether a checksum came along.
    has_sum: bool,
}

impl Payload {
    /// Reads and checks it.
    pub(crate) fn read(body: &Message) -> Result<Self> {
        body.only(&["parent", "payload"])?;
        let payload = body.message("payload")?;
        let payload = payload.ok_or_else(|| Refusal::invalid("The field [payload] is required."))?;
        payload.only(&["data", "dataCrc32c"])?;
        let data = payload.bytes("data")?;
        if data.is_empty() {
            return Err(Refusal::invalid("Secret Payload cannot be empty."));
        }
        if data.len() > PAYLOAD_BYTES {
            return Err(Refusal::invalid(format!("The payload is larger than {PAYLOAD_BYTES} bytes.")));
        }
        let sum = payload.integer("dataCrc32c")?;
        if sum.is_some_and(|sum| sum != i64::from(crc32c::crc32c(&data))) {
            return Err(Refusal::invalid("The payload does not match its checksum."));
        }
        Ok(Self { data, has_sum: sum.is_some() })
    }
}

/// A version of a secret.
#[derive(Debug)]
pub(crate) struct Version {
    name: String,
    /// From 1 on.
    pub(crate) number: u64,
    pub(crate) state: State,
    pub(crate) etag: String,
    payload: Payload,
    created: Duration,
    destroyed: Option<Duration>,
    /// When it will be destroyed.
    scheduled: Option<Duration>,
    /// Where it is kept and under which keys, as JSON.
    kept: Value,
}

impl Version {
    pub(crate) fn new(
        secret: &str,
        number: u64,
        payload: Payload,
        kept: Value,
        etag: String,
        now: Duration,
    ) -> Self {
        Self {
            name: format!("{secret}/versions/{number}"),
            number,
            state: State::Enabled,
            etag,
            payload,
            created: now,
            destroyed: None,
            scheduled: None,
            kept,
        }
    }

    /// Destroys it if the time for that has come.
    pub(crate) fn settle(&mut self, now: Duration) {
        if let Some(at) = self.scheduled.filter(|at| *at <= now) {
            self.destroy(at);
        }
    }

    fn destroy(&mut self, at: Duration) {
        (self.state, self.destroyed, self.scheduled) = (State::Destroyed, Some(at), None);
        self.payload.data.clear();
    }

    /// Its payload, with a checksum.
    pub(crate) fn access(&self) -> Result<Value> {
        if self.state != State::Enabled {
            return Err(self.is_in_another_state());
        }
        let sum = crc32c::crc32c(&self.payload.data).to_string();
        let data = STANDARD.encode(&self.payload.data);
        Ok(json!({"name": self.name, "payload": {"data": data, "dataCrc32c": sum}}))
    }

    /// Enables, disables or destroys it, which is put off by `delay`.
    pub(crate) fn change(
        &mut self,
        wanted: State,
        delay: Option<Duration>,
        etag: String,
        now: Duration,
    ) -> Result<()> {
        if self.state == State::Destroyed {
            return Err(self.is_in_another_state());
        }
        match (wanted, delay) {
            (State::Destroyed, None) => self.destroy(now),
            (State::Destroyed, Some(delay)) => {
                (self.state, self.scheduled) = (State::Disabled, Some(now + delay));
            }
            // What was to be destroyed is kept.
            _ => (self.state, self.scheduled) = (wanted, None),
        }
        self.etag = etag;
        Ok(())
    }

    fn is_in_another_state(&self) -> Refusal {
        let text = format!("Secret Version [{}] is in {} state.", self.name, self.state.name());
        Refusal::precondition(text)
    }

    /// Without the payload.
    pub(crate) fn shown(&self, numbers: bool) -> Value {
        let state = if numbers { json!(self.state.number()) } else { json!(self.state.name()) };
        let mut shown = json!({
            "name": self.name,
            "createTime": times::timestamp(self.created),
            "state": state,
            "etag": self.etag,
        });
        if self.payload.has_sum {
            shown["clientSpecifiedPayloadChecksum"] = json!(true);
        }
        for (name, time) in [("destroyTime", self.destroyed), ("scheduledDestroyTime", self.scheduled)] {
            if let Some(time) = time {
                shown[name] = json!(times::timestamp(time));
            }
        }
        if let (Value::Object(shown), Value::Object(kept)) = (&mut shown, &self.kept) {
            shown.extend(kept.clone());
        }
        shown
    }
}
