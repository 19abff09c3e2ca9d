//! URIs of versioned stores: which forms name a version, and which versions stay what they are. Pure.

use crate::capture::secrets::Masker;

/// The forms that are taken, for messages.
pub const FORMS: &str = "\
lakefs://REPO/COMMIT/PATH, dolt://OWNER/DATABASE@COMMIT, pfs://REPO@COMMIT:/PATH, s3://BUCKET/KEY?versionId=ID, \
gs://BUCKET/OBJECT#GENERATION, hf://datasets/ORG/NAME@COMMIT, or a Delta table as s3://BUCKET/TABLE@v12";

/// The stores that a Delta table may lie in.
const DELTA_SCHEMES: [&str; 10] = ["s3", "s3a", "gs", "abfss", "abfs", "wasbs", "hdfs", "dbfs", "file", "adl"];

/// Parts of names of query parameters that sign or authorize.
const SECRET_PARAMETERS: [&str; 9] =
    ["signature", "credential", "accesskey", "token", "password", "secret", "sig", "apikey", "expires"];

/// A URI that names a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// The store, as people call it.
    pub store: &'static str,
    /// Whether the version is one for ever, as a commit is and a branch is not.
    pub permanent: bool,
}

/// A URI that cannot be recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// It holds a password or a token, which would be stored with every run. The message does not repeat it.
    #[error("the URI holds a credential, which is never recorded: leave it out")]
    Credential,
    /// A scheme that no known store has.
    #[error("{scheme}:// is no versioned store that git-xp knows; the forms are {FORMS}")]
    Scheme {
        /// The scheme.
        scheme: String,
    },
    /// A known store, and a form that names no version.
    #[error("a URI of {store} that names a version has the form {form}")]
    Form {
        /// The store.
        store: &'static str,
        /// How to write it.
        form: &'static str,
    },
    /// A character that no URI has.
    #[error("a URI has no spaces or control characters: write them as %20")]
    Character,
}

/// Whether a text is meant as a URI, and not as a path.
pub fn is_uri(text: &str) -> bool {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    };
    text.split_once("://").is_some_and(|(scheme, _)| is_scheme(scheme))
}

/// Check the form of a URI.
///
/// # Errors
/// Says what is wrong and how to write it; a credential is not repeated.
pub fn check(uri: &str) -> Result<Checked, UriError> {
    if uri.chars().any(|c| c.is_whitespace() || crate::model::text::is_unsafe(c)) {
        return Err(UriError::Character);
    }
    let (scheme, rest) = uri.split_once("://").unwrap_or((uri, ""));
    if holds_credential(uri, scheme, rest) {
        return Err(UriError::Credential);
    }
    let found = |store, form, permanent: Option<bool>| match permanent {
        Some(permanent) => Ok(Checked { store, permanent }),
        None => Err(UriError::Form { store, form }),
    };
    match scheme {
        "lakefs" => found("lakeFS", "lakefs://REPO/COMMIT/PATH", lakefs(rest)),
        "dolt" => found("Dolt", "dolt://OWNER/DATABASE@COMMIT", dolt(rest)),
        "pfs" => found("Pachyderm", "pfs://REPO@COMMIT:/PATH", pachyderm(rest)),
        "hf" => found("Hugging Face", "hf://datasets/ORG/NAME@COMMIT", hugging_face(rest)),
        scheme if DELTA_SCHEMES.contains(&scheme) && delta(rest).is_some() => found("Delta Lake", "", delta(rest)),
        "s3" | "s3a" => found("S3", "s3://BUCKET/KEY?versionId=ID", object(rest, &["versionId"], None, is_plain)),
        "gs" => found("Google Cloud Storage", "gs://BUCKET/OBJECT#GENERATION", generation(rest)),
        scheme if DELTA_SCHEMES.contains(&scheme) => {
            Err(UriError::Form { store: "Delta Lake", form: "abfss://CONTAINER@ACCOUNT/TABLE?versionAsOf=12" })
        }
        scheme => Err(UriError::Scheme { scheme: scheme.chars().take(20).collect() }),
    }
}

