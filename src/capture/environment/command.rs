//! Which environment a command line asks for, by its words alone.

pub use super::tool::Tool;

/// Programs that start another one, which is the first later word that is a program.
const LAUNCHERS: [&str; 19] = [
    "catchsegv",
    "chrt",
    "command",
    "dotenv",
    "env",
    "exec",
    "ionice",
    "mpiexec",
    "mpirun",
    "nice",
    "nohup",
    "numactl",
    "setsid",
    "srun",
    "stdbuf",
    "taskset",
    "time",
    "timeout",
    "xvfb-run",
];

/// Shells and runners of recipes: what they start is found in PATH.
const SCRIPTING: [&str; 13] =
    ["bash", "cmake", "dash", "dvc", "fish", "just", "ksh", "make", "ninja", "sh", "snakemake", "task", "zsh"];

/// What tells which environment is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// A program: the environment that it belongs to.
    Program(String),
    /// A script of a shell: what lies first in PATH.
    Script,
    /// The tool's environment of a project.
    Project {
        /// The tool that finds or makes it.
        tool: Tool,
        /// The folder of the project, if it is named.
        folder: Option<String>,
        /// Which of the project's environments, if it is named.
        name: Option<String>,
        /// The active environment (`VIRTUAL_ENV`) comes first.
        prefers_active: bool,
    },
    /// An environment that the tool makes for this call alone: it is nowhere before, and gone after.
    Own(Tool),
    /// A Conda environment.
    Conda {
        /// Its name.
        name: Option<String>,
        /// Its folder.
        prefix: Option<String>,
    },
}

/// What a command asks for, and the variables that it sets itself (`env NAME=VALUE …`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Which environment. `None` if no word is a program.
    pub asked: Option<Asked>,
    /// Name and value, in the order of the words.
    pub assignments: Vec<(String, String)>,
}

/// Read a command line. `is_program` tells whether a word can be started.
pub fn read(argv: &[String], is_program: impl Fn(&str) -> bool) -> Reading {
    let mut assignments = Vec::new();
    let mut words = argv;
    while let Some((word, rest)) = words.split_first() {
        let name = base_name(word);
        if !LAUNCHERS.contains(&name) {
            return Reading { asked: Some(ask(word, name, rest)), assignments };
        }
        let next = rest.iter().position(|word| !word.starts_with('-') && !word.contains('=') && is_program(word));
        let before = &rest[..next.unwrap_or(rest.len())];
        if name == "env" {
            let pairs = before.iter().filter(|word| !word.starts_with('-')).filter_map(|word| word.split_once('='));
            assignments.extend(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        }
        words = next.map_or(&[][..], |next| &rest[next..]);
    }
    Reading { asked: None, assignments }
}

fn ask(word: &str, name: &str, rest: &[String]) -> Asked {
    if let Some(tool) = Tool::of(name)
        && let Some(options) = Options::before_program(rest, tool.options_with_value())
    {
        if tool == Tool::Uv && options.names_own_environment() {
            return Asked::Own(tool);
        }
        let [folder, name] = tool.naming_options();
        let prefers_active = options.has("--active") || options.has("--no-project");
        return Asked::Project { tool, folder: options.value(folder), name: options.value(name), prefers_active };
    }
    if matches!(name, "conda" | "mamba" | "micromamba")
        && let Some(options) =
            Options::before_program(rest, &["-n", "--name", "-p", "--prefix", "--cwd", "-r", "--root-prefix"])
    {
        return Asked::Conda { name: options.value(&["-n", "--name"]), prefix: options.value(&["-p", "--prefix"]) };
    }
    if SCRIPTING.contains(&name) { Asked::Script } else { Asked::Program(word.to_owned()) }
}

/// The options of `tool [options] run [options] program …`.
struct Options<'a>(Vec<(&'a str, Option<&'a str>)>);

impl<'a> Options<'a> {
    /// Those before the program. `None` if the subcommand is not `run`.
    fn before_program(words: &'a [String], with_value: &[&str]) -> Option<Self> {
        let mut options = Vec::new();
        let mut is_run = false;
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            if word == "--" {
                break;
            } else if let Some((name, value)) = word.split_once('=').filter(|_| word.starts_with("--")) {
                options.push((name, Some(value)));
            } else if with_value.contains(&word) {
                options.push((word, words.next()));
            } else if word.starts_with('-') {
                options.push((word, None));
            } else if !is_run && word == "run" {
                is_run = true;
            } else {
                break;
            }
        }
        is_run.then_some(Self(options))
    }

    fn value(&self, names: &[&str]) -> Option<String> {
        self.0.iter().find(|(name, _)| names.contains(name)).and_then(|(_, value)| value.map(str::to_owned))
    }

    /// Options of `uv run` with which it does not run in the project's environment, or not in it alone.
    fn names_own_environment(&self) -> bool {
        const OWN: [&str; 9] = [
            "--isolated",
            "-s",
            "--script",
            "-p",
            "--python",
            "-w",
            "--with",
            "--with-editable",
            "--with-requirements",
        ];
        self.0.iter().any(|(name, _)| OWN.contains(name))
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(found, _)| *found == name)
    }
}

