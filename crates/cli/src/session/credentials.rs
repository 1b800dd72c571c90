//! `credentials.toml`: the server of a login and what logs in there.

use crate::{
    failure::{Failure, Outcome},
    files,
    secret_text::SecretText,
};
use secrecy::{ExposeSecret, SecretString};
use std::{
    fs,
    io::ErrorKind as Io,
    path::{Path, PathBuf},
};
use strongroom::Places;
use strongroom_core::{Error, ErrorKind, Result};
use strongroom_remote::Config;

/// The file, whether or not it is there.
pub(crate) struct Credentials {
    file: PathBuf,
}

impl Credentials {
    /// Where a user's are.
    pub(crate) fn at(places: &Places) -> Self {
        Self { file: places.config.join("credentials.toml") }
    }

    /// The file.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// What was kept; `None` if nobody logged in.
    pub(crate) fn read(&self) -> Result<Option<Config>> {
        let wrong = |text: String| {
            let text =
                format!("credentials: {text}; run `strongroom login URL` again, or `strongroom logout`");
            Error::new(ErrorKind::ConfigInvalid, text).with("file", self.file.display())
        };
        let text = match fs::read_to_string(&self.file) {
            Ok(text) => SecretString::from(text),
            Err(error) if matches!(error.kind(), Io::NotFound | Io::NotADirectory) => return Ok(None),
            Err(error) => return Err(wrong(format!("the file cannot be read: {}", error.kind()))),
        };
        if is_open_to_others(&self.file) {
            return Err(wrong(
                "others can read the file, so that the credentials are no secret any more".into(),
            ));
        }
        // The parser's error shows the line.
        let config = toml::from_str(text.expose_secret());
        config.map(Some).map_err(|_| wrong("the file is damaged".into()))
    }

    /// Keeps them, in place of others.
    pub(crate) fn write(&self, config: &Config) -> Outcome {
        if let Some(directory) = self.file.parent() {
            files::make_directory(directory)?;
        }
        let mut text = SecretText::default();
        text.push_str("# Made by `strongroom login`; `strongroom logout` removes it.\n");
        let secret = |text: &Option<SecretString>| text.as_ref().map(|text| text.expose_secret().to_owned());
        let ca_file = match &config.ca_file {
            Some(file) => Some(
                file.to_str().ok_or_else(|| Failure::usage("--ca-file: it is not UTF-8 text"))?.to_owned(),
            ),
            None => None,
        };
        for (key, value) in [
            ("url", Some(config.url.clone())),
            ("api_key", secret(&config.api_key)),
            ("username", config.username.clone()),
            ("password", secret(&config.password)),
            ("token", secret(&config.token)),
            ("ca_file", ca_file),
        ] {
            let Some(value) = value.map(zeroize::Zeroizing::new) else { continue };
            text.push_str(key);
            text.push_str(" = ");
            quote(&mut text, &value);
            text.push('\n');
        }
        if config.allow_http {
            text.push_str("allow_http = true\n");
        }
        files::write_private(&self.file, text.as_str().as_bytes(), true)
    }

    /// Removes them; whether there were any.
    pub(crate) fn remove(&self) -> Outcome<bool> {
        match fs::remove_file(&self.file) {
            Ok(()) => Ok(true),
            Err(error) if matches!(error.kind(), Io::NotFound | Io::NotADirectory) => Ok(false),
            Err(error) => Err(Failure::io(&format!("cannot remove {}", self.file.display()), &error)),
        }
    }
}

/// A text as TOML has it.
fn quote(out: &mut SecretText, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(unix)]
fn is_open_to_others(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(file).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_in_a_password_is_read_back() {
        let directory = tempfile::tempdir().unwrap();
        let kept = Credentials { file: directory.path().join("deep/credentials.toml") };
        assert!(kept.read().unwrap().is_none() && !kept.remove().unwrap());
        for password in ["plain", "\"\\'\n\r\t\u{0}\u{7f}\u{85}é💻 #=", "'''", "\"\"\""] {
            let mut config = Config::new("https://host");
            config.username = Some(password.into());
            config.password = Some(password.into());
            config.allow_http = true;
            kept.write(&config).unwrap();
            let read = kept.read().unwrap().unwrap();
            assert_eq!((read.url.as_str(), read.username.as_deref()), ("https://host", Some(password)));
            assert_eq!(read.password.unwrap().expose_secret(), password);
            assert!(read.allow_http && read.api_key.is_none());
        }
        assert!(kept.remove().unwrap());
        assert!(kept.read().unwrap().is_none());
    }
}
