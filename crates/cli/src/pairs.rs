//! `--KEY=VALUE` behind `secret create` and `secret update`: taken out of the arguments before they are parsed, so
//! that any key will do and no value ever reaches the parser and its errors.

use crate::{
    failure::{Failure, Outcome},
    privacy,
};
use secrecy::SecretString;
use std::ffi::{OsStr, OsString};
use zeroize::Zeroizing;

/// Options of the two commands; `--private=`, `--values=` and `--remove-keys=` are therefore no pairs.
const WITH_VALUE: [&str; 3] = ["private", "values", "remove-keys"];
const WITHOUT_VALUE: [&str; 2] = ["interactive", "help"];
/// Options of the whole program, which stand before the command.
const GLOBAL: [&str; 4] = ["database", "server", "config", "output"];

const NOT_TEXT: &str = "not UTF-8 text; encode binary values, for example with base64";

/// A pair as it was written: the value may still be `@FILE`.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) key: String,
    pub(crate) value: SecretString,
}

/// A command line taken apart.
#[derive(Debug)]
pub(crate) struct Line {
    /// What is left to be parsed.
    pub(crate) args: Vec<OsString>,
    /// The pairs, in their order.
    pub(crate) pairs: Vec<Pair>,
    /// What its arguments may hold, so that they must not be shown.
    pub(crate) discreet: Option<Discreet>,
}

/// What may be among the arguments of a command by mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Discreet {
    /// A value of a secret that was written without its key.
    Value,
    /// A password or a key that somebody wrote where it is asked for.
    Credential,
}

/// Commands that are about credentials.
const WITH_CREDENTIALS: [&str; 5] = ["login", "user", "service-account", "api-key", "keys"];

/// Takes the pairs out.
pub(crate) fn split(args: impl IntoIterator<Item = OsString>) -> Outcome<Line> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    let Some(at) = behind_command(&args) else {
        let at = command(&args);
        let word = at.and_then(|at| args.get(at)?.to_str());
        let credentials = word.is_some_and(|word| WITH_CREDENTIALS.contains(&word));
        let discreet = credentials.then_some(Discreet::Credential);
        let args = match at {
            Some(at) => privacy::join(args, at),
            None => args,
        };
        return Ok(Line { args, pairs: Vec::new(), discreet });
    };
    let mut rest = args.split_off(at).into_iter();
    let mut pairs: Vec<Pair> = Vec::new();
    while let Some(arg) = rest.next() {
        if let Some(option) = takes_next(&arg) {
            args.push(match rest.next() {
                Some(value) => joined(option, value)?,
                None => arg,
            });
            continue;
        }
        let arg = Zeroizing::new(arg.into_string().map_err(|arg| not_text(&arg))?);
        let Some(option) = arg.strip_prefix("--") else {
            args.push(arg.as_str().into());
            continue;
        };
        if option.is_empty() {
            args.push(arg.as_str().into());
            args.extend(rest);
            break;
        }
        if is_no_key(option.split('=').next().unwrap_or_default()) {
            return Err(no_key());
        }
        match option.split_once('=') {
            Some((key, value)) if !WITH_VALUE.contains(&key) => {
                if pairs.iter().any(|pair| pair.key == key) {
                    return Err(Failure::usage(format!("--{key} is given twice; keep one")));
                }
                pairs.push(Pair { key: key.to_owned(), value: SecretString::from(value) });
            }
            None if !WITH_VALUE.contains(&option) && !WITHOUT_VALUE.contains(&option) => {
                return Err(without_value(option));
            }
            _ => args.push(arg.as_str().into()),
        }
    }
    Ok(Line { args, pairs, discreet: Some(Discreet::Value) })
}

/// Where the arguments of `secret create` or `secret update` begin.
fn behind_command(args: &[OsString]) -> Option<usize> {
    let at = command(args).filter(|at| args.get(*at).is_some_and(|word| word == "secret"))?;
    matches!(args.get(at + 1)?.to_str()?, "create" | "update").then_some(at + 2)
}

/// Where the command's first word is.
fn command(args: &[OsString]) -> Option<usize> {
    let mut at = 1;
    loop {
        let arg = args.get(at)?.to_str()?;
        if arg == "-o" || arg.strip_prefix("--").is_some_and(|name| GLOBAL.contains(&name)) {
            at += 2;
        } else if arg.starts_with('-') {
            at += 1;
        } else {
            return Some(at);
        }
    }
}

/// The option whose value is the next argument, whatever that is: a YAML document begins with hyphens, and a key may.
fn takes_next(arg: &OsStr) -> Option<&'static str> {
    match arg.to_str()? {
        "-v" | "--values" => Some("--values"),
        "-r" | "--remove-keys" => Some("--remove-keys"),
        _ => None,
    }
}

/// Both as one argument, which the parser takes for nothing else.
fn joined(option: &str, value: OsString) -> Outcome<OsString> {
    // What is no text is dropped: it may hold values.
    let value = value.into_string().map_err(|_| Failure::usage(format!("{option}: {NOT_TEXT}")))?;
    let value = Zeroizing::new(value);
    let mut joined = OsString::from(option);
    joined.push("=");
    joined.push(value.as_str());
    Ok(joined)
}

