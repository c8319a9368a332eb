//! A package that is compiled for real.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{cargo_es, printed};

/// What its sources begin with.
pub(super) const USES: &str = "use event_sourcing::prelude::*;\nuse serde::{Deserialize, Serialize};\n";

/// The package, and where it is compiled: what it depends on is compiled once and kept.
pub(super) struct Shop {
    folder: PathBuf,
    target: PathBuf,
}

impl Shop {
    /// In a folder of that name, anew.
    pub(super) fn new(folder: &str) -> Self {
        let below = Path::new(env!("CARGO_TARGET_TMPDIR")).join("es-cli");
        let shop = Self { folder: below.join(folder), target: below.join("target") };
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let _ = fs::remove_dir_all(&shop.folder);
        fs::create_dir_all(shop.folder.join("src/bin")).unwrap();
        let manifest = format!(
            "[package]\nname = \"shop\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
             event-sourcing-rs = {{ path = {root:?}, default-features = false }}\nserde = {{ version = \"1\", features = [\"derive\"] }}\n"
        );
        shop.write("Cargo.toml", &manifest);
        // The versions that are there already.
        fs::copy(root.join("Cargo.lock"), shop.folder.join("Cargo.lock")).unwrap();
        shop
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        fs::write(self.folder.join(path), text).unwrap();
    }

    pub(super) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.folder.join(path)).unwrap()
    }

    pub(super) fn prepared<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_NET_OFFLINE", "true")
    }

    pub(super) fn es(&self, arguments: &[&str], good: bool) -> String {
        printed(self.prepared(&mut cargo_es(&[&["es"], arguments].concat())), good)
    }

    pub(super) fn cargo_check(&self, good: bool) -> String {
        let mut cargo = Command::new(env!("CARGO"));
        printed(self.prepared(cargo.args(["check", "--quiet", "--lib", "--bins", "--color", "never"])), good)
    }

    pub(super) fn git(&self, arguments: &[&str]) {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]);
        printed(git.current_dir(&self.folder).args(arguments), true);
    }
}
