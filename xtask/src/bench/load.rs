//! Load by `wrk`.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::failure::{Failure, Result};
use crate::run::Runner;

/// What a script says of itself when it ends.
const SCRIPT_END: &str = "
done = function(summary, latency)
  io.write(string.format('RESULT %d %d %d %d %d\\n', summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), summary.errors.status + summary.errors.connect + summary.errors.read
    + summary.errors.write + summary.errors.timeout))
end
";

/// What is asked of a server.
pub(super) struct Load {
    pub(super) port: u16,
    /// Sent with each request.
    pub(super) headers: Vec<(String, String)>,
    pub(super) what: What,
}

/// The requests of a load.
pub(super) enum What {
    /// Reads of one path after another, chosen at random.
    Read { paths: Vec<String> },
    /// Writes of fresh secrets; in the body `NAME` is the name, which begins with `prefix`, also in the path.
    Write { prefix: String, path: String, body: String },
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    pub(super) requests: u64,
    pub(super) per_second: f64,
    /// In milliseconds.
    pub(super) p50: f64,
    /// In milliseconds.
    pub(super) p99: f64,
}

impl Load {
    /// Runs it.
    ///
    /// # Errors
    /// A request failed, or we are interrupted.
    pub(super) fn run(
        &self,
        runner: &Runner,
        place: &Path,
        connections: u32,
        seconds: u32,
    ) -> Result<Measured> {
        let written = |error| Failure::of("write", "the load", error);
        let mut script = String::new();
        for (name, value) in &self.headers {
            script.push_str(&format!("wrk.headers[{name:?}] = {value:?}\n"));
        }
        match &self.what {
            What::Read { paths } => {
                let list = place.join("paths.txt");
                fs::write(&list, paths.join("\n")).map_err(written)?;
                script.push_str(&format!(
                    "local paths = {{}}\nfor line in io.lines({:?}) do paths[#paths + 1] = line end\n\
                     math.randomseed(42)\nrequest = function() return wrk.format('GET', paths[math.random(#paths)]) end\n",
                    list.display().to_string()
                ));
            }
            What::Write { prefix, path, body } => script.push_str(&format!(
                "local n = 0\nlocal path, body = {path:?}, {body:?}\n\
                 request = function()\n  n = n + 1\n  local name = {prefix:?} .. n\n  \
                 return wrk.format('POST', (path:gsub('NAME', name)), nil, (body:gsub('NAME', name)))\nend\n"
            )),
        }
        script.push_str(SCRIPT_END);
        let file = place.join("load.lua");
        fs::write(&file, script).map_err(written)?;
        let mut command = Command::new("wrk");
        command.args([
            "--threads=1",
            &format!("--connections={connections}"),
            &format!("--duration={seconds}s"),
        ]);
        command.args(["--timeout=30s", "--latency", "--script"]).arg(&file);
        command.arg(format!("http://127.0.0.1:{}", self.port));
        let mut result: Option<Vec<u64>> = None;
        runner.lines(&mut command, |line| {
            if let Some(rest) = line.strip_prefix("RESULT ") {
                result =
                    Some(rest.split(' ').filter_map(|word| word.parse::<u64>().ok()).collect::<Vec<_>>());
            }
        })?;
        let Some(&[requests, micros, p50, p99, errors]) = result.as_deref() else {
            return Err("wrk did not end as it should".into());
        };
        if errors > 0 {
            return Err(format!("{errors} of {requests} requests failed").into());
        }
        Ok(Measured {
            requests,
            per_second: requests as f64 / (micros as f64 / 1e6),
            p50: p50 as f64 / 1e3,
            p99: p99 as f64 / 1e3,
        })
    }
}
