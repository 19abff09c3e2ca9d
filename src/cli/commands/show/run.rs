//! A run as text: everything that is set.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::environment;
use super::file;
use super::lines::{Lines, who_and_when};
use super::spark::sparks;
use super::view::{Files, Merged, View};
use crate::cli::context::{Context, ShortIds};
use crate::cli::notices::of_left_out;
use crate::git::head::short as short_branch;
use crate::model::data::DataPin;
use crate::model::fact::Header;
use crate::model::metric::{SYSTEM, Summary, is_system};
use crate::model::param::ParamSource;
use crate::model::run::{Artifact, Run};
use crate::model::tag;
use crate::model::text::printable;
use crate::model::time::Time;
use crate::render::number::{age, bytes, duration, plural};
use crate::render::value::{shell_quote, short as short_number};

/// The keys of a fact that have lines of their own; every other one is shown as it is.
const SHOWN: &[&str] = &[
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
    "param_sources",
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

/// The text.
pub(super) fn text(cx: &Context, view: &View, short: &ShortIds) -> String {
    let run = &view.run;
    let seed = run.seed.map(|seed| format!(" seed {seed}")).unwrap_or_default();
    let name = run.name.as_deref().or(run.branch.as_deref().map(short_branch)).unwrap_or("detached HEAD");
    let status = match view.stage {
        Some(stage) if run.end == Time::default() => stage.to_owned(),
        Some(stage) => format!("{}, {stage}", run.status),
        None => run.status.to_string(),
    };
    let mut lines = Lines::new(&format!("run {} ({}{seed}) {status}", short.of(&view.id), printable(name)));
    lines.add("id", view.id.to_string());
    lines.add("by", &view.by);
    lines.add_some(
        "withdrawn",
        view.withdrawal().map(|(header, about)| {
            format!("{}: {}", who_and_when(header), about.because.as_deref().unwrap_or_default())
        }),
    );
    add_course(&mut lines, view, short);
    add_code(&mut lines, run);
    add_command(&mut lines, view);
    for (key, value) in view.fact.iter().filter(|(key, _)| !SHOWN.contains(&key.as_str())) {
        lines.add(key, plain(value));
    }
    run.param_sources.iter().for_each(|source| lines.add("params from", params_from(source)));
    let mut kinds: HashMap<&str, &str> = HashMap::new();
    for source in &run.param_sources {
        kinds.extend(source.names.iter().map(|name| (name.as_str(), source.kind.as_str())));
    }
    for (name, param) in view.params() {
        let kind = kinds.get(name.as_str()).filter(|_| param.late.is_none());
        let source = kind.map(|kind| format!("  ({kind})")).unwrap_or_default();
        lines.add("param", format!("{name} = {}{source}{}", plain(param.value), marked(&param, plain)));
    }
    let spark = sparks(cx, view);
    let (system, metrics): (Vec<_>, Vec<_>) = view.metrics().into_iter().partition(|(name, _)| is_system(name));
    for (name, metric) in metrics {
        let spark = spark(name).map(|spark| format!("  {spark}")).unwrap_or_default();
        let mark = marked(&metric, |summary| summary.r#final.to_string());
        lines.add("metric", format!("{name} = {}{mark}{spark}", summary(metric.value)));
    }
    for (name, metric) in system {
        let spark = spark(name).map(|spark| format!("  {spark}")).unwrap_or_default();
        let name = name.trim_start_matches(SYSTEM);
        lines.add("system", format!("{name} = {}{spark}", load(metric.value)));
    }
    lines.add("tags", tag::tags(&[], &view.about).into_iter().collect::<Vec<_>>().join(" "));
    // Why it was withdrawn stands above.
    let about: Vec<_> = view.about.iter().filter(|(header, _)| header.kind != "withdrawal").cloned().collect();
    lines.add_about(&about);
    lines.add_some("outputs", run.out.as_ref());
    run.artifacts.iter().for_each(|artifact| lines.add("artifact", output(artifact)));
    let late =
        view.late.iter().flat_map(|(header, late)| late.artifacts.iter().map(move |artifact| (header, artifact)));
    late.for_each(|(header, artifact)| {
        lines.add("artifact", format!("{}  added {}", output(artifact), who_and_when(header)))
    });
    // What stands there is not listed twice.
    let artifacts: HashSet<&str> = run.artifacts.iter().map(|artifact| artifact.name.as_str()).collect();
    let folders: Vec<String> =
        run.artifacts.iter().filter(|found| found.files.is_some()).map(|found| format!("{}/", found.name)).collect();
    let is_other = |name: &str| !artifacts.contains(name) && !folders.iter().any(|folder| name.starts_with(folder));
    match &view.files {
        Files::Blobs(blobs) => {
            blobs
                .iter()
                .filter(|(name, _)| is_other(name))
                .for_each(|(name, blob)| lines.add("file", format!("{name} ({})", bytes(file::size(cx, *blob)))));
        }
        Files::Disk(files) => {
            files.iter().for_each(|(name, size)| lines.add("file", format!("{name} ({})", bytes(*size))))
        }
    }
    lines.add(if view.stage.is_some() { "folder" } else { "ledger" }, &view.place);
    lines.finish()
}

fn add_course(lines: &mut Lines, view: &View, short: &ShortIds) {
    let run = &view.run;
    let id = run.experiment.as_ref().map(|id| format!(" ({})", short.of(id))).unwrap_or_default();
    lines.add_some("experiment", run.name.as_ref().map(|name| format!("{name}{id}")));
    let head = if matches!(run.head.as_str(), "" | "branch") { String::new() } else { format!(" ({})", run.head) };
    lines.add_some("branch", run.branch.as_deref().map(|branch| format!("{}{head}", short_branch(branch))));
    if view.stage.is_some() && run.end == Time::default() {
        lines.add("started", format!("{}, {}", run.start.local_minute(), age(Time::now(), run.start)));
    } else {
        lines.add("ended", format!("{} after {}", run.end.local_minute(), duration(run.seconds)));
    }
    lines.add_some(
        "used",
        run.resources.map(|used| {
            let (user, system) = (duration(used.user_seconds), duration(used.system_seconds));
            format!("CPU {user} user, {system} system; peak memory {}", bytes(used.peak_memory))
        }),
    );
    lines.add_some(
        "exit",
        run.signal.map(|signal| format!("signal {signal}")).or(run.exit.map(|exit| exit.to_string())),
    );
    if run.rejected_lines > 0 {
        let count = plural(usize::try_from(run.rejected_lines).unwrap_or(usize::MAX), "journal line");
        lines.add("rejected", format!("{count} could not be read; --file rejected.jsonl"));
    }
    for left_out in std::iter::once(run.left_out).chain(view.late.iter().map(|(_, late)| late.left_out)) {
        lines.add("too many", of_left_out(left_out));
    }
    lines.add("host", &run.host);
    if run.manual {
        lines.add("manual", "logged by hand");
    }
}

fn add_code(lines: &mut Lines, run: &Run) {
    let snapshot = run.snapshot.as_ref().map(|oid| format!(", with changes: snapshot {oid}")).unwrap_or_default();
    let dirty = if run.dirty && run.snapshot.is_none() { ", with changes that are not stored" } else { "" };
    lines.add("commit", format!("{}{snapshot}{dirty}", run.commit));
    lines.add("tree", &run.tree);
    lines.add("parents", run.parents.join(" "));
    lines.add_some(
        "baseline",
        run.baseline.as_ref().map(|baseline| {
            let base = baseline.merge_base.as_ref().filter(|base| **base != baseline.commit);
            let base = base.map(|base| format!(", merge base {base}")).unwrap_or_default();
            format!("{}{base}", baseline.commit)
        }),
    );
    lines.add_some(
        "changed",
        run.diff.as_ref().map(|diff| {
            let patch = diff.patch_id.as_ref().map(|id| format!(", patch {id}")).unwrap_or_default();
            let files = plural(usize::try_from(diff.files).unwrap_or(usize::MAX), "file");
            format!("{files}, +{} -{} since the baseline{patch}", diff.insertions, diff.deletions)
        }),
    );
    let stored = run.changed_during.as_ref().map(|oid| format!(" (stored as {oid})")).unwrap_or_default();
    if !run.changed_paths.is_empty() || !stored.is_empty() {
        lines.add("while run", format!("{}{stored}", run.changed_paths.join(", ")));
    }
}

fn add_command(lines: &mut Lines, view: &View) {
    let run = &view.run;
    lines.add("command", run.command.iter().map(|arg| shell_quote(arg)).collect::<Vec<_>>().join(" "));
    lines.add("arguments", &run.argv_digest);
    lines.add("run in", &run.cwd);
    lines.add("seed via", run.seed_via.join(", "));
    lines.add_some("config", run.config.as_ref().map(|config| format!("{} {}", config.file, config.digest)));
    let summary = view.environment.as_deref().map(environment::summary).unwrap_or_default();
    let summary = if summary.is_empty() { summary } else { format!("{summary}; --file env.toml") };
    run.data.iter().for_each(|(name, pin)| lines.add("data", data(name, pin)));
    lines.add("environment", summary);
    lines.add_some("", run.environment.as_ref());
    run.locks.iter().for_each(|(file, oid)| lines.add("lock", format!("{file} {oid}")));
    lines.add_some("evaluation", run.evaluation.as_ref());
    lines.add("plan", &run.plan);
    lines.add("condition", &run.condition);
    lines.add_some(
        "settings",
        run.settings.as_ref().map(|text| format!("{} of .xp.toml", plural(text.lines().count(), "line"))),
    );
}

/// `train: folder data/train, 10,000 files, 1.2 GiB sha256:…`.
fn data(name: &str, pin: &DataPin) -> String {
    let files = pin.files.map(|files| plural(usize::try_from(files).unwrap_or(usize::MAX), "file"));
    let from = pin.from.as_ref().filter(|_| pin.kind == "dvc").map(|from| format!("as {from} says"));
    let place = pin.path.as_deref().or(pin.uri.as_deref()).unwrap_or_default();
    let moves = (pin.permanent == Some(false)).then(|| "names what may move".to_owned());
    let parts = [Some(format!("{} {place}", pin.kind)), files, pin.bytes.map(bytes), from, moves];
    let said = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    format!("{name}: {said} {}", pin.digest.as_deref().unwrap_or_default()).trim_end().to_owned()
}

/// `hydra outputs/…/config.yaml: 12 params; changed: lr=0.2; overruled: model.width = 10`.
fn params_from(source: &ParamSource) -> String {
    let place = source.file.as_ref().map(|file| format!(" {file}")).unwrap_or_default();
    let changed = source.overrides.join(" ");
    let changed = if changed.is_empty() { changed } else { format!("; changed: {changed}") };
    let overruled: Vec<String> =
        source.overruled.iter().map(|(name, value)| format!("{name} = {}", plain(value))).collect();
    let overruled = if overruled.is_empty() { String::new() } else { format!("; overruled: {}", overruled.join(", ")) };
    // Of several jobs of Hydra, what they agree on is told of the first.
    let count = if source.names.is_empty() { "none".to_owned() } else { plural(source.names.len(), "param") };
    format!("{}{place}: {count}{changed}{overruled}", source.kind)
}

/// `out/model.json (1.2 KiB) sha256:…`, and what is special about it.
fn output(artifact: &Artifact) -> String {
    let link = artifact.link.as_ref().map(|link| format!(", a link to {link}")).unwrap_or_default();
    let executable = if artifact.executable { ", executable" } else { "" };
    let stored = if artifact.stored { "" } else { ", not stored" };
    let files = artifact.files.map(|files| format!(" in {files} files")).unwrap_or_default();
    let kind = artifact.kind.as_ref().map(|kind| format!(", {kind}")).unwrap_or_default();
    format!("{} ({}{files}{kind}{executable}{link}{stored}) {}", artifact.name, bytes(artifact.size), artifact.oid)
}

/// A value, texts without quotes.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn summary(summary: &Summary) -> String {
    let step = summary.step.map(|step| format!(" at step {step}")).unwrap_or_default();
    let best = summary.best.as_ref().filter(|best| !best.is_identical(&summary.r#final));
    let best = best.map(|best| format!(", best {best}")).unwrap_or_default();
    let range = match (&summary.min, &summary.max) {
        (Some(min), Some(max)) if summary.count > 1 => format!("  ({} points, {min} to {max}{best})", summary.count),
        _ => String::new(),
    };
    format!("{}{step}{range}", summary.r#final)
}

/// Of what the machine was busy with, the last value says least.
fn load(summary: &Summary) -> String {
    match (&summary.mean, &summary.min, &summary.max) {
        (Some(mean), Some(min), Some(max)) if summary.count > 1 => {
            let count = plural(usize::try_from(summary.count).unwrap_or(usize::MAX), "point");
            format!("{} in the mean  ({count}, {min} to {max})", short_number(mean))
        }
        _ => summary.r#final.to_string(),
    }
}

/// Who added a value later, and what it replaced.
fn marked<T>(merged: &Merged<'_, T>, show: impl Fn(&T) -> String) -> String {
    let late = |header: &Header| {
        let before = merged.before.map(|before| format!("; before: {}", show(before))).unwrap_or_default();
        format!("  (late: {}{before})", who_and_when(header))
    };
    merged.late.map(late).unwrap_or_default()
}