/// A login with a password, a parameter that signs, or a known form of token.
fn holds_credential(uri: &str, scheme: &str, rest: &str) -> bool {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // Azure's containers, and repositories whose revision stands behind an @, have no password with them.
    let login = authority.rsplit_once('@').map(|(login, _)| login);
    let may_have_login = matches!(scheme, "pfs" | "hf" | "dolt" | "abfss" | "abfs" | "wasbs");
    let is_login = login.is_some_and(|login| !may_have_login || login.contains(':'));
    let query = rest.split_once('?').map_or("", |(_, query)| query);
    let is_secret = |name: &str| {
        let name: String = name.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
        SECRET_PARAMETERS.iter().any(|word| name.contains(word))
    };
    let has_secret = query.split(['&', ';', '#']).any(|pair| is_secret(pair.split('=').next().unwrap_or_default()));
    is_login || has_secret || Masker::default().mask_text(uri) != uri
}

/// `repo/ref/path`: a commit has 64 hex digits; anything shorter may be a branch.
fn lakefs(rest: &str) -> Option<bool> {
    let mut parts = rest.splitn(3, '/');
    let (repo, reference, path) = (parts.next()?, parts.next()?, parts.next()?);
    (is_plain(repo) && is_plain(reference) && is_plain(path)).then(|| is_hex(reference, 64))
}

/// `owner/database@ref`: a commit has 32 digits of base 32.
fn dolt(rest: &str) -> Option<bool> {
    let (database, reference) = rest.rsplit_once('@')?;
    let (owner, name) = database.split_once('/')?;
    let is_commit = reference.len() == 32 && reference.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'v'));
    (is_plain(owner) && is_plain(name) && is_plain(reference)).then_some(is_commit)
}

/// `[project/]repo@commit:/path`: a commit has 32 hex digits.
fn pachyderm(rest: &str) -> Option<bool> {
    let (repo, rest) = rest.split_once('@')?;
    let (reference, path) = rest.split_once(':')?;
    // `master=4a…` names the commit too.
    let commit = reference.rsplit_once('=').map_or(reference, |(_, commit)| commit);
    (is_plain(repo) && is_plain(commit) && path.starts_with('/')).then(|| is_hex(commit, 32))
}

/// `datasets/org/name@revision[/path]`; models have no `datasets/` before them.
fn hugging_face(rest: &str) -> Option<bool> {
    let (repo, revision) = rest.split_once('@')?;
    // A revision with a slash is written %2F.
    let revision = revision.split('/').next()?;
    let parts: Vec<&str> = repo.split('/').collect();
    let is_repo = match parts.as_slice() {
        ["datasets" | "spaces", org, name] | [org, name] => is_plain(org) && is_plain(name),
        _ => false,
    };
    (is_repo && is_plain(revision)).then(|| is_hex(revision, 40))
}

/// `…/table@v12` or `…/table?versionAsOf=12`.
fn delta(rest: &str) -> Option<bool> {
    let is_number = |text: &str| (1..=19).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let (table, version) = rest.split_once("?versionAsOf=").or_else(|| rest.rsplit_once("@v"))?;
    (is_plain(table) && table.contains('/') && is_number(version)).then_some(true)
}