/// The last part of a path, without `.exe`.
pub(super) fn base_name(word: &str) -> &str {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    name.strip_suffix(".exe").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Asked, Reading, Tool, read};

    fn reading(line: &str) -> Reading {
        let argv: Vec<String> = line.split(' ').map(str::to_owned).collect();
        read(&argv, |word| ["python", "uv", "nice", "./train.py", "torchrun"].contains(&word))
    }

    fn asked(line: &str) -> Asked {
        reading(line).asked.expect("a program")
    }

    fn project(tool: Tool, folder: Option<&str>) -> Asked {
        Asked::Project { tool, folder: folder.map(str::to_owned), name: None, prefers_active: false }
    }

    #[test]
    fn the_program_is_found_behind_what_starts_it() {
        let python = Asked::Program("python".into());
        for line in [
            "python train.py",
            "nice -n 10 python train.py",
            "timeout 5 nice python train.py",
            "srun -p gpu --gres=gpu:1 python x.py",
            "env -u X python train.py",
        ] {
            assert_eq!(asked(line), python, "{line}");
        }
        assert_eq!(asked("torchrun --nproc 2 train.py"), Asked::Program("torchrun".into()));
        assert_eq!(asked("bash -c x"), Asked::Script);
        assert_eq!(asked("/bin/sh train.sh"), Asked::Script);
        assert_eq!(reading("nice -n 10").asked, None);
        let reading = reading("env PATH=/x A=b=c python -c D=1");
        assert_eq!(reading.assignments, [("PATH".into(), "/x".into()), ("A".into(), "b=c".into())]);
        assert_eq!(reading.asked, Some(python));
    }

    #[test]
    fn tools_that_keep_an_environment_are_asked_for_theirs() {
        assert_eq!(asked("uv run train.py --project y"), project(Tool::Uv, None));
        assert_eq!(asked("uv --project x run train.py"), project(Tool::Uv, Some("x")));
        for own in ["-p 3.12", "--isolated", "--with numpy", "--with=numpy", "--script"] {
            assert_eq!(asked(&format!("uv --project x run {own} train.py")), Asked::Own(Tool::Uv), "{own}");
        }
        assert_eq!(asked("env A=1 uv run --extra gpu -- python a.py"), project(Tool::Uv, None));
        assert_eq!(asked("poetry -C sub run python a.py"), project(Tool::Poetry, Some("sub")));
        assert_eq!(asked("uv pip list"), Asked::Program("uv".into()));
        let conda = |name: Option<&str>, prefix: Option<&str>| Asked::Conda {
            name: name.map(str::to_owned),
            prefix: prefix.map(str::to_owned),
        };
        assert_eq!(asked("conda run -n ml python a.py"), conda(Some("ml"), None));
        assert_eq!(asked("micromamba run --prefix=/e --live-stream python a.py -n 5"), conda(None, Some("/e")));
        assert_eq!(asked("mamba run python a.py -n 5"), conda(None, None));
    }

    proptest! {
        #[test]
        fn any_words_are_read(
            argv in proptest::collection::vec(any::<String>(), 0..6),
            known in proptest::collection::vec("(env|nice|uv|run|conda|-n|--|-p|x=y|--name=|python|)", 0..8),
        ) {
            let _ = (read(&argv, |_| true), read(&argv, |_| false));
            let _ = (read(&known, |_| true), read(&known, |word| word == "python"));
        }
    }
}
