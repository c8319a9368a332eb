//! The command line: `LIBRARY STORAGE LOAD [--commands N] [--folder FOLDER] [--postgres URL]`.

use std::path::PathBuf;

use crate::{Error, load::Load};

pub(crate) struct Options {
    pub(crate) library: String,
    pub(crate) storage: String,
    pub(crate) load: Load,
    pub(crate) commands: u64,
    /// Where a database file is made, and removed again.
    pub(crate) folder: PathBuf,
    /// A database, for a schema that is removed again.
    pub(crate) postgres: Option<String>,
}

impl Options {
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, Error> {
        let mut named = |what: &str| arguments.next().ok_or_else(|| format!("say which {what}"));
        let (library, storage, load) = (named("library")?, named("storage")?, named("load")?);
        let load = Load::named(&load).ok_or_else(|| format!("there is no load `{load}`"))?;
        let mut options =
            Self { library, storage, load, commands: 200, folder: std::env::temp_dir(), postgres: None };
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("`{name}` lacks its value"))?;
            match &*name {
                "--commands" => options.commands = value.parse()?,
                "--folder" => options.folder = value.into(),
                "--postgres" => options.postgres = Some(value),
                _ => return Err(format!("there is no argument `{name}`").into()),
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Options, Error> {
        Options::parse(line.split(' ').map(str::to_owned))
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        let options = parsed("evento sqlite long --commands 7").unwrap();
        assert_eq!((options.library.as_str(), options.commands), ("evento", 7));
        let said = |line| parsed(line).err().unwrap().to_string();
        assert_eq!(said("evento sqlite"), "say which load");
        assert_eq!(said("evento sqlite tall"), "there is no load `tall`");
        assert_eq!(said("evento sqlite long --commands"), "`--commands` lacks its value");
        assert_eq!(said("evento sqlite long --speed 1"), "there is no argument `--speed`");
    }
}
