//! What the parser of the command line complains about, as one line.

use crate::{
    args::Cli,
    failure::Failure,
    pairs::{Discreet, Line},
};
use clap::{
    CommandFactory,
    error::{ContextKind, ContextValue, ErrorKind},
};
use std::ffi::OsString;

/// What is to be printed instead of running a command.
pub(crate) enum Refusal {
    /// Help or the version, asked for.
    Shown(String),
    /// Help, because there was no command.
    Lost(String),
    /// A mistake.
    Wrong(Failure),
}

/// Tells what the parser's error means.
pub(crate) fn explain(error: &clap::Error, line: &Line) -> Refusal {
    let args = &line.args;
    let rendered = error.render().to_string();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => return Refusal::Shown(rendered),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => return Refusal::Lost(rendered),
        _ => {}
    }
    let text = match line.discreet {
        None => first_paragraphs(&rendered),
        Some(Discreet::Value) => without_values(error),
        Some(Discreet::Credential) => without_credentials(error, &rendered),
    };
    Refusal::Wrong(Failure::usage(format!("{text}; see `{} --help`", command(args))))
}

/// The parser's own words before the usage: what is wrong, and a tip.
fn first_paragraphs(rendered: &str) -> String {
    let mut words = String::new();
    for part in rendered.lines().take_while(|line| !line.starts_with("Usage:")) {
        let part = part.trim().trim_start_matches("error: ");
        if part.is_empty() || part.starts_with("For more information") {
            continue;
        }
        if !words.is_empty() {
            words.push_str(if words.ends_with(':') { " " } else { "; " });
        }
        words.push_str(part);
    }
    words
}

/// Without quoting an argument, which may be a value that was written without its key.
fn without_values(error: &clap::Error) -> String {
    match error.kind() {
        ErrorKind::MissingRequiredArgument => "NAME is missing".to_owned(),
        ErrorKind::UnknownArgument => {
            "there is an argument that is neither NAME, an option nor a pair (it is not shown, since it may be a \
             value); pairs are written --KEY=VALUE, and --output stands before `secret`"
                .to_owned()
        }
        _ => wrong_option(error),
    }
}

/// Without quoting an argument, which may be a password or a key.
fn without_credentials(error: &clap::Error, rendered: &str) -> String {
    match error.kind() {
        // These name arguments as the help does, and none of what was written.
        ErrorKind::MissingRequiredArgument | ErrorKind::ArgumentConflict => first_paragraphs(rendered),
        ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand => {
            let suggested = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand];
            let near = suggested.into_iter().find_map(|kind| match error.get(kind)? {
                ContextValue::String(near) => Some(near.clone()),
                ContextValue::Strings(near) => near.first().cloned(),
                _ => None,
            });
            let near = near.map(|near| format!(" (did you mean `{near}`?)")).unwrap_or_default();
            format!(
                "there is an argument that does not belong here{near}; it is not shown, since it may be a password or a \
                 key: those are asked for, or read from standard input"
            )
        }
        _ => wrong_option(error),
    }
}

fn wrong_option(error: &clap::Error) -> String {
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(option)) => format!("{option}: its value is missing or wrong"),
        _ => "the options are not as they should be".to_owned(),
    }
}

/// The command that was meant: the words that name one.
fn command(args: &[OsString]) -> String {
    let mut command = Cli::command();
    let mut words = "strongroom".to_owned();
    for word in args.iter().skip(1).filter_map(|arg| arg.to_str()) {
        if let Some(found) = command.find_subcommand(word).cloned() {
            words.push(' ');
            words.push_str(word);
            command = found;
        }
    }
    words
}
