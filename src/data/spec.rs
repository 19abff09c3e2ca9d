//! What is asked for: `NAME=PATH` or `NAME=URI`, of options and of `.xp.toml`. Pure.

use std::collections::BTreeMap;

use super::uri::is_uri;
use crate::model::data::check_name;

/// A pin that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// Its name, which is a file's name too.
    pub name: String,
    /// What it is.
    pub what: What,
}

/// What is pinned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A file or folder, relative to where the user stands.
    Path(String),
    /// The same, relative to the top of the work tree.
    PathBelowTop(String),
    /// A version in a versioned store.
    Uri(String),
}

impl What {
    /// The text as it was given.
    pub fn text(&self) -> &str {
        match self {
            Self::Path(text) | Self::PathBelowTop(text) | Self::Uri(text) => text,
        }
    }
}

/// All pins by name: those of `.xp.toml`, and those of options, which beat them.
///
/// # Errors
/// A sentence about the option that is wrong.
pub fn specs(settings: &BTreeMap<String, String>, options: &[String]) -> Result<Vec<Spec>, String> {
    let mut all: BTreeMap<String, What> = BTreeMap::new();
    for (name, value) in settings {
        all.insert(name.clone(), what(value, What::PathBelowTop));
    }
    let mut given: Vec<&str> = Vec::new();
    for option in options {
        let (name, value) = option.split_once('=').ok_or("write it as NAME=PATH, such as train=data/train")?;
        check_name(name).map_err(|allowed| format!("a name of data has {allowed}"))?;
        if value.is_empty() {
            return Err(format!("nothing stands behind {name}=: write {name}=PATH"));
        }
        if given.contains(&name) {
            return Err(format!("the name {name} is given twice; give the second one another name"));
        }
        given.push(name);
        all.insert(name.to_owned(), what(value, What::Path));
    }
    Ok(all.into_iter().map(|(name, what)| Spec { name, what }).collect())
}

fn what(value: &str, path: fn(String) -> What) -> What {
    if is_uri(value) { What::Uri(value.to_owned()) } else { path(value.to_owned()) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::collection::vec;
    use proptest::prelude::{any, proptest};

    use super::{What, specs};

    #[test]
    fn options_beat_settings() {
        let settings = ["test=t", "train=a"].map(|text| text.split_once('=').expect("a pair"));
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let found = specs(&settings, &["train=b=c".to_owned(), "web=s3://b/k?versionId=1".to_owned()]).expect("read");
        let found: Vec<_> = found.into_iter().map(|spec| (spec.name, spec.what)).collect();
        let of = |name: &str, what| (name.to_owned(), what);
        assert_eq!(
            found,
            [
                of("test", What::PathBelowTop("t".into())),
                of("train", What::Path("b=c".into())),
                of("web", What::Uri("s3://b/k?versionId=1".into()))
            ]
        );
        for wrong in ["train", "=x", "a/b=x", ".a=x", "a=", "é=x"] {
            assert!(specs(&BTreeMap::new(), &[wrong.to_owned()]).is_err(), "{wrong}");
        }
        assert!(specs(&BTreeMap::new(), &["a=1".to_owned(), "a=2".to_owned()]).is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_options_never_panic(options in vec(any::<String>(), 0..3)) {
            let _ = specs(&BTreeMap::new(), &options);
        }
    }
}
