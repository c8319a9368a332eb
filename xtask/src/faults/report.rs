//! What a run says in the end, and whether it passes.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Options, nemesis::Done};
use crate::stack::Pipeline;

pub(super) struct Report(Value);

impl Report {
    /// `judged` is what the judge printed.
    pub(super) fn new(options: &Options, took: Duration, done: Done, judged: Value) -> Self {
        let faults: Map<_, _> =
            done.faults.iter().map(|(kind, count)| (kind.to_string(), (*count).into())).collect();
        let mut report = json!({
            "seed": options.seed,
            "seconds": options.seconds,
            "took_seconds": took.as_secs_f64().round(),
            "nodes": options.wanted.nodes,
            "connect": options.wanted.pipeline == Some(Pipeline::Connect),
            "plant": options.plant,
            "faults": faults,
            "unsynced_bytes_lost": done.unsynced,
            "ended_by_themselves": done.ended,
        });
        if let (Some(report), Value::Object(judged)) = (report.as_object_mut(), judged) {
            report.extend(judged);
        }
        report["nothing_happened"] = idle(&report, options).into();
        Self(report)
    }

    pub(super) fn text(&self) -> String {
        self.0.to_string()
    }

    /// An error unless all promises were kept, and put to the test.
    pub(super) fn judge(&self) -> Result<(), String> {
        let list =
            |name: &str| self.0[name].as_array().cloned().unwrap_or_else(|| vec![json!("it is missing")]);
        let violations = list("violations");
        if !violations.is_empty() {
            let kinds: Vec<_> = violations.iter().filter_map(|v| v["what"].as_str()).take(5).collect();
            return Err(format!("{} promises were broken, first {kinds:#?}", violations.len()));
        }
        let idle = list("nothing_happened");
        if !idle.is_empty() {
            return Err(format!("the run proves nothing: {idle:?}"));
        }
        Ok(())
    }
}

/// Why the run would prove nothing.
fn idle(report: &Value, options: &Options) -> Vec<String> {
    let mut idle = Vec::new();
    let count = |path: &str| report.pointer(path).and_then(Value::as_u64).unwrap_or(0);
    let mut must = |holds: bool, what: String| {
        if !holds {
            idle.push(what);
        }
    };
    must(count("/operations/acknowledged") > 0, "no command was acknowledged".to_owned());
    must(count("/views/applied") > 0, "nothing came to a view".to_owned());
    for kind in &options.kinds {
        must(count(&format!("/faults/{kind}")) > 0, format!("`{kind}` did not happen"));
    }
    let copies = options.wanted.nodes == 1 || count("/views/duplicates") > 0;
    must(copies, "no record came twice, with three replicas".to_owned());
    let applications = report["ended_by_themselves"].as_object().into_iter().flatten();
    for (name, _) in
        applications.filter(|(name, _)| name.starts_with("commands") || name.starts_with("listener"))
    {
        must(false, format!("{name} ended by itself: see its log"));
    }
    idle
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::wanted;

    fn report(nodes: u8, change: impl Fn(&mut Value)) -> Result<(), String> {
        let options = Options::all(wanted(nodes, false), 60, 1);
        let done =
            Done { faults: options.kinds.iter().copied().map(|kind| (kind, 1)).collect(), ..Done::default() };
        let mut judged = json!({
            "operations": { "acknowledged": 5 }, "views": { "applied": 5, "duplicates": 5 }, "violations": [],
        });
        change(&mut judged);
        Report::new(&options, Duration::from_secs(60), done, judged).judge()
    }

    #[test]
    fn a_run_passes_that_broke_nothing_and_did_something() {
        assert_eq!(report(3, |_| {}), Ok(()));
        assert_eq!(report(1, |judged| judged["views"]["duplicates"] = 0.into()), Ok(()));
    }

    #[test]
    fn a_broken_promise_fails() {
        let broken = report(3, |judged| judged["violations"] = json!([{ "what": "lost" }]));
        assert!(broken.unwrap_err().contains("lost"));
        assert!(report(3, |judged| judged["violations"] = Value::Null).is_err(), "no verdict is none");
    }

    #[test]
    fn a_run_in_which_nothing_happened_fails() {
        assert!(report(3, |judged| judged["operations"]["acknowledged"] = 0.into()).is_err());
        assert!(report(3, |judged| judged["views"]["applied"] = 0.into()).is_err());
        assert!(report(3, |judged| judged["views"]["duplicates"] = 0.into()).is_err());
        let options = Options::all(wanted(1, false), 60, 1);
        let judged =
            json!({ "operations": { "acknowledged": 5 }, "views": { "applied": 5 }, "violations": [] });
        let report = Report::new(&options, Duration::from_secs(60), Done::default(), judged);
        assert!(report.judge().unwrap_err().contains("kill-node"));
    }
}
