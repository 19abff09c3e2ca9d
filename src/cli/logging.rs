//! Where a logged line goes: to the run that started the program, to the manual run of the branch, or to a sealed run.

use std::path::{Path, PathBuf};

use super::commands::run::dirt;
use super::context::Context;
use super::error::CliError;
use super::notices::report_left_out;
use super::selector;
use super::ui::Ui;
use crate::artifact::store::Store;
use crate::capture::{code, environment};
use crate::git::objects::Author;
use crate::model::id::Id;
use crate::model::run::{Run, RunBaseline};
use crate::model::time::Time;
use crate::record::log::{self, Appended};
use crate::record::open::{self, Opening};
use crate::record::pending::Sealed;
use crate::record::{RecordError, belonging, late, manual, plan};
use crate::store::line::Event;
use crate::store::owner::Host;

/// Log lines.
///
/// # Errors
/// If nothing can be logged to. Inside a run (`GIT_XP_JOURNAL` is set) whatever goes wrong is a warning: logging never fails a training.
pub fn log(
    ui: &Ui,
    cwd: &Path,
    run: Option<&str>,
    lines: impl FnOnce() -> Result<Vec<u8>, CliError>,
    open: impl FnOnce() -> Result<Context, CliError>,
) -> Result<(), CliError> {
    match (run, journal_of_this_process()) {
        (None, Some((journal, id))) => {
            if let Err(error) = lines().and_then(|lines| log_to_run(&journal, &id, &lines, open)) {
                ui.stderr(&error.text().replacen("error:", "warning: not logged:", 1));
            }
            Ok(())
        }
        (Some(selector), _) => add_late(&open()?, selector, &lines()?),
        (None, None) => log_by_hand(cwd, &lines()?, open),
    }
}

/// Whether this is `log-metric` or `log-param`, called by the program of a run.
pub fn is_logging_in_a_run() -> bool {
    journal_of_this_process().is_some()
        && std::env::args_os().any(|arg| arg == "log-metric" || arg == "log-param" || arg == "log-artifact")
}

/// The run that started this program.
#[expect(clippy::disallowed_methods, reason = "how a run tells its programs where to log")]
fn journal_of_this_process() -> Option<(PathBuf, String)> {
    let journal = std::env::var_os("GIT_XP_JOURNAL").filter(|path| !path.is_empty())?;
    Some((journal.into(), std::env::var("GIT_XP_RUN").unwrap_or_default()))
}

fn log_to_run(
    journal: &Path,
    id: &str,
    lines: &[u8],
    open: impl FnOnce() -> Result<Context, CliError>,
) -> Result<(), CliError> {
    match log::append(journal, lines) {
        Ok(Appended::InTime) => Ok(()),
        // The run is sealed while a program that it started goes on.
        Ok(Appended::TooLate) => add_late(&open()?, id, lines),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => add_late(&open()?, id, lines),
        Err(error) => Err(CliError::new(format!("{}: {error}", journal.display()))),
    }
}

/// The fast path reads two small files; only the first line of a manual run opens the repository.
fn log_by_hand(cwd: &Path, lines: &[u8], open: impl FnOnce() -> Result<Context, CliError>) -> Result<(), CliError> {
    if let Some(journal) = find_manual_journal(cwd)
        && matches!(log::append(&journal, lines), Ok(Appended::InTime))
    {
        return Ok(());
    }
    let cx = open()?;
    let branch = manual::branch_of(cx.repo.git_dir()).unwrap_or_default();
    let mut id = manual::find(cx.repo.git_dir(), &branch);
    if id.is_some_and(|id| !cx.root.folder(id).journal().exists()) {
        // Its run was closed, and a crash left the pointer.
        manual::release(cx.repo.git_dir(), &branch).map_err(|error| CliError::new(error.to_string()))?;
        id = None;
    }
    let id = match id {
        Some(id) => id,
        None => open_by_hand(&cx, &branch)?,
    };
    let journal = cx.root.folder(id).journal();
    match log::append(&journal, lines) {
        Ok(Appended::InTime) => Ok(()),
        Ok(Appended::TooLate) => add_late(&cx, id.as_str(), lines),
        Err(error) => Err(RecordError::io(&journal)(error).into()),
    }
}

/// The journal of the manual run here, found without opening the repository. `None` if that takes more than a look.
#[expect(clippy::disallowed_methods, reason = "with these variables set, git says where the repository is")]
fn find_manual_journal(cwd: &Path) -> Option<PathBuf> {
    if std::env::var_os("GIT_DIR").is_some() || std::env::var_os("GIT_WORK_TREE").is_some() {
        return None;
    }
    let git_dir = cwd.ancestors().map(|dir| dir.join(".git")).find(|path| path.exists())?;
    // A file `.git` belongs to a linked work tree or a submodule.
    let git_dir = if git_dir.is_dir() {
        git_dir
    } else {
        let text = std::fs::read_to_string(&git_dir).ok()?;
        git_dir.parent()?.join(text.strip_prefix("gitdir: ")?.trim_end())
    };
    let id = manual::find(&git_dir, &manual::branch_of(&git_dir)?)?;
    let common_dir = match std::fs::read_to_string(git_dir.join("commondir")) {
        Ok(text) => git_dir.join(text.trim_end()),
        Err(_) => git_dir,
    };
    Some(crate::store::folder::Root::new(&common_dir).folder(id).journal())
}

