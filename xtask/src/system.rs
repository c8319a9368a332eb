//! What has to be installed on the machine.

use std::{
    env,
    path::Path,
    process::{Command, Stdio},
};

pub(crate) fn on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// What SQLite and Kafka's client are compiled with: a compiler, and libraries that the client is linked to.
const C_PACKAGES: &str = "build-essential pkg-config zlib1g-dev libssl-dev perl";

/// Whether what is written in C can be compiled here.
pub(crate) fn can_compile_c() -> bool {
    let libraries = || {
        let mut command = Command::new("pkg-config");
        command.args(["--exists", "zlib", "openssl"]).status().is_ok_and(|status| status.success())
    };
    ["cc", "c++", "make", "pkg-config", "perl"].iter().all(|program| on_path(program)) && libraries()
}

/// Installs what is missing of it.
pub(crate) fn install_c() -> Result<(), String> {
    install("a C compiler and libraries, for SQLite and Kafka's client", C_PACKAGES)?;
    if can_compile_c() { Ok(()) } else { Err(format!("`{}` was not enough", install_line(C_PACKAGES))) }
}

/// The line that installs `packages` on Debian.
pub(crate) fn install_line(packages: &str) -> String {
    format!("apt-get install --yes --no-install-recommends {packages}")
}

/// Installs Debian's `packages`, which bring `what`; where that cannot be done, says how to.
pub(crate) fn install(what: &str, packages: &str) -> Result<(), String> {
    let install = install_line(packages);
    if !(Path::new("/etc/debian_version").exists() && is_root()) {
        return Err(format!("{what}: missing; on Debian: sudo {install}"));
    }
    for line in ["apt-get update", &install] {
        println!("$ {line}");
        let mut words = line.split(' ');
        let mut command = Command::new(words.next().unwrap_or_default());
        match command.args(words).env("DEBIAN_FRONTEND", "noninteractive").status() {
            Ok(status) if status.success() => {}
            Ok(status) => return Err(format!("`{line}` ended with {status}")),
            Err(error) => return Err(format!("`{line}` did not start: {error}")),
        }
    }
    Ok(())
}

pub(crate) fn is_root() -> bool {
    let id = Command::new("id").arg("-u").stderr(Stdio::null()).output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

#[cfg(test)]
mod tests {
    use super::on_path;

    #[test]
    fn finds_programs() {
        assert!(on_path("cargo"), "cargo runs this test");
        assert!(!on_path("no-such-program"));
    }
}
