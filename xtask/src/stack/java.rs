//! The Java that the servers run on.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::system;

const PACKAGES: &str = "openjdk-17-jdk-headless maven";

/// Java 17's own folder, installed with Maven where that can be done.
pub(super) fn home() -> Result<PathBuf, String> {
    if let Some(home) = find()
        && system::on_path("mvn")
    {
        return Ok(home);
    }
    system::install("Java 17 and Maven, which the stack's servers come through", PACKAGES)?;
    find().ok_or_else(|| format!("there is no Java 17 after `{}`", system::install_line(PACKAGES)))
}

/// Cassandra runs on 17 and on nothing newer, whatever `java` is.
fn find() -> Option<PathBuf> {
    let named = std::env::var_os("JAVA_HOME").map(PathBuf::from);
    let installed = std::fs::read_dir("/usr/lib/jvm").into_iter().flatten().flatten().map(|e| e.path());
    named.into_iter().chain(installed).find(|home| is_17(home))
}

fn is_17(home: &Path) -> bool {
    let version = Command::new(home.join("bin/java")).arg("-version").output();
    version.is_ok_and(|output| String::from_utf8_lossy(&output.stderr).contains("version \"17."))
        && home.join("bin/javac").exists()
}
