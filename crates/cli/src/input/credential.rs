//! Passwords and keys on standard input.

use crate::{
    console::Console,
    failure::{Failure, Outcome},
    secret_text::secret,
};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// The longest password or key that is read, in bytes.
const LONGEST: usize = 4096;

/// All of standard input, for the option that asked for it. How the last line ends is no part of it, on whatever system it
/// was written: whoever sets a password and whoever logs in with it have to read the same. It is one line: what asks for more
/// on a server, as for the old password, would otherwise set both as one here.
pub(crate) fn read_credential(console: &mut dyn Console, option: &str) -> Outcome<SecretString> {
    one_line(read(console, option, LONGEST)?, option)
}

/// The two lines of standard input; `None` if there is one.
pub(crate) fn read_two_credentials(
    console: &mut dyn Console,
    option: &str,
) -> Outcome<Option<(SecretString, SecretString)>> {
    let text = read(console, option, 2 * LONGEST)?;
    let Some((first, second)) = text.expose_secret().split_once('\n') else { return Ok(None) };
    Ok(Some((one_line(without_end(first), option)?, one_line(SecretString::from(second), option)?)))
}

fn one_line(text: SecretString, option: &str) -> Outcome<SecretString> {
    if text.expose_secret().contains(['\r', '\n']) {
        let text = format!("{option}: there are more lines on standard input than are asked for");
        return Err(Failure::usage(text));
    }
    Ok(text)
}

fn read(console: &mut dyn Console, option: &str, longest: usize) -> Outcome<SecretString> {
    let bytes = console.read_all(longest).map_err(|error| Failure::io("standard input", &error))?;
    if bytes.len() > longest {
        return Err(Failure::usage(format!("{option}: more than {longest} bytes are on standard input")));
    }
    let text = std::str::from_utf8(&bytes);
    let text = text.map_err(|_| Failure::usage(format!("{option}: standard input is not UTF-8 text")))?;
    Ok(without_end(text))
}

fn without_end(line: &str) -> SecretString {
    secret(Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}
