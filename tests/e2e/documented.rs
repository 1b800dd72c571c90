//! What the pages show of the command line works as it is written there.

use crate::{server::Server, support::Home};
use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// The blocks of a page that a shell reads: whether each shows what comes out too, and its lines.
fn blocks(page: &str) -> Vec<(bool, Vec<&str>)> {
    let (mut blocks, mut open) = (Vec::new(), None::<(bool, bool, Vec<&str>)>);
    for line in page.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some("sh"), None) => open = Some((true, false, Vec::new())),
            (Some("console"), None) => open = Some((true, true, Vec::new())),
            (Some(_), None) => open = Some((false, false, Vec::new())),
            (Some(_), Some(_)) => {
                let (read, console, lines) = open.take().unwrap();
                blocks.extend(read.then_some((console, lines)));
            }
            (None, Some((.., lines))) => lines.push(line),
            (None, None) => {}
        }
    }
    blocks
}

/// The block of a page that has this in it, as a script.
fn script(name: &str, has: &str) -> String {
    let text = page(name);
    let mut found =
        blocks(&text).into_iter().filter(|(_, lines)| lines.iter().any(|line| line.contains(has)));
    let (_, lines) = found.next().unwrap_or_else(|| panic!("{name}: no block has `{has}`"));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Without the lines that somebody at a terminal has to answer; they are looked at by
/// `every_command_line_of_ours_is_one`.
fn without(script: &str, asked: &[&str]) -> String {
    for line in asked {
        assert!(script.contains(line), "`{line}` is not shown any more");
    }
    let lines = script.lines().filter(|line| !asked.iter().any(|asked| line.starts_with(asked)));
    lines.map(|line| format!("{line}\n")).collect()
}

/// Types a script in a home directory, in which `pass` knows one password; answers what it printed.
fn types(home: &Home, script: &str) -> String {
    let programs = home.path("bin");
    if !programs.exists() {
        fs::create_dir(&programs).unwrap();
        symlink(env!("CARGO_BIN_EXE_strongroom"), programs.join("strongroom")).unwrap();
        let pass = home.file("bin/pass", "#!/bin/sh\nprintf 'of pass'\n");
        fs::set_permissions(pass, fs::Permissions::from_mode(0o700)).unwrap();
    }
    let mut command = Command::new("/bin/sh");
    command.args(["-e", "-c", script]).current_dir(home.path(""));
    home.around(&mut command);
    let path = std::env::join_paths([programs, "/usr/bin".into(), "/bin".into()]).unwrap();
    let output = command.env("PATH", path).output().unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script}\n{out}\n{err}");
    out
}

/// What follows the name of one of our programs, wherever it is called in a line of a shell: its words.
fn calls(line: &str) -> Vec<Vec<String>> {
    let mut calls = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let (mut word, mut quote, mut has_word) = (String::new(), None, false);
    let mut end = |words: &mut Vec<String>| {
        let name = words.iter().position(|word| {
            let name = word.rsplit('/').next().unwrap_or_default();
            ["strongroom", "strongroom-age", "strongroom-notebook", "strongroom-folder"].contains(&name)
        });
        // Behind variables, or a program that is given to it as an argument is another matter.
        let leads = |at: usize| words[..at].iter().all(|word| word.contains('='));
        if let Some(at) = name.filter(|at| leads(*at)) {
            calls.push(words[at + 1..].to_vec());
        }
        words.clear();
    };
    let mut rest = line.strip_prefix("$ ").unwrap_or(line).chars().peekable();
    while let Some(c) = rest.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            // A command within a word: its own words begin here.
            (None | Some('"'), '$') if rest.peek() == Some(&'(') => {
                rest.next();
                quote = None;
                (word, has_word) = (String::new(), false);
                words.clear();
            }
            (Some(_), c) => word.push(c),
            (None, '\'' | '"') => (quote, has_word) = (Some(c), true),
            (None, ' ' | '|' | ')' | '>' | '<' | '&' | ';') => {
                if has_word {
                    words.push(std::mem::take(&mut word));
                }
                has_word = false;
                match c {
                    ' ' => {}
                    // What follows is a file.
                    '>' | '<' => {
                        end(&mut words);
                        words.push("file".to_owned());
                    }
                    _ => end(&mut words),
                }
            }
            (None, '#') if !has_word => break,
            (None, c) => {
                word.push(c);
                has_word = true;
            }
        }
    }
    if has_word {
        words.push(word);
    }
    end(&mut words);
    calls
}

#[test]
fn calls_are_found_in_a_line() {
    let words = |line| calls(line).iter().map(|call| call.join("|")).collect::<Vec<_>>();
    assert_eq!(words("A=1 strongroom get 'a b'  # strongroom x"), ["get|a b"]);
    assert_eq!(words("pass x | strongroom create --p=@- > f"), ["create|--p=@-"]);
    assert_eq!(words("export P=\"$(strongroom get db p)\""), ["get|db|p"]);
    assert_eq!(words("$ target/debug/strongroom-age serve &"), ["serve"]);
    assert_eq!(words("cargo install strongroom"), [""; 0]);
}