/// Open a manual run. Nothing refuses: a dirty tree is stored as a snapshot, a missing seed is marked, with one warning.
fn open_by_hand(cx: &Context, branch: &str) -> Result<Id, CliError> {
    cx.repo.work_dir()?;
    cx.repo.check_writable()?;
    let head = cx.repo.head()?;
    let id = Id::random().map_err(RecordError::from)?;
    let dirt = dirt(cx)?;
    let mut faults = vec!["no seed is recorded".to_owned()];
    let mut snapshot = None;
    if !dirt.is_empty() {
        let (name, email) = cx.repo.person();
        let author = Author { name, email, seconds: Time::now().seconds() };
        snapshot = Some(cx.repo.snapshot(head.commit, &author, "git-xp: snapshot of the work tree")?);
        faults.push(format!(
            "{} differed from the commit, the exact tree is stored",
            crate::render::number::plural(dirt.len(), "file")
        ));
    }
    let tree = cx.repo.commit_tree(snapshot.unwrap_or(head.commit))?;
    let experiment = match &head.branch {
        Some(branch) => belonging::find(&cx.repo, &cx.settings.start.prefix, branch, head.commit)?,
        None => None,
    };
    let baseline = experiment.as_ref().and_then(|(_, experiment)| {
        let commit = cx.repo.parse_oid(&experiment.baseline.as_ref()?.commit)?;
        let merge_base = cx.repo.merge_base(commit, head.commit).map(|oid| oid.to_string());
        Some(RunBaseline { commit: commit.to_string(), merge_base })
    });
    let surroundings = cx.surroundings(&[]);
    let variables = cx.masker.mask_variables(&environment::variables(&surroundings, &cx.settings.run.environment));
    let locks = code::lock_files(&cx.repo, tree, &cx.prefix())?;
    let env_toml = environment::describe(&surroundings, &variables, &locks, &cx.masker);
    let mut run = Run {
        experiment: experiment.as_ref().map(|(id, _)| *id),
        name: experiment.map(|(_, experiment)| experiment.name),
        branch: head.branch.clone(),
        head: head.state.to_owned(),
        commit: head.commit.to_string(),
        tree: tree.to_string(),
        parents: cx.repo.commit_parents(head.commit)?.iter().map(ToString::to_string).collect(),
        baseline,
        dirty: snapshot.is_some(),
        snapshot: snapshot.map(|oid| oid.to_string()),
        start: Time::now(),
        cwd: cx.prefix(),
        environment: Some(crate::artifact::digest(env_toml.as_bytes())),
        locks,
        evaluation: code::evaluation_digest(&cx.repo, tree, &cx.settings.evaluation_paths)?,
        host: Host::this().name,
        manual: true,
        settings: cx.settings_text.clone(),
        ..Run::default()
    };
    run = cx.masker.mask_run(run).map_err(RecordError::from)?;
    (run.plan, run.condition) = plan::digests(&run, None, &variables);
    let files = vec![("env.toml".to_owned(), env_toml.into_bytes())];
    let folder = open::open(&cx.repo, &cx.root, Opening { id, by: cx.by(), run, files, owner: None })?;
    let winner = manual::claim(cx.repo.git_dir(), branch, id).map_err(RecordError::io(cx.repo.git_dir()))?;
    if winner == id {
        cx.ui.warning(&format!("a manual run is open: {}", faults.join("; ")));
        cx.ui.hint("git xp finish    ends it");
    } else {
        // Another process opened one at the same moment, and this one is not needed.
        let _ = folder.remove();
    }
    Ok(winner)
}

fn add_late(cx: &Context, selector: &str, lines: &[u8]) -> Result<(), CliError> {
    cx.repo.check_writable()?;
    cx.seal_made(&mut Sealed::default());
    // A run that another process is closing at this moment is in no ledger yet, and its journal takes no more.
    let folder = selector.parse().ok().map(|id| cx.root.folder(id));
    let opening = folder.as_ref().and_then(|folder| folder.read_journal().ok()?.open);
    let (id, commit) = match (folder, opening) {
        (Some(folder), Some(Event::Open { fact, .. })) => (folder.id, fact.commit),
        _ => {
            let records = cx.records_about(&[selector])?;
            let record = selector::resolve_run(cx, records, selector)?;
            (record.id, record.commit().to_owned())
        }
    };
    let (_, left_out) =
        late::add(&Store::of(&cx.repo), (&cx.root, &cx.masker), (id, &commit), &cx.by(), lines, |metric| {
            cx.direction(metric)
        })?;
    cx.seal_made(&mut Sealed::default());
    report_left_out(cx, &id, left_out);
    Ok(())
}
