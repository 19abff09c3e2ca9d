//! The columns that every run has.

use super::cell::{Cell, Field, Kind, optional};
use super::row::{RunRow, keys};
use super::said::{about, other, remarks, tags};
use crate::model::id::Id;
use crate::model::run::Status;

/// The columns of all runs.
pub(super) const FIELDS: [Field<RunRow>; 59] = [
    Field::new("id", Kind::Text, |row| Cell::text(row.header.id.as_str())),
    Field::new("experiment", Kind::Text, |row| optional(row.run.name.as_deref(), Cell::text)),
    Field::new("experiment_id", Kind::Text, |row| optional(row.run.experiment.as_ref().map(Id::as_str), Cell::text)),
    Field::new("seed", Kind::Integer, |row| optional(row.run.seed, Cell::Integer)),
    Field::new("status", Kind::Text, status),
    Field::new("withdrawn", Kind::Boolean, |row| Cell::Boolean(row.withdrawal().is_some())),
    Field::new("withdrawn_because", Kind::Text, |row| {
        optional(row.withdrawal().and_then(|about| about.because.as_deref()), Cell::text)
    }),
    Field::new("tags", Kind::Json, |row| Cell::list(&tags(&[], &row.about))),
    Field::new("remarks", Kind::Json, |row| remarks(&row.about)),
    Field::new("started", Kind::Time, |row| Cell::Time(row.run.start)),
    Field::new("ended", Kind::Time, |row| Cell::Time(row.run.end)),
    Field::new("seconds", Kind::Float, |row| Cell::Float(row.run.seconds)),
    Field::new("user_seconds", Kind::Float, |row| {
        optional(row.run.resources.as_ref(), |used| Cell::Float(used.user_seconds))
    }),
    Field::new("system_seconds", Kind::Float, |row| {
        optional(row.run.resources.as_ref(), |used| Cell::Float(used.system_seconds))
    }),
    Field::new("peak_memory", Kind::Integer, |row| {
        optional(row.run.resources.as_ref(), |used| Cell::count(used.peak_memory))
    }),
    Field::new("exit", Kind::Integer, |row| optional(row.run.exit, |exit| Cell::Integer(exit.into()))),
    Field::new("signal", Kind::Integer, |row| optional(row.run.signal, |signal| Cell::Integer(signal.into()))),
    Field::new("by", Kind::Text, |row| Cell::some_text(&row.header.by)),
    Field::new("host", Kind::Text, |row| Cell::some_text(&row.run.host)),
    Field::new("branch", Kind::Text, |row| optional(row.run.branch.as_deref(), Cell::text)),
    Field::new("head", Kind::Text, |row| Cell::some_text(&row.run.head)),
    Field::new("commit", Kind::Text, |row| Cell::text(&row.run.commit)),
    Field::new("tree", Kind::Text, |row| Cell::some_text(&row.run.tree)),
    Field::new("parents", Kind::Json, |row| Cell::list(&row.run.parents)),
    Field::new("dirty", Kind::Boolean, |row| Cell::Boolean(row.run.dirty)),
    Field::new("snapshot", Kind::Text, |row| optional(row.run.snapshot.as_deref(), Cell::text)),
    Field::new("changed_during", Kind::Text, |row| optional(row.run.changed_during.as_deref(), Cell::text)),
    Field::new("changed_paths", Kind::Json, |row| Cell::list(&row.run.changed_paths)),
    Field::new("baseline_commit", Kind::Text, |row| {
        optional(row.run.baseline.as_ref(), |baseline| Cell::text(&baseline.commit))
    }),
    Field::new("merge_base", Kind::Text, |row| {
        optional(row.run.baseline.as_ref().and_then(|baseline| baseline.merge_base.as_deref()), Cell::text)
    }),
    Field::new("diff_files", Kind::Integer, |row| optional(row.run.diff.as_ref(), |diff| Cell::count(diff.files))),
    Field::new("diff_insertions", Kind::Integer, |row| {
        optional(row.run.diff.as_ref(), |diff| Cell::count(diff.insertions))
    }),
    Field::new("diff_deletions", Kind::Integer, |row| {
        optional(row.run.diff.as_ref(), |diff| Cell::count(diff.deletions))
    }),
    Field::new("patch_id", Kind::Text, |row| {
        optional(row.run.diff.as_ref().and_then(|diff| diff.patch_id.as_deref()), Cell::text)
    }),
    Field::new("command", Kind::Json, |row| Cell::list(&row.run.command)),
    Field::new("argv_digest", Kind::Text, |row| Cell::some_text(&row.run.argv_digest)),
    Field::new("cwd", Kind::Text, |row| Cell::text(&row.run.cwd)),
    Field::new("seed_via", Kind::Json, |row| Cell::list(&row.run.seed_via)),
    Field::new("config_file", Kind::Text, |row| optional(row.run.config.as_ref(), |config| Cell::text(&config.file))),
    Field::new("config_digest", Kind::Text, |row| {
        optional(row.run.config.as_ref(), |config| Cell::text(&config.digest))
    }),
    Field::new("environment", Kind::Text, |row| optional(row.run.environment.as_deref(), Cell::text)),
    Field::new(
        "locks",
        Kind::Json,
        |row| {
            if row.run.locks.is_empty() { Cell::Null } else { Cell::json(&row.run.locks) }
        },
    ),
    Field::new("evaluation", Kind::Text, |row| optional(row.run.evaluation.as_deref(), Cell::text)),
    Field::new("data", Kind::Json, |row| if row.run.data.is_empty() { Cell::Null } else { Cell::json(&row.run.data) }),
    Field::new("out", Kind::Text, |row| optional(row.run.out.as_deref(), Cell::text)),
    Field::new("artifacts", Kind::Json, |row| Cell::list(&row.run.artifacts)),
    Field::new("plan", Kind::Text, |row| Cell::some_text(&row.run.plan)),
    Field::new("condition", Kind::Text, |row| Cell::some_text(&row.run.condition)),
    Field::new("rejected_lines", Kind::Integer, |row| Cell::count(row.run.rejected_lines)),
    Field::new("metrics_left_out", Kind::Integer, |row| Cell::count(row.run.left_out.metrics)),
    Field::new("params_left_out", Kind::Integer, |row| Cell::count(row.run.left_out.params)),
    Field::new("manual", Kind::Boolean, |row| Cell::Boolean(row.run.manual)),
    Field::new("settings", Kind::Text, |row| optional(row.run.settings.as_deref(), Cell::text)),
    Field::new("time", Kind::Time, |row| Cell::Time(row.header.time)),
    Field::new("xp", Kind::Text, |row| Cell::text(&row.header.xp)),
    Field::new("ledger", Kind::Text, |row| Cell::text(&row.ledger)),
    Field::new("late", Kind::Integer, |row| Cell::count(row.late.len() as u64)),
    Field::new("about", Kind::Json, |row| about(&row.about)),
    Field::new("other", Kind::Json, |row| other(&row.text, &KEYS)),
];

