//! `git xp start`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::cli::selector;
use crate::git::branch::name_fault;
use crate::git::head::{Head, short};
use crate::git::objects::Author;
use crate::git::{GitError, Oid};
use crate::model::experiment::{Baseline, Experiment, RecordedHypothesis};
use crate::model::fact::{Body, Fact, Header};
use crate::model::hypothesis::{Hypothesis, editor_template, parse_editor_template};
use crate::model::id::Id;
use crate::model::tag;
use crate::model::time::Time;
use crate::record::belonging::{self, TRAILER};
use crate::record::pending;
use crate::records::{ExperimentRecord, Records, RunRecord};

/// Start an experiment: a branch with a written hypothesis
///
/// Makes the branch exp/NAME with a registration commit (its tree is its parent's) and moves onto it; uncommitted changes
/// travel along. Nothing of the hypothesis is mandatory.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git xp start bigger-lr --expect 'val_acc >= baseline + 0.01' --because 'the loss still falls at the end'
  git xp start wider --data digits --method 'twice the width' --expect 'val_acc >= 0.92' --planned-seeds 5
  git xp start wider-still --from wider
  git xp start --amend --expect 'best(val_acc) >= 0.92'

Expectations: METRIC >=|>|<=|< NUMBER, or baseline, baseline + NUMBER, baseline - NUMBER, baseline * NUMBER;
METRIC may be best(…), min(…) or max(…).")]
pub struct StartArgs {
    /// Name of the experiment; its branch is exp/NAME
    #[arg(required_unless_present_any = ["here", "amend"])]
    name: Option<String>,

    /// What it is tried on
    #[arg(long, value_name = "TEXT")]
    data: Option<String>,

    /// What is tried
    #[arg(long, value_name = "TEXT")]
    method: Option<String>,

    /// What is expected, such as 'val_acc >= baseline + 0.01'; several times for several metrics
    #[arg(long, value_name = "EXPECTATION")]
    expect: Vec<String>,

    /// Why
    #[arg(long, value_name = "TEXT")]
    because: Option<String>,

    /// Write the hypothesis in your editor
    #[arg(short, long)]
    edit: bool,

    /// Change the hypothesis of the experiment you stand on; only before its first run
    #[arg(long, conflicts_with_all = ["here", "worktree", "from", "base"])]
    amend: bool,

    /// Where the branch starts [default: HEAD]
    #[arg(long, value_name = "REV")]
    base: Option<String>,

    /// What it is compared with [default: the default branch]
    #[arg(long, value_name = "REV")]
    baseline: Option<String>,

    /// How many seeds are planned
    #[arg(long, value_name = "N")]
    planned_seeds: Option<u32>,

    /// Tag it; several times for several tags
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,

    /// Check the branch out in a new work tree instead of here
    #[arg(long, value_name = "DIR", conflicts_with = "here")]
    worktree: Option<PathBuf>,

    /// Register the branch you stand on instead of making one
    #[arg(long, conflicts_with = "base")]
    here: bool,

    /// Start from another experiment's hypothesis and last command
    #[arg(long, value_name = "EXPERIMENT")]
    from: Option<String>,
}

/// Do it.
///
/// # Errors
/// If the name, base or hypothesis is wrong, or git refuses; then nothing has changed.
pub fn run(cx: &Context, args: StartArgs) -> Result<u8, CliError> {
    cx.repo.work_dir()?;
    cx.repo.check_writable()?;
    let head = cx.repo.head()?;
    if let Some(operation) = cx.repo.operation() {
        let article = if operation == "am" { "an" } else { "a" };
        return Err(CliError::new(format!("{article} {operation} is in progress")).hint(end_operation(operation)));
    }
    check_can_switch(cx, &args)?;
    if args.amend {
        return amend(cx, &args, &head);
    }
    let records = cx.records()?;
    let plan = plan(cx, &args, &head, records)?;
    let id = Id::random().map_err(crate::record::RecordError::from)?;
    let author = author(cx);
    let message = message(&plan.name, &plan.hypothesis, id);
    let commit = cx.repo.empty_commit(plan.base, &author, &message)?;
    settle(cx, &args, &plan, commit)?;
    let experiment = Experiment {
        experiment: None,
        name: plan.name.clone(),
        branch: plan.branch.clone(),
        commit: commit.to_string(),
        base: plan.base.to_string(),
        baseline: plan.baseline,
        hypothesis: RecordedHypothesis::from(&plan.hypothesis),
        planned_seeds: args.planned_seeds.or(plan.planned_seeds),
        tags: args.tags.clone(),
        from: plan.from,
        command: plan.command,
    };
    register(cx, id, experiment)?;
    cx.repo.remember(&belonging::config_key(short(&plan.branch)), id.as_str());
    cx.ui.status(&format!("started {} on {}", plan.name, short(&plan.branch)));
    if !plan.hypothesis.is_empty() {
        cx.ui.status(&plan.hypothesis.sentence());
    }
    cx.ui.hint("git xp run --seed 1 -- <command>    records a run of it");
    Ok(exit::OK)
}

