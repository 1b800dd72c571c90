//! The process's environment, read once.

use strongroom_core::{Error, ErrorKind, Result, settings::Vars};

/// The environment of this process as a value, with files read from the disk. Variables that are not Unicode
/// are left out.
///
/// # Errors
/// [`ErrorKind::ConfigInvalid`] if one of ours (`STRONGROOM_...`) is not Unicode.
pub fn environment() -> Result<Vars> {
    let mut vars = Vec::new();
    for (name, value) in std::env::vars_os() {
        let Ok(name) = name.into_string() else { continue };
        match value.into_string() {
            Ok(value) => vars.push((name, value)),
            Err(_) if name.starts_with(crate::config::PREFIX) => {
                let text = format!("{name}: the value is not UTF-8; set it to text");
                return Err(Error::new(ErrorKind::ConfigInvalid, text));
            }
            Err(_) => {}
        }
    }
    Ok(Vars::new(vars, |path| std::fs::read_to_string(path)))
}
