//! Values and keys are nowhere but where they belong.

mod commands;
mod debug;
mod errors;
mod files;
mod process;
