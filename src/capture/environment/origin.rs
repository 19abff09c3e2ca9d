//! `direct_url.json`: where a package came from, if not from an index.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::model::text::printable;

/// No value is recorded longer than this, in characters.
const MAX_CHARS: usize = 1000;

/// Where a package came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The URL without login, query and fragment: they may hold secrets.
    pub url: Option<String>,
    /// The local folder.
    pub folder: Option<PathBuf>,
    /// Whether the code is used where it lies, so that it may have changed since.
    pub is_editable: bool,
    /// The commit of a version control system.
    pub commit: Option<String>,
    /// Whether tracked files differ from that commit.
    pub is_dirty: Option<bool>,
    /// The branch or tag that was asked for.
    pub requested: Option<String>,
    /// The folder in the repository.
    pub subdirectory: Option<String>,
    /// The digest of the archive, `sha256=…`.
    pub hash: Option<String>,
}

#[derive(Deserialize)]
struct DirectUrl {
    url: String,
    dir_info: Option<DirInfo>,
    vcs_info: Option<VcsInfo>,
    archive_info: Option<ArchiveInfo>,
    subdirectory: Option<String>,
}

#[derive(Deserialize)]
struct DirInfo {
    #[serde(default)]
    editable: bool,
}

#[derive(Deserialize)]
struct VcsInfo {
    vcs: String,
    commit_id: Option<String>,
    requested_revision: Option<String>,
}

#[derive(Deserialize)]
struct ArchiveInfo {
    hash: Option<String>,
    #[serde(default)]
    hashes: BTreeMap<String, String>,
}

impl Origin {
    /// Read `direct_url.json`. `None` if it is none.
    pub fn parse(json: &[u8]) -> Option<Self> {
        let found: DirectUrl = serde_json::from_slice(json).ok()?;
        let mut origin = Self { subdirectory: found.subdirectory.as_deref().map(short), ..Self::default() };
        if let Some(dir) = found.dir_info {
            origin.folder = file_path(&found.url);
            origin.is_editable = dir.editable;
        }
        if origin.folder.is_none() {
            origin.url = Some(clean_url(&found.url));
        }
        if let Some(vcs) = found.vcs_info {
            let name: String = vcs.vcs.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
            origin.url = Some(format!("{name}+{}", clean_url(&found.url)));
            origin.commit = vcs.commit_id.as_deref().map(short);
            origin.requested = vcs.requested_revision.as_deref().map(short);
        }
        if let Some(archive) = found.archive_info {
            let hash = archive.hashes.into_iter().next_back().map(|(name, digest)| format!("{name}={digest}"));
            origin.hash = hash.or(archive.hash).as_deref().map(short);
        }
        Some(origin)
    }

    /// Code that is used where it lies.
    pub(super) fn editable(folder: Option<PathBuf>) -> Self {
        Self { folder, is_editable: true, ..Self::default() }
    }
}

fn short(text: &str) -> String {
    printable(&text.chars().take(MAX_CHARS).collect::<String>())
}

/// The URL without what may be a secret: login (of SSH all but the user), query, fragment.
fn clean_url(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else { return short(url) };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let authority = match authority.rsplit_once('@') {
        Some((login, host)) if scheme.ends_with("ssh") => {
            format!("{}@{host}", login.split(':').next().unwrap_or_default())
        }
        Some((_, host)) => host.to_owned(),
        None => authority.to_owned(),
    };
    short(&format!("{scheme}://{authority}{path}"))
}

/// The path of a `file:` URL of this machine.
fn file_path(url: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix("file://")?;
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    let path = path.split(['?', '#']).next().filter(|path| path.starts_with('/'))?;
    let bytes = percent_decoded(path.as_bytes());
    if bytes.contains(&0) {
        return None;
    }
    // `file:///C:/x`
    let is_drive = cfg!(windows) && bytes.get(2) == Some(&b':');
    let text = String::from_utf8(if is_drive { bytes[1..].to_vec() } else { bytes }).ok()?;
    Some(text.into())
}

fn percent_decoded(bytes: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (byte, digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push(high << 4 | low);
                at += 3;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::{any, proptest};

    use super::{Origin, clean_url, file_path};

    #[test]
    fn what_pip_writes_is_read() {
        let vcs = r#"{"url":"https://tok:en@host.example/x/y.git","subdirectory":"py",
            "vcs_info":{"vcs":"git","commit_id":"5f0c","requested_revision":"main"}}"#;
        let found = Origin::parse(vcs.as_bytes()).expect("read");
        assert_eq!(found.url.as_deref(), Some("git+https://host.example/x/y.git"));
        assert_eq!((found.commit.as_deref(), found.requested.as_deref()), (Some("5f0c"), Some("main")));
        assert_eq!(found.subdirectory.as_deref(), Some("py"));

        let editable = r#"{"dir_info":{"editable":true},"url":"file:///home/ada/my%20lib"}"#;
        let found = Origin::parse(editable.as_bytes()).expect("read");
        assert_eq!((found.folder.as_deref(), found.is_editable), (Some(Path::new("/home/ada/my lib")), true));
        assert!(!Origin::parse(br#"{"dir_info":{},"url":"file:///a"}"#).expect("read").is_editable);

        let archive = r#"{"url":"https://s3.example/a.whl?X-Amz-Signature=1","archive_info":{"hash":"sha256=1","hashes":{"sha256":"1"}}}"#;
        let found = Origin::parse(archive.as_bytes()).expect("read");
        assert_eq!((found.url.as_deref(), found.hash.as_deref()), (Some("https://s3.example/a.whl"), Some("sha256=1")));
        assert_eq!(Origin::parse(b"{}"), None);
    }

    #[test]
    fn no_login_is_kept() {
        assert_eq!(clean_url("ssh://git:pw@host/x"), "ssh://git@host/x");
        assert_eq!(clean_url("git@host:x/y.git"), "git@host:x/y.git");
        assert_eq!(clean_url("https://a@b@host"), "https://host");
        assert_eq!(file_path("file://host/x"), None);
        assert_eq!(file_path("file:///a%00b"), None);
        assert_eq!(file_path("file:///a%2"), Some("/a%2".into()));
    }

    proptest! {
        #[test]
        fn any_file_is_read(bytes in any::<Vec<u8>>(), url in any::<String>()) {
            let _ = Origin::parse(&bytes);
            let json = serde_json::json!({"url": url, "dir_info": {"editable": true}, "vcs_info": {"vcs": "git", "commit_id": url}});
            let found = Origin::parse(json.to_string().as_bytes()).expect("its form is right");
            assert!(!found.url.unwrap_or_default().contains('?'));
        }

        #[test]
        fn passwords_of_urls_are_dropped(user in "[a-z]{1,8}", password in "[A-Z]{8}", scheme in "(https|ssh|git|http)") {
            assert!(!clean_url(&format!("{scheme}://{user}:{password}@host.example/p")).contains(&password));
        }
    }
}
