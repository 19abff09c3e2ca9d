//! Where the API of a remote is, found as git-lfs finds it.
//!
//! In this order: `lfs.pushurl` (for uploads), `lfs.url`, `remote.<name>.lfspushurl` (for uploads), `remote.<name>.lfsurl`, each of git's config and else of
//! `.lfsconfig`; then a guess from the URL of the git remote, `<url>.git/info/lfs`. A remote that is given as a URL is asked there and nowhere else.

use super::config::Config;
use super::ssh::Target;
use super::url::{Url, decode};
use crate::artifact::remote::{Operation, RemoteError};

/// Where to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// The API; where ssh is asked first, the guess for when it does not know.
    pub(super) url: Url,
    /// Who is asked by ssh where the API is.
    pub(super) ssh: Option<Target>,
    /// What `git credential` is asked for: the git remote's own URL where it is on the same host, so that one login does for both.
    pub(super) login: Url,
}

/// Find the endpoint of a git remote, or of a URL.
///
/// # Errors
/// If there is none, or none of a kind that can be asked.
pub(super) fn find(config: &Config, remote: &str, operation: Operation) -> Result<Endpoint, RemoteError> {
    let is_upload = operation == Operation::Upload;
    let key = |name: &str| config.get(&format!("remote.{remote}.{name}")).filter(|value| !value.is_empty());
    let push = |name: &str| key(name).filter(|_| is_upload);
    let git = push("pushurl").or_else(|| key("url"));
    let is_url = git.is_none() && key("lfsurl").is_none() && (remote.contains(':') || remote.contains('/'));
    if is_url {
        // The URL of a git repository is one, whatever follows; any other is taken for the API itself.
        let is_http = Url::parse(remote).is_some();
        let is_git = remote.ends_with(".git") || !is_http;
        return of(config, remote, operation, is_git, None);
    }
    let lfs = |name: &str| config.get(name).filter(|value| !value.is_empty());
    let named = lfs("lfs.pushurl").filter(|_| is_upload).or_else(|| lfs("lfs.url"));
    let named = named.or_else(|| push("lfspushurl")).or_else(|| key("lfsurl"));
    match (named, git) {
        (Some(url), _) => of(config, url, operation, false, git),
        (None, Some(url)) => of(config, url, operation, true, git),
        (None, None) => Err(RemoteError::all(format!("there is no git remote '{}'", shown(remote)))
            .hint("git remote -v    lists those that there are")),
    }
}

/// The endpoint that a text names: the API itself, or the git repository (`is_git`) that it belongs to.
fn of(
    config: &Config,
    text: &str,
    operation: Operation,
    is_git: bool,
    git: Option<&str>,
) -> Result<Endpoint, RemoteError> {
    let text = replace_alias(config, text, operation);
    let refuse = || {
        let hint = "a git remote or URL of https, http or ssh has an LFS API; a folder is a remote of its own kind";
        Err(RemoteError::all(format!("'{}' is nothing that an LFS API can be asked at", shown(&text))).hint(hint))
    };
    let (url, ssh) = match text.split_once("://") {
        Some((scheme, rest)) => match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => (Url::parse(&text), None),
            "git" => {
                let protocol = config.get("lfs.gitprotocol").unwrap_or("https");
                (Url::parse(&format!("{protocol}://{rest}")), None)
            }
            "ssh" | "git+ssh" | "ssh+git" => match ssh_url(rest) {
                Some((url, target)) => (Some(url), Some(target)),
                None => return refuse(),
            },
            _ => return refuse(),
        },
        None => match scp(&text) {
            Some((url, target)) => (Some(url), Some(target)),
            None => return refuse(),
        },
    };
    let Some(mut url) = url else { return refuse() };
    if let Some(target) = &ssh {
        target.check()?;
    }
    if is_git {
        url = api_of(&url);
    }
    let git = git.map(|git| replace_alias(config, git, operation)).and_then(|git| Url::parse(&git));
    let login = git.filter(|git| git.origin() == url.origin()).unwrap_or_else(|| url.clone());
    Ok(Endpoint { url, ssh, login })
}

/// The API that belongs to the URL of a git repository.
fn api_of(url: &Url) -> Url {
    let (path, query) = url.rest.split_once('?').map_or((url.rest.as_str(), None), |(p, q)| (p, Some(q)));
    let path = path.trim_end_matches('/');
    let git = if path.ends_with(".git") { "" } else { ".git" };
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    Url { rest: format!("{path}{git}/info/lfs{query}"), ..url.clone() }
}

/// `url.<base>.insteadOf`, and `pushInsteadOf` for uploads: the longest that fits.
fn replace_alias(config: &Config, text: &str, operation: Operation) -> String {
    let replaced = |key: &str| {
        let fits = config.between("url.", key).filter(|(_, alias)| !alias.is_empty() && text.starts_with(alias));
        fits.max_by_key(|(_, alias)| alias.len()).map(|(base, alias)| format!("{base}{}", &text[alias.len()..]))
    };
    let pushed = if operation == Operation::Upload { replaced(".pushinsteadof") } else { None };
    pushed.or_else(|| replaced(".insteadof")).unwrap_or_else(|| text.to_owned())
}

/// `[user@]host[:port]/path`, after `ssh://`.
fn ssh_url(rest: &str) -> Option<(Url, Target)> {
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (user, place) = authority.rsplit_once('@').map_or((None, authority), |(user, place)| (Some(user), place));
    // A password in the URL is nothing that ssh takes.
    let user =
        user.map(|user| decode(user.split(':').next().unwrap_or_default())).map_or(Some(None), |u| u.map(Some))?;
    let url = Url::parse(&format!("https://{place}{path}"))?;
    let target = Target { user, host: url.host.clone(), port: url.port, path: decode(path)? };
    Some((Url { port: None, ..url }, target))
}

/// `[user@]host:path`, also `[host:port]:path`, as git and scp write it.
fn scp(text: &str) -> Option<(Url, Target)> {
    let (user, rest) = match text.split_once('@') {
        Some((user, rest)) if !user.contains([':', '/', '[']) => (Some(user.to_owned()), rest),
        _ => (None, text),
    };
    let (place, path) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once("]:")?,
        None => rest.split_once(':').filter(|(host, _)| !host.contains('/'))?,
    };
    // In brackets may be an IPv6 address, or a host with a port.
    let place = if place.parse::<std::net::Ipv6Addr>().is_ok() { format!("[{place}]") } else { place.to_owned() };
    if path.is_empty() || path.starts_with(':') || place.contains('@') {
        return None;
    }
    let encoded: String = path.chars().map(|c| if c == ' ' { "%20".to_owned() } else { c.to_string() }).collect();
    let url = Url::parse(&format!("https://{place}/{}", encoded.trim_start_matches('/')))?;
    let target = Target { user, host: url.host.clone(), port: url.port, path: path.to_owned() };
    Some((Url { port: None, ..url }, target))
}

/// A name or URL as it may be shown: without a login.
fn shown(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
    match text.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let host = rest[..end].rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}{}", rest[end..].split('?').next().unwrap_or_default())
        }
        None => text,
    }
}

#[cfg(test)]
mod tests;