#[test]
fn every_command_line_of_ours_is_one() {
    let mut pages = vec!["README.md".to_owned(), "CONTRIBUTING.md".to_owned(), "CHANGELOG.md".to_owned()];
    for (directory, below) in [("docs", ""), ("crates", "/README.md"), ("examples", "/README.md")] {
        for entry in fs::read_dir(root().join(directory)).unwrap() {
            let name = format!("{directory}/{}{below}", entry.unwrap().file_name().into_string().unwrap());
            pages.extend(Some(name).filter(|name| name.ends_with(".md") && root().join(name).is_file()));
        }
    }
    let mut home = Home::new();
    // Whatever is right fails here, before anything is opened.
    home.set("STRONGROOM_CONFIG", "/nonexistent/config.toml");
    let mut count = 0;
    for name in pages {
        let text = page(&name);
        let lines = blocks(&text).into_iter().flat_map(|(console, lines)| {
            lines.into_iter().filter(move |line| !console || line.starts_with("$ "))
        });
        for line in lines {
            for mut words in calls(line) {
                for word in &mut words {
                    if word == "OLD_ID" {
                        *word = "2491af8ddc2048ca434e19f153d9d21f".to_owned();
                    }
                }
                let output = home.command(&words).stdin(Stdio::null()).output().unwrap();
                let err = String::from_utf8_lossy(&output.stderr);
                // Asked on a terminal, or for what its input should say: it was understood.
                let asks = err.contains("terminal") || err.contains("nothing was given");
                let wrong = output.status.code() == Some(2) && !asks;
                assert!(!wrong, "{name}: {line}: {err}");
                count += 1;
            }
        }
    }
    assert!(count > 40, "{count}");
}

#[test]
fn the_first_minute_works() {
    let readme = page("README.md");
    let rest = readme.split_once("## The first minute").unwrap().1;
    let section = rest.split_once("\n## ").unwrap().0;
    let home = Home::new();
    home.file("pw", "correct horse battery");
    let mut count = 0;
    for command in section.lines().filter_map(|line| line.strip_prefix("$ strongroom ")) {
        let output = home.command(command.split_whitespace()).output().unwrap();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        count += 1;
    }
    assert!(count > 5, "{count}");
    assert_eq!(home.ok(["secret", "get", "db", "password"]), "correct horse battery");
    // The last command took back what the update had set.
    assert_eq!(home.values("db").as_object().map(|values| values.len()), Some(2));
}

#[test]
fn a_server_and_a_client_in_another_shell_work() {
    let readme = page("README.md");
    let section = readme.split_once("## A server for the team").unwrap().1.split_once("\n## ").unwrap().0;
    let commands = |block: usize| -> Vec<String> {
        let (console, lines) = blocks(section).swap_remove(block);
        assert!(console);
        lines.into_iter().filter_map(|line| line.strip_prefix("$ ")).map(ToOwned::to_owned).collect()
    };
    let (mut first, second) = (commands(0), commands(1));
    // The first shell, in which it serves.
    let mut here = Home::new();
    let serve = first.remove(0);
    let serve = serve.strip_prefix("strongroom ").unwrap().strip_suffix(" &").unwrap();
    // Where nobody else listens.
    here.set("STRONGROOM_SERVER_LISTEN", "127.0.0.1:0");
    let server = Server::start_as(here.command(serve.split(' ')));
    let script = |commands: &[String]| -> String {
        let lines = commands.iter().map(|line| format!("{line}\n")).collect::<String>();
        lines.replace("http://127.0.0.1:8237", &server.url())
    };
    assert!(first.pop().unwrap().starts_with("curl "), "a program of others");
    types(&here, &script(&first));
    let key = fs::read(here.path("ci.key")).unwrap();
    // The second one, on another machine.
    let there = Home::new();
    there.file("ci.key", key);
    there.file("pw", "correct horse battery");
    let second = script(&second);
    for command in ["login http", "secret create", "logout"] {
        assert!(second.contains(&format!("strongroom {command}")), "{second}");
    }
    assert_eq!(types(&there, &second), "correct horse battery");
    assert!(!there.database().exists(), "it went over HTTP");
    assert_eq!(here.values("web")["user"], "app", "and is where the server keeps it");
}

#[test]
fn the_recipes_work() {
    let home = Home::new();
    home.file("cert.pem", "CERT");
    home.file("key.pem", "KEY");
    let recipes = without(&script("docs/cli.md", "pass show db"), &["strongroom secret create db -i"]);
    let (usual, shown) = ("psql -h db.example", "printenv PGPASSWORD");
    assert!(recipes.contains(usual), "{recipes}");
    let out = types(&home, &recipes.replace(usual, shown));
    assert!(out.lines().any(|line| line == "of pass"), "{out}");
    assert_eq!(home.values("tls"), serde_json::json!({"cert": "CERT", "key": "KEY"}));
    assert_eq!(home.values("db2"), home.values("db"));
}

#[test]
fn a_second_root_key_takes_the_place_of_the_first() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--password=p"]);
    let key = fs::read_dir(home.keys()).unwrap().next().unwrap().unwrap().path();
    let old = key.file_stem().unwrap().to_str().unwrap();
    types(&home, &script("docs/cli.md", "keys rewrap --add").replace("OLD_ID", old));
    assert_ne!(home.run(["secret", "get", "db", "password"]).code, 0, "the first one still opens it");
    let out = types(&home, "STRONGROOM_KEYS_FILE=recovery.key strongroom secret get db password");
    assert_eq!(out, "p");
}

#[test]
fn accounts_and_their_audit_work() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--password=p"]);
    let accounts = script("docs/server.md", "service-account create ci");
    types(&home, &without(&accounts, &["strongroom user create alice"]));
    assert!(fs::read_to_string(home.path("ci.key")).unwrap().starts_with("srk1_"));

    let heads = home.json(["audit", "verify"]);
    let noted = heads[0]["head"].as_str().unwrap();
    let audit = script("docs/server.md", "audit verify --head").replace("CHAIN:SEQUENCE:HEX", noted);
    types(&home, &without(&audit, &["strongroom audit prune"]));
}
