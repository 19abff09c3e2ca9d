//! Step 1 of a run: is the tree what the commit says, is there a seed? All rules at once.

use std::path::Path;

use super::RunArgs;
use super::data::Apart;
use super::out;
use super::request::Request;
use crate::capture::environment;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::notices::shell_quote;
use crate::git::Oid;
use crate::git::head::Head;
use crate::git::objects::Author;
use crate::git::status::{Dirt, DirtKind};
use crate::model::time::Time;
use crate::record::rules::{Findings, Judgement, judge};
use crate::settings::{Level, Rule, Rules};

/// The code of a run.
#[derive(Debug, Clone)]
pub(super) struct Code {
    /// Where HEAD is.
    pub(super) head: Head,
    /// The tree that runs.
    pub(super) tree: Oid,
    /// The commit that stores it, if HEAD's does not.
    pub(super) snapshot: Option<Oid>,
    /// Whether the work tree differs from HEAD's commit.
    pub(super) dirty: bool,
}

/// What a look at the work tree says of a run, before anything is done about it.
pub(in crate::cli::commands) struct Examined {
    /// The levels in force.
    pub(in crate::cli::commands) rules: Rules,
    /// What is to be done.
    pub(in crate::cli::commands) judgement: Judgement,
    /// What differs from the commit.
    dirt: Vec<Dirt>,
}

/// Judge the rules; nothing is changed.
///
/// # Errors
/// If git cannot read the work tree, files are in conflict that a commit would take, or an option would loosen a locked rule.
pub(super) fn examine(cx: &Context, args: &RunArgs, command: &[String], apart: &Apart) -> Result<Examined, CliError> {
    cx.repo.work_dir()?;
    let mut rules = cx.settings.rules.clone();
    if args.snapshot {
        // An option may tighten a locked rule, never loosen it.
        if cx.settings.rules.clean == Level::Refuse && cx.is_locked(Rule::Clean) {
            return Err(CliError::new(".xp.toml locks the rule clean at refuse, so --snapshot is not allowed")
                .hint("git xp run -a …"));
        }
        rules.clean = Level::Snapshot;
    }
    if args.all {
        rules.clean = Level::Commit;
    }
    let findings = Findings {
        dirt: dirt(cx)?.into_iter().filter(|dirt| !apart.excuses(dirt)).collect(),
        unrecorded: unrecorded(cx, command, apart)?,
        lacks_seed: args.seed.is_none() && args.seeds.is_none(),
    };
    if matches!(rules.clean, Level::Refuse | Level::Commit) {
        // The usual remedy, to commit everything, is none for them.
        refuse_conflicts(&findings.dirt)?;
    }
    Ok(Examined { judgement: judge(&findings, &rules), rules, dirt: findings.dirt })
}

/// Judge the rules, and do what they and the options say: commit, snapshot, warn or refuse.
///
/// # Errors
/// If a rule refuses; one message with the one command that satisfies all of them.
pub(super) fn check(cx: &Context, request: &Request) -> Result<Code, CliError> {
    let Request { args, apart, .. } = request;
    let Examined { judgement, dirt, .. } = request.examine(cx)?;
    let mut head = cx.repo.head()?;
    if judgement.refuses() {
        let lines = judgement.refusals().map(|line| format!("\n  {line}")).collect::<String>();
        return Err(CliError::new(format!("this run could not be repeated as it stands:{lines}"))
            .hint(request.remedy(cx, &judgement, "run")));
    }
    judgement.warnings().for_each(|warning| cx.ui.warning(&warning));
    if judgement.commit {
        commit_all(cx, args, &head, apart)?;
        head = cx.repo.head()?;
    }
    let snapshot = if judgement.snapshot { Some(snapshot(cx, &head, &dirt)?) } else { None };
    let tree = cx.repo.commit_tree(snapshot.unwrap_or(head.commit))?;
    Ok(Code { head, tree, snapshot, dirty: !dirt.is_empty() && !judgement.commit })
}

/// What differs from the commit, exceptions taken out.
///
/// # Errors
/// If git cannot read the work tree.
pub fn dirt(cx: &Context) -> Result<Vec<Dirt>, CliError> {
    let outputs = Apart { data: Vec::new(), out: out::remembered(cx.repo.git_dir()) };
    let is_dirt = |dirt: &Dirt| !cx.settings.is_no_code(&dirt.path) && !outputs.excuses(dirt);
    Ok(cx.repo.dirt()?.into_iter().filter(is_dirt).collect())
}

/// Files named in the command that lie in the work tree and that no commit will hold, because git ignores them. Untracked files that
/// are not ignored are dirt already.
fn unrecorded(cx: &Context, command: &[String], apart: &Apart) -> Result<Vec<String>, CliError> {
    if cx.settings.rules.clean == Level::Off {
        return Ok(Vec::new());
    }
    let top = cx.repo.work_dir()?.canonicalize().map_err(|error| CliError::new(error.to_string()))?;
    let git_dir = cx.repo.git_dir().canonicalize().unwrap_or_default();
    let mut files: Vec<String> = Vec::new();
    for arg in command {
        // `--file=path` names a file too.
        let path = arg.split_once('=').map_or(arg.as_str(), |(_, path)| path);
        if path.is_empty() || !Path::new(path).is_file() {
            continue;
        }
        let Ok(full) = cx.cwd.join(path).canonicalize() else { continue };
        // What an environment holds is described in env.toml.
        if full.starts_with(&git_dir) || environment::is_program(&full) {
            continue;
        }
        if let Ok(relative) = full.strip_prefix(&top) {
            let relative = relative.to_string_lossy().replace('\\', "/");
            if !apart.pins(&relative) && !cx.settings.is_no_code(&relative) {
                files.push(relative);
            }
        }
    }
    let untracked = cx.repo.untracked_among(&files)?;
    Ok(cx.repo.ignored_among(&untracked)?)
}

