//! What others on the machine see of a running process.

use crate::{canary::Canary, processes::until, support::Home};
use std::{fs, io::Read as _, process::Stdio};

#[test]
fn a_process_shows_no_value_in_its_arguments_environment_or_children() {
    let home = Home::new();
    let canary = Canary::new("list");
    // More than fits into a pipe once it is escaped: the process waits, with everything open.
    let long = format!("{} {}", canary.value(), "\"".repeat(60_000));
    let created = home.run_with(&long, ["secret", "create", "db", "--v=@-"]);
    assert_eq!(created.code, 0, "{}", created.err);
    let mut command = home.command(["-o", "json", "secret", "get", "db"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let proc = |what: &str| fs::read(format!("/proc/{}/{what}", child.id())).unwrap_or_default();
    let waiting = || {
        let call = String::from_utf8(proc("syscall")).unwrap();
        // The number of `write`, and standard output.
        call.starts_with("1 0x1 ") || call.starts_with("64 0x1 ")
    };
    until("the pipe is full", waiting);
    for what in ["cmdline", "environ", "comm", "maps"] {
        let bytes = proc(what);
        assert!(!bytes.is_empty(), "{what}");
        canary.is_not_in(what, &bytes);
    }
    assert_eq!(proc(&format!("task/{}/children", child.id())), b"");
    let limits = String::from_utf8(proc("limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "no core dumps");

    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(canary.found_in(out.as_bytes()).is_some());
}
