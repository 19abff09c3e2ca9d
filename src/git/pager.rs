//! The user's pager, as git chooses it.

use std::io::Write;
use std::process::{Command, Stdio};

use super::repo::Repo;

impl Repo {
    /// Show a text in the pager that `git var GIT_PAGER` names; `false` if there is none to show it in.
    #[expect(
        clippy::disallowed_methods,
        reason = "a pager is started as git starts it: by a shell, on the user's terminal"
    )]
    pub fn page(&self, text: &str) -> bool {
        let Ok(pager) = self.git("var").args(["GIT_PAGER"]).text() else { return false };
        if pager.is_empty() || pager == "cat" || self.config_bool("pager.xp") == Some(false) {
            return false;
        }
        let mut command = Command::new("sh");
        command.args(["-c", &pager]).stdin(Stdio::piped());
        // What git sets where the user has not: quit if one screen is enough, pass colours, leave the text on the screen.
        for (name, value) in [("LESS", "FRX"), ("LV", "-c")] {
            if std::env::var_os(name).is_none() {
                command.env(name, value);
            }
        }
        let Ok(mut child) = command.spawn() else { return false };
        if let Some(mut stdin) = child.stdin.take() {
            // A reader who has seen enough ends the pager.
            let _ = stdin.write_all(text.as_bytes());
        }
        let _ = child.wait();
        true
    }
}
