//! What a person does with secrets on a command line, whichever it is.

use crate::program::Program;
use serde_json::json;

/// Every subcommand in its forms; `name` makes names that nobody else uses.
pub(crate) fn play(program: &mut dyn Program, user: &str, name: &dyn Fn(&str) -> String) {
    creating(program, name);
    listing(program, user, name);
    getting(program, name);
    updating(program, name);
    renaming(program, name);
    exporting(program, name);
    deleting(program, name);
}

fn creating(program: &mut dyn Program, name: &dyn Fn(&str) -> String) {
    program.file("value.txt", "from a file");
    program.file("map.json", r#"{"j": "1", "k": "two"}"#);
    program.file("map.yaml", "y: one\nz: \"2\"\n");
    let forms: [(&str, &[&str], _); 11] = [
        ("inline", &["--a=1", "--b=shared"], json!({"a": "1", "b": "shared"})),
        ("spaces", &["--a=one = two", "--b="], json!({"a": "one = two", "b": ""})),
        ("unicode", &["--a=ä€😀\n\"'"], json!({"a": "ä€😀\n\"'"})),
        ("file", &["--a=@value.txt"], json!({"a": "from a file"})),
        ("literal", &["--a=@@value.txt"], json!({"a": "@value.txt"})),
        ("json", &["-v", r#"{"a": "1", "b": "x y"}"#], json!({"a": "1", "b": "x y"})),
        ("yaml", &["--values", "a: one\nb: \"2\""], json!({"a": "one", "b": "2"})),
        ("json-file", &["-v", "@map.json"], json!({"j": "1", "k": "two"})),
        ("yaml-file", &["--values=@map.yaml"], json!({"y": "one", "z": "2"})),
        ("both", &["--a=1", "-v", r#"{"b": "2"}"#], json!({"a": "1", "b": "2"})),
        ("a name/with: signs", &["--a=1"], json!({"a": "1"})),
    ];
    for (form, args, values) in forms {
        let name = name(form);
        program.ok(&[&["secret", "create", &name], args].concat());
        assert_eq!(program.values(&name), values, "{form}");
    }
    // One name may be there twice, once for all and once for oneself.
    for form in ["inline", "own"] {
        let name = name(form);
        program.ok(&["secret", "create", &name, "--private", "--p=personal"]);
        assert_eq!(program.secret(&name, true)["values"], json!({"p": "personal"}));
    }
    assert_eq!(program.values(&name("inline")), json!({"a": "1", "b": "shared"}));
    program.fails(&["secret", "create", &name("inline"), "--a=1"]);
    program.fails(&["secret", "create", &name("own"), "--private", "--a=1"]);
    program.fails(&["secret", "create", &name("none")]);
}

fn listing(program: &mut dyn Program, user: &str, name: &dyn Fn(&str) -> String) {
    let mine = format!("--name=startswith:{}", name(""));
    let named = |names: &[&str]| names.iter().map(|one| name(one)).collect::<Vec<_>>();
    let all = program.names(&[&mine, "--sort_by=asc:created"]);
    let made = [
        "inline",
        "spaces",
        "unicode",
        "file",
        "literal",
        "json",
        "yaml",
        "json-file",
        "yaml-file",
        "both",
        "a name/with: signs",
        "inline",
        "own",
    ];
    assert_eq!(all, named(&made));
    let latest = program.names(&[&mine]);
    assert_eq!(latest, all.iter().rev().cloned().collect::<Vec<_>>(), "the latest first");

    let id = program.secret(&name("json"), false)["id"].as_str().unwrap().to_owned();
    let exact = format!("--name={}", name("json"));
    let one_of = format!("--name=oneof:[\"{}\", \"{}\"]", name("yaml"), name("json"));
    let by_id = format!("--id={id}");
    let by_prefix = format!("--id=startswith:{}", &id[..13]);
    let plain_id = format!("--id={}", id.replace('-', ""));
    let (by_user, by_other) = (format!("--user={user}"), "--user=nobody-of-that-name");
    let signs = format!("--name=equals:{}", name("a name/with: signs"));
    let by_name = "--sort_by=asc:name";
    let filters: [(&[&str], &[&str]); 20] = [
        (&[&exact], &["json"]),
        (&[&signs], &["a name/with: signs"]),
        (&[&mine, "--name=contains:JSON", by_name], &["json", "json-file"]),
        (&[&mine, "--name=endswith:-file", by_name], &["file", "json-file", "yaml-file"]),
        (&[&mine, "--name=notcontains:i", by_name], &["both", "json", "own", "spaces", "yaml"]),
        (&[&one_of, by_name], &["json", "yaml"]),
        (&[&by_id], &["json"]),
        (&[&by_prefix, &mine], &["json"]),
        (&[&plain_id], &["json"]),
        (&[&mine, "--private=true", by_name], &["inline", "own"]),
        (&[&mine, "--private=false", "--name=contains:inline"], &["inline"]),
        (&[&mine, "--created=gt:2020-01-01 00:00:00", "--name=contains:own"], &["own"]),
        (&[&mine, "--created=lt:2020-01-01 00:00:00"], &[]),
        (&[&mine, "--created=in:2020-01-01 00:00:00,2100-01-01 00:00:00", "--name=endswith:own"], &["own"]),
        (&[&mine, "--updated=gte:2020-01-01 00:00:00", "--name=endswith:own"], &["own"]),
        (&[&mine, &by_user, "--private=true", by_name], &["inline", "own"]),
        (&[&mine, by_other], &[]),
        (&[&exact, &signs, "--logical_operator=or", "--sort_by=desc:name"], &["json", "a name/with: signs"]),
        (&[&mine, "--size=2", "--page=2", "--sort_by=desc:name"], &["unicode", "spaces"]),
        (&[&mine, "--size=1", by_name], &["a name/with: signs"]),
    ];
    for (args, names) in filters {
        assert_eq!(program.names(args), named(names), "{args:?}");
    }
    program.fails(&["secret", "list", &mine, "--size=10", "--page=9"]);
    program.fails(&["secret", "list", "--sort_by=values"]);
    program.fails(&["secret", "list", "--created=yesterday"]);
}

fn getting(program: &mut dyn Program, name: &dyn Fn(&str) -> String) {
    let json = name("json");
    let id = program.secret(&json, false)["id"].as_str().unwrap().to_owned();
    for which in [&json, &id, &id[..20]] {
        let shown = program.ok(&["secret", "get", which]);
        assert!(shown.contains("x y"), "{which}: {shown}");
    }
    let shown = program.ok(&["secret", "get", &name("inline"), "--private", "true"]);
    assert!(shown.contains("personal") && !shown.contains("shared"), "{shown}");
    let shown = program.ok(&["secret", "get", &name("inline"), "-p", "false"]);
    assert!(shown.contains("shared"), "{shown}");
    program.fails(&["secret", "get", &name("own"), "--private", "false"]);
    program.fails(&["secret", "get", &name("nothing")]);
    program.fails(&["secret", "get", "00000000-0000-4000-8000-000000000000"]);
}

fn updating(program: &mut dyn Program, name: &dyn Fn(&str) -> String) {
    let which = name("both");
    program.file("more.yaml", "e: five\n");
    let steps: [(&[&str], _); 8] = [
        (&["--c=3"], json!({"a": "1", "b": "2", "c": "3"})),
        (&["--a=one"], json!({"a": "one", "b": "2", "c": "3"})),
        (&["-r", "b"], json!({"a": "one", "c": "3"})),
        (&["-r", "a", "--remove-keys", "c", "--d=4"], json!({"d": "4"})),
        (&["-v", r#"{"d": "four"}"#], json!({"d": "four"})),
        (&["--values", "@more.yaml"], json!({"d": "four", "e": "five"})),
        (&["--f=@value.txt"], json!({"d": "four", "e": "five", "f": "from a file"})),
        (&["-r", "f"], json!({"d": "four", "e": "five"})),
    ];
    for (args, values) in steps {
        program.ok(&[&["secret", "update", &which], args].concat());
        assert_eq!(program.values(&which), values, "{args:?}");
    }
    program.fails(&["secret", "update", &which, "-r", "absent", "--e=6"]);
    program.ok(&["secret", "update", &which, "--private", "true"]);
    assert_eq!(program.secret(&which, true)["values"], json!({"d": "four", "e": "five"}));
    program.ok(&["secret", "update", &which, "-p", "false", "--g=7"]);
    assert_eq!(program.values(&which), json!({"d": "four", "e": "five", "g": "7"}));
    // There is a public one of that name.
    let own = program.secret(&name("inline"), true)["id"].as_str().unwrap().to_owned();
    program.fails(&["secret", "update", &own, "--private", "false"]);
    program.fails(&["secret", "update", &name("nothing"), "--a=1"]);
}

fn renaming(program: &mut dyn Program, name: &dyn Fn(&str) -> String) {
    let before = program.secret(&name("both"), false);
    program.ok(&["secret", "rename", &name("both"), "-n", &name("renamed")]);
    let after = program.secret(&name("renamed"), false);
    assert_eq!((&after["id"], &after["values"]), (&before["id"], &before["values"]));
    program.ok(&["secret", "rename", before["id"].as_str().unwrap(), "--new-name", &name("both")]);
    program.fails(&["secret", "get", &name("renamed")]);
    program.fails(&["secret", "rename", &name("both"), "-n", &name("json")]);
    program.fails(&["secret", "rename", &name("nothing"), "-n", &name("other")]);
    assert_eq!(program.values(&name("both")), before["values"]);
}

fn exporting(program: &mut dyn Program, name: &dyn Fn(&str) -> String) {
    program.ok(&["secret", "export", &name("json"), "-f", "exported.yaml"]);
    assert!(program.read("exported.yaml").contains("x y"));
    program.ok(&["secret", "create", &name("imported"), "-v", "@exported.yaml"]);
    assert_eq!(program.values(&name("imported")), json!({"a": "1", "b": "x y"}));
    program.ok(&["secret", "export", &name("inline"), "--private", "true", "--filename", "own.yaml"]);
    assert!(program.read("own.yaml").starts_with("p:"));
    program.fails(&["secret", "export", &name("nothing"), "-f", "nothing.yaml"]);
}

fn deleting(program: &mut dyn Program, name: &dyn Fn(&str) -> String) {
    let mine = format!("--name=startswith:{}", name(""));
    program.run(&["secret", "delete", &name("json")], "n\n");
    program.ok(&["secret", "get", &name("json")]);
    let id = program.secret(&name("yaml"), false)["id"].as_str().unwrap().to_owned();
    program.ok(&["secret", "delete", &id, "-y"]);
    program.fails(&["secret", "delete", &id, "--yes"]);
    program.fails(&["secret", "delete", &name("yaml"), "-y"]);
    // A part of a name deletes nothing.
    program.fails(&["secret", "delete", &name("jso"), "-y"]);
    for name in program.names(&[&mine, "--size=100"]) {
        program.ok(&["secret", "delete", &name, "-y"]);
    }
    assert!(program.names(&[&mine]).is_empty());
}
