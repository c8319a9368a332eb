//! `cargo es doctor`: whether all that an application's configuration names is there and answers.
//!
//! Nothing is opened as an application opens it, since that would make what is missing.

mod feed;
mod store;
mod views;

use std::{io, path::Path};

use event_sourcing::config::{Config, ConfigError};

use crate::{Outcome, text::one_line};

/// How long one part may take to answer.
#[cfg(any(feature = "cassandra", feature = "kafka", feature = "postgres"))]
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// Nothing could be looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum DoctorError {
    #[error("the runtime cannot be started: {0}")]
    Runtime(#[from] io::Error),
}

/// A line for each finding; good if nothing is wrong.
pub(crate) fn run(file: &Path) -> Result<Outcome, DoctorError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut findings = Findings { text: String::new(), good: true };
    runtime.block_on(look(file, &mut findings));
    // Not for a client that is still waiting for a server.
    runtime.shutdown_background();
    Ok(Outcome { text: findings.text, good: findings.good })
}

async fn look(file: &Path, findings: &mut Findings) {
    let shown = file.display();
    let config = match Config::load(file) {
        Ok(config) => config,
        Err(error @ ConfigError::Unreadable { .. }) => {
            return findings.wrong("config", format!("{error}; name another file with `--config FILE`"));
        }
        Err(error) => return findings.wrong("config", error),
    };
    match config.check() {
        // The part in question says which.
        Ok(()) | Err(ConfigError::FeatureMissing { .. }) => findings.fine("config", shown),
        Err(error) => return findings.wrong("config", format!("{shown}: {error}")),
    }
    store::look(&config, findings).await;
    feed::look(&config, findings).await;
    views::look(&config, findings).await;
}

/// What was found, a line for each.
struct Findings {
    text: String,
    good: bool,
}

impl Findings {
    /// As it should be.
    fn fine(&mut self, part: &str, what: impl ToString) {
        self.add("ok", part, what);
    }

    /// A promise is weaker than it could be, or somebody should do something.
    fn warn(&mut self, part: &str, what: impl ToString) {
        self.add("warn", part, what);
    }

    /// The application would not start with it, or not work.
    fn wrong(&mut self, part: &str, what: impl ToString) {
        self.good = false;
        self.add("wrong", part, what);
    }

    fn add(&mut self, grade: &str, part: &str, what: impl ToString) {
        self.text.push_str(&format!("{grade:<5}  {part:<6}  {}\n", one_line(&what.to_string())));
    }

    /// A setting that cannot be used, or that this build knows nothing of.
    #[cfg(any(feature = "cassandra", feature = "kafka"))]
    fn unusable(&mut self, part: &str, error: ConfigError) {
        match error {
            // Its own words are for those who build an application.
            ConfigError::FeatureMissing { key, feature } => self.lacks(part, &key, feature),
            error => self.wrong(part, error),
        }
    }

    fn lacks(&mut self, part: &str, key: &str, feature: &str) {
        let what = format!(
            "`{key}` needs more than this cargo-es was built with: install es-cli with `--features {feature}`"
        );
        self.wrong(part, what);
    }
}

/// What is asked of a server, unless it takes too long.
#[cfg(any(feature = "cassandra", feature = "postgres"))]
async fn within<T>(asked: impl Future<Output = T>) -> Result<T, String> {
    let answer = tokio::time::timeout(PATIENCE, asked).await;
    answer.map_err(|_| {
        format!("no answer within {} s: check the addresses and the firewall", PATIENCE.as_secs())
    })
}
