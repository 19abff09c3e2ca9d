use super::{FileSettings, GitConfig, Level, Overrides, Rule, Settings};
use crate::model::direction::Direction;
use proptest::collection::vec;
use proptest::prelude::{any, proptest};

const FULL: &str = r#"
[start]
prefix = "try/"
baseline = "develop"
[rules]
clean = "commit"
seed = "warn"
locked = ["clean"]
[seed]
param = "train.seed"
[metric.val_acc]
direction = "maximize"
[metric."val/loss"]
direction = "min"
[metrics]
files = ["out/metrics.json"]
[run]
ignore = ["data/**"]
environment = ["CUDA_VISIBLE_DEVICES"]
out = "runs"
sample = "10s"
[data]
train = "data/train"
web = "s3://bucket/key?versionId=1"
[evaluation]
paths = ["eval.py"]
[params]
files = ["conf/a.yaml"]
argv = true
hydra = false
[secrets]
patterns = ['corp-[0-9]{4}']
allow = ['^x+$']
"#;

fn file(text: &str) -> FileSettings {
    Settings::parse_file(text, ".xp.toml").unwrap_or_else(|error| panic!("{error}"))
}

fn error(text: &str) -> String {
    Settings::parse_file(text, ".xp.toml").unwrap_err().to_string()
}

fn config(pairs: &[(&str, &str)]) -> GitConfig {
    GitConfig::read(pairs.iter().copied()).unwrap_or_else(|error| panic!("{error}"))
}

fn resolve(text: &str, pairs: &[(&str, &str)], rules: &[(Rule, Level)]) -> Result<(Settings, Vec<String>), String> {
    let overrides = Overrides { rules: rules.to_vec(), ..Overrides::default() };
    Settings::resolve(&file(text), &config(pairs), &overrides).map_err(|error| error.to_string())
}

#[test]
fn nothing_said_gives_the_defaults() {
    assert_eq!(resolve("", &[], &[]), Ok((Settings::default(), vec![])));
    let settings = Settings::default();
    assert_eq!((settings.start.prefix.as_str(), settings.rules.clean), ("exp/", Level::Refuse));
}

#[test]
fn the_whole_file_is_read() {
    let (settings, warnings) = resolve(FULL, &[], &[]).unwrap();
    assert!(warnings.is_empty());
    assert_eq!(settings.start.prefix, "try/");
    assert_eq!(settings.start.baseline.as_deref(), Some("develop"));
    assert_eq!((settings.rules.level(Rule::Clean), settings.rules.level(Rule::Seed)), (Level::Commit, Level::Warn));
    assert_eq!(settings.seed_param.as_deref(), Some("train.seed"));
    assert_eq!(settings.directions["val_acc"], Direction::Maximize);
    assert_eq!(settings.directions["val/loss"], Direction::Minimize);
    assert_eq!(settings.metrics_files, ["out/metrics.json"]);
    assert_eq!(settings.run.ignore.patterns(), ["data/**"]);
    assert_eq!(settings.run.environment, ["CUDA_VISIBLE_DEVICES"]);
    assert_eq!(settings.run.out.as_deref(), Some("runs"));
    assert_eq!(settings.run.sample, Some(std::time::Duration::from_secs(10)));
    assert_eq!(resolve(FULL, &[("xp.run.sample", "off")], &[]).unwrap().0.run.sample, None);
    assert_eq!((settings.data["train"].as_str(), settings.data.len()), ("data/train", 2));
    assert_eq!(settings.evaluation_paths, ["eval.py"]);
    assert_eq!(file(FULL).locked().iter().copied().collect::<Vec<_>>(), [Rule::Clean]);
    assert_eq!(settings.secrets.patterns, ["corp-[0-9]{4}"]);
    let params = &settings.params;
    assert_eq!(params.files.as_deref(), Some(&["conf/a.yaml".to_owned()][..]));
    assert_eq!((params.argv, params.hydra, params.papermill), (true, false, true));
    let (both, _) = resolve(FULL, &[("xp.secrets.patterns", "mine-[0-9]")], &[]).unwrap();
    assert_eq!(both.secrets.patterns, ["corp-[0-9]{4}", "mine-[0-9]"]);
    assert_eq!(both.secrets.allow, settings.secrets.allow);
}

