//! The user's editor, as `git commit` starts it.

use std::path::Path;
use std::process::Command;

use super::error::GitError;
use super::repo::Repo;

impl Repo {
    /// Let the user edit a text; returns it as it was saved.
    ///
    /// # Errors
    /// If the editor cannot be started, or ends with an error: then nothing is to be done.
    pub fn edit(&self, file_name: &str, text: &str) -> Result<String, GitError> {
        let path = self.git_dir().join(file_name);
        std::fs::write(&path, text).map_err(GitError::io(&path))?;
        let editor = self.git("var").arg("GIT_EDITOR").text()?;
        if !start(&editor, &path)? {
            let message = "the editor ended with an error, nothing was changed".to_owned();
            return Err(GitError::Command { command: "var GIT_EDITOR".to_owned(), message });
        }
        let text = std::fs::read_to_string(&path).map_err(GitError::io(&path))?;
        // The file is of no further use.
        let _ = std::fs::remove_file(&path);
        Ok(text)
    }
}

/// The setting is a shell command, as in git.
#[expect(clippy::disallowed_methods, reason = "git's own setting says what to start")]
fn start(editor: &str, path: &Path) -> Result<bool, GitError> {
    let status = Command::new("sh").arg("-c").arg(format!("{editor} \"$@\"")).arg(editor).arg(path).status();
    status.map(|status| status.success()).map_err(GitError::io("sh"))
}
