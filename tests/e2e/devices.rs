//! Logging in with a browser: the program, the page, and whoever tries to get in between.

use crate::{
    processes::until,
    server::{Answer, PASSWORD, Server},
    support::{Home, ended, mode},
};
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
};

const CLIENT: &str = "11111111-2222-4333-8444-555555555555";

/// What a browser sends with a form of the page.
pub(crate) fn submit(server: &Server, form: &str) -> Answer {
    let headers = [("origin", "http://localhost"), ("sec-fetch-site", "same-origin")];
    server.send("POST", "/devices/verify", &headers, form.as_bytes())
}

/// Gives name and password; answers the page that asks for the decision.
pub(crate) fn look(server: &Server, code: &str, name: &str, password: &str) -> Answer {
    submit(server, &format!("user_code={code}&username={name}&password={password}"))
}

fn text(answer: &Answer) -> &str {
    answer.body.as_str().unwrap_or_else(|| panic!("no page: {answer:?}"))
}

/// What the page gives out for the decision.
pub(crate) fn ticket(page: &Answer) -> String {
    let (_, rest) = text(page).split_once("name=\"ticket\" value=\"").expect("no ticket");
    rest.split('"').next().unwrap().to_owned()
}

/// Does what a person does who approves, or denies.
pub(crate) fn decide(server: &Server, code: &str, decision: &str) -> Answer {
    let page = look(server, code, "admin", PASSWORD);
    assert_eq!(page.status, 200, "{page:?}");
    submit(server, &format!("ticket={}&decision={decision}", ticket(&page)))
}

pub(crate) fn begin(server: &Server, client: &str) -> Value {
    let form = format!("client_id={client}");
    let headers = [("user-agent", "Host/laptop ZenML/0.98.0 <script>")];
    let answer = server.send("POST", "/api/v1/device_authorization", &headers, form.as_bytes());
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!((&answer.body["expires_in"], &answer.body["interval"]), (&json!(300), &json!(5)));
    answer.body
}

pub(crate) fn fetch(server: &Server, client: &str, begun: &Value) -> Answer {
    let code = begun["device_code"].as_str().unwrap();
    let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";
    let form = format!("grant_type={grant}&client_id={client}&device_code={code}");
    server.send("POST", "/api/v1/login", &[], form.as_bytes())
}

/// Answers the error's name, in the words of RFC 8628.
fn refused(answer: &Answer) -> String {
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(answer.body["error_description"].is_string(), "{answer:?}");
    answer.body["error"].as_str().unwrap().to_owned()
}

fn code(begun: &Value) -> &str {
    begun["user_code"].as_str().unwrap()
}