/// The one command that satisfies all that refused, as it has to be typed where the user stands; `verb` is what was typed.
pub(super) fn remedy(cx: &Context, args: &RunArgs, judgement: &Judgement, verb: &str) -> String {
    // What is added with `git add -f` is in the snapshot too, and `-a` may not be typed twice.
    let is_needed = |word: &&&str| **word != "-a" || !(args.all || args.snapshot);
    let remedy = judgement.remedy.iter().filter(is_needed).map(|word| format!("{word} ")).collect::<String>();
    let (before, after) = typed_around(verb);
    let quoted = |args: &[String]| args.iter().map(|arg| shell_quote(arg)).collect::<Vec<_>>().join(" ");
    let git = match before.iter().position(|arg| arg == "-C").and_then(|at| before.get(at + 1)) {
        Some(dir) => format!("git -C {}", shell_quote(dir)),
        None => "git".to_owned(),
    };
    let up = "../".repeat(Path::new(&cx.prefix()).components().count());
    let force_add = match judgement.force_add.as_slice() {
        [] => String::new(),
        files => {
            let files: Vec<String> = files.iter().map(|file| from_here(&cx.prefix(), &up, file)).collect();
            format!("{git} add -f {} && ", quoted(&files))
        }
    };
    let before = if before.is_empty() { String::new() } else { format!("{} ", quoted(&before)) };
    format!("{force_add}git xp {before}run {remedy}{}", quoted(&after)).trim_end().to_owned()
}

/// A path from the top of the work tree as it is typed in the folder `prefix`, from which `up` leads to the top.
fn from_here(prefix: &str, up: &str, path: &str) -> String {
    let below = Path::new(path).strip_prefix(prefix).ok().and_then(Path::to_str);
    below.map_or_else(|| format!("{up}{path}"), str::to_owned)
}

/// What the user typed before and after the verb.
fn typed_around(verb: &str) -> (Vec<String>, Vec<String>) {
    let args: Vec<String> = std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    // These take a value, which may be `run` too.
    let takes_value = |at: usize| at > 0 && matches!(args[at - 1].as_str(), "-C" | "--rule");
    let at = (0..args.len()).find(|at| args[*at] == verb && !takes_value(*at)).unwrap_or(args.len());
    let after = args.get(at + 1..).unwrap_or_default();
    // Of `check`'s own options `run` knows nothing.
    let command = after.iter().position(|arg| arg == "--").unwrap_or(after.len());
    let is_own = |at: usize| verb != "run" && at < command && after[at] == "--json";
    let after = after.iter().enumerate().filter(|(at, _)| !is_own(*at)).map(|(_, arg)| arg.clone()).collect();
    (args[..at].to_vec(), after)
}

/// `git add` would take files with conflict marks for settled.
fn refuse_conflicts(dirt: &[Dirt]) -> Result<(), CliError> {
    match dirt.iter().find(|dirt| dirt.kind == DirtKind::Unmerged) {
        Some(dirt) => Err(CliError::new(format!("'{}' is in conflict", dirt.path))
            .hint(format!("settle it, then: git add {}", shell_quote(&dirt.path)))),
        None => Ok(()),
    }
}

fn commit_all(cx: &Context, args: &RunArgs, head: &Head, apart: &Apart) -> Result<(), CliError> {
    if head.state != "branch" {
        return Err(CliError::new("-a commits to a branch, and HEAD is on none").hint("git switch -c <branch>"));
    }
    let top = cx.repo.work_dir()?;
    // Results are no code, and pinned data is recorded without a commit; what is tracked is committed like everything else.
    let known = out::remembered(cx.repo.git_dir());
    let results = cx.settings.metrics_files.iter();
    let left_out = apart.data.iter().chain(&apart.out).chain(&known).chain(results);
    let left_out: Vec<String> = left_out.filter(|path| !Path::new(path.as_str()).is_absolute()).cloned().collect();
    let left_out = cx.repo.untracked_among(&left_out)?;
    // What is ignored is left out anyway, and git refuses to hear of it.
    let ignored = cx.repo.ignored_among(&left_out)?;
    let left_out = left_out.into_iter().filter(|path| !ignored.contains(path));
    let left_out: Vec<String> = left_out.map(|path| format!(":(top,exclude,literal){path}")).collect();
    crate::git::process::Git::new(top, "add").args(["--all", "--", "."]).args(&left_out).output()?;
    let message = args.message.clone().unwrap_or_else(|| "Changes for the next run".to_owned());
    crate::git::process::Git::new(top, "commit").args(["--quiet", "-m", &message]).output()?;
    let now = cx.repo.head()?.commit.to_string();
    cx.ui.status(&format!("committed everything as {}: {message}", &now[..10]));
    Ok(())
}

fn snapshot(cx: &Context, head: &Head, dirt: &[Dirt]) -> Result<Oid, CliError> {
    let nested = cx.repo.nested_repositories(dirt);
    if let Some(path) = nested.first() {
        return Err(CliError::new(format!(
            "a snapshot cannot hold '{path}': it is a repository of its own with changes"
        ))
        .hint(format!("commit inside '{path}', then here")));
    }
    let (name, email) = cx.repo.person();
    let author = Author { name, email, seconds: Time::now().seconds() };
    Ok(cx.repo.snapshot(head.commit, &author, "git-xp: snapshot of the work tree")?)
}
