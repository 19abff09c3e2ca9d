//! What Hydra left: found in the work tree and among the outputs, by a look at folders alone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Left, Search, masked, read_file, source_of, store};
use crate::capture::params::hydra::{self, CONFIG, FOLDER, ITSELF, OVERRIDES};
use crate::capture::params::limit::MAX_FILE;
use crate::data::spec::What;
use crate::model::param::ParamSource;
use crate::model::run::Run;
use crate::model::text::enumerate;
use crate::store::folder::Folder;

/// Where Hydra puts its folders unless it is told otherwise.
const USUAL: [&str; 2] = ["outputs", "multirun"];

/// How deep folders are looked into, below where the look begins.
const DEEPEST: usize = 8;

/// How many files and folders are looked at: a folder of data must not make every run wait.
const MOST_LOOKED_AT: usize = 100_000;

/// The files of how many jobs of one run are stored.
const MOST_JOBS: usize = 20;

/// How many names a sentence lists.
const NAMED: usize = 5;

/// A job of Hydra's.
struct Job {
    folder: PathBuf,
    overrides: Vec<String>,
}

/// What the jobs of a command say. Of several jobs, what they agree on.
pub(super) fn read(
    search: &Search<'_>,
    run: &Run,
    said: &mut Vec<String>,
) -> Vec<(ParamSource, BTreeMap<String, Value>)> {
    let &Search { left, folder, masker, is_fresh } = search;
    let mut jobs: Vec<Job> = find(left, folder, run).into_iter().filter_map(|found| job(found, is_fresh)).collect();
    let own = hydra::own(left.argv, &jobs.iter().map(|job| job.overrides.clone()).collect::<Vec<_>>());
    let mut at = 0..;
    jobs.retain(|_| at.next().is_some_and(|at| own.contains(&at)));
    let count = jobs.len();
    let (mut sources, mut params) = (Vec::new(), Vec::new());
    for (number, job) in jobs.into_iter().take(MOST_JOBS).enumerate() {
        let name = left.place.name(&job.folder.join(CONFIG));
        let below = if count > 1 { format!("hydra/{number}") } else { "hydra".to_owned() };
        match take(&job, &name, &below, search) {
            Ok((source, values)) => {
                sources.push(source);
                params.push(values);
            }
            Err(why) => said.push(format!("{name}: {why}; no param is taken from it")),
        }
    }
    let (common, varying) = hydra::common(params);
    if !varying.is_empty() {
        said.push(format!(
            "Hydra ran {count} jobs in this run; what they differ in is no param of it: {}. A git xp run for each job tells them apart",
            enumerate(&varying, NAMED)
        ));
    }
    if count > MOST_JOBS {
        said.push(format!(
            "Hydra ran {count} jobs in this run: only the files of the first {MOST_JOBS} are read and stored"
        ));
    }
    let Some(first) = sources.first().and_then(|source| source.file.clone()) else { return Vec::new() };
    let (common, sentences) = masked(&common, &first, masker);
    said.extend(sentences);
    // What all jobs agree on is told of the first.
    let mut common = Some(common);
    sources.into_iter().map(|source| (source, common.take().unwrap_or_default())).collect()
}

/// A job that this run can have started.
fn job(folder: PathBuf, is_fresh: &dyn Fn(&Path) -> bool) -> Option<Job> {
    if !is_fresh(&folder.join(CONFIG)) {
        return None;
    }
    let bytes = read_file(&folder.join(OVERRIDES), MAX_FILE).ok().flatten().unwrap_or_default();
    Some(Job { overrides: hydra::overrides(&bytes).unwrap_or_default(), folder })
}

fn take(
    job: &Job,
    name: &str,
    below: &str,
    search: &Search<'_>,
) -> Result<(ParamSource, BTreeMap<String, Value>), String> {
    let Search { folder, masker, .. } = search;
    let config = read_file(&job.folder.join(CONFIG), MAX_FILE)?.unwrap_or_default();
    let values = hydra::params(&config)?;
    let config = masker.mask_config(CONFIG, &config);
    let stored = store(folder, &format!("{below}/{CONFIG}"), &config)?;
    if let Some(bytes) = read_file(&job.folder.join(OVERRIDES), MAX_FILE)? {
        store(folder, &format!("{below}/{OVERRIDES}"), &masker.mask_overrides(&bytes, &job.overrides))?;
    }
    if let Some(bytes) = read_file(&job.folder.join(ITSELF), MAX_FILE)? {
        // What the overrides say of secrets stands in it too.
        store(folder, &format!("{below}/{ITSELF}"), &masker.mask_config(ITSELF, &bytes))?;
    }
    let mut source = source_of("hydra", &masker.mask_text(name), &config, Some(stored));
    source.overrides = masker.mask_argv(&job.overrides);
    Ok((source, values))
}