/// The keys of a run fact that this version knows: each has a column, or several.
pub(super) const KEYS: [&str; 46] = [
    "xp",
    "kind",
    "id",
    "time",
    "by",
    "experiment",
    "name",
    "branch",
    "head",
    "commit",
    "tree",
    "parents",
    "baseline",
    "diff",
    "dirty",
    "snapshot",
    "changed_during",
    "changed_paths",
    "seed",
    "seed_via",
    "params",
    "metrics",
    "status",
    "exit",
    "signal",
    "start",
    "end",
    "seconds",
    "resources",
    "command",
    "argv_digest",
    "cwd",
    "config",
    "data",
    "environment",
    "locks",
    "evaluation",
    "host",
    "out",
    "artifacts",
    "plan",
    "condition",
    "rejected_lines",
    "left_out",
    "manual",
    "settings",
];

/// The status as the fact has it, also one that this version does not know.
fn status(row: &RunRow) -> Cell<'_> {
    match row.run.status {
        Status::Unknown => {
            let raw = keys(&row.text).get("status").and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
            optional(raw, |status| Cell::Text(status.into()))
        }
        status => Cell::Text(status.to_string().into()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::KEYS;
    use crate::model::run::{ConfigCopy, DiffStat, LeftOut, Run, RunBaseline};

    #[test]
    fn every_key_of_a_run_is_known() {
        let run = Run {
            experiment: Some(crate::model::id::Id::from_random([1; 20])),
            name: Some("a".into()),
            branch: Some("a".into()),
            head: "branch".into(),
            parents: vec!["a".into()],
            baseline: Some(RunBaseline { commit: "a".into(), merge_base: None }),
            diff: Some(DiffStat { files: 1, insertions: 1, deletions: 1, patch_id: None }),
            snapshot: Some("a".into()),
            changed_during: Some("a".into()),
            changed_paths: vec!["a".into()],
            seed: Some(1),
            seed_via: vec!["a".into()],
            params: BTreeMap::from([("a".into(), 1.into())]),
            resources: Some(crate::model::run::Resources { user_seconds: 1.0, system_seconds: 1.0, peak_memory: 1 }),
            exit: Some(1),
            signal: Some(1),
            command: vec!["a".into()],
            argv_digest: "a".into(),
            config: Some(ConfigCopy { file: "a".into(), digest: "a".into() }),
            environment: Some("a".into()),
            locks: BTreeMap::from([("a".into(), "a".into())]),
            evaluation: Some("a".into()),
            host: "a".into(),
            artifacts: vec![crate::model::run::Artifact {
                name: "a".into(),
                oid: "a".into(),
                size: 1,
                ..Default::default()
            }],
            plan: "a".into(),
            condition: "a".into(),
            rejected_lines: 1,
            left_out: LeftOut { metrics: 1, params: 1 },
            manual: true,
            settings: Some("a".into()),
            ..Run::default()
        };
        let Ok(Value::Object(map)) = serde_json::to_value(run) else { panic!("an object") };
        for key in map.keys() {
            assert!(KEYS.contains(&key.as_str()), "{key}");
        }
    }
}