/// Whether git will be able to move onto the branch, as far as that can be told before it is made.
fn check_can_switch(cx: &Context, args: &StartArgs) -> Result<(), CliError> {
    if args.here || args.amend || args.worktree.is_some() {
        return Ok(());
    }
    if let Some(lock) = cx.repo.index_lock() {
        return Err(GitError::Locked { name: "the index".to_owned(), lock }.into());
    }
    // git looks at the same files, with the same filters.
    Ok(cx.repo.dirt().map(drop)?)
}

/// What is going to be made.
struct Plan {
    name: String,
    branch: String,
    base: Oid,
    baseline: Option<Baseline>,
    hypothesis: Hypothesis,
    from: Option<Id>,
    command: Vec<String>,
    planned_seeds: Option<u32>,
}

fn plan(cx: &Context, args: &StartArgs, head: &Head, records: &Records) -> Result<Plan, CliError> {
    let (name, branch) = name_and_branch(cx, args, head)?;
    check_tags(&args.tags)?;
    let base = args.base.as_deref().map_or(Ok(head.commit), |rev| cx.repo.resolve(rev))?;
    if args.here {
        if let Some((_, found)) = belonging::find(&cx.repo, &cx.settings.start.prefix, &branch, head.commit)?
            && found.branch == branch
        {
            return Err(CliError::new(format!("{} is registered already, as '{}'", short(&branch), found.name))
                .hint("git xp start --amend    changes its hypothesis before its first run"));
        }
    } else {
        check_free(cx, records, &name, &branch)?;
    }
    warn_if_stacked(cx, args, head, records, &name);
    let baseline = baseline(cx, args, base)?;
    let other = args.from.as_deref().map(|from| find_other(cx, records, from)).transpose()?;
    let inherited = other.map(|other| other.current.hypothesis(&records.names).read()).unwrap_or_default();
    let hypothesis = hypothesis(cx, args, inherited)?;
    let command = other.map(|other| last_command(records, other)).unwrap_or_default();
    Ok(Plan {
        name,
        branch,
        base,
        baseline,
        hypothesis,
        from: other.map(|other| other.id),
        command,
        planned_seeds: other.and_then(|other| other.current.planned_seeds),
    })
}

fn name_and_branch(cx: &Context, args: &StartArgs, head: &Head) -> Result<(String, String), CliError> {
    let found = named(cx, args, head)?;
    let holds_secret = |text: &str| cx.masker.mask_text(text) != text;
    // A branch is recorded and pushed by its name; a mask would be the name of another one.
    if holds_secret(&found.0) {
        let here = if args.here { "--here " } else { "" };
        return Err(CliError::new("the name of the experiment holds a secret; names are recorded and pushed")
            .hint(format!("git xp start {here}my-experiment")));
    }
    if holds_secret(short(&found.1)) {
        return Err(CliError::new("the name of the branch holds a secret; names are recorded and pushed")
            .hint("git branch -m <another name>, then again"));
    }
    Ok(found)
}

fn named(cx: &Context, args: &StartArgs, head: &Head) -> Result<(String, String), CliError> {
    let prefix = cx.settings.start.prefix.as_str();
    if args.here {
        let branch = head.branch.clone().filter(|_| head.state == "branch").ok_or_else(|| {
            CliError::new("HEAD is on no branch, so there is no branch to register").hint("git switch -c <branch>")
        })?;
        let name = args.name.clone().unwrap_or_else(|| short(&branch).trim_start_matches(prefix).to_owned());
        return Ok((name, branch));
    }
    let typed = args.name.as_deref().unwrap_or_default();
    let name = typed.strip_prefix(prefix).unwrap_or(typed);
    if let Some(fault) =
        name_fault(&format!("{prefix}{name}")).or_else(|| name.is_empty().then(|| "it is empty".to_owned()))
    {
        return Err(CliError::new(format!("'{typed}' cannot be the name of a branch: {fault}"))
            .hint(format!("git xp start {}", tidy(typed))));
    }
    Ok((name.to_owned(), format!("refs/heads/{prefix}{name}")))
}

