//! What was asked for on the command line.

use crate::emulators::Action;
use crate::servers::Kind;
use crate::test::Part;

/// The text of `--help`.
pub(crate) const HELP: &str = include_str!("help.txt");

/// One thing to do.
#[derive(Debug, PartialEq)]
pub(crate) enum Task {
    /// Print [`HELP`].
    Help,
    /// Run these parts (in their own order), without these servers.
    Test { parts: Vec<Part>, without: Vec<Kind> },
    /// Run the simulation.
    Simulate(Simulation),
    /// Run a benchmark.
    Bench { name: String, args: Vec<String> },
    /// Make the crate of a back-end.
    NewBackend { name: String },
    /// Answer mdbook about the links of the book.
    BookLinks { asked: Option<String> },
    /// Start the servers for a command, or until told to stop.
    Servers { without: Vec<Kind>, command: Vec<String> },
    /// Start the emulators in the background, stop them, or tell whether they run.
    Emulators { action: Action, without: Vec<Kind> },
}

/// Which seeds to simulate.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Simulation {
    /// How many.
    pub(crate) seeds: u64,
    /// The first one.
    pub(crate) from: u64,
    /// With optimizations, which also turns debug assertions off.
    pub(crate) release: bool,
}

/// Reads the arguments, the program's own name not among them.
///
/// # Errors
/// Text that names the argument and what is allowed instead.
pub(crate) fn parse(args: impl Iterator<Item = String>) -> Result<Task, String> {
    let mut args = args.peekable();
    let Some(task) = args.next() else { return Ok(Task::Help) };
    if args.peek().is_some_and(|arg| is_help(arg)) {
        return Ok(Task::Help);
    }
    match task.as_str() {
        "test" => test(args),
        "simulate" => simulate(args),
        "bench" => {
            let name = args.next().ok_or("which benchmark? There are: store, server")?;
            Ok(Task::Bench { name, args: args.collect() })
        }
        "new-backend" => {
            let name = args.next().ok_or("what is the back-end called? cargo xtask new-backend NAME")?;
            match args.next() {
                Some(other) => Err(format!("new-backend: one name, not `{other}` too")),
                None => Ok(Task::NewBackend { name }),
            }
        }
        // As mdbook calls it: `book-links`, or `book-links supports html`.
        "book-links" => Ok(Task::BookLinks { asked: args.next() }),
        "servers" => servers(args),
        "emulators" => emulators(args),
        other if is_help(other) || other == "help" => Ok(Task::Help),
        other => {
            Err(format!("no task {other}; there are: test, simulate, bench, new-backend, servers, emulators"))
        }
    }
}

fn is_help(arg: &str) -> bool {
    arg == "--help" || arg == "-h"
}

fn test(mut args: impl Iterator<Item = String>) -> Result<Task, String> {
    let (mut parts, mut without) = (Vec::new(), Vec::new());
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--without" => without.extend(kinds(args.next(), &Kind::TESTS)?),
            "--help" | "-h" => return Ok(Task::Help),
            name => parts.push(Part::named(name).ok_or_else(|| {
                let all: Vec<_> = Part::ALL.iter().map(|part| part.name()).collect();
                format!("no part {name}; there are: {}", all.join(", "))
            })?),
        }
    }
    if parts.is_empty() {
        parts = Part::ALL.to_vec();
    }
    Ok(Task::Test { parts, without })
}

fn simulate(mut args: impl Iterator<Item = String>) -> Result<Task, String> {
    let mut options = Simulation::default();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--seeds" => options.seeds = number("--seeds", args.next())?,
            "--from" => options.from = number("--from", args.next())?,
            "--release" => options.release = true,
            other => return Err(format!("no option {other}; there are: --seeds, --from, --release")),
        }
    }
    if options.seeds == 0 {
        return Err("how many seeds? Give --seeds N, N at least 1".into());
    }
    Ok(Task::Simulate(options))
}

fn servers(mut args: impl Iterator<Item = String>) -> Result<Task, String> {
    let (mut without, mut command) = (Vec::new(), Vec::new());
    while let Some(arg) = args.next() {
        if arg == "--without" {
            without.extend(kinds(args.next(), &Kind::TESTS)?);
            continue;
        }
        if arg != "--" {
            command.push(arg);
        }
        // What follows the command's name is the command's.
        command.extend(args);
        break;
    }
    Ok(Task::Servers { without, command })
}

fn emulators(mut args: impl Iterator<Item = String>) -> Result<Task, String> {
    let all = Action::ALL.map(Action::name).join(", ");
    let name = args.next().ok_or_else(|| format!("what to do with the emulators? There are: {all}"))?;
    let action = Action::named(&name).ok_or_else(|| format!("emulators: no {name}; there are: {all}"))?;
    let mut without = Vec::new();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--without" => without.extend(kinds(args.next(), &Kind::EMULATORS)?),
            other => return Err(format!("no option {other}; there is: --without")),
        }
    }
    Ok(Task::Emulators { action, without })
}

