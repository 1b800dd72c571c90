//! Questions to the person at the terminal.

use crate::{
    console::Console,
    escape::visible,
    failure::{Exit, Failure, Outcome},
};
use secrecy::SecretString;
use std::io;

/// Asks a question that is answered with yes or no. `otherwise` says how to answer it where nobody can be asked.
///
/// # Errors
/// A usage error if nobody can be asked; a failure that says that nothing happened if the answer is no.
pub(crate) fn confirm(console: &mut dyn Console, question: &str, otherwise: &str) -> Outcome {
    if !console.can_ask() {
        return Err(Failure::usage(format!("{question} There is no terminal to answer on; {otherwise}")));
    }
    console.message(&format!("{} [y/N] ", visible(question)));
    let answer = console.read_line().map_err(|error| Failure::io("the answer", &error))?;
    match answer.unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::new(Exit::Other, "not confirmed; nothing was changed")),
    }
}

/// Asks for a line; `None` at the end of the input.
pub(crate) fn ask_line(console: &mut dyn Console, question: &str) -> Outcome<Option<String>> {
    refuse_without_terminal(console)?;
    console.message(&format!("{} ", visible(question)));
    console.read_line().map_err(|error| Failure::io("the answer", &error))
}

/// Asks for a value, which is not shown; `None` at the end of the input.
pub(crate) fn ask_value(console: &mut dyn Console, question: &str) -> Outcome<Option<SecretString>> {
    refuse_without_terminal(console)?;
    console.message(&format!("{} ", visible(question)));
    let answer = console.read_hidden();
    // The person's own end of the line was not shown.
    console.message("\n");
    answer.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => Failure::usage(
            "several lines came at once, and the answer is one line: nothing was kept; a value of several lines comes from a \
             file (--KEY=@FILE), a credential from a pipe (the option that ends in -stdin)",
        ),
        io::ErrorKind::InvalidInput => Failure::usage(
            "the answer has control characters in it, as arrow keys send them, or is not UTF-8 text: nothing was kept; a \
             value with such comes from a file (--KEY=@FILE), a credential from a pipe (the option that ends in -stdin)",
        ),
        _ => Failure::io("the answer", &error),
    })
}

fn refuse_without_terminal(console: &dyn Console) -> Outcome {
    if console.can_ask() {
        return Ok(());
    }
    Err(Failure::usage("-i asks on a terminal, and there is none; use --KEY=@FILE, --KEY=@- or -v @FILE"))
}