/// `bucket/object#generation`, as Google's own tools write it, or `?generation=`.
fn generation(rest: &str) -> Option<bool> {
    let is_number = |text: &str| (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    object(rest, &["generation"], Some('#'), is_number)
}

/// A bucket, an object in it, and its version behind a parameter or a mark.
fn object(rest: &str, names: &[&str], mark: Option<char>, is_version: fn(&str) -> bool) -> Option<bool> {
    let (place, version) = match mark.and_then(|mark| rest.rsplit_once(mark)) {
        Some(found) => found,
        None => {
            let (place, query) = rest.split_once('?')?;
            let (name, version) = query.split_once('=')?;
            names.contains(&name).then_some((place, version))?
        }
    };
    let (bucket, key) = place.split_once('/')?;
    let is_object = is_plain(bucket) && !key.is_empty() && !place.contains('?');
    // An object of a bucket without versions has the version `null`, which the next upload replaces.
    (is_object && is_version(version) && !version.contains(['&', '='])).then(|| version != "null")
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// Neither empty nor with a character that would begin another part.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.contains(['?', '#'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{UriError, check, is_uri};

    #[test]
    fn versions_are_told_from_branches() {
        let [a32, a40, a64] = [32, 40, 64].map(|length| "a".repeat(length));
        for (uri, store, permanent) in [
            (format!("lakefs://repo/{a64}/data/train"), "lakeFS", true),
            ("lakefs://repo/main/data/train".to_owned(), "lakeFS", false),
            ("dolt://ada/flowers@9kq2m8v0c4t9e1n5b3hd7kq2m8v0c4t9".to_owned(), "Dolt", true),
            ("dolt://ada/flowers@main".to_owned(), "Dolt", false),
            (format!("pfs://images@{a32}:/train"), "Pachyderm", true),
            (format!("pfs://project/images@master={a32}:/"), "Pachyderm", true),
            ("pfs://images@master:/train".to_owned(), "Pachyderm", false),
            ("s3://bucket/a/b.parquet?versionId=3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY".to_owned(), "S3", true),
            ("s3://bucket/a?versionId=null".to_owned(), "S3", false),
            ("gs://bucket/a/b.csv#1360887697105000".to_owned(), "Google Cloud Storage", true),
            ("gs://bucket/a/b.csv?generation=1360887697105000".to_owned(), "Google Cloud Storage", true),
            (format!("hf://datasets/stanfordnlp/imdb@{a40}"), "Hugging Face", true),
            (format!("hf://datasets/stanfordnlp/imdb@{a40}/plain_text/train.parquet"), "Hugging Face", true),
            ("hf://datasets/stanfordnlp/imdb@main".to_owned(), "Hugging Face", false),
            ("s3://lake/events@v12".to_owned(), "Delta Lake", true),
            ("abfss://box@account.dfs.core.windows.net/events?versionAsOf=3".to_owned(), "Delta Lake", true),
            ("file:///lake/events@v0".to_owned(), "Delta Lake", true),
        ] {
            let found = check(&uri).unwrap_or_else(|error| panic!("{uri}: {error}"));
            assert_eq!((found.store, found.permanent), (store, permanent), "{uri}");
        }
    }

    #[test]
    fn what_names_no_version_is_refused() {
        for uri in [
            "s3://bucket/key",
            "s3://bucket?versionId=1",
            "s3://bucket/key?versionId=",
            "s3://bucket/key?versionId=1&x=2",
            "gs://bucket/object",
            "gs://bucket/object#latest",
            "hf://datasets/org/name",
            "hf://name@main",
            "lakefs://repo/main",
            "dolt://flowers@main",
            "pfs://images:/train",
            "file:///lake/events@12",
            "file:///lake/events",
        ] {
            assert!(matches!(check(uri), Err(UriError::Form { .. })), "{uri}: {:?}", check(uri));
        }
        assert!(matches!(check("https://example.org/a.csv"), Err(UriError::Scheme { .. })));
        assert_eq!(check("s3://bucket/a b?versionId=1"), Err(UriError::Character));
    }

    #[test]
    fn credentials_are_refused_and_not_repeated() {
        for uri in [
            "s3://AKIAIOSFODNN7EXAMPLE:hunter2@bucket/key?versionId=1",
            "s3://bucket/key?versionId=1&X-Amz-Signature=hunter2",
            "lakefs://ada:hunter2@repo/main/x",
            "abfss://box:hunter2@account/events@v1",
            "hf://datasets/org/name@main?token=hunter2",
            &format!("hf://datasets/org/hf_{}@main", "a".repeat(34)),
        ] {
            let error = check(uri).expect_err(uri);
            assert_eq!(error, UriError::Credential, "{uri}");
            assert!(!error.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn paths_are_no_uris() {
        assert!(is_uri("s3://x") && is_uri("lakefs://"));
        for path in ["data/train", "C:\\data", "a b://x", "://x", "1a://x"] {
            assert!(!is_uri(path), "{path}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in any::<String>(), rest in "[a-f0-9@:/?#=&v%.é]{0,40}", scheme in "(s3|gs|hf|pfs|dolt|lakefs|file|abfss)") {
            let _ = (is_uri(&text), check(&text));
            let _ = check(&format!("{scheme}://{rest}"));
        }
    }
}
