//! The page about back-ends, followed to the letter: what it says is typed, its files are made, and what it says that
//! comes out comes out.

use std::{
    fs,
    os::unix::fs::{DirBuilderExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
};
use strongroom_book::blocks::{Block, blocks, read, root};

/// A directory that is the same for each run, so that what was compiled there is not compiled under another name the next
/// time; outside of the repository, as that of a stranger.
struct Desk(PathBuf);

impl Desk {
    fn new() -> Self {
        let repository = root().canonicalize().unwrap();
        let of_this =
            repository.to_str().unwrap().bytes().fold(0u32, |sum, b| sum.wrapping_mul(31) + u32::from(b));
        let desk = Self(std::env::temp_dir().join(format!("strongroom-book-{of_this:08x}")));
        desk.clear();
        fs::DirBuilder::new().mode(0o700).create(&desk.0).unwrap();
        // The page expects the clone beside the new crate.
        symlink(&repository, desk.0.join("strongroom")).unwrap();
        fs::create_dir(desk.0.join(".cargo")).unwrap();
        // What is compiled for others is used here, too.
        let ours = read(Path::new("examples/Cargo.toml"));
        let profile = ours.find("[profile.dev]").map(|at| &ours[at..]).unwrap();
        fs::write(desk.0.join(".cargo/config.toml"), profile).unwrap();
        desk
    }

    fn clear(&self) {
        if self.0.exists() {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    /// Types a script; answers what it printed.
    fn types(&self, at: &Path, script: &str) -> String {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let mut command = Command::new("sh");
        command.args(["-e", "-c", script]).current_dir(at).env("CARGO_TARGET_DIR", target);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if ["CARGO_PKG_", "CARGO_MANIFEST_", "STRONGROOM_"].iter().any(|ours| text.starts_with(ours)) {
                command.env_remove(&name);
            }
        }
        // The very cargo that runs this test, as a stranger with this toolchain would.
        let mut path = vec![Path::new(env!("CARGO")).parent().unwrap().to_owned()];
        path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
        command.env("PATH", std::env::join_paths(path).unwrap());
        // Cargo keeps its own home.
        let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
        let homes = [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")];
        for (name, usual) in homes.into_iter().filter(|(name, _)| std::env::var_os(name).is_none()) {
            command.env(name, home.join(usual));
        }
        command.env("HOME", &self.0).env_remove("XDG_CONFIG_HOME").env_remove("XDG_DATA_HOME");
        let output = command.output().unwrap();
        let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{script}\n{out}\n{err}");
        out
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Requires that the lines that a block shows come out in their order; `...` is any number of them.
fn comes_out(block: &str, out: &str) {
    // Nobody promises a time.
    let timeless = |line: &str| line.split("; finished in ").next().unwrap_or_default().trim_end().to_owned();
    let mut lines = out.lines().map(timeless);
    for shown in block.lines().filter(|line| !line.starts_with("$ ") && *line != "...") {
        let shown = timeless(shown);
        assert!(lines.any(|line| line == shown), "this does not come out:\n{shown}\nbut:\n{out}");
    }
}

#[test]
fn what_the_page_says_is_so() {
    let page = read(Path::new("docs/adding-a-backend.md"));
    let own = page.split("## Every promise").next().unwrap();
    let desk = Desk::new();
    let directory = desk.0.join("strongroom-folder");
    let (mut files, mut consoles) = (0, 0);
    for block in blocks(own) {
        let Block { language, text, line, .. } = &block;
        match (language.as_str(), block.file()) {
            ("sh", _) => {
                desk.types(&desk.0, text);
                symlink(Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap(), directory.join("target"))
                    .unwrap();
            }
            ("rust" | "toml", Some(file)) => {
                fs::write(directory.join(file), text).unwrap();
                files += 1;
            }
            ("console", _) => {
                // What was locked for others is compiled already.
                fs::copy(root().join("examples/Cargo.lock"), directory.join("Cargo.lock")).unwrap();
                let commands = text.lines().filter_map(|line| line.strip_prefix("$ "));
                // A value is printed without an end of line where no terminal is.
                comes_out(text, &desk.types(&directory, &commands.collect::<Vec<_>>().join("\necho\n")));
                consoles += 1;
            }
            // The section of a configuration file, which another test reads.
            ("toml", None) => {}
            other => panic!("line {line}: what is {other:?}?"),
        }
    }
    assert_eq!((files, consoles), (4, 2));
}
