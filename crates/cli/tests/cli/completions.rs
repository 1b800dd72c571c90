//! `completions`.

use crate::support::Program;

#[test]
fn every_shell_gets_a_script_that_knows_the_commands() {
    let program = Program::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = program.ok(["completions", shell]);
        for word in ["strongroom", "rollback", "versions", "rewrap"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(program.run(["completions", "cmd"]).code, 2);
    assert_eq!(program.opened(), 0);
}