/// A name like the one typed that git would take.
fn tidy(name: &str) -> String {
    let kept = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | '/') { c } else { '-' };
    let tidy: String = name.chars().take(60).map(kept).collect();
    let tidy = tidy.split(['-', '/']).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    if tidy.is_empty() { "my-experiment".to_owned() } else { tidy }
}

fn check_free(cx: &Context, records: &Records, name: &str, branch: &str) -> Result<(), CliError> {
    if let Some(other) = cx.repo.branch_in_the_way(branch)? {
        let (ours, other) = (short(branch), short(&other));
        let why = if ours == other { "exists already".to_owned() } else { format!("cannot exist beside '{other}'") };
        // Below a branch there is no room for another one, whatever it is called.
        let free = if ours.starts_with(&format!("{other}/")) { name.replace('/', "-") } else { format!("{name}-2") };
        return Err(CliError::new(format!("the branch '{ours}' {why}"))
            .hint(format!("git xp start {free}, or git switch {other} to go on with it")));
    }
    if records.find_experiment_by_name(name).is_some() {
        return Err(CliError::new(format!(
            "an experiment '{name}' was recorded before; its branch is gone, its facts are not"
        ))
        .hint(format!("git xp start {name}-2, or git xp log {name} to see it")));
    }
    Ok(())
}

fn warn_if_stacked(cx: &Context, args: &StartArgs, head: &Head, records: &Records, name: &str) {
    let here = head.branch.as_deref().and_then(|branch| records.find_experiment_by_branch(branch));
    if let (Some(other), None, false) = (here, &args.base, args.here) {
        let default = cx.repo.default_branch().map_or("main".to_owned(), |branch| short(&branch).to_owned());
        cx.ui.warning(&format!(
            "'{name}' starts from the experiment '{}', whose changes it contains",
            records.text(other.current.name)
        ));
        cx.ui.hint(&format!("to start from {default} instead: git xp start {name} --base {default}"));
    }
}

fn baseline(cx: &Context, args: &StartArgs, base: Oid) -> Result<Option<Baseline>, CliError> {
    let named = args.baseline.clone().or_else(|| cx.settings.start.baseline.clone());
    if let Some(rev) = named {
        let commit = cx.repo.resolve(&rev)?.to_string();
        return Ok(Some(Baseline { rev, commit }));
    }
    Ok(Some(match cx.repo.default_branch() {
        Some(branch) => Baseline { rev: short(&branch).to_owned(), commit: cx.repo.resolve(&branch)?.to_string() },
        None => Baseline { rev: "HEAD".to_owned(), commit: base.to_string() },
    }))
}

fn find_other<'a>(cx: &Context, records: &'a Records, from: &str) -> Result<&'a ExperimentRecord, CliError> {
    match selector::resolve(cx, records, from)? {
        selector::Selected::Experiment(experiment) => Ok(experiment),
        _ => Err(CliError::new(format!("--from {from}: that is no experiment")).hint("git xp log --all    lists them")),
    }
}

fn last_command(records: &Records, experiment: &ExperimentRecord) -> Vec<String> {
    let last = records.runs_of(experiment.id).rev().map(RunRecord::command).find(|command| !command.is_empty());
    let inherited = || experiment.current.told().command.into_iter().map(str::to_owned).collect();
    last.map_or_else(inherited, |command| records.texts(&command))
}

fn hypothesis(cx: &Context, args: &StartArgs, mut hypothesis: Hypothesis) -> Result<Hypothesis, CliError> {
    if !args.expect.is_empty() {
        hypothesis.expect = args
            .expect
            .iter()
            .map(|text| text.parse().map_err(|error| CliError::usage(format!("--expect: {error}"))))
            .collect::<Result<_, _>>()?;
    }
    for (slot, option) in [
        (&mut hypothesis.data, &args.data),
        (&mut hypothesis.method, &args.method),
        (&mut hypothesis.because, &args.because),
    ] {
        if let Some(text) = option {
            *slot = Some(text.clone());
        }
    }
    if args.edit {
        let text = cx.repo.edit("XP_EDITMSG", &editor_template(&hypothesis))?;
        hypothesis = parse_editor_template(&text).map_err(|error| CliError::new(error.to_string()))?;
    }
    // It becomes the message of a commit before it becomes a fact.
    for text in [&mut hypothesis.data, &mut hypothesis.method, &mut hypothesis.because].into_iter().flatten() {
        *text = cx.masker.mask_text(text);
    }
    for expectation in &mut hypothesis.expect {
        // As the metric itself is recorded.
        expectation.metric = cx.masker.mask_text(&expectation.metric);
    }
    Ok(hypothesis)
}