#[test]
fn a_program_is_let_in_by_a_person_with_a_browser() {
    let home = Home::new();
    let server = Server::start(&home);
    let program = Home::new();
    let mut command = program.command(["login", &server.url(), "--device"]);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut line = || lines.next().expect("it ended").unwrap();
    let (address, hint) = (line(), line());
    let address = address.split_whitespace().find(|word| word.starts_with("http")).unwrap().to_owned();
    let path = address.strip_prefix(&server.url()).expect("the page is the server's").to_owned();
    let (_, code) = path.split_once("&user_code=").unwrap();
    assert!(hint.contains(code), "{hint}");

    let page = server.send("GET", &path, &[], b"");
    assert_eq!(page.status, 200);
    for header in
        ["default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "x-frame-options: deny"]
    {
        assert!(page.head.contains(header), "{header}: {}", page.head);
    }
    let shown = text(&page);
    assert!(shown.contains(&format!("value=\"{code}\"")) && !shown.contains("<script"), "{shown}");
    assert!(!shown.contains("127.0.0.1") && !shown.contains("strongroom/"), "to nobody without a password");

    let asked = look(&server, code, "admin", PASSWORD);
    let shown = text(&asked);
    for fact in [code, "strongroom/", "127.0.0.1", "seconds ago", "admin", "Approve", "Deny"] {
        assert!(shown.contains(fact), "{fact}: {shown}");
    }
    assert!(!shown.contains(PASSWORD) && !shown.contains("<script"));
    let done = submit(&server, &format!("ticket={}&decision=approve", ticket(&asked)));
    assert!(done.status == 200 && text(&done).contains("Logged in"), "{done:?}");
    let ended = ended(child.wait_with_output().unwrap());
    assert_eq!(ended.code, 0, "{ended:?}");

    program.ok(["secret", "create", "db", "--k=v"]);
    assert_eq!(home.values("db"), json!({"k": "v"}));
    assert_eq!(mode(&program.path("config/strongroom/credentials.toml")), "600");
    assert_eq!(program.json(["status"])["account"], "admin");
    let actions = home.json(["audit", "list", "--action", "device.approve"]);
    assert!(actions[0]["detail"].as_str().unwrap().contains("strongroom/"), "{actions}");
    assert_eq!(actions[0]["actor"], "admin");
    let looks = home.json(["audit", "list", "--action", "device.look"]);
    assert_eq!(looks[0]["actor"], "admin", "a right password left no trace");
}

#[test]
fn a_program_that_is_denied_learns_it_and_keeps_nothing() {
    let home = Home::new();
    let server = Server::start(&home);
    let program = Home::new();
    let mut child =
        program.command(["login", &server.url(), "--device"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    let (_, code) = line.split_once("&user_code=").unwrap();
    let done = decide(&server, code.split(' ').next().unwrap(), "deny");
    assert!(done.status == 200 && text(&done).contains("Denied"), "{done:?}");
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(child.wait().unwrap().code(), Some(5), "{rest:?}");
    assert!(rest.last().unwrap().contains("denied"), "{rest:?}");
    assert!(!program.path("config/strongroom/credentials.toml").exists());
    assert_eq!(home.json(["audit", "list", "--action", "device.deny"])[0]["actor"], "admin");
}

#[test]
fn the_answers_are_those_of_the_contract_and_a_token_is_given_out_once() {
    let home = Home::new();
    let server = Server::start(&home);
    let begun = begin(&server, CLIENT);
    assert_eq!(begun["verification_uri"], "/devices/verify");
    assert_eq!(refused(&fetch(&server, CLIENT, &begun)), "authorization_pending");
    assert_eq!(refused(&fetch(&server, CLIENT, &begun)), "slow_down");
    let other = "99999999-2222-4333-8444-555555555555";
    assert_eq!(refused(&fetch(&server, other, &begun)), "invalid_grant", "another client");
    let forged = json!({"device_code": begun["device_code"].as_str().unwrap().replace('5', "6") + "x"});
    assert_eq!(refused(&fetch(&server, CLIENT, &forged)), "invalid_grant");
    assert_eq!(fetch(&server, "no-uuid", &begun).status, 400);

    assert_eq!(decide(&server, &code(&begun).to_lowercase().replace('-', "+"), "approve").status, 200);
    assert_eq!(look(&server, code(&begun), "admin", PASSWORD).status, 404, "it was decided");
    let fetched = fetch(&server, CLIENT, &begun);
    assert_eq!((fetched.status, &fetched.body["token_type"]), (200, &json!("bearer")), "{fetched:?}");
    assert_eq!(fetched.body["expires_in"], 3600);
    let token = fetched.body["access_token"].as_str().unwrap();
    assert_eq!(server.call(token, "GET", "/current-user", &Value::Null).body["name"], "admin");
    assert_eq!(refused(&fetch(&server, CLIENT, &begun)), "expired_token", "once");

    let begun = begin(&server, CLIENT);
    assert_eq!(decide(&server, code(&begun), "deny").status, 200);
    assert_eq!(refused(&fetch(&server, CLIENT, &begun)), "access_denied");

    let begun = begin(&server, CLIENT);
    let page = look(&server, code(&begun), "admin", PASSWORD);
    home.behind_our_back("UPDATE devices SET expires = created");
    assert_eq!(refused(&fetch(&server, CLIENT, &begun)), "expired_token");
    let late = submit(&server, &format!("ticket={}&decision=approve", ticket(&page)));
    assert_eq!(late.status, 409, "{late:?}");
    assert_eq!(look(&server, code(&begun), "admin", PASSWORD).status, 404);
}

#[test]
fn nobody_gets_in_between() {
    let home = Home::new();
    let server = Server::start(&home);
    home.run_with("Alice-password", ["user", "create", "alice", "--role", "reader", "--password-stdin"]);
    let begun = begin(&server, CLIENT);
    let form = format!("user_code={}&username=admin&password={PASSWORD}", code(&begun));
    for headers in [
        &[][..],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", "http://localhost"), ("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "none")],
    ] {
        let answer = server.send("POST", "/devices/verify", headers, form.as_bytes());
        assert_eq!(answer.status, 403, "{headers:?}");
    }
    for (name, password) in [("admin", "wrong-password"), ("nobody", PASSWORD), ("", "")] {
        let answer = look(&server, code(&begun), name, password);
        assert_eq!(answer.status, 401, "{name}");
        assert!(!answer.head.contains("www-authenticate"), "a browser would ask by itself");
    }
    // Others' tickets, changed tickets, none: nothing is approved.
    let page = look(&server, code(&begun), "admin", PASSWORD);
    assert!(text(&page).contains("&lt;script&gt;"), "what the program says of itself is text");
    let good = ticket(&page);
    let other = if good.starts_with('A') { 'B' } else { 'A' };
    let bad = format!("{other}{}", &good[1..]);
    for ticket in ["", "x", &bad, &good[1..]] {
        let answer = submit(&server, &format!("ticket={ticket}&decision=approve"));
        assert_eq!(answer.status, 409, "{ticket}");
    }
    assert_eq!(server.call(&good, "GET", "/secrets", &Value::Null).status, 401, "a ticket is no token");
    assert_eq!(refused(&fetch(&server, CLIENT, &begun)), "authorization_pending");
    let done = submit(&server, &format!("ticket={good}"));
    assert!(text(&done).contains("Denied"), "what is not said clearly is a no: {done:?}");
    assert_eq!(refused(&fetch(&server, CLIENT, &begun)), "access_denied");

    // What was approved under a password ends with it.
    let begun = begin(&server, CLIENT);
    let page = look(&server, code(&begun), "alice", "Alice-password");
    let approved = submit(&server, &format!("ticket={}&decision=approve", ticket(&page)));
    assert_eq!(approved.status, 200);
    home.run_with("Other-password", ["user", "password", "alice", "--password-stdin"]);
    assert_eq!(refused(&fetch(&server, CLIENT, &begun)), "access_denied");

    // Guessing codes takes a password, and time.
    let guess = || look(&server, "BBBB-BBBB", "alice", "Other-password");
    let guesses: Vec<Answer> = (0..7).map(|_| guess()).collect();
    let statuses: Vec<u16> = guesses.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [404, 404, 404, 404, 404, 401, 401]);
    assert!(guesses[6].head.contains("retry-after"), "{:?}", guesses[6]);
    // Whose password it was is known, and whoever looks at the trail for that account finds it.
    until("the first one is noted", || {
        let missing = home.json(["audit", "list", "--action", "device.missing"]);
        missing.as_array().unwrap().iter().any(|entry| entry["actor"] == "alice")
    });

    // Neither code is in the database; and only so many wait.
    let begun = begin(&server, CLIENT);
    for n in 0..19 {
        begin(&server, &format!("{n:08}-0000-4000-8000-000000000000"));
    }
    let form = "client_id=99999999-0000-4000-8000-000000000000";
    let more = server.send("POST", "/api/v1/device_authorization", &[], form.as_bytes());
    assert!(more.status == 429 && more.head.contains("retry-after: 300"), "{more:?}");
    let secrets = [code(&begun).replace('-', ""), begun["device_code"].as_str().unwrap()[5..].to_owned()];
    for file in home.files().iter().filter(|file| file.to_string_lossy().contains("strongroom.db")) {
        let bytes = std::fs::read(file).unwrap();
        for secret in &secrets {
            assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "{}", file.display());
        }
    }
}

#[test]
fn nobody_ends_anothers_login_or_begins_without_end() {
    let home = Home::new();
    let server = Server::start(&home);
    let mine = begin(&server, CLIENT);
    // Somebody who knows what my program calls itself begins one, too.
    let theirs = begin(&server, CLIENT);
    assert_eq!(refused(&fetch(&server, CLIENT, &mine)), "authorization_pending");
    assert_eq!(decide(&server, code(&mine), "approve").status, 200);
    assert_eq!(decide(&server, code(&theirs), "deny").status, 200);
    assert_eq!(fetch(&server, CLIENT, &mine).status, 200);
    assert_eq!(refused(&fetch(&server, CLIENT, &theirs)), "access_denied");
    // Also one who leaves none waiting is slowed down, before the database has work with it.
    let form = format!("client_id={CLIENT}");
    let again = || server.send("POST", "/api/v1/device_authorization", &[], form.as_bytes());
    let slowed = (0..60).map(|_| (again(), home.behind_our_back("DELETE FROM devices")).0);
    let slowed = slowed.into_iter().find(|answer| answer.status != 200).expect("it goes on for ever");
    assert_eq!(slowed.status, 429, "{slowed:?}");
    let wait = slowed.retry_after();
    assert!((1..=5).contains(&wait.as_secs()), "{wait:?}");
    std::thread::sleep(wait);
    assert_eq!(again().status, 200);
}

#[test]
fn a_page_that_fails_says_whether_it_passes_and_the_log_says_why() {
    let home = Home::new();
    let server = Server::start(&home);
    let begun = begin(&server, CLIENT);
    let page = look(&server, code(&begun), "admin", PASSWORD);
    let approve = format!("ticket={}&decision=approve", ticket(&page));
    home.behind_our_back("CREATE TRIGGER broken BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no'); END");
    let now = submit(&server, &approve);
    assert_eq!((now.status, now.retry_after().as_secs()), (503, 1), "{now:?}");
    assert!(text(&now).contains("Try again"), "{now:?}");
    home.behind_our_back("DROP TRIGGER broken; ALTER TABLE devices RENAME TO elsewhere");
    let broken = submit(&server, &approve);
    assert!(broken.status == 500 && !broken.head.contains("retry-after"), "{broken:?}");
    assert!(!text(&broken).contains("Try again") && !text(&broken).contains("devices"), "{broken:?}");
    home.behind_our_back("ALTER TABLE elsewhere RENAME TO devices");
    assert_eq!(submit(&server, &approve).status, 200);
    until("both are in the log", || {
        let logged = server.said().logged("strongroom::http");
        let errors = logged.iter().filter(|line| line["level"] == "ERROR");
        errors.map(|line| line["fields"]["status"].clone()).collect::<Vec<_>>() == [503, 500]
    });
}

#[test]
fn the_operators_address_of_the_page_counts_and_not_what_a_caller_says() {
    let home = Home::new();
    let server =
        Server::start_with(&home, &[("STRONGROOM_SERVER_PUBLIC_URL", "https://strongroom.example/")]);
    let begun = begin(&server, CLIENT);
    assert_eq!(begun["verification_uri"], "https://strongroom.example/devices/verify");
    let form = format!("user_code={}&username=admin&password={PASSWORD}", code(&begun));
    let headers = [("origin", "https://strongroom.example")];
    let page = server.send("POST", "/devices/verify", &headers, form.as_bytes());
    assert_eq!(page.status, 200, "{page:?}");
    // Without a terminal and without being told how, it does not wait for anybody.
    let usage = home.fails(2, ["login", &server.url()]);
    assert!(usage.contains("--device") && usage.contains("--api-key-stdin"), "{usage}");
}
