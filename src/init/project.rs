//! The project that `git xp init --template` lays out, as Cookiecutter Data Science does (<https://cookiecutter-data-science.drivendata.org>):
//! data, notebooks, reports, source; with a small model that runs without any package, to be replaced.

/// A file of the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectFile {
    /// From the top of the work tree.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Where the name of the project stands in the files.
const NAME: &str = "{{name}}";
/// Where that of its Python package stands, in files and in paths.
const PACKAGE: &str = "{{package}}";

/// The files, with their paths.
const FILES: [(&str, &str); 17] = [
    (".gitignore", include_str!("template/gitignore")),
    (".xp.toml", include_str!("template/xp.toml")),
    ("README.md", include_str!("template/README.md")),
    ("pyproject.toml", include_str!("template/pyproject.toml")),
    ("config/train.json", include_str!("template/train.json")),
    ("data/raw/iris.csv", include_str!("../demo/iris.csv")),
    ("data/raw/README.md", include_str!("template/raw.md")),
    ("data/external/.gitkeep", ""),
    ("data/interim/.gitkeep", ""),
    ("data/processed/.gitkeep", ""),
    ("models/.gitkeep", ""),
    ("notebooks/README.md", include_str!("template/notebooks.md")),
    ("reports/figures/.gitkeep", ""),
    ("src/{{package}}/__init__.py", ""),
    ("src/{{package}}/dataset.py", include_str!("template/dataset.py")),
    ("src/{{package}}/evaluate.py", include_str!("template/evaluate.py")),
    ("src/{{package}}/train.py", include_str!("template/train.py")),
];

/// The files of a project of this name.
#[must_use]
pub fn files(name: &str) -> Vec<ProjectFile> {
    let package = package(name);
    let name = title(name);
    let fill = |text: &str| text.replace(PACKAGE, &package).replace(NAME, &name);
    FILES.iter().map(|(path, text)| ProjectFile { path: fill(path), text: fill(text) }).collect()
}

/// The name as a title: what it has besides letters, digits, spaces, `_`, `-` and `.` is left out.
fn title(name: &str) -> String {
    let kept: String = name.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '.')).collect();
    if kept.trim().is_empty() { "project".to_owned() } else { kept.trim().to_owned() }
}

/// The name of a Python package: small ASCII letters, digits and `_`, with a letter first.
fn package(name: &str) -> String {
    let word: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    let word = word.trim_matches('_');
    if word.starts_with(|c: char| c.is_ascii_alphabetic()) {
        word.to_owned()
    } else {
        format!("project_{word}").trim_end_matches('_').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{files, package, title};
    use crate::settings::{GitConfig, Overrides, Settings};

    #[test]
    fn names_become_packages() {
        let packages = ["Iris Flowers", "3d-nets", "ä", "", "my.proj_1", "$(rm)"].map(package);
        assert_eq!(packages, ["iris_flowers", "project_3d_nets", "project", "project", "my_proj_1", "rm"]);
        assert_eq!(title("a\"\n[b]"), "ab");
        assert_eq!(title("\u{1b}"), "project");
    }

    #[test]
    fn the_files_are_filled_in_and_their_settings_hold() {
        let files = files("Iris Flowers");
        assert!(files.iter().any(|file| file.path == "src/iris_flowers/train.py"));
        assert!(files.iter().all(|file| !file.text.contains("{{") && !file.path.contains("{{")));
        let settings = files.iter().find(|file| file.path == ".xp.toml").expect("settings");
        let file = Settings::parse_file(&settings.text, ".xp.toml").expect("they are read");
        let (_, warnings) = Settings::resolve(&file, &GitConfig::default(), &Overrides::default()).expect("they hold");
        assert!(warnings.is_empty(), "{warnings:?}");
    }
}
