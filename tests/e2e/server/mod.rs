//! The server, spoken to over its sockets.

mod access;
mod activation;
mod begins;
mod chains;
mod denied;
mod drain;
mod ends;
mod guesses;
mod heads;
mod hostile;
mod life;
mod logs;
mod many;
mod metrics;
mod repeated;
mod replaced;
mod slow;
mod trail;
mod withdrawn;

use crate::support::Home;
use serde_json::Value;
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

pub(crate) const PASSWORD: &str = "first-Admin-password";
/// What opens `/metrics`.
const METRICS: &str = "the-token-of-prometheus";

/// A server over a home's database.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
    /// What it wrote to standard error.
    lines: Arc<Mutex<Vec<String>>>,
    reader: Option<thread::JoinHandle<()>>,
}

/// The lines that it wrote to standard error.
pub(crate) struct Said(pub(crate) Vec<String>);

impl Said {
    /// What was logged with this target, each line read.
    pub(crate) fn logged(&self, target: &str) -> Vec<Value> {
        let lines = self.0.iter().filter(|line| line.starts_with('{'));
        let lines = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["target"] == target).collect()
    }
}

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Value,
}

impl Answer {
    /// After how long it may be asked again.
    pub(crate) fn retry_after(&self) -> Duration {
        let (_, rest) =
            self.head.split_once("retry-after: ").unwrap_or_else(|| panic!("it does not say: {self:?}"));
        Duration::from_secs(rest.lines().next().unwrap().parse().unwrap())
    }
}

impl Server {
    pub(crate) fn start(home: &Home) -> Self {
        Self::start_with(home, &[])
    }

    /// With more variables.
    pub(crate) fn start_with(home: &Home, variables: &[(&str, &str)]) -> Self {
        let mut command = home.command(["serve", "--listen", "127.0.0.1:0"]);
        command.env("STRONGROOM_ADMIN_PASSWORD", PASSWORD).env("STRONGROOM_SERVER_METRICS_TOKEN", METRICS);
        command.envs(variables.iter().copied());
        Self::start_as(command)
    }

    /// As this command says.
    pub(crate) fn start_as(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let said = Arc::new(Mutex::new(Vec::new()));
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let port = loop {
            let line = lines.next().expect("the server ended").unwrap();
            said.lock().unwrap().push(line.clone());
            if let Some((base, port)) =
                line.strip_prefix("listening on ").and_then(|url| url.rsplit_once(':'))
            {
                let (scheme, host) = base.split_once("://").unwrap();
                assert!(
                    ["http", "https"].contains(&scheme) && ["127.0.0.1", "[::]"].contains(&host),
                    "{line}"
                );
                break port.parse().unwrap();
            }
        };
        // Somebody has to read what it logs.
        let heard = said.clone();
        let reader = move || lines.map_while(Result::ok).for_each(|line| heard.lock().unwrap().push(line));
        Self { child, port, lines: said, reader: Some(thread::spawn(reader)) }
    }

    /// What it wrote to standard error until now.
    pub(crate) fn said(&self) -> Said {
        Said(self.lines.lock().unwrap().clone())
    }

    /// How much memory it takes now, and took at most, in MiB.
    pub(crate) fn memory(&self) -> (u64, u64) {
        (self.mebibytes("VmRSS"), self.mebibytes("VmHWM"))
    }

    /// How much of it is its own, in MiB: without pages of its program, which come with whatever it does first.
    pub(crate) fn own_memory(&self) -> u64 {
        self.mebibytes("RssAnon")
    }

    /// A field of what the system says of the process.
    fn mebibytes(&self, field: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let value = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':')).unwrap();
        value.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1024
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Sends bytes, and reads until the server closes the connection.
    fn raw(&self, request: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        // A server that has seen enough may close before it has read all.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        answer
    }

    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        let bytes = self.raw(&[request.as_bytes(), body].concat());
        answer(&bytes)
    }

    pub(crate) fn call(&self, token: &str, method: &str, path: &str, body: &Value) -> Answer {
        let auth = format!("Bearer {token}");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, &format!("/api/v1{path}"), &[("authorization", &auth)], body.as_bytes())
    }

    /// A request of which the server has the head, with these headers too, and waits for the body, of this length.
    fn begin(&self, token: &str, method: &str, path: &str, more: &str, length: usize) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let head = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
             expect: 100-continue\r\n{more}content-length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        // It says so when it begins to read the body.
        let mut told = [0; 25];
        stream.read_exact(&mut told).unwrap();
        assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream
    }

    /// All counts; asking for them asks the database nothing.
    pub(crate) fn metrics(&self) -> String {
        let answer = self.send("GET", "/metrics", &[("authorization", &format!("Bearer {METRICS}"))], b"");
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body.as_str().unwrap().to_owned()
    }

    /// One of them: what stands behind this at the beginning of a line.
    pub(crate) fn metric<T: std::str::FromStr>(&self, line: &str) -> T {
        let text = self.metrics();
        let found = text.lines().find_map(|one| one.strip_prefix(line)?.trim_start().parse().ok());
        found.unwrap_or_else(|| panic!("no {line} in {text}"))
    }

    /// Logs in, and answers the token.
    pub(crate) fn login(&self, form: &str) -> Result<String, Answer> {
        let answer = self.send("POST", "/api/v1/login", &[], form.as_bytes());
        answer.body["access_token"].as_str().map(ToOwned::to_owned).ok_or(answer)
    }

    pub(crate) fn admin(&self) -> String {
        self.login(&format!("username=admin&password={PASSWORD}")).unwrap()
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(
            std::process::Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success()
        );
    }

    /// Waits for the end of one that was told to.
    fn stop_again(mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap_or(-1)
    }

    pub(crate) fn stop(self) -> i32 {
        self.end().0
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it; answers its exit code and what it said.
    fn end(self) -> (i32, Said) {
        self.signal("TERM");
        self.ended()
    }

    /// Waits for the end of one that was told to; answers its exit code and what it said.
    fn ended(mut self) -> (i32, Said) {
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        (code, self.said())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn answer(bytes: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let body = serde_json::from_str(body).unwrap_or(Value::String(body.to_owned()));
    Answer { status, head: head.to_ascii_lowercase(), body }
}

pub(crate) fn id(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["id"].as_str().unwrap().to_owned()
}
