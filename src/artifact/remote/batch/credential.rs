//! Logins: of the URL itself, of `~/.netrc`, of `git credential`, in this order. Nothing of them is ever printed.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::netrc;
use super::url::Url;
use crate::artifact::remote::RemoteError;
use crate::git::process::Git;

/// Bytes of `.netrc` that are read at most.
const MOST_NETRC: u64 = 1 << 20;

/// The logins of one process.
pub(super) struct Credentials {
    /// Where git is started.
    dir: PathBuf,
    may_ask: bool,
    netrc: Option<PathBuf>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By scheme, host and port.
    known: HashMap<String, Login>,
    /// What a server did not take.
    refused: HashSet<String>,
}

struct Login {
    /// The value of the header.
    authorization: String,
    /// What git said, to tell it whether it was right; empty if the login is not git's.
    fields: Vec<u8>,
    is_approved: bool,
}

impl Credentials {
    /// Logins for commands started in a folder.
    pub(super) fn new(dir: PathBuf, may_ask: bool, home: Option<PathBuf>) -> Self {
        Self { dir, may_ask, netrc: home.map(|home| home.join(".netrc")), state: Mutex::default() }
    }

    /// The login that a URL is asked with, if one is known.
    pub(super) fn known(&self, url: &Url) -> Option<String> {
        if let Some(login) = self.lock().known.get(&url.origin()) {
            return Some(login.authorization.clone());
        }
        own(url)
    }

    /// Get a login that is none of those that were refused. Many threads may come at once: the first asks, the others wait for what it got.
    ///
    /// # Errors
    /// If git has none.
    pub(super) fn renew(&self, url: &Url, refused: Option<&str>, challenges: &[String]) -> Result<String, RemoteError> {
        let mut state = self.lock();
        let origin = url.origin();
        if let Some(login) = state.known.get(&origin).filter(|login| refused != Some(login.authorization.as_str())) {
            return Ok(login.authorization.clone());
        }
        if let Some(login) = state.known.remove(&origin).filter(|login| !login.fields.is_empty()) {
            // It is not needed that git hears it: it would offer the same once more.
            let _ = self.git("reject", &login.fields);
        }
        state.refused.extend(refused.map(str::to_owned));
        let found = own(url).or_else(|| self.of_netrc(url)).filter(|found| !state.refused.contains(found));
        let login = match found {
            Some(authorization) => Login { authorization, fields: Vec::new(), is_approved: true },
            None => self.fill(url, challenges)?,
        };
        let authorization = login.authorization.clone();
        if state.refused.contains(&authorization) {
            return Err(self.no_login(url, "the login that git has was refused"));
        }
        state.known.insert(origin, login);
        Ok(authorization)
    }

    /// A server took a login: git may keep it.
    pub(super) fn approve(&self, url: &Url, used: &str) {
        let mut state = self.lock();
        let Some(login) = state.known.get_mut(&url.origin()) else { return };
        if !login.is_approved && login.authorization == used {
            login.is_approved = true;
            let _ = self.git("approve", &login.fields);
        }
    }

    fn fill(&self, url: &Url, challenges: &[String]) -> Result<Login, RemoteError> {
        let question =
            question(url, challenges).ok_or_else(|| self.no_login(url, "its URL is none to ask git about"))?;
        let fields = self.git("fill", &question).map_err(|()| self.no_login(url, "git has no login for it"))?;
        let authorization = authorization(&fields).ok_or_else(|| self.no_login(url, "git has no login for it"))?;
        Ok(Login { authorization, fields, is_approved: false })
    }

    fn no_login(&self, url: &Url, why: &str) -> RemoteError {
        let error = RemoteError::all(format!("{} wants a login, and {why}", url.place()));
        error.hint(format!(
            "set up a credential helper of git (man gitcredentials), or log in once: git ls-remote {}",
            url.shown()
        ))
    }

    /// What git says goes no further than here: it may quote what it was asked.
    fn git(&self, verb: &str, input: &[u8]) -> Result<Vec<u8>, ()> {
        let git = Git::new(&self.dir, "credential").arg(verb);
        let git = if self.may_ask { git.may_ask() } else { git };
        git.output_with_input(input).map_err(|_| ())
    }

    fn of_netrc(&self, url: &Url) -> Option<String> {
        let file = self.netrc.as_ref()?;
        if file.metadata().ok()?.len() > MOST_NETRC {
            return None;
        }
        let text = String::from_utf8(std::fs::read(file).ok()?).ok()?;
        let (user, password) = netrc::find(&text, &url.host)?;
        url.user.as_ref().is_none_or(|wanted| *wanted == user).then(|| basic(&user, &password))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The login that stands in a URL.
pub(super) fn own(url: &Url) -> Option<String> {
    Some(basic(url.user.as_deref().unwrap_or_default(), url.password.as_deref()?))
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// What git is asked. A line break in any part would be another question: then nothing is asked.
fn question(url: &Url, challenges: &[String]) -> Option<Vec<u8>> {
    let path = url.path()?;
    let mut lines = vec![format!("protocol={}", url.scheme), format!("host={}", url.place())];
    // git leaves the path out by itself, unless credential.useHttpPath is set.
    lines.extend((!path.is_empty()).then(|| format!("path={path}")));
    lines.extend(url.user.iter().map(|user| format!("username={user}")));
    lines.push("capability[]=authtype".to_owned());
    lines.extend(challenges.iter().take(10).map(|challenge| format!("wwwauth[]={challenge}")));
    if lines.iter().any(|line| line.contains(char::is_control)) {
        return None;
    }
    Some((lines.join("\n") + "\n\n").into_bytes())
}

/// The header that git's answer makes.
fn authorization(fields: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(fields).ok()?;
    let field = |name: &str| {
        text.lines().filter_map(|line| line.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    match (field("authtype"), field("credential")) {
        (Some(kind), Some(credential)) => Some(format!("{kind} {credential}")),
        _ => Some(basic(field("username").unwrap_or_default(), field("password")?)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Url, authorization, own, question};

    #[test]
    fn git_is_asked_in_its_own_words() {
        let url = Url::parse("https://ada@h:8443/a%20b.git").expect("a URL");
        let asked = question(&url, &["Basic realm=\"x\"".to_owned()]).expect("a question");
        assert_eq!(
            String::from_utf8(asked).expect("text"),
            "protocol=https\nhost=h:8443\npath=a b.git\nusername=ada\ncapability[]=authtype\nwwwauth[]=Basic realm=\"x\"\n\n"
        );
        assert_eq!(question(&url, &["a\nhost=evil".to_owned()]), None);
        let evil = Url::parse("https://h/%0ahost=evil").expect("a URL");
        assert_eq!(question(&evil, &[]), None);
    }

    #[test]
    fn answers_become_headers() {
        assert_eq!(authorization(b"username=a\npassword=b=c\n").as_deref(), Some("Basic YTpiPWM="));
        assert_eq!(authorization(b"authtype=Bearer\ncredential=xyz\n").as_deref(), Some("Bearer xyz"));
        assert_eq!(authorization(b"username=a\n"), None);
        assert_eq!(own(&Url::parse("https://a:b%3Dc@h").expect("a URL")).as_deref(), Some("Basic YTpiPWM="));
        assert_eq!(own(&Url::parse("https://a@h").expect("a URL")), None);
    }
}
