//! `--private true` behind the commands about one secret. The parser would take any word behind `--private` for its value, and
//! so a name or a key that was meant: it is told which words are one.

use std::ffi::{OsStr, OsString};

/// The commands where `--private` says which secret is meant.
const COMMANDS: [&str; 6] = ["get", "rename", "delete", "export", "versions", "rollback"];

/// Joins each `--private` with a `true` or `false` behind it. `at` is where the command's first word is.
pub(crate) fn join(args: Vec<OsString>, at: usize) -> Vec<OsString> {
    let is = |at: usize, words: &[&str]| {
        args.get(at).and_then(|word| word.to_str()).is_some_and(|word| words.contains(&word))
    };
    if !is(at, &["secret"]) || !is(at + 1, &COMMANDS) {
        return args;
    }
    let mut joined = Vec::with_capacity(args.len());
    let mut rest = args.into_iter().peekable();
    while let Some(arg) = rest.next() {
        if arg == "--" {
            joined.push(arg);
            joined.extend(rest);
            break;
        }
        let behind = if arg == "-p" || arg == "--private" {
            rest.next_if(|word| is_boolean(word))
        } else {
            // Without this, `-pfalse` would be `-p -f alse`.
            let attached = arg.to_str().and_then(|arg| arg.strip_prefix("-p"));
            attached.map(OsString::from).filter(|word| is_boolean(word))
        };
        joined.push(match behind {
            Some(word) => {
                let mut option = OsString::from("--private=");
                option.push(word);
                option
            }
            None => arg,
        });
    }
    joined
}

fn is_boolean(word: &OsStr) -> bool {
    ["true", "false"].iter().any(|boolean| word.eq_ignore_ascii_case(boolean))
}
