//! Small libraries that are preloaded into servers, for what cannot be done to them from outside.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Compiles one to `folder`, unless it is there.
pub(super) fn library(folder: &Path, name: &str, text: &str) -> Result<PathBuf, String> {
    let (source, library) = (folder.join(format!("{name}.c")), folder.join(format!("{name}.so")));
    let told = |error| format!("{}: {error}", source.display());
    if library.exists() && fs::read_to_string(&source).is_ok_and(|compiled| compiled == text) {
        return Ok(library);
    }
    fs::create_dir_all(folder).map_err(told)?;
    fs::write(&source, text).map_err(told)?;
    // Under another name first: a server that runs has the old one mapped.
    let fresh = folder.join(format!("{name}.new.so"));
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-O1", "-Wall", "-o"]).arg(&fresh).arg(&source).args(["-ldl", "-pthread"]);
    match cc.status().map_err(told)? {
        status if status.success() => fs::rename(&fresh, &library).map_err(told)?,
        status => return Err(format!("{} cannot be compiled: {status}", source.display())),
    }
    Ok(library)
}

/// Has the program that `command` runs load it, beside those that it loads already.
pub(super) fn add(command: &mut Command, library: &Path) {
    const NAME: &str = "LD_PRELOAD";
    let set = command.get_envs().find(|(name, _)| *name == NAME).and_then(|(_, value)| value);
    let mut all = set.map_or_else(Default::default, |set| {
        let mut set = set.to_owned();
        set.push(":");
        set
    });
    all.push(library);
    command.env(NAME, all);
}
