//! Child processes: started in the workspace's root, their command line shown, failure made an
//! error, and for test runners the number of tests read from their closing lines.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::failure::Failure;

/// Tests that a runner said it executed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Executed and good.
    pub(crate) passed: u64,
    /// Executed and bad.
    pub(crate) failed: u64,
}

impl Tally {
    /// Both together, for a total over several stages.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
        }
    }
}

/// Whose closing lines to read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Runner {
    /// `test result: ok. 3 passed; 0 failed; …`, one line a test binary.
    Cargo,
    /// `Tests  3 passed (3)` or `Tests  1 failed | 2 passed (3)`.
    Vitest,
    /// `3 passed (1.2s)` and `1 failed`, each on a line.
    Playwright,
}

/// A command that runs in `folder`.
pub(crate) fn command(program: impl AsRef<OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder);
    command
}

/// Runs to the end with the terminal's own output.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let line = shown(command);
    println!("$ {line}");
    let status = command
        .status()
        .map_err(|source| missing(command, source))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::Command {
            command: line,
            status,
        })
    }
}

/// Runs to the end and gives what was written to standard output; errors stay on the terminal.
pub(crate) fn capture(command: &mut Command) -> Result<String, Failure> {
    let line = shown(command);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| missing(command, source))?;
    if !output.status.success() {
        return Err(Failure::Command {
            command: line,
            status: output.status,
        });
    }
    String::from_utf8(output.stdout)
        .map_err(|_| Failure::Unfit(format!("`{line}` printed something that is not UTF-8")))
}

/// Whether the command exists and ends well; prints nothing.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Runs a test runner, passes its output on line by line and counts. Ending well without a test
/// is a failure: a moved folder must not make the tests pass.
pub(crate) fn tests(command: &mut Command, runner: Runner) -> Result<Tally, Failure> {
    let line = shown(command);
    println!("$ {line}");
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|source| missing(command, source))?;
    let mut tally = Tally::default();
    if let Some(stdout) = child.stdout.take() {
        let mut terminal = std::io::stdout().lock();
        for text in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
            // A closed terminal must not end the tests: the exit code still counts.
            let _ = terminal
                .write_all(&text)
                .and_then(|()| terminal.write_all(b"\n"));
            let _ = terminal.flush();
            tally = tally.plus(counted(&String::from_utf8_lossy(&text), runner));
        }
    }
    let status = child.wait().map_err(|source| missing(command, source))?;
    if !status.success() {
        return Err(Failure::Command {
            command: line,
            status,
        });
    }
    if tally.passed == 0 {
        return Err(Failure::NoTests { command: line });
    }
    Ok(tally)
}

/// The command line, without environment.
pub(crate) fn shown(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|part| part.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

fn missing(command: &Command, source: std::io::Error) -> Failure {
    let program = command.get_program().to_string_lossy().into_owned();
    let hint = match program.as_str() {
        "npm" | "node" => "Install Node.js 20 or later with npm 11.",
        "git" => "Install git.",
        _ => "Run `scripts/setup.sh test` to install what is missing.",
    };
    Failure::Missing {
        program,
        source,
        hint,
    }
}

fn counted(line: &str, runner: Runner) -> Tally {
    let line = without_colours(line);
    let line = line.trim();
    match runner {
        Runner::Cargo => line
            .strip_prefix("test result:")
            .map_or_else(Tally::default, |rest| Tally {
                passed: number_before(rest, "passed"),
                failed: number_before(rest, "failed"),
            }),
        Runner::Vitest => line
            .strip_prefix("Tests ")
            .map_or_else(Tally::default, |rest| Tally {
                passed: number_before(rest, "passed"),
                failed: number_before(rest, "failed"),
            }),
        Runner::Playwright => {
            let mut words = line.split_whitespace();
            match (
                words.next().and_then(|word| word.parse().ok()),
                words.next(),
                words.next(),
            ) {
                (Some(passed), Some("passed"), Some(time)) if time.starts_with('(') => {
                    Tally { passed, failed: 0 }
                }
                (Some(failed), Some("failed"), None) => Tally { passed: 0, failed },
                _ => Tally::default(),
            }
        }
    }
}

/// The number that stands before `word`, or zero.
fn number_before(text: &str, word: &str) -> u64 {
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    words
        .windows(2)
        .find(|pair| pair[1] == word)
        .and_then(|pair| pair[0].parse().ok())
        .unwrap_or(0)
}

fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            characters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(character);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_results_are_counted() {
        let line = "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; finished in 1.0s";
        assert_eq!(
            counted(line, Runner::Cargo),
            Tally {
                passed: 12,
                failed: 0
            }
        );
        let line = "test result: FAILED. 1 passed; 2 failed; 0 ignored";
        assert_eq!(
            counted(line, Runner::Cargo),
            Tally {
                passed: 1,
                failed: 2
            }
        );
        assert_eq!(counted("test a::b ... ok", Runner::Cargo), Tally::default());
    }

    #[test]
    fn vitest_results_are_counted_in_colour_too() {
        let line = "\u{1b}[2m      Tests \u{1b}[22m 1 failed | 31 passed (32)";
        assert_eq!(
            counted(line, Runner::Vitest),
            Tally {
                passed: 31,
                failed: 1
            }
        );
        assert_eq!(
            counted(" Test Files  4 passed (4)", Runner::Vitest),
            Tally::default()
        );
    }

    #[test]
    fn playwright_results_are_counted() {
        assert_eq!(counted("  7 passed (41.3s)", Runner::Playwright).passed, 7);
        assert_eq!(counted("  1 failed", Runner::Playwright).failed, 1);
        assert_eq!(
            counted("3 passed the exam", Runner::Playwright),
            Tally::default()
        );
    }

    #[test]
    fn a_runner_without_tests_is_a_failure() {
        let mut nothing = command("true", Path::new("/"));
        assert!(matches!(
            tests(&mut nothing, Runner::Cargo),
            Err(Failure::NoTests { .. })
        ));
    }
}
