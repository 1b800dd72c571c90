//! The servers that are compared.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use crate::failure::{Failure, Result};
use crate::process::{Group, Process};
use crate::run::Runner;
use crate::servers::{Kind, Servers, free_port, openbao};

use super::http;
use super::load::{Load, Measured, What};

const PASSWORD: &str = "a-password-of-the-benchmark";
/// How many items a page of a list has at most.
const PAGE: usize = 1_000;
/// How many write at a time.
const MANY: u32 = 64;
/// To ZenML, which answers hardly any of more within ten seconds.
const A_FEW: u32 = 4;
/// How long a server may take until it answers.
const START: Duration = Duration::from_secs(30);

fn spawn(command: &mut Command) -> Result<Process> {
    command.stdin(Stdio::null());
    Process::spawn(command, Group::Own, Signal::TERM).map_err(|error| Failure::of("start", "a server", error))
}

/// Memory of a process that is resident, in MiB.
fn memory(id: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
}

fn until_ready(port: u16, path: &str, statuses: &[u16]) -> Result<()> {
    let deadline = Instant::now() + START;
    while Instant::now() < deadline {
        if http::call(port, "GET", path, &[], "").is_ok_and(|(status, _)| statuses.contains(&status)) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Err("a server does not answer".into())
}

/// Writes until there are so many; answers what the last load was like.
fn fill(runner: &Runner, connections: u32, load: impl Fn(usize) -> Load, wanted: usize) -> Result<Measured> {
    let place = tempfile::tempdir().map_err(|error| Failure::of("make", "a directory", error))?;
    let (mut made, mut round) = (0, 0);
    loop {
        let measured = load(round).run(runner, place.path(), connections, 10)?;
        made += usize::try_from(measured.requests).unwrap_or(0);
        round += 1;
        if made >= wanted {
            return Ok(measured);
        }
    }
}

/// Creates of secrets on a server with ZenML's API.
fn creates(port: u16, headers: Vec<(String, String)>, round: usize) -> Load {
    let body = json!({"name": "NAME", "values": {"user": "app", "password": "correct horse battery"}});
    let path = "/api/v1/secrets".to_owned();
    Load { port, headers, what: What::Write { prefix: format!("s-{round}-"), path, body: body.to_string() } }
}

/// A route that answers the same bytes.
pub(super) struct Bare {
    process: Process,
    port: u16,
}

impl Bare {
    pub(super) fn start(program: &Path, answer: &Path) -> Result<Self> {
        let mut process = spawn(Command::new(program).arg(answer).stdout(Stdio::piped()))?;
        let mut line = String::new();
        let stdout = process.stdout().ok_or("no output")?;
        BufReader::new(stdout)
            .read_line(&mut line)
            .map_err(|error| Failure::of("read", "the port", error))?;
        let port = line.trim().parse().map_err(|_| "no port".to_owned())?;
        Ok(Self { process, port })
    }

    pub(super) fn load(&self) -> Load {
        Load { port: self.port, headers: Vec::new(), what: What::Read { paths: vec!["/".to_owned()] } }
    }

    pub(super) fn memory(&self) -> Option<f64> {
        memory(self.process.id())
    }
}

/// Ours, on an embedded database, with access rules and audit as they always are.
pub(super) struct Strongroom {
    process: Process,
    port: u16,
    token: String,
    /// From the start of the process to the first ready answer, with an existing database.
    pub(super) ready: Option<Duration>,
}

impl Strongroom {
    pub(super) fn start(program: &Path, home: &Path) -> Result<Self> {
        fs::create_dir_all(home).map_err(|error| Failure::on("make", home, error))?;
        // Once for the database, once for the time that a start takes.
        drop(Self::once(program, home)?);
        let begun = Instant::now();
        let (process, port) = Self::once(program, home)?;
        let ready = Some(begun.elapsed());
        let login = format!("username=admin&password={PASSWORD}");
        let answer = http::json(port, "POST", "/api/v1/login", &[], &login)?;
        let token = answer["access_token"].as_str().ok_or("no token")?.to_owned();
        Ok(Self { process, port, token, ready })
    }

    fn once(program: &Path, home: &Path) -> Result<(Process, u16)> {
        let port = free_port()?;
        let mut command = Command::new(program);
        command.args(["serve", &format!("--listen=127.0.0.1:{port}")]).env_clear();
        command.env("HOME", home).env("STRONGROOM_ADMIN_PASSWORD", PASSWORD).env("STRONGROOM_LOG", "warn");
        command.stderr(Stdio::null());
        let process = spawn(&mut command)?;
        until_ready(port, "/ready", &[200])?;
        Ok((process, port))
    }

    fn headers(&self) -> Vec<(String, String)> {
        vec![("Authorization".to_owned(), format!("Bearer {}", self.token))]
    }

    pub(super) fn fill(&self, runner: &Runner, wanted: usize) -> Result<Measured> {
        fill(runner, MANY, |round| creates(self.port, self.headers(), round), wanted)
    }

    fn paths(&self) -> Result<Vec<String>> {
        ids(self.port, &self.token, usize::MAX)
    }

    /// What one read answers.
    pub(super) fn one(&self) -> Result<Vec<u8>> {
        let path = self.paths()?.pop().ok_or("there are no secrets")?;
        let token = format!("Bearer {}", self.token);
        Ok(http::call(self.port, "GET", &path, &[("Authorization", &token)], "")?.1)
    }

    pub(super) fn load(&self) -> Load {
        // It was asked for them just now.
        let paths = self.paths().unwrap_or_default();
        Load { port: self.port, headers: self.headers(), what: What::Read { paths } }
    }

    pub(super) fn memory(&self) -> Option<f64> {
        memory(self.process.id())
    }
}

/// The paths of the secrets of a server with ZenML's API.
fn ids(port: u16, token: &str, most: usize) -> Result<Vec<String>> {
    let auth = format!("Bearer {token}");
    let (mut paths, mut page) = (Vec::new(), 1);
    loop {
        let path = format!("/api/v1/secrets?page={page}&size={PAGE}");
        let answer = http::json(port, "GET", &path, &[("Authorization", &auth)], "")?;
        for item in answer["items"].as_array().into_iter().flatten() {
            paths.extend(item["id"].as_str().map(|id| format!("/api/v1/secrets/{id}")));
        }
        if paths.len() >= most || page >= answer["total_pages"].as_u64().unwrap_or(0) {
            return Ok(paths);
        }
        page += 1;
    }
}

/// OpenBao with durable storage.
pub(super) struct OpenBao {
    process: Process,
    port: u16,
    token: String,
}

impl OpenBao {
    pub(super) fn start(runner: &Runner, directory: &Path) -> Result<Self> {
        runner.check()?;
        let program = openbao::find().ok_or("OpenBao is not installed")?;
        let data = directory.join("data");
        fs::create_dir_all(&data).map_err(|error| Failure::on("make", &data, error))?;
        let (port, cluster) = (free_port()?, free_port()?);
        let config = format!(
            "storage \"raft\" {{\n  path = {:?}\n  node_id = \"one\"\n}}\nlistener \"tcp\" {{\n  address = \
             \"127.0.0.1:{port}\"\n  cluster_address = \"127.0.0.1:{cluster}\"\n  tls_disable = true\n}}\napi_addr = \
             \"http://127.0.0.1:{port}\"\ncluster_addr = \"http://127.0.0.1:{cluster}\"\nlog_level = \"error\"\n",
            data.display().to_string()
        );
        let file = directory.join("config.hcl");
        fs::write(&file, config).map_err(|error| Failure::on("write", &file, error))?;
        let mut command = Command::new(program);
        command.arg("server").arg("-config").arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
        let process = spawn(&mut command)?;
        until_ready(port, "/v1/sys/health", &[501, 503, 200])?;
        let shares = json!({"secret_shares": 1, "secret_threshold": 1}).to_string();
        let keys = http::json(port, "PUT", "/v1/sys/init", &[], &shares)?;
        let key = json!({"key": keys["keys"][0]}).to_string();
        http::json(port, "PUT", "/v1/sys/unseal", &[], &key)?;
        until_ready(port, "/v1/sys/health", &[200])?;
        let token = keys["root_token"].as_str().ok_or("no token")?.to_owned();
        let mount = json!({"type": "kv", "options": {"version": "2"}}).to_string();
        http::json(port, "POST", "/v1/sys/mounts/secret", &[("X-Vault-Token", &token)], &mount)?;
        // A new mount is upgraded for a moment.
        std::thread::sleep(Duration::from_secs(3));
        Ok(Self { process, port, token })
    }

    fn headers(&self) -> Vec<(String, String)> {
        vec![("X-Vault-Token".to_owned(), self.token.clone())]
    }

    pub(super) fn fill(&self, runner: &Runner, wanted: usize) -> Result<Measured> {
        let body = json!({"data": {"user": "app", "password": "correct horse battery"}}).to_string();
        let load = |round| Load {
            port: self.port,
            headers: self.headers(),
            what: What::Write {
                prefix: format!("s-{round}-"),
                path: "/v1/secret/data/NAME".to_owned(),
                body: body.clone(),
            },
        };
        fill(runner, MANY, load, wanted)
    }

    pub(super) fn load(&self, wanted: usize) -> Load {
        let auth = [("X-Vault-Token", self.token.as_str())];
        let listed =
            http::json(self.port, "GET", "/v1/secret/metadata/?list=true", &auth, "").unwrap_or_default();
        let names = listed["data"]["keys"].as_array().into_iter().flatten().filter_map(|name| name.as_str());
        let paths = names.take(wanted).map(|name| format!("/v1/secret/data/{name}")).collect();
        Load { port: self.port, headers: self.headers(), what: What::Read { paths } }
    }

    pub(super) fn memory(&self) -> Option<f64> {
        memory(self.process.id())
    }
}

/// ZenML's server.
pub(super) struct Zenml {
    port: u16,
    token: String,
    id: Option<u32>,
}

impl Zenml {
    pub(super) fn of(servers: &Servers) -> Result<Self> {
        let value = |name: &str| {
            let found = servers.variables().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| value.to_owned()).ok_or_else(|| format!("{name} is not set"))
        };
        let url = value("STRONGROOM_TEST_ZENML_URL")?;
        let port = url.rsplit(':').next().and_then(|port| port.parse().ok()).ok_or("no port")?;
        let login = format!(
            "username={}&password={}",
            value("STRONGROOM_TEST_ZENML_USERNAME")?,
            value("STRONGROOM_TEST_ZENML_PASSWORD")?
        );
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        let answer = http::json(port, "POST", "/api/v1/login", &form, &login)?;
        let token = answer["access_token"].as_str().ok_or("no token")?.to_owned();
        Ok(Self { port, token, id: servers.id(Kind::Zenml) })
    }

    fn headers(&self) -> Vec<(String, String)> {
        let json = ("Content-Type".to_owned(), "application/json".to_owned());
        vec![("Authorization".to_owned(), format!("Bearer {}", self.token)), json]
    }

    pub(super) fn fill(&self, runner: &Runner, wanted: usize) -> Result<Measured> {
        fill(runner, A_FEW, |round| creates(self.port, self.headers(), round), wanted)
    }

    pub(super) fn load(&self) -> Result<Load> {
        let paths = ids(self.port, &self.token, usize::MAX)?;
        Ok(Load { port: self.port, headers: self.headers(), what: What::Read { paths } })
    }

    pub(super) fn memory(&self) -> Option<f64> {
        memory(self.id?)
    }
}