/// Hydra's folders, sorted: where the command tells it to put them, where it puts them else, among the outputs, and, where Hydra is installed in the
/// environment of the command, anywhere in the work tree, because its config may name any place.
fn find(left: &Left<'_>, folder: &Folder, run: &Run) -> Vec<PathBuf> {
    let place = left.place;
    let mut roots: Vec<PathBuf> = run.out.iter().map(|out| place.top.join(out)).collect();
    let told = hydra::folders(left.argv);
    let named =
        told.iter().map(String::as_str).chain(USUAL).filter_map(|path| place.find(&What::Path(path.to_owned())));
    roots.extend(named.filter(|path| path.starts_with(&place.top)));
    let environment = fs::read_to_string(folder.files().join("env.toml")).unwrap_or_default();
    if environment.lines().any(|line| line.starts_with("hydra-core = ")) {
        roots.push(place.top.clone());
    }
    let pinned: Vec<PathBuf> = run.data.values().filter_map(|pin| Some(place.top.join(pin.path.as_ref()?))).collect();
    let mut found = BTreeSet::new();
    let mut seen: BTreeSet<PathBuf> = pinned.into_iter().collect();
    let mut room = MOST_LOOKED_AT;
    for root in roots {
        // A link leads elsewhere.
        if root.symlink_metadata().is_ok_and(|found| found.is_dir()) {
            walk(root, &mut seen, &mut room, &mut found);
        }
    }
    found.into_iter().collect()
}

/// Look into a folder and those below it, nearest first, never through a link.
fn walk(root: PathBuf, seen: &mut BTreeSet<PathBuf>, room: &mut usize, found: &mut BTreeSet<PathBuf>) {
    let mut queue = VecDeque::from([(root, 0)]);
    while let Some((folder, depth)) = queue.pop_front() {
        if *room == 0 || !seen.insert(folder.clone()) {
            continue;
        }
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        let mut below = Vec::new();
        let mut is_closed = depth >= DEEPEST;
        for entry in entries.flatten() {
            *room = room.saturating_sub(1);
            let name = entry.file_name();
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            match name.to_str() {
                Some(FOLDER) if is_folder => {
                    found.insert(entry.path());
                    // What a job leaves beside it holds no other jobs.
                    is_closed |= depth > 0;
                }
                // An environment of Python or Conda.
                Some("pyvenv.cfg" | "conda-meta") => is_closed = true,
                Some("node_modules" | "__pycache__" | "site-packages") => {}
                Some(name) if is_folder && !name.starts_with('.') => below.push(entry.path()),
                _ => {}
            }
        }
        if !is_closed {
            queue.extend(below.into_iter().map(|folder| (folder, depth + 1)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::walk;

    #[test]
    fn folders_of_jobs_are_found_and_links_not_followed() {
        let dir = tempfile::tempdir().expect("a folder");
        for path in
            ["a/b/.hydra", "a/c/.hydra", ".venv/x/.hydra", "env/lib/.hydra", "a/b/deep/.hydra", "outside/.hydra"]
        {
            fs::create_dir_all(dir.path().join("top").join(path)).expect("made");
        }
        let top = dir.path().join("top");
        fs::write(top.join("env/pyvenv.cfg"), "").expect("written");
        fs::rename(top.join("outside"), dir.path().join("outside")).expect("moved");
        #[cfg(unix)]
        std::os::unix::fs::symlink(dir.path().join("outside"), top.join("link")).expect("linked");
        let (mut found, mut room) = (BTreeSet::new(), 1000);
        walk(top.clone(), &mut BTreeSet::new(), &mut room, &mut found);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [top.join("a/b/.hydra"), top.join("a/c/.hydra")]);
        let (mut found, mut room) = (BTreeSet::new(), 1);
        walk(top, &mut BTreeSet::new(), &mut room, &mut found);
        assert!(found.is_empty());
    }
}
