//! Name and version of an installed package, by the name of its folder or by its metadata.

use crate::model::text::printable;

/// No name and no version is recorded longer than this, in characters.
const MAX_CHARS: usize = 200;

/// Name and version of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// The normalized name.
    pub name: String,
    /// The version, if it is known.
    pub version: Option<String>,
}

impl Installed {
    /// What the name of a `.dist-info`, `.egg-info` or `.egg` tells. `None` if it is none of them, or tells no name.
    pub fn by_name(file: &str) -> Option<Self> {
        let (stem, kind) = file.rsplit_once('.')?;
        let (name, version) = match kind {
            // Old installers left `-` in names.
            "dist-info" => stem.rsplit_once('-').map_or((stem, None), |(name, version)| (name, Some(version))),
            // `name-version-py3.11-platform`: all but the name may be missing.
            "egg-info" | "egg" => {
                let mut parts = stem.splitn(3, '-');
                (parts.next()?, parts.next())
            }
            _ => return None,
        };
        let version = version.filter(|version| version.starts_with(|c: char| c.is_ascii_digit())).map(short);
        Some(Self { name: normal_name(name)?, version })
    }
}

/// `Name` and `Version` of metadata: headers as of a mail, ended by an empty line.
pub fn metadata(bytes: &[u8]) -> Option<Installed> {
    let text = String::from_utf8_lossy(bytes);
    let headers = || text.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_once(':'));
    let value = |wanted: &str| {
        headers()
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    };
    Some(Installed { name: normal_name(value("Name")?)?, version: value("Version").map(short) })
}

/// A package's name as indexes compare names: lower case, `-` for every run of `-`, `_` and `.`. `None` for what cannot be a name, such as what an
/// installation that was cut off leaves (`~umpy`).
pub fn normal_name(name: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let begins_well = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if !begins_well || name.len() > MAX_CHARS || !name.chars().all(is_part) {
        return None;
    }
    let mut normal = String::with_capacity(name.len());
    for c in name.chars().map(|c| c.to_ascii_lowercase()) {
        match c {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            c => normal.push(c),
        }
    }
    Some(normal)
}

fn short(version: &str) -> String {
    printable(&version.chars().take(MAX_CHARS).collect::<String>())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Installed, metadata, normal_name};

    fn by_name(file: &str) -> (String, String) {
        let found = Installed::by_name(file).expect("a package");
        (found.name, found.version.unwrap_or_default())
    }

    #[test]
    fn names_of_folders_tell_name_and_version() {
        let pair = |name: &str, version: &str| (name.to_owned(), version.to_owned());
        assert_eq!(by_name("numpy-2.0.1.dist-info"), pair("numpy", "2.0.1"));
        assert_eq!(by_name("ruamel.yaml_x-0.18.dist-info"), pair("ruamel-yaml-x", "0.18"));
        assert_eq!(by_name("torch-2.1.0+cu121.dist-info"), pair("torch", "2.1.0+cu121"));
        assert_eq!(by_name("PyYAML-6.0-py3.11-linux-x86_64.egg-info"), pair("pyyaml", "6.0"));
        assert_eq!(by_name("mine.egg-info"), pair("mine", ""));
        assert_eq!(by_name("old_name-1.0-py2.7.egg"), pair("old-name", "1.0"));
        for other in ["numpy", "numpy.libs", "~umpy-1.0.dist-info", ".dist-info", "a b-1.dist-info"] {
            assert_eq!(Installed::by_name(other), None, "{other}");
        }
    }

    #[test]
    fn metadata_is_read_up_to_the_text() {
        let found =
            metadata(b"Metadata-Version: 2.1\r\nName: My.Package\nVersion: 1.2\n\nName: other\n").expect("read");
        assert_eq!((found.name.as_str(), found.version.as_deref()), ("my-package", Some("1.2")));
        assert_eq!(metadata(b"\nName: x\n"), None);
    }

    proptest! {
        #[test]
        fn any_name_and_any_metadata_are_read(file in any::<String>(), bytes in any::<Vec<u8>>(), name in "[a-zA-Z~._-]{0,12}") {
            let parts = [format!("{file}.dist-info"), format!("{name}-1.egg-info"), file.clone()];
            for found in parts.iter().filter_map(|file| Installed::by_name(file)).chain(metadata(&bytes)) {
                assert_eq!(normal_name(&found.name), Some(found.name.clone()), "normal names stay");
            }
        }
    }
}
