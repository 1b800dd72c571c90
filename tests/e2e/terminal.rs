//! A person at a terminal, made by `script` of util-linux.

use crate::{devices, server::Server, support::Home};
use std::{
    io::{Read, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread::sleep,
    time::Duration,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_strongroom");

/// The program on a terminal, and who types there.
struct Person {
    child: Child,
    keyboard: ChildStdin,
    screen: ChildStdout,
    seen: String,
}

impl Person {
    fn at(home: &Home, command: &str) -> Self {
        Self::in_shell(home, &format!("exec '{PROGRAM}' {command}"))
    }

    fn in_shell(home: &Home, line: &str) -> Self {
        let mut script = Command::new("script");
        script.args(["-qec", line, "/dev/null"]);
        home.around(&mut script);
        script.env("PATH", "/usr/bin:/bin").env("SHELL", "/bin/sh");
        let mut child = script.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (keyboard, screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, keyboard, screen, seen: String::new() }
    }

    /// Waits for these words on the screen; answers what came up to them.
    fn sees(&mut self, words: &str) -> String {
        let from = self.seen.len();
        let mut byte = [0];
        while !self.seen[from..].contains(words) {
            assert_eq!(self.screen.read(&mut byte).unwrap(), 1, "no {words:?} in {}", self.seen);
            self.seen.push(char::from(byte[0]));
        }
        self.seen[from..].to_owned()
    }

    /// Types a line once these words are on the screen.
    fn answers(&mut self, words: &str, line: &str) {
        self.sees(words);
        // The question comes before the echo is turned off.
        sleep(Duration::from_millis(300));
        writeln!(self.keyboard, "{line}").unwrap();
    }

    /// Everything that was on the screen, and the exit code.
    fn leaves(mut self) -> (String, Option<i32>) {
        let mut rest = Vec::new();
        self.screen.read_to_end(&mut rest).unwrap();
        drop(self.keyboard);
        self.seen.extend(rest.into_iter().map(char::from));
        (self.seen, self.child.wait().unwrap().code())
    }
}

#[test]
fn values_that_are_typed_are_not_shown() {
    let home = Home::new();
    let mut person = Person::at(&home, "secret create db -i");
    person.answers("Key (empty when done): ", "password");
    person.answers("(not shown): ", "hunter2");
    person.answers("Key (empty when done): ", "");
    let (screen, code) = person.leaves();
    assert_eq!(code, Some(0), "{screen}");
    assert!(screen.contains("password") && screen.contains("created `db`"), "{screen}");
    assert!(!screen.contains("hunter2"), "{screen}");
    assert_eq!(home.ok(["secret", "get", "db", "password"]), "hunter2");
}

/// Else its second line would be the next key: shown, and not in the value.
#[test]
fn a_value_of_several_lines_that_is_pasted_is_refused_and_not_shown() {
    for pasted in ["hunter2\nhunter3\nhunter4\n", "hunter2\nhunter3"] {
        let home = Home::new();
        let mut person = Person::at(&home, "secret create db -i");
        person.answers("Key (empty when done): ", "password");
        person.sees("(not shown): ");
        sleep(Duration::from_millis(300));
        person.keyboard.write_all(pasted.as_bytes()).unwrap();
        let (screen, code) = person.leaves();
        assert!(code == Some(2) && screen.contains("--KEY=@FILE"), "{screen}");
        assert!(!screen.contains("hunter"), "{screen}");
        assert_eq!(home.json(["secret", "list"]), serde_json::json!([]));
    }
    // What another system ends its lines with is no line.
    let home = Home::new();
    let mut person = Person::at(&home, "secret create db -i");
    person.answers("Key (empty when done): ", "password");
    person.answers("(not shown): ", "hunter2\r");
    person.answers("Key (empty when done): ", "");
    assert_eq!(person.leaves().1, Some(0));
    assert_eq!(home.ok(["secret", "get", "db", "password"]), "hunter2");
}

#[test]
fn a_value_that_is_pasted_is_kept_as_it_is_or_refused() {
    let home = Home::new();
    let mut person = Person::at(&home, "secret create db -i");
    person.answers("Key (empty when done): ", "password");
    person.answers("(not shown): ", "wrong\x15hunter\t2 one two\x17\u{e9}\u{20ac}\x7f");
    person.answers("Key (empty when done): ", "");
    let (screen, code) = person.leaves();
    assert_eq!(code, Some(0), "{screen}");
    assert_eq!(home.ok(["secret", "get", "db", "password"]), "hunter\t2 one \u{e9}");
    for pasted in ["hunter2\x1b[31mhunter3", "hunter2\x01\nhunter3"] {
        let mut person = Person::at(&home, "secret create other -i");
        person.answers("Key (empty when done): ", "password");
        person.answers("(not shown): ", pasted);
        let (screen, code) = person.leaves();
        assert!(code == Some(2) && screen.contains("control characters"), "{screen}");
        assert!(!screen.contains("hunter"), "{screen}");
        home.fails(3, ["secret", "get", "other"]);
    }
}

/// Ctrl-D is no answer, and no half of them either.
#[test]
fn the_end_of_the_input_at_a_hidden_prompt_changes_nothing() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1", "--b=2"]);
    let mut person = Person::at(&home, "secret update db -i");
    person.answers("New value of `a`", "hunter2");
    person.sees("New value of `b`");
    sleep(Duration::from_millis(300));
    person.keyboard.write_all(b"\x04").unwrap();
    let (screen, code) = person.leaves();
    assert!(code == Some(2) && screen.contains("no answer; nothing was changed"), "{screen}");
    assert_eq!(home.values("db"), serde_json::json!({"a": "1", "b": "2"}));
}

#[test]
fn a_password_is_asked_for_twice_and_not_shown() {
    let home = Home::new();
    let create = |first: &str, second: &str| {
        let mut person = Person::at(&home, "user create alice --role writer");
        person.answers("Password:", first);
        person.answers("The same again:", second);
        let (screen, code) = person.leaves();
        assert!(!screen.contains("hunter2") && !screen.contains("hunter3"), "{screen}");
        (screen, code)
    };
    let (screen, code) = create("hunter2-hunter2", "hunter3-hunter3");
    assert!(code == Some(2) && screen.contains("the two passwords differ"), "{screen}");
    assert_eq!(home.json(["user", "list"]).as_array().unwrap().len(), 1);
    let (screen, code) = create("hunter2-hunter2", "hunter2-hunter2");
    assert!(code == Some(0) && screen.contains("created the account `alice`"), "{screen}");
    let server = Server::start(&home);
    assert!(server.login("username=alice&password=hunter2-hunter2").is_ok());
}

#[test]
fn who_leaves_at_a_hidden_prompt_has_a_terminal_that_shows_what_is_typed() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    let line = format!("'{PROGRAM}' user create alice --role writer; echo \"ended with $?\"; stty -a");
    let mut person = Person::in_shell(&home, &line);
    person.sees("Password:");
    sleep(Duration::from_millis(300));
    person.keyboard.write_all(b"hunt\x03").unwrap();
    let (screen, _) = person.leaves();
    assert!(screen.contains("ended with 130"), "{screen}");
    assert!(screen.contains(" echo ") && screen.contains(" icanon "), "{screen}");
    assert_eq!(home.json(["user", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn a_first_password_that_was_made_up_is_shown_on_a_terminal_and_lies_nowhere() {
    let home = Home::new();
    let mut person = Person::at(&home, "serve --listen 127.0.0.1:0");
    let shown = person.sees("listening on http://");
    let password = shown.split_once("with the password ").unwrap().1.split_whitespace().next().unwrap();
    assert!(password.len() >= 40, "{shown}");
    let url = person.sees("\r\n");
    let port = url.trim().rsplit(':').next().unwrap();
    let login = ["login", &format!("http://127.0.0.1:{port}"), "--username", "admin", "--password-stdin"];
    assert_eq!(Home::new().run_with(password, login).code, 0);
    for file in home.files() {
        let content = std::fs::read(&file).unwrap();
        assert!(!String::from_utf8_lossy(&content).contains(password), "{}", file.display());
    }
    // Ctrl-C.
    person.keyboard.write_all(b"\x03").unwrap();
    let (screen, code) = person.leaves();
    assert_eq!(code, Some(0), "{screen}");
}

#[test]
fn deleting_asks_and_takes_only_yes_for_a_yes() {
    let home = Home::new();
    home.ok(["secret", "create", "db", "--a=1"]);
    for (answer, code, left) in [("", 1, 1), ("n", 1, 1), ("y", 0, 0)] {
        let mut person = Person::at(&home, "secret delete db");
        person.answers("[y/N] ", answer);
        let (screen, ended) = person.leaves();
        assert_eq!(ended, Some(code), "{screen}");
        assert_eq!(home.json(["secret", "list"]).as_array().unwrap().len(), left);
    }
}

#[test]
fn a_login_without_further_ado_is_one_with_a_browser() {
    let (home, program) = (Home::new(), Home::new());
    let server = Server::start(&home);
    let mut person = Person::at(&program, &format!("login {}", server.url()));
    let hint = person.sees("waiting for 300 s");
    let code = hint.split_once("&user_code=").unwrap().1.split_whitespace().next().unwrap();
    assert!(hint.contains(&format!("shows the code {code}")), "{hint}");
    assert_eq!(devices::decide(&server, code, "approve").status, 200);
    let (screen, ended) = person.leaves();
    assert!(ended == Some(0) && screen.contains("as `admin` (admin)"), "{screen}");
    // A key is still asked for, where somebody wants that.
    let mut person = Person::at(&program, &format!("login {} --api-key", server.url()));
    person.answers("API key (not shown): ", "srk1_hunter2");
    let (screen, ended) = person.leaves();
    assert!(ended == Some(5) && !screen.contains("hunter2"), "{screen}");
}

#[test]
fn tables_one_value_and_hints_look_as_they_should() {
    let home = Home::new();
    let (screen, code) = Person::at(&home, "secret create db --a=1").leaves();
    assert_eq!(code, Some(0), "{screen}");
    assert!(screen.contains("hint: ") && screen.contains("created `db`"), "{screen}");
    let (screen, _) = Person::at(&home, "secret get db a").leaves();
    assert_eq!(screen, "1\r\n");
    let (screen, _) = Person::at(&home, "secret list").leaves();
    assert!(screen.starts_with("NAME  ID        PRIVATE  OWNER"), "{screen}");
    let (screen, code) = Person::at(&home, "secret delete nothing").leaves();
    assert_eq!(code, Some(3), "{screen}");
}

/// The text without what is another one each time: in long words, digits of ids and times are all the same.
fn likeness(text: &str, home: &Home) -> Vec<String> {
    let text = text.replace(home.path("config").to_str().unwrap(), "/home/you/.config").replace('\r', "");
    let word = |word: &str| match word.len() {
        0..8 => word.to_owned(),
        _ => word.chars().map(|c| if c.is_ascii_hexdigit() { 'x' } else { c }).collect(),
    };
    let lines = text.lines().map(|line| line.split_whitespace().map(word).collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect()
}

#[test]
fn the_first_minute_looks_as_the_readme_shows_it() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md")).unwrap();
    let section = readme.split_once("## The first minute").unwrap().1.split_once("\n## ").unwrap().0;
    let block = section.split_once("```console\n").unwrap().1.split_once("```").unwrap().0;
    let home = Home::new();
    let pw = home.file("pw", "correct horse battery");
    let mut count = 0;
    for shown in block.split("$ strongroom ").skip(1) {
        let (command, output) = shown.split_once('\n').unwrap();
        let command = command.replace("@pw", &format!("@{pw}"));
        let (seen, code) = Person::at(&home, &command).leaves();
        assert_eq!(code, Some(0), "{command}: {seen}");
        assert_eq!(likeness(&seen, &home), likeness(output, &home), "{command}");
        count += 1;
    }
    assert!(count > 5, "{count}");
}
