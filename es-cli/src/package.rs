//! The package whose events are meant, as cargo sees it.

use serde_json::Value;
use std::{
    env,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    process::Command,
};

use es_core::schema::lock;

/// What the command line says about it.
pub(crate) struct Wanted {
    pub(crate) manifest: Option<PathBuf>,
    pub(crate) package: Option<String>,
    pub(crate) example: Option<String>,
    /// Features, as cargo takes them.
    pub(crate) flags: Vec<String>,
}

/// A package.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) manifest: PathBuf,
    /// Where cargo may write.
    pub(crate) target: PathBuf,
    /// Those that hold the events.
    pub(crate) targets: Vec<Target>,
    pub(crate) flags: Vec<String>,
    /// The folder of the lock file.
    folder: PathBuf,
}

/// Something that cargo compiles.
pub(crate) struct Target {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) source: PathBuf,
    /// The features without which it is not compiled.
    pub(crate) features: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Lib,
    Bin,
    Example,
}

/// The package could not be found.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PackageError {
    #[error("cargo cannot be started: {0}")]
    Cargo(#[from] io::Error),
    #[error("cargo cannot read the package:\n{0}")]
    Metadata(String),
    #[error("there is no package `{wanted}` here; there are: {known}")]
    Unknown { wanted: String, known: String },
    #[error("there are several packages here: say which one with `-p`: {0}")]
    Several(String),
    #[error("`{package}` has no example `{example}`")]
    NoExample { package: String, example: String },
}

pub(crate) fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
}

impl Package {
    pub(crate) fn find(wanted: &Wanted) -> Result<Self, PackageError> {
        let mut command = cargo();
        command.args(["metadata", "--no-deps", "--format-version", "1"]);
        if let Some(manifest) = &wanted.manifest {
            command.arg("--manifest-path").arg(manifest);
        }
        let output = command.output()?;
        let told = || PackageError::Metadata(String::from_utf8_lossy(&output.stderr).trim_end().to_owned());
        if !output.status.success() {
            return Err(told());
        }
        let metadata: Value = serde_json::from_slice(&output.stdout).map_err(|_| told())?;
        let package = choose(&metadata, wanted)?;
        let target = PathBuf::from(text(&metadata, "target_directory"));
        let manifest = PathBuf::from(text(package, "manifest_path"));
        let mut folder = manifest.parent().unwrap_or(Path::new(".")).to_owned();
        let name = text(package, "name").to_owned();
        let mut targets = Vec::new();
        for found in package["targets"].as_array().into_iter().flatten() {
            let kinds = texts(found, "kind");
            let kind = match kinds[..] {
                ["bin"] => Kind::Bin,
                ["example"] => Kind::Example,
                [.., "lib" | "rlib" | "cdylib" | "dylib" | "staticlib"] => Kind::Lib,
                _ => continue,
            };
            targets.push(Target {
                kind,
                name: text(found, "name").to_owned(),
                source: text(found, "src_path").into(),
                features: texts(found, "required-features").into_iter().map(str::to_owned).collect(),
            });
        }
        match &wanted.example {
            None => targets.retain(|target| target.kind != Kind::Example),
            Some(example) => {
                targets.retain(|target| target.kind == Kind::Example && target.name == *example);
                let Some(found) = targets.first() else {
                    return Err(PackageError::NoExample { package: name, example: example.clone() });
                };
                folder = found.source.parent().unwrap_or(&folder).to_owned();
            }
        }
        let flags = wanted.flags.clone();
        Ok(Self { name, manifest, target, targets, flags, folder })
    }

    pub(crate) fn lock_path(&self) -> PathBuf {
        self.folder.join(lock::FILE)
    }

    /// The folder of the lock file.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

fn choose<'a>(metadata: &'a Value, wanted: &Wanted) -> Result<&'a Value, PackageError> {
    let all: Vec<&Value> = metadata["packages"].as_array().into_iter().flatten().collect();
    let names = || all.iter().map(|p| text(p, "name")).collect::<Vec<_>>().join(", ");
    if let Some(name) = &wanted.package {
        let found = all.iter().find(|p| text(p, "name") == name);
        return found.copied().ok_or_else(|| PackageError::Unknown { wanted: name.clone(), known: names() });
    }
    let here = match &wanted.manifest {
        Some(manifest) => manifest.canonicalize().ok(),
        None => env::current_dir().ok().and_then(|folder| {
            let manifests = folder.ancestors().map(|f| f.join("Cargo.toml")).collect::<Vec<_>>();
            manifests.into_iter().find(|m| m.is_file())?.canonicalize().ok()
        }),
    };
    let is_here =
        |p: &&&Value| here.is_some() && Path::new(text(p, "manifest_path")).canonicalize().ok() == here;
    match (all.iter().find(is_here), &all[..]) {
        (Some(found), _) | (None, [found]) => Ok(found),
        _ => Err(PackageError::Several(names())),
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn texts<'a>(value: &'a Value, name: &str) -> Vec<&'a str> {
    value[name].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}
