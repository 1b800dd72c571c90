//! The pages, and the fenced blocks in them.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A fenced block.
pub struct Block {
    /// What stands behind the fence: `rust`, `sh`.
    pub language: String,
    /// The paragraph before it.
    pub before: String,
    /// What is in it.
    pub text: String,
    /// The line of its fence.
    pub line: usize,
}

impl Block {
    /// The file that the paragraph before says that this is: the first word in backticks that looks like one.
    pub fn file(&self) -> Option<&str> {
        let mut quoted = self.before.split('`').skip(1).step_by(2);
        quoted.find(|word| word.ends_with(".rs") || *word == "Cargo.toml")
    }
}

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every page of the repository, by its path there.
pub fn pages() -> Vec<PathBuf> {
    let mut pages: Vec<PathBuf> =
        ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(PathBuf::from).to_vec();
    for (directory, below) in
        [("docs", ""), ("crates", "README.md"), ("examples", "README.md"), ("tests", "README.md")]
    {
        for entry in fs::read_dir(root().join(directory)).unwrap() {
            let mut path = Path::new(directory).join(entry.unwrap().file_name());
            if !below.is_empty() {
                path.push(below);
            }
            if path.extension().is_some_and(|extension| extension == "md") && root().join(&path).is_file() {
                pages.push(path);
            }
        }
    }
    pages.sort();
    pages
}

/// The text of a page.
pub fn read(page: &Path) -> String {
    fs::read_to_string(root().join(page)).unwrap()
}

/// The blocks of a page, in their order.
pub fn blocks(page: &str) -> Vec<Block> {
    let (mut blocks, mut before, mut open) = (Vec::new(), String::new(), None::<Block>);
    for (number, line) in page.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (Some(_), Some(_)) => {
                blocks.extend(open.take());
                before.clear();
            }
            (Some(block), None) => block.text.extend([line, "\n"]),
            (None, Some(language)) => {
                let (language, before) = (language.to_owned(), std::mem::take(&mut before));
                open = Some(Block { language, before, text: String::new(), line: number + 1 });
            }
            (None, None) if line.is_empty() => {}
            (None, None) => {
                // A paragraph begins where a line follows an empty one.
                if number > 0 && page.lines().nth(number - 1).is_some_and(str::is_empty) {
                    before.clear();
                }
                before.extend([line, "\n"]);
            }
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}
