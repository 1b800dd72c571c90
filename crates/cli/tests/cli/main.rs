//! The command line in this process, over an engine in memory: what it understands, prints and answers.

mod support;

mod change;
mod completions;
mod files;
mod formats;
mod list;
mod maps;
mod prompts;
mod read;
mod resolve;
mod terminal;
mod usage;
