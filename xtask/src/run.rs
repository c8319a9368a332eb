//! Steps: each is run although one before it failed, and a table at the end shows them all.

use std::{
    env,
    fmt::Write,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

/// The steps of one run, as they come.
pub(crate) struct Steps {
    root: PathBuf,
    done: Vec<Done>,
}

struct Done {
    name: String,
    took: Duration,
    failure: Option<String>,
}

impl Steps {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root, done: Vec::new() }
    }

    /// The workspace's root, where commands run.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Runs `cargo` with `arguments`, and with `variables` set.
    pub(crate) fn cargo(&mut self, name: &str, arguments: &[&str], variables: &[(&str, &str)]) {
        self.run(name, Command::new(cargo()), arguments, variables);
    }

    /// Runs rustup's `cargo`, which takes another toolchain than ours: `+nightly`.
    pub(crate) fn rustup_cargo(&mut self, name: &str, arguments: &[&str]) {
        let mut command = Command::new("cargo");
        // They say which toolchain runs us.
        for variable in ["RUSTUP_TOOLCHAIN", "CARGO", "RUSTC", "RUSTDOC"] {
            command.env_remove(variable);
        }
        self.run(name, command, arguments, &[]);
    }

    fn run(&mut self, name: &str, mut command: Command, arguments: &[&str], variables: &[(&str, &str)]) {
        command.args(arguments).envs(variables.iter().copied()).current_dir(&self.root);
        let line = command_line(arguments, variables);
        self.step(name, || {
            println!("$ {line}");
            match command.status() {
                Ok(status) if status.success() => Ok(()),
                Ok(status) => Err(format!("`{line}` ended with {status}")),
                Err(error) => Err(format!("`{line}` did not start: {error}")),
            }
        });
    }

    /// Runs `check`; its error is why the step failed.
    pub(crate) fn step(&mut self, name: &str, check: impl FnOnce() -> Result<(), String>) {
        println!("\n==> {name}");
        let start = Instant::now();
        let failure = check().err();
        if let Some(reason) = &failure {
            println!("==> {name}: FAILED: {reason}");
        }
        self.done.push(Done { name: name.to_owned(), took: start.elapsed(), failure });
    }

    /// Whether the last step failed.
    pub(crate) fn failed(&self) -> bool {
        self.done.last().is_some_and(|done| done.failure.is_some())
    }

    /// Prints the table; failure if any step failed.
    pub(crate) fn finish(self) -> ExitCode {
        print!("\n{}", table(&self.done));
        if self.done.iter().all(|d| d.failure.is_none()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// The cargo that runs us: the pinned toolchain's.
pub(crate) fn cargo() -> std::ffi::OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// The workspace's root: cargo says at run time where xtask's package is, so a binary that was copied, or
/// built from another clone, still works on the tree it was started for.
pub(crate) fn root() -> Result<PathBuf, String> {
    let package =
        env::var_os("CARGO_MANIFEST_DIR").ok_or("run it as `cargo xtask`, which says where the tree is")?;
    let root = Path::new(&package).parent().ok_or("the package has no parent folder")?;
    Ok(root.to_owned())
}

fn command_line(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let mut line = String::new();
    for (name, value) in variables {
        let _ = write!(line, "{name}='{value}' ");
    }
    line.push_str("cargo");
    for argument in arguments {
        let _ = write!(line, " {argument}");
    }
    line
}

fn table(steps: &[Done]) -> String {
    let width = steps.iter().map(|s| s.name.chars().count()).max().unwrap_or(0).max(4);
    let mut out = format!("{:<width$}  {:>8}  result\n", "step", "seconds");
    for Done { name, took, failure } in steps {
        let result = failure.as_ref().map_or("ok".to_owned(), |reason| format!("FAILED: {reason}"));
        let _ = writeln!(out, "{name:<width$}  {:>8.1}  {result}", took.as_secs_f64());
    }
    let failed: Vec<_> = steps.iter().filter(|s| s.failure.is_some()).map(|s| s.name.as_str()).collect();
    if failed.is_empty() {
        out.push_str("all ok\n");
    } else {
        let _ = writeln!(out, "{} of {} steps FAILED: {}", failed.len(), steps.len(), failed.join(", "));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_on_after_a_failure_and_says_so() {
        let mut steps = Steps::new(PathBuf::from("."));
        steps.step("first", || Err("it broke".to_owned()));
        let mut ran = false;
        steps.step("second", || {
            ran = true;
            Ok(())
        });
        assert!(ran);
        let table = table(&steps.done);
        assert!(
            table.contains("FAILED: it broke") && table.contains("1 of 2 steps FAILED: first"),
            "{table}"
        );
        assert_eq!(format!("{:?}", steps.finish()), format!("{:?}", ExitCode::FAILURE));
    }

    #[test]
    fn all_ok_is_success() {
        let mut steps = Steps::new(PathBuf::from("."));
        steps.step("only", || Ok(()));
        assert_eq!(format!("{:?}", steps.finish()), format!("{:?}", ExitCode::SUCCESS));
    }

    #[test]
    fn a_command_that_fails_is_a_step_that_failed() {
        let mut steps = Steps::new(PathBuf::from("."));
        steps.cargo("no such", &["no-such-subcommand"], &[]);
        assert!(steps.done[0].failure.as_ref().unwrap().contains("`cargo no-such-subcommand` ended with"));
    }

    #[test]
    fn prints_the_line_one_could_type() {
        assert_eq!(
            command_line(&["doc", "--no-deps"], &[("RUSTDOCFLAGS", "-D warnings")]),
            "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps"
        );
    }
}
