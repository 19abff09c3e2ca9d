//! Tools that keep environments, and their options.

/// Tools that keep an environment for each project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// `uv run`
    Uv,
    /// `poetry run`
    Poetry,
    /// `pdm run`
    Pdm,
    /// `pipenv run`
    Pipenv,
    /// `rye run`
    Rye,
    /// `hatch run`
    Hatch,
    /// `pixi run`
    Pixi,
}

impl Tool {
    /// The tool's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Uv => "uv",
            Self::Poetry => "poetry",
            Self::Pdm => "pdm",
            Self::Pipenv => "pipenv",
            Self::Rye => "rye",
            Self::Hatch => "hatch",
            Self::Pixi => "pixi",
        }
    }

    /// The tool that a program is.
    pub(super) fn of(program: &str) -> Option<Self> {
        [Self::Uv, Self::Poetry, Self::Pdm, Self::Pipenv, Self::Rye, Self::Hatch, Self::Pixi]
            .into_iter()
            .find(|tool| tool.name() == program)
    }

    /// Options that take a value in the next word.
    pub(super) fn options_with_value(self) -> &'static [&'static str] {
        match self {
            Self::Uv => &[
                "--project",
                "--directory",
                "-p",
                "--python",
                "-w",
                "--with",
                "--with-editable",
                "--with-requirements",
                "--extra",
                "--group",
                "--only-group",
                "--no-group",
                "--env-file",
                "--package",
                "--index",
                "--default-index",
                "-i",
                "--index-url",
                "--extra-index-url",
                "-f",
                "--find-links",
                "-m",
                "--module",
                "--cache-dir",
                "--config-file",
                "--color",
                "--link-mode",
                "--resolution",
                "--prerelease",
                "--exclude-newer",
                "-P",
                "--upgrade-package",
                "--refresh-package",
                "--reinstall-package",
                "-C",
                "--config-setting",
            ],
            Self::Poetry => &["-C", "--directory", "-P", "--project"],
            Self::Pdm => &["-p", "--project", "--venv"],
            Self::Pipenv | Self::Rye => &["--project"],
            Self::Hatch => &["-p", "--project", "-e", "--env"],
            Self::Pixi => &["--manifest-path", "-e", "--environment"],
        }
    }

    /// The options that name the folder of the project, and those that name one of its environments.
    pub(super) fn naming_options(self) -> [&'static [&'static str]; 2] {
        match self {
            Self::Pixi => [&["--manifest-path"], &["-e", "--environment"]],
            Self::Hatch => [&["-p", "--project"], &["-e", "--env"]],
            // `-p` is a Python.
            Self::Uv => [&["--project", "--directory"], &[]],
            _ => [&["-C", "--directory", "-P", "-p", "--project"], &[]],
        }
    }
}
