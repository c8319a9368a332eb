//! Benchmarks, by what they measure.

use crate::run::Steps;

/// What people ask for, and the binary of the package `es-bench` that measures it.
const BENCHES: &[(&str, &str)] = &[("core", "command"), ("store", "store"), ("pipeline", "pipeline")];

/// The names there are, as a sentence's end.
pub(crate) fn names() -> String {
    BENCHES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

/// Runs the benchmark `name`, or all of them, with `arguments`.
pub(crate) fn step<'a>(
    steps: &mut Steps,
    name: Option<&str>,
    arguments: impl Iterator<Item = &'a str>,
) -> Result<(), String> {
    let arguments: Vec<_> = arguments.collect();
    for (name, binary) in chosen(name)? {
        let mut line = vec!["run", "--release", "--package", "es-bench", "--bin", binary, "--"];
        line.extend(&arguments);
        steps.cargo(&format!("bench {name}"), &line, &[]);
    }
    Ok(())
}

fn chosen(name: Option<&str>) -> Result<Vec<(&'static str, &'static str)>, String> {
    let chosen: Vec<_> =
        BENCHES.iter().copied().filter(|(n, _)| name.is_none_or(|name| name == *n)).collect();
    match name {
        Some(name) if chosen.is_empty() => {
            Err(format!("there is no benchmark `{name}`; there are: {}", names()))
        }
        _ => Ok(chosen),
    }
}

#[cfg(test)]
mod tests {
    use super::chosen;

    #[test]
    fn names_map_to_binaries() {
        assert_eq!(chosen(Some("core")).unwrap(), [("core", "command")]);
        assert!(!chosen(None).unwrap().is_empty());
        assert_eq!(
            chosen(Some("cores")).unwrap_err(),
            "there is no benchmark `cores`; there are: core, store, pipeline"
        );
    }
}