/// Whether it is rather the beginning of a value, a PEM or a YAML document, in front of which the key was forgotten.
fn is_no_key(key: &str) -> bool {
    key.starts_with('-') || key.contains(|c: char| c.is_whitespace() || c.is_control())
}

fn no_key() -> Failure {
    Failure::usage(
        "there is an argument that begins with hyphens and is no pair (it is not shown, since it may be a value): write \
         --KEY=VALUE or --KEY=@FILE; a KEY that begins with a hyphen or has white space in it goes into -v '{\"KEY\": \
         \"VALUE\"}'",
    )
}

fn without_value(option: &str) -> Failure {
    if GLOBAL.contains(&option) {
        return Failure::usage(format!(
            "--{option} stands before `secret`; behind the command every --KEY=VALUE is a pair"
        ));
    }
    Failure::usage(format!("--{option} has no value; write --{option}=VALUE, --{option}=@FILE or use -i"))
}

fn not_text(arg: &OsStr) -> Failure {
    // Of what is not text only a key is shown: the rest may be a value.
    let bytes = arg.as_encoded_bytes();
    let key = bytes.strip_prefix(b"--").and_then(|option| option.split(|b| *b == b'=').next());
    let what = match key.and_then(|key| std::str::from_utf8(key).ok()) {
        Some(key) if bytes.contains(&b'=') && !is_no_key(key) => format!("--{key}"),
        _ => "an argument".to_owned(),
    };
    Failure::usage(format!("{what}: {NOT_TEXT}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn line(text: &str) -> Outcome<Line> {
        split(text.split(' ').map(OsString::from))
    }

    fn pairs(line: &Line) -> Vec<(&str, &str)> {
        line.pairs.iter().map(|pair| (pair.key.as_str(), pair.value.expose_secret())).collect()
    }

    #[test]
    fn every_option_with_a_value_is_a_pair_but_three() {
        let line =
            line("s secret create db --a=1 --output=x --b=y=z --private=true --values={} -i --=e").unwrap();
        assert_eq!(pairs(&line), [("a", "1"), ("output", "x"), ("b", "y=z"), ("", "e")]);
        assert_eq!(line.args, ["s", "secret", "create", "db", "--private=true", "--values={}", "-i"]);
        assert_eq!(line.discreet, Some(Discreet::Value));
    }

    #[test]
    fn options_of_the_program_before_the_command_are_none() {
        let line = line("s --database create -o json --config=c secret update db --a=1").unwrap();
        assert_eq!(pairs(&line), [("a", "1")]);
        assert_eq!(line.args.len(), 9);
    }

    #[test]
    fn other_commands_are_left_alone() {
        for text in
            ["s secret get --a=1", "s status --a=1", "s", "s --a=1", "s secret", "s get secret create --a=1"]
        {
            let line = line(text).unwrap();
            assert!(line.pairs.is_empty() && line.discreet.is_none(), "{text}");
            assert_eq!(line.args.len(), text.split(' ').count());
        }
    }

    #[test]
    fn commands_about_credentials_are_discreet() {
        for text in [
            "s login url --api-key k",
            "s -o json user password alice p",
            "s --server u api-key list",
            "s keys rewrap k",
        ] {
            let line = line(text).unwrap();
            assert_eq!(line.discreet, Some(Discreet::Credential), "{text}");
            assert_eq!(line.args.len(), text.split(' ').count());
        }
    }

    #[test]
    fn behind_two_hyphens_nothing_is_a_pair() {
        let line = line("s secret create --a=1 -- --b=2").unwrap();
        assert_eq!(pairs(&line), [("a", "1")]);
        assert_eq!(line.args, ["s", "secret", "create", "--", "--b=2"]);
    }

    #[test]
    fn a_map_and_a_key_to_remove_are_taken_as_they_are() {
        let line =
            line("s secret update db -v ---a --values --b=1 -r --c=2 --remove-keys -- --d=3 -v").unwrap();
        assert_eq!(pairs(&line), [("d", "3")]);
        let args = ["--values=---a", "--values=--b=1", "--remove-keys=--c=2", "--remove-keys=--", "-v"];
        assert_eq!(line.args[4..], args);
    }

    #[test]
    fn a_pair_without_value_and_a_repeated_one_are_refused() {
        assert!(line("s secret create db --a").unwrap_err().text.contains("--a=VALUE"));
        assert!(line("s secret create db --output json").unwrap_err().text.contains("before `secret`"));
        let twice = line("s secret create db --a=hunter2 --a=3").unwrap_err();
        assert!(twice.text.contains("--a is given twice") && !twice.text.contains("hunter2"));
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_no_text_names_its_key_only() {
        use std::os::unix::ffi::OsStringExt;
        let args = ["s", "secret", "create", "db"].map(OsString::from).into_iter();
        let failure = split(args.chain([OsString::from_vec(b"--a=hunter\xff".to_vec())])).unwrap_err();
        assert!(failure.text.starts_with("--a: not UTF-8") && !failure.text.contains("hunter"));
    }
}