fn kinds(list: Option<String>, known: &[Kind]) -> Result<Vec<Kind>, String> {
    let all = known.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(",");
    let list = list.ok_or_else(|| format!("--without needs a list: some of {all}"))?;
    let one = |name: &str| {
        let kind = known.iter().copied().find(|kind| kind.name() == name);
        kind.ok_or_else(|| format!("--without: no server {name}; there are: {all}"))
    };
    list.split(',').map(one).collect()
}

fn number(option: &str, value: Option<String>) -> Result<u64, String> {
    let value = value.ok_or_else(|| format!("{option} needs a number"))?;
    value.parse().map_err(|_| format!("{option} needs a number, not {value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Task, String> {
        parse(line.split_whitespace().map(String::from))
    }

    #[test]
    fn test_without_parts_means_all_of_them() {
        assert_eq!(parsed("test"), Ok(Task::Test { parts: Part::ALL.to_vec(), without: vec![] }));
    }

    #[test]
    fn test_takes_parts_and_servers_to_leave_out() {
        let expected = Task::Test { parts: vec![Part::Unit, Part::E2e], without: vec![Kind::Mariadb] };
        assert_eq!(parsed("test unit --without mariadb e2e"), Ok(expected));
        assert!(parsed("test units").unwrap_err().contains("conformance"));
        assert!(parsed("test --without mysql").unwrap_err().contains("mariadb"));
    }

    #[test]
    fn simulate_insists_on_a_number_of_seeds() {
        let expected = Simulation { seeds: 20, from: 7, release: false };
        assert_eq!(parsed("simulate --from 7 --seeds 20"), Ok(Task::Simulate(expected)));
        assert!(parsed("simulate").is_err());
        assert!(parsed("simulate --seeds many").unwrap_err().contains("many"));
    }

    #[test]
    fn the_options_of_a_command_for_servers_are_its_own() {
        let command = ["cargo", "test", "--without", "x"].map(String::from).to_vec();
        let expected = Task::Servers { without: vec![Kind::Postgres], command };
        assert_eq!(parsed("servers --without postgres cargo test --without x"), Ok(expected));
    }

    #[test]
    fn a_new_backend_has_one_name() {
        assert_eq!(parsed("new-backend redis"), Ok(Task::NewBackend { name: "redis".into() }));
        assert!(parsed("new-backend").is_err() && parsed("new-backend a b").is_err());
    }

    #[test]
    fn emulators_need_to_be_told_what_to_do() {
        let expected = Task::Emulators { action: Action::Up, without: vec![Kind::Openbao, Kind::Gcp] };
        assert_eq!(parsed("emulators up --without openbao,gcp"), Ok(expected));
        // Databases stand for nothing, and tests start their own emulators.
        assert!(parsed("emulators up --without postgres").unwrap_err().contains("moto"));
        assert!(parsed("test --without gcp").unwrap_err().contains("google"));
        assert!(parsed("emulators").unwrap_err().contains("status"));
        assert!(parsed("emulators start").unwrap_err().contains("up"));
    }

    #[test]
    fn what_the_pages_show_is_understood() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut count = 0;
        for page in ["README.md", "CONTRIBUTING.md", "docs", "tests/emulators/README.md"] {
            let path = root.join(page);
            let pages = match path.is_dir() {
                true => std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect(),
                false => vec![path],
            };
            for path in pages.into_iter().filter(|path| path.extension().is_some_and(|end| end == "md")) {
                let text = std::fs::read_to_string(&path).unwrap();
                let shown = text.lines().filter_map(|line| line.split_once("cargo xtask "));
                for (before, rest) in shown {
                    // In a sentence a task may only be named.
                    if before.ends_with('`') && !rest.split('`').next().unwrap_or_default().contains(' ') {
                        continue;
                    }
                    // Up to the end of what is quoted, or to a comment. A part in capitals stands for another.
                    let line = rest.split(['`', '#', ')', ';']).next().unwrap_or_default();
                    let line = line.replace("NAME", "name").replace("TYPE", "type").replace("...", "");
                    let understood = parsed(&line);
                    assert!(understood.is_ok(), "{}: {rest}: {understood:?}", path.display());
                    count += 1;
                }
            }
        }
        assert!(count > 10, "{count}");
    }

    #[test]
    fn help_wins() {
        for line in ["", "--help", "help", "test --help", "bench -h"] {
            assert_eq!(parsed(line), Ok(Task::Help), "{line}");
        }
    }
}
