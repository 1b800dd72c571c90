//! Makes a function of each Rust block of the pages, so that they are compiled.
//!
//! A block that the page calls a file is left out: the test `adding_a_backend` makes that file.

#[path = "src/blocks.rs"]
mod blocks;

use std::{env, fmt::Write as _, fs, path::Path};

fn main() {
    let mut code = String::new();
    for page in blocks::pages() {
        println!("cargo::rerun-if-changed={}", blocks::root().join(&page).display());
        let name: String =
            page.to_string_lossy().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        for block in blocks::blocks(&blocks::read(&page)) {
            if block.language != "rust" || block.file().is_some() {
                continue;
            }
            // Where the block stands: a compiler's message leads to it.
            writeln!(code, "/// `{}`, line {}.", page.display(), block.line).unwrap();
            writeln!(code, "pub async fn {}_{}() -> Result<()> {{", name.to_ascii_lowercase(), block.line)
                .unwrap();
            writeln!(code, "{}Ok(())\n}}", block.text).unwrap();
        }
    }
    // Where pages come up. Not `crates`: every change there would compile this again.
    println!("cargo::rerun-if-changed={}", blocks::root().join("docs").display());
    fs::write(Path::new(&env::var_os("OUT_DIR").unwrap()).join("blocks.rs"), code).unwrap();
}
