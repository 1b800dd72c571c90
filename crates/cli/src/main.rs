//! The program `strongroom`.

use std::process::ExitCode;

/// glibc's allocator keeps what each thread had once, which a server's threads add up to a third of its memory. How this
/// one is set is decided when it is built: see `.cargo/config.toml`.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    strongroom_cli::run(strongroom::Registry::builtin())
}