/// The message of a registration commit: the hypothesis as people write it.
fn message(name: &str, hypothesis: &Hypothesis, id: Id) -> String {
    let expect = hypothesis.expect.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let subject = if expect.is_empty() { format!("Start {name}") } else { format!("Start {name}: {expect}") };
    let body = if hypothesis.is_empty() { String::new() } else { format!("{}\n\n", hypothesis.sentence()) };
    format!("{}\n\n{body}{TRAILER}: {id}\n", crate::model::text::printable(&subject))
}

/// Make the branch and move onto it; whatever fails, nothing has changed.
fn settle(cx: &Context, args: &StartArgs, plan: &Plan, commit: Oid) -> Result<(), CliError> {
    let name = short(&plan.branch);
    let log = format!("xp start: {}", plan.name);
    if args.here {
        return Ok(cx.repo.move_head(plan.base, commit, &log)?);
    }
    cx.repo.create_branch(&plan.branch, commit, &log)?;
    let moved = match &args.worktree {
        Some(dir) => cx.repo.add_worktree(dir, name),
        None => cx.repo.switch(name),
    };
    if let Err(error) = moved {
        // The branch was made a moment ago and nobody has moved it.
        let _ = cx.repo.transact(&[crate::git::refs::Edit::delete(&plan.branch, commit)]);
        return Err(match error {
            GitError::Command { message, .. } if !message.contains("filter '") => {
                CliError::new(message).hint("commit or stash what is in the way")
            }
            other => other.into(),
        });
    }
    Ok(())
}

fn register(cx: &Context, id: Id, experiment: Experiment) -> Result<(), CliError> {
    let header = Header::new("experiment", id, Time::now(), &cx.by());
    let fact = Fact { header, body: Body::Experiment(Box::new(experiment)) };
    pending::submit(&cx.root, &cx.masker, fact, &[])?;
    cx.seal();
    Ok(())
}

fn amend(cx: &Context, args: &StartArgs, head: &Head) -> Result<u8, CliError> {
    let branch = head.branch.clone().unwrap_or_default();
    let found = belonging::find(&cx.repo, &cx.settings.start.prefix, &branch, head.commit)?;
    let Some((id, mut experiment)) = found else {
        return Err(CliError::new("you stand on no experiment").hint("git switch exp/<name>"));
    };
    cx.seal();
    let records = cx.records()?;
    if let Some(run) = records.runs_of(id).next() {
        return Err(CliError::new(format!("'{}' has runs ({}): its hypothesis is fixed", experiment.name, run.id))
            .hint(format!("git xp start {}-2 --from {}", experiment.name, experiment.name)));
    }
    check_tags(&args.tags)?;
    let hypothesis = hypothesis(cx, args, experiment.hypothesis.read())?;
    experiment.hypothesis = RecordedHypothesis::from(&hypothesis);
    experiment.experiment = Some(id);
    experiment.planned_seeds = args.planned_seeds.or(experiment.planned_seeds);
    if !args.tags.is_empty() {
        experiment.tags.clone_from(&args.tags);
    }
    if args.baseline.is_some() {
        let base = cx.repo.parse_oid(&experiment.base).unwrap_or(head.commit);
        experiment.baseline = baseline(cx, args, base)?;
    }
    // Once other commits lie on the registration it stays as it is; the newer fact counts.
    if cx.repo.parse_oid(&experiment.commit) == Some(head.commit)
        && let Some(parent) = cx.repo.commit_parents(head.commit)?.first()
    {
        let commit = cx.repo.empty_commit(*parent, &author(cx), &message(&experiment.name, &hypothesis, id))?;
        cx.repo.move_head(head.commit, commit, "xp start: amend")?;
        experiment.commit = commit.to_string();
    }
    let name = experiment.name.clone();
    let newer = Id::random().map_err(crate::record::RecordError::from)?;
    register(cx, newer, experiment)?;
    cx.repo.remember(&belonging::config_key(short(&branch)), newer.as_str());
    cx.ui.status(&format!("amended {name}"));
    cx.ui.status(&hypothesis.sentence());
    Ok(exit::OK)
}

fn author(cx: &Context) -> Author {
    let (name, email) = cx.repo.person();
    Author { name, email, seconds: Time::now().seconds() }
}

fn check_tags(tags: &[String]) -> Result<(), CliError> {
    tags.iter().try_for_each(|text| tag::check(text).map_err(|error| CliError::usage(format!("--tag: {error}"))))
}

fn end_operation(operation: &str) -> String {
    match operation {
        "bisect" => "git bisect reset".to_owned(),
        other => format!("git {other} --continue, or git {other} --abort"),
    }
}
