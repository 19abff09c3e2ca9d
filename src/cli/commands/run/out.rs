//! `--out` and `{out}`: where a command leaves its results. A folder that may hold those of another run is never used.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::RunArgs;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::notices::shell_quote;
use crate::data::pin::Place;
use crate::data::spec::What;
use crate::model::id::Id;
use crate::model::param::placeholders;

/// The folder of `{out}` where nothing else is said.
const DEFAULT: &str = "out";

/// The outputs of earlier runs in a work tree, a path a line: a file of its git folder.
const LIST: &str = "xp/outs";

/// Where the outputs are.
#[derive(Debug)]
pub(super) enum Out {
    /// Nobody asked for them.
    None,
    /// At this path, where nothing lies yet.
    Given(PathBuf),
    /// In a fresh folder for each run below this one.
    Fresh(PathBuf),
}

impl Out {
    /// What the options, the settings and the command say.
    ///
    /// # Errors
    /// If something lies there already.
    pub(super) fn new(cx: &Context, args: &RunArgs, command: &[String], place: &Place) -> Result<Self, CliError> {
        let given = args.out.as_ref().map(|path| place.find(&What::Path(path.to_string_lossy().into_owned())));
        let given = given.flatten();
        if placeholders(command).contains("out") {
            let base = cx.settings.run.out.as_deref().unwrap_or(DEFAULT);
            return Ok(Self::Fresh(given.unwrap_or_else(|| place.top.join(base))));
        }
        let Some(path) = given else { return Ok(Self::None) };
        if args.seeds.is_some() {
            return Err(CliError::usage("with --seeds, one --out would be used by several runs")
                .hint("write {out} where the program takes its folder: each run then gets a fresh one"));
        }
        if place.top.starts_with(&path) || place.cwd.starts_with(&path) {
            return Err(CliError::usage("--out: outputs need a folder of their own, not one that holds the code"));
        }
        // A link that is there before the run is the user's own; what it names is looked at, now and at the end.
        let path = path.canonicalize().unwrap_or(path);
        refuse_used(&path, place)?;
        Ok(Self::Given(path))
    }

    /// The path of the work tree that holds outputs, as facts name it.
    pub(super) fn path(&self, place: &Place) -> Option<String> {
        match self {
            Self::None => None,
            Self::Given(path) | Self::Fresh(path) => Some(place.name(path)),
        }
    }

    /// Where one run's outputs will be. Nothing is made yet.
    pub(super) fn of(&self, run: Id, experiment: &str) -> Option<PathBuf> {
        match self {
            Self::None => None,
            Self::Given(path) => Some(path.clone()),
            Self::Fresh(base) => {
                let is_fine = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
                let name: String = experiment.chars().map(|c| if is_fine(c) { c } else { '-' }).take(80).collect();
                let name = name.trim_start_matches('.');
                let id = run.as_str();
                let mut paths = (4..=id.len()).map(|length| base.join(format!("{name}-{}", &id[..length])));
                paths.find(|path| !path.exists()).or_else(|| Some(base.join(id)))
            }
        }
    }

    /// Make a fresh folder, with a copy of the config in it. One that exists is never used.
    ///
    /// # Errors
    /// If it exists, or the disk refuses; then nothing is left.
    pub(super) fn make(&self, path: &Path, config: Option<(&str, &[u8])>) -> Result<(), CliError> {
        let Self::Fresh(base) = self else { return Ok(()) };
        let wrong = |error: io::Error| {
            CliError::new(format!("the folder of outputs, {}: {error}", path.display())).hint("git xp run --out PATH …")
        };
        if !base.exists() {
            fs::create_dir_all(base).map_err(wrong)?;
            // Results are no code: without it, the next run would find files that no commit holds. Elsewhere it does no harm.
            fs::write(base.join(".gitignore"), "*\n").map_err(wrong)?;
        }
        fs::create_dir(path).map_err(wrong)?;
        match config.map(|(name, bytes)| fs::write(path.join(name), bytes)) {
            Some(Err(error)) => {
                self.remove(path);
                Err(wrong(error))
            }
            _ => Ok(()),
        }
    }

    /// Remember where a run leaves what git does not know, so that later runs without the option are not refused for it.
    pub(super) fn remember(&self, git_dir: &Path, name: &str) {
        if matches!(self, Self::Given(_)) {
            remember(git_dir, name);
        }
    }

    /// Take a fresh folder away whose run could not be opened.
    pub(super) fn remove(&self, path: &Path) {
        if matches!(self, Self::Fresh(_)) {
            // It holds a copy of the config and nothing else.
            let _ = fs::remove_dir_all(path);
        }
    }
}

/// The outputs of earlier runs in this work tree, as facts name them.
pub(super) fn remembered(git_dir: &Path) -> Vec<String> {
    let text = fs::read_to_string(git_dir.join(LIST)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Remember a path where runs leave what git does not know.
pub(super) fn remember(git_dir: &Path, name: &str) {
    if name.contains('\n') || remembered(git_dir).iter().any(|known| known == name) {
        return;
    }
    let add = || {
        fs::create_dir_all(git_dir.join("xp"))?;
        let mut file = fs::OpenOptions::new().create(true).append(true).open(git_dir.join(LIST))?;
        io::Write::write_all(&mut file, format!("{name}\n").as_bytes())
    };
    // Without it the next run says what is in its way.
    let _: io::Result<()> = add();
}

/// A file, or a folder with something in it, may be another run's.
fn refuse_used(path: &Path, place: &Place) -> Result<(), CliError> {
    let name = place.name(path);
    let shown = shell_quote(&name);
    let what = match fs::read_dir(path).map(|mut entries| entries.next().is_none()) {
        Ok(true) => return Ok(()),
        Ok(false) => format!("{name} holds files already, which could be those of an earlier run"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            format!("{name} is there already, and could be the output of an earlier run")
        }
        Err(error) => return Err(CliError::new(format!("--out {name}: {error}"))),
    };
    let aside = place.top.join(&name);
    Err(CliError::new(what)
        .hint(format!("mv {0} {0}.before    then run it again", shell_quote(&aside.to_string_lossy())))
        .hint(format!("git xp run --out {shown} … {{out}} …    makes a fresh folder below {name} for each run")))
}
