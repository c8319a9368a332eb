//! Servers' artifacts, by their coordinates.

use std::{fs, path::Path, process::Command};

const PLUGIN: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:build-classpath";

/// The class path of `coordinates` (`group:artifact:version`) and all that they need, kept in `folder`.
pub(super) fn class_path(folder: &Path, java: &Path, coordinates: &[&str]) -> Result<String, String> {
    get(folder, java, pom(coordinates)?, &coordinates.join(" "))
}

/// The jar of `artifact` that holds all that it needs, and is described by the project `parent` of the same
/// version. That may not be published, and Maven wants to read it, so ours takes its place.
pub(super) fn whole_jar(
    folder: &Path,
    java: &Path,
    group: &str,
    artifact: &str,
    parent: &str,
    version: &str,
) -> Result<String, String> {
    let pom = format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><modelVersion>4.0.0</modelVersion>\n\
         <groupId>{group}</groupId><artifactId>{parent}</artifactId><version>{version}</version>\n\
         <packaging>pom</packaging>\n\
         <dependencies><dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId>\n\
         <version>{version}</version><classifier>jar-with-dependencies</classifier>\n\
         <exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>\n\
         </dependency></dependencies></project>\n"
    );
    get(folder, java, pom, &format!("{group}:{artifact}:{version}:jar:jar-with-dependencies"))
}

fn get(folder: &Path, java: &Path, pom: String, what: &str) -> Result<String, String> {
    let told = |error| format!("{}: {error}", folder.display());
    let (file, answer) = (folder.join("pom.xml"), folder.join("class-path"));
    let is_known = fs::read_to_string(&file).is_ok_and(|known| known == pom);
    if is_known
        && let Ok(path) = fs::read_to_string(&answer)
        && path.split(':').all(|jar| Path::new(jar).exists())
    {
        return Ok(path);
    }
    fs::create_dir_all(folder).map_err(told)?;
    fs::write(&file, &pom).map_err(told)?;
    println!("mvn: {what}");
    let mut command = Command::new("mvn");
    command.args(["--quiet", "--batch-mode", "--no-transfer-progress", PLUGIN]);
    command.arg(format!("-Dmdep.outputFile={}", answer.display())).env("JAVA_HOME", java);
    match command.current_dir(folder).status() {
        Ok(status) if status.success() => fs::read_to_string(&answer).map_err(told),
        Ok(status) => Err(format!("mvn could not get {what}: {status}")),
        Err(error) => Err(format!("`mvn` did not start: {error}")),
    }
}

fn pom(coordinates: &[&str]) -> Result<String, String> {
    let mut dependencies = String::new();
    for coordinate in coordinates {
        let [group, artifact, version] = coordinate.split(':').collect::<Vec<_>>()[..] else {
            return Err(format!("`{coordinate}` is not `group:artifact:version`"));
        };
        dependencies.push_str(&format!(
            "<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version></dependency>\n"
        ));
    }
    Ok(format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><modelVersion>4.0.0</modelVersion>\n\
         <groupId>stack</groupId><artifactId>stack</artifactId><version>1</version><packaging>pom</packaging>\n\
         <dependencies>\n{dependencies}</dependencies></project>\n"
    ))
}

/// The one jar of `artifact` in a class path.
pub(super) fn jar<'a>(class_path: &'a str, artifact: &str) -> Result<&'a str, String> {
    let named =
        |jar: &&str| Path::new(jar).file_name().is_some_and(|n| n.to_string_lossy().starts_with(artifact));
    class_path.split(':').find(named).ok_or_else(|| format!("no `{artifact}` among the server's artifacts"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_become_dependencies() {
        let pom = pom(&["org.apache.cassandra:cassandra-all:5.0.9"]).unwrap();
        assert!(pom.contains("<artifactId>cassandra-all</artifactId><version>5.0.9</version>"), "{pom}");
        assert!(super::pom(&["cassandra-all"]).is_err());
    }

    #[test]
    fn finds_a_jar() {
        assert_eq!(jar("/a/netty-1.jar:/b/jamm-0.4.0.jar", "jamm-"), Ok("/b/jamm-0.4.0.jar"));
        assert!(jar("/a/netty-1.jar", "jamm-").is_err());
    }
}
