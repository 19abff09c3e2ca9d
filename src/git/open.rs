//! Opening a repository as git would, and refusing where git-xp would see another one than git does.

use std::path::{Path, PathBuf};

use super::config::parse_parameters;
use super::error::GitError;
use super::repo::Repo;

/// The extensions of the repository format that git-xp keeps to, in lower case. `compatObjectFormat` is not among them: every object would need a twin.
const EXTENSIONS: [&str; 9] = [
    "noop",
    "noop-v1",
    "objectformat",
    "partialclone",
    "preciousobjects",
    "refstorage",
    "relativeworktrees",
    "submodulepathconfig",
    "worktreeconfig",
];

impl Repo {
    /// Open the repository that `dir` lies in, honouring `GIT_DIR`, `GIT_WORK_TREE`, `GIT_CEILING_DIRECTORIES`, `git -c`.
    ///
    /// # Errors
    /// If there is none, if it belongs to another user and is not listed in `safe.directory`, or if git-xp would read other objects or another format than git.
    pub fn open(dir: &Path) -> Result<Self, GitError> {
        let repo = Self::open_within_git(dir)?;
        check_objects(&repo.inner)?;
        Ok(repo)
    }

    /// As [`Repo::open`], for what git itself calls, which may keep new objects elsewhere at that moment: only settings and folders are what git sees.
    ///
    /// # Errors
    /// As [`Repo::open`], other objects aside.
    pub fn open_within_git(dir: &Path) -> Result<Self, GitError> {
        let repo = discover(dir, true).map_err(|error| open_error(dir, error))?;
        let mut inner = repo.to_thread_local();
        if is_beyond_ceiling(dir, inner.workdir().unwrap_or_else(|| inner.git_dir())) {
            return Err(GitError::NotARepository { dir: canonical(dir) });
        }
        // A namespace is for what goes over the wire; git's own commands see all refs.
        inner.clear_namespace();
        check_extensions(&inner)?;
        Ok(Self::of(inner))
    }
}

fn discover(dir: &Path, bail_if_untrusted: bool) -> Result<gix::ThreadSafeRepository, gix::Error> {
    let discovery = gix::discover::upwards::Options { match_ceiling_dir_or_error: false, ..Default::default() };
    let options =
        || gix::open::Options::default().bail_if_untrusted(bail_if_untrusted).cli_overrides(command_line_config());
    let trust = gix::sec::trust::Mapping { full: options(), reduced: options() };
    gix::ThreadSafeRepository::discover_with_environment_overrides_opts(dir, discovery, trust)
}

#[expect(clippy::disallowed_methods, reason = "how git hands its -c options to a subcommand")]
fn command_line_config() -> Vec<String> {
    std::env::var("GIT_CONFIG_PARAMETERS").map(|text| parse_parameters(&text)).unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "what git reads when it opens a repository")]
fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// git looks at the folder it is started in, and above it at none that is a ceiling or beyond one. gix looks at the ceiling too.
fn is_beyond_ceiling(dir: &Path, found: &Path) -> bool {
    let Some(ceilings) = variable("GIT_CEILING_DIRECTORIES").filter(|_| variable("GIT_DIR").is_none()) else {
        return false;
    };
    let (dir, found) = (canonical(dir), canonical(found));
    std::env::split_paths(&ceilings).filter(|ceiling| ceiling.is_absolute()).any(|ceiling| {
        let ceiling = canonical(&ceiling);
        dir.starts_with(&ceiling) && dir != ceiling && ceiling.starts_with(&found)
    })
}

/// gix knows the objects of the repository and its alternates. Where others count too, as in a hook that looks at what is being pushed, it would miss some.
fn check_objects(repo: &gix::Repository) -> Result<(), GitError> {
    let own = canonical(&repo.common_dir().join("objects"));
    for name in ["GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"] {
        let Some(value) = variable(name) else { continue };
        if std::env::split_paths(&value).any(|path| canonical(&path) != own) {
            return Err(GitError::Unusable {
                message: format!(
                    "{name} is set, and git-xp reads and writes objects only where the repository has them"
                ),
                hint: format!("env -u {name} git xp …"),
            });
        }
    }
    Ok(())
}

/// Who does not know an extension must leave the repository alone.
fn check_extensions(repo: &gix::Repository) -> Result<(), GitError> {
    let config = repo.config_snapshot();
    if config.integer("core.repositoryFormatVersion").unwrap_or(0) < 1 {
        return Ok(());
    }
    for section in config.plumbing().sections_by_name("extensions").into_iter().flatten() {
        // git takes the format from the repository's own config alone.
        if section.meta().source != gix::config::Source::Local {
            continue;
        }
        for name in section.value_names() {
            if !EXTENSIONS.contains(&name.to_string().to_lowercase().as_str()) {
                return Err(GitError::Unusable {
                    message: format!(
                        "the repository {} has an extension that git-xp does not know: extensions.{name}",
                        repo.git_dir().display()
                    ),
                    hint: "use a newer git-xp, or a clone of it without that extension: git clone <this repository> <folder>".to_owned(),
                });
            }
        }
    }
    Ok(())
}

fn open_error(dir: &Path, error: gix::Error) -> GitError {
    if let Some(path) = variable("GIT_DIR").map(PathBuf::from).filter(|_| error.is_not_found()) {
        return GitError::Unusable {
            message: format!("GIT_DIR is set, and {} is no git repository", path.display()),
            hint: "unset GIT_DIR".to_owned(),
        };
    }
    let text = error.to_string().to_lowercase();
    // Order matters: a repository that is found and not trusted is no missing repository.
    if error.is_permission_denied() || text.contains("trust") {
        return missing_work_tree(dir).unwrap_or_else(|| GitError::Untrusted { dir: canonical(dir) });
    }
    if error.is_not_found() {
        return GitError::NotARepository { dir: canonical(dir) };
    }
    let GitError::Gix { doing, message } =
        GitError::gix(format!("cannot open the repository at {}", canonical(dir).display()))(error)
    else {
        return GitError::NotARepository { dir: canonical(dir) };
    };
    let hint = match message.to_lowercase() {
        words if words.contains("version") => {
            "use a newer git-xp; git version says whether git itself knows the format"
        }
        words if words.contains("config") => "mend the config file: git config --list says where it is wrong",
        _ => "git status says what git thinks of it",
    };
    GitError::Unusable { message: format!("{doing}: {message}"), hint: hint.to_owned() }
}

/// A work tree that is not there belongs to nobody: that is why it was not trusted.
fn missing_work_tree(dir: &Path) -> Option<GitError> {
    let repo = discover(dir, false).ok()?.to_thread_local();
    let work_dir = repo.workdir().filter(|dir| !dir.exists())?;
    Some(GitError::Unusable {
        message: format!(
            "core.worktree of {} names a folder that is not there: {}",
            repo.git_dir().display(),
            work_dir.display()
        ),
        hint: "git --work-tree=. config --unset core.worktree".to_owned(),
    })
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