#[test]
fn options_beat_git_config_which_beats_the_file() {
    let pairs = [
        ("user.name", "x"),
        ("xp.start.prefix", "a/"),
        ("xp.start.prefix", "b/"),
        ("XP.Rules.Seed", "off"),
        ("xp.metric.val.Loss.direction", "maximize"),
        ("xp.metric.val_acc.direction", "minimize"),
        ("xp.metrics.files", "a.json"),
        ("xp.metrics.files", "b.json"),
        ("xp.pushcode", "all"),
    ];
    assert!(!resolve(FULL, &[("xp.params.argv", "off")], &[]).unwrap().0.params.argv);
    assert!(error("params.argv = 'yes'").contains("write true or false"));
    let (settings, warnings) = resolve(FULL, &pairs, &[(Rule::Seed, Level::Off), (Rule::Seed, Level::Refuse)]).unwrap();
    assert_eq!(warnings, Vec::<String>::new());
    assert_eq!(settings.start.prefix, "b/");
    assert_eq!(settings.rules.seed, Level::Refuse);
    assert_eq!(settings.metrics_files, ["a.json", "b.json"]);
    assert_eq!(settings.directions["val.Loss"], Direction::Maximize);
    assert_eq!(settings.directions["val_acc"], Direction::Minimize);
    assert_eq!(settings.directions["val/loss"], Direction::Minimize);
    assert_eq!(resolve(FULL, &pairs, &[]).unwrap().0.rules.seed, Level::Off);
}

#[test]
fn locked_rules_can_only_be_tightened() {
    let refuse = resolve(FULL, &[("xp.rules.clean", "warn")], &[(Rule::Clean, Level::Refuse)]).unwrap().0;
    assert_eq!(refuse.rules.clean, Level::Refuse);
    assert_eq!(
        resolve(FULL, &[], &[(Rule::Clean, Level::Snapshot)]).unwrap_err(),
        ".xp.toml locks the rule `clean` at commit: an option cannot loosen it to snapshot; leave the option out"
    );
    assert_eq!(
        resolve("[rules]\nlocked = [\"seed\"]", &[("xp.rules.seed", "warn")], &[]).unwrap_err(),
        ".xp.toml locks the rule `seed` at refuse: git config `xp.rules.seed` cannot loosen it to warn; remove it with \
         `git config --unset-all xp.rules.seed`"
    );
    assert!(resolve(FULL, &[("xp.run.ignore", "data/**")], &[]).is_ok());
    let exempted = resolve(FULL, &[("xp.run.ignore", "**")], &[]).unwrap_err();
    assert!(exempted.starts_with(".xp.toml locks the rule `clean`: git config `xp.run.ignore` cannot add \"**\""));
}

#[test]
fn unknown_names_are_warned_of() {
    let text = "[rule]\nclean = 1\n[rules]\nclaen = \"off\"\n[metric.a]\ndirektion = 1\n[zzz]\n\"\\u001b[31m\" = 1\n";
    let (_, warnings) =
        resolve(text, &[("xp.start.prefx", "x"), ("xp.nothing", ""), ("xp.rules.locked", "")], &[]).unwrap();
    assert_eq!(
        warnings,
        [
            ".xp.toml:1:2: unknown setting \"rule\" is ignored; did you mean `[rules]`?",
            ".xp.toml:4:1: unknown setting \"rules.claen\" is ignored; did you mean `rules.clean`?",
            ".xp.toml:6:1: unknown setting \"metric.a.direktion\" is ignored; did you mean `metric.a.direction`?",
            ".xp.toml:7:2: unknown setting \"zzz\" is ignored",
            "git config: unknown setting \"xp.start.prefx\" is ignored; did you mean `xp.start.prefix`?",
            "git config: unknown setting \"xp.nothing\" is ignored",
            "git config `xp.rules.locked` is ignored: only .xp.toml locks rules",
        ]
    );
}

#[test]
fn wrong_values_are_pointed_at() {
    for (text, message) in [
        (
            "[rules]\nclean = \"strict\"",
            r#".xp.toml:2:9: `rules.clean` cannot be "strict": write "off", "warn", "refuse", "commit" or "snapshot""#,
        ),
        ("[rules]\nseed = false", r#".xp.toml:2:8: `rules.seed` cannot be false: write "off", "warn" or "refuse""#),
        (
            "[rules]\nlocked = [\"seed\",\n \"x\"]",
            r#".xp.toml:3:2: `rules.locked` cannot be "x": write "clean" or "seed""#,
        ),
        ("rules = 1", ".xp.toml:1:9: `rules` cannot be the number 1: write a table, [rules]"),
        (
            "metric.val_acc = \"maximize\"",
            ".xp.toml:1:18: `metric.val_acc` cannot be \"maximize\": write a table, as in [metric.val_acc] with \
             direction = \"maximize\"",
        ),
        (
            "[metric.\"a\"]\ndirection = \"up\"",
            r#".xp.toml:2:13: `metric.a.direction` cannot be "up": write "maximize" or "minimize""#,
        ),
        (
            "[metrics]\nfiles = \"m.json\"",
            r#".xp.toml:2:9: `metrics.files` cannot be "m.json": write a list of paths, as in ["metrics.json"]"#,
        ),
        (
            "[evaluation]\npaths = [\"ok\", \"../x\"]",
            ".xp.toml:2:16: `evaluation.paths` cannot be \"../x\": write a path relative to the root of the repository, \
             without `..`",
        ),
        (
            "[data]\ntrain = [\"a\"]",
            ".xp.toml:2:9: `data.train` cannot be a list: write a path or the URI of a version, as in train = \"data/train\"",
        ),
        (
            "[data]\n\"a/b\" = \"x\"",
            ".xp.toml:2:1: `data.a/b` cannot be the name of a pin: write letters, digits and - _ . without a dot in front",
        ),
        (
            "[run]\nsample = \"50ms\"",
            ".xp.toml:2:10: `run.sample` cannot be \"50ms\": write a duration from 0.1s to one day, as in \"10s\", or \"off\"",
        ),
        (
            "[run]\nsample = 10",
            ".xp.toml:2:10: `run.sample` cannot be the number 10: write a duration from 0.1s to one day, as in \"10s\", or \"off\"",
        ),
        (
            "[start]\nprefix = \"a b\"",
            ".xp.toml:2:10: `start.prefix` cannot be \"a b\": write what the name of a branch can start with, as in \"exp/\"",
        ),
    ] {
        assert_eq!(error(text), message);
    }
    assert!(error("[rules]\nclean = \n").starts_with(".xp.toml:2:9: "), "{}", error("[rules]\nclean = \n"));
    let config = GitConfig::read([("xp.rules.seed", "commit")]).unwrap_err().to_string();
    assert_eq!(
        config,
        "git config `xp.rules.seed` cannot be \"commit\": write \"off\", \"warn\" or \"refuse\", or remove it with \
         `git config --unset-all xp.rules.seed`"
    );
    let overrides = Overrides { prefix: Some("-x".into()), ..Overrides::default() };
    let option = Settings::resolve(&file(""), &GitConfig::default(), &overrides).unwrap_err().to_string();
    assert!(option.starts_with("the option for `start.prefix` cannot be \"-x\""));
    assert!(resolve("", &[], &[(Rule::Seed, Level::Commit)]).is_err());
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        let _ = Settings::parse_file(&text, ".xp.toml");
    }

    #[test]
    fn nearly_right_text_is_read_or_refused(
        lines in vec(r#"(\[(start|rules|rule|metric\.[a-z"é]{0,3}|run)\]|(prefix|clean|locked|direction|ignore) = ["\[a-z/.é\]]{0,8}|[a-z.= é\[\]"']{0,12})"#, 0..8)
    ) {
        if let Ok(file) = Settings::parse_file(&lines.join("\n"), ".xp.toml") {
            let _ = Settings::resolve(&file, &GitConfig::default(), &Overrides::default());
        }
    }

    #[test]
    fn any_variables_are_read_or_refused(
        pairs in vec(("(xp|XP|é)[.a-zéA-Z]{0,12}|xp\\.(metric|run|rules)\\.\\PC{0,8}(\\.direction)?", any::<String>()), 0..6)
    ) {
        let _ = GitConfig::read(pairs);
    }
}

#[test]
fn passwords_in_places_of_artifacts_are_refused_and_not_repeated() {
    for message in [
        Settings::parse_file("[artifacts]\nx = \"https://ada:hunter22@host/\"", ".xp.toml").unwrap_err().to_string(),
        GitConfig::read([("xp.artifacts.x", "https://ada:hunter22@host/")]).unwrap_err().to_string(),
    ] {
        assert!(message.contains("https://…@host/") && !message.contains("hunter22"), "{message}");
    }
}
