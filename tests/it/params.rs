//! Params from what teams have: DVC's params.yaml, Hydra, options, papermill; and names that differ only in case or punctuation.

use std::path::Path;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Output, Part, TestRepo, need};

/// A program that writes what Hydra writes, so that most of this is tested without Python: its words are overrides of `lr`, `seed` and `dir`.
const FAKE_HYDRA: &str = r#"lr=0.1 seed=0 dir=outputs/2026-11-21/$$
for word in "$@"; do eval "${word%%=*}='${word#*=}'"; done
mkdir -p "$dir/.hydra"
printf 'lr: %s\nseed: %s\nmodel:\n  width: 10\n' "$lr" "$seed" >"$dir/.hydra/config.yaml"
for word in "$@"; do case $word in dir=*) ;; *) echo "- $word" ;; esac; done >"$dir/.hydra/overrides.yaml"
[ $# -gt 0 ] || echo '[]' >"$dir/.hydra/overrides.yaml"
echo "hydra: {}" >"$dir/.hydra/hydra.yaml"
echo "{\"metric\":\"val_acc\",\"value\":$lr}" >>"$GIT_XP_JOURNAL"
"#;

fn run(repo: &TestRepo, args: &[&str]) -> Output {
    repo.xp(&[&["run", "--again"], args].concat())
}

/// The fact of the last run.
fn last(repo: &TestRepo) -> Value {
    repo.facts("run").pop().expect("a run")
}

/// A file of the last run.
#[track_caller]
fn stored(repo: &TestRepo, name: &str) -> String {
    repo.xp(&["show", "last", "--file", name]).ok()
}

fn with_files(files: &[(&str, &str)]) -> TestRepo {
    let repo = TestRepo::new();
    files.iter().for_each(|(path, text)| repo.write(path, text));
    repo.commit("Files");
    repo
}

const DVC: &str =
    "stages:\n  train:\n    cmd: sh train.sh\n    params:\n    - lr\n    - conf/model.toml:\n      - width\n";

#[test]
fn params_of_a_dvc_project_are_those_of_its_runs() {
    let repo = with_files(&[
        ("dvc.yaml", DVC),
        ("params.yaml", "lr: 0.1\ntrain:\n  epochs: 3\n"),
        ("conf/model.toml", "width = 8\nlr = 5\n"),
    ]);
    assert_eq!(
        run(&repo, &["--seed", "1", "--", "sh", "train.sh", "1", "1"]).fails(0),
        "run …".replace('…', &last(&repo)["id"].as_str().unwrap()[..4]) + " seed 1 ok  loss 1, val_acc 0.813\n"
    );
    let fact = last(&repo);
    assert_eq!(fact["params"], json!({"lr": 0.1, "train.epochs": 3, "width": 8, "conf/model.toml:lr": 5}));
    let sources = &fact["param_sources"];
    assert_eq!((&sources[0]["kind"], &sources[0]["file"]), (&json!("file"), &json!("params.yaml")));
    assert_eq!(sources[0]["names"], json!(["lr", "train.epochs"]));
    assert_eq!(sources[1]["names"], json!(["conf/model.toml:lr", "width"]));
    assert_eq!(stored(&repo, "params/params.yaml"), "lr: 0.1\ntrain:\n  epochs: 3\n");
    // They are part of the plan: with other values it is another one, and another row.
    repo.write("params.yaml", "lr: 0.2\n");
    repo.xp(&["run", "--rule", "clean=warn", "--seed", "1", "--", "sh", "train.sh", "1", "1"]).ok();
    let other = last(&repo);
    assert_eq!(other["tree"], fact["tree"]);
    assert_ne!(other["condition"], fact["condition"]);
    repo.is_sound();
}

#[test]
fn what_is_typed_beats_a_file_and_is_told() {
    let repo = with_files(&[("dvc.yaml", "stages: {}\n"), ("params.yaml", "lr: 0.01\nn: 1\n")]);
    let said =
        run(&repo, &["--seed", "1", "-p", "lr=0.1", "-p", "n=1.0", "--", "sh", "train.sh", "{lr}", "{seed}", "{n}"])
            .fails(0);
    assert!(
        said.starts_with("warning: params.yaml has lr = 0.01; recorded is 0.1, as -p or --config says\nrun"),
        "{said}"
    );
    let fact = last(&repo);
    assert_eq!(fact["params"], json!({"lr": 0.1, "n": 1.0}));
    assert_eq!(fact["param_sources"][0]["overruled"], json!({"lr": 0.01}));
    // It is said once, not of each seed.
    let said = run(&repo, &["--seeds", "2,3", "-p", "lr=0.1", "--", "sh", "train.sh", "{lr}", "{seed}"]).fails(0);
    assert_eq!(said.matches("warning").count(), 1, "{said}");
    // What DVC is told to set counts as what is in the file.
    repo.write("dvc", "#!/bin/sh\nexit 0\n");
    repo.sh("chmod +x dvc").ok();
    repo.commit("A tool");
    let said =
        run(&repo, &["--seed", "1", "-p", "lr=0.5", "--", "./dvc", "exp", "run", "-S", "lr={lr}", "-S", "m.w=3"])
            .fails(0);
    assert!(!said.contains("warning"), "{said}");
    assert_eq!(last(&repo)["params"], json!({"lr": 0.5, "m.w": 3, "n": 1}));
    assert_eq!(last(&repo)["param_sources"][0]["overrides"], json!(["lr=0.5", "m.w=3"]));
}

#[test]
fn a_params_yaml_that_nobody_uses_is_left_alone() {
    let repo = with_files(&[("params.yaml", "lr: 0.1\n"), ("conf/a.yaml", "w: 1\n")]);
    let params = |args: &[&str]| {
        run(&repo, &[&["--seed", "1"], args].concat()).ok();
        last(&repo)["params"].clone()
    };
    assert_eq!(params(&["--", "sh", "train.sh", "1", "1"]), Value::Null);
    assert_eq!(params(&["--", "sh", "train.sh", "1", "1", "--params=params.yaml"]), json!({"lr": 0.1}));
    // As `--config` it is there already, once.
    assert_eq!(
        params(&["--config", "params.yaml", "--", "sh", "train.sh", "1", "1", "params.yaml"]),
        json!({"lr": 0.1})
    );
    assert_eq!(last(&repo)["param_sources"], Value::Null);
    repo.write(".xp.toml", "[params]\nfiles = [\"conf/a.yaml\", \"missing.yaml\"]\n");
    assert_eq!(params(&["--", "sh", "train.sh", "1", "1", "params.yaml"]), json!({"w": 1}));
    repo.write(".xp.toml", "[params]\nfiles = []\n");
    repo.write("dvc.yaml", "stages: {}\n");
    repo.commit("DVC");
    assert_eq!(params(&["--", "sh", "train.sh", "1", "1"]), Value::Null);
}

#[test]
fn hostile_files_of_params_give_a_sentence_and_no_param() {
    let repo = with_files(&[("dvc.yaml", "stages: {}\n"), ("params.yaml", "a: 1\n"), (".gitignore", "params.yaml\n")]);
    std::fs::write(repo.outside().join("secret.yaml"), "token: x\n").expect("written");
    let bomb = (0..30)
        .map(|i| format!("a{}: &a{} [{}]\n", i + 1, i + 1, vec![format!("*a{i}"); 9].join(",")))
        .collect::<String>();
    let deep = format!("a: {}1{}\n", "[".repeat(5000), "]".repeat(5000));
    for (text, sentence) in [
        (format!("a0: &a0 [x]\n{bomb}").into_bytes(), "multiply beyond reason; no param is taken from it"),
        (deep.into_bytes(), "recursion limit exceeded; no param is taken from it"),
        (b"a: \xff\n".to_vec(), "is no UTF-8 text (byte 3)"),
        (vec![b'x'; 2 << 20], "it is larger than 1 MiB; no param"),
        (b"\"a\\e[31m\": 1\nb: 2\n".to_vec(), "1 of its keys cannot name a param"),
        (format!("b: 2\nlong: {}\n", "x".repeat(9000)).into_bytes(), "the value of long is longer than 4096 bytes"),
    ] {
        std::fs::write(repo.path.join("params.yaml"), text).expect("written");
        let said = run(&repo, &["--seed", "1", "--", "sh", "train.sh", "1", "1"]).fails(0);
        assert!(said.starts_with("warning: ") && said.contains(sentence) && !said.contains('\u{1b}'), "{said}");
        let params = last(&repo)["params"].clone();
        assert!(params == Value::Null || params == json!({"b": 2}), "{params}");
    }
    std::fs::remove_file(repo.path.join("params.yaml")).expect("removed");
    std::os::unix::fs::symlink("../secret.yaml", repo.path.join("params.yaml")).expect("linked");
    let said = run(&repo, &["--seed", "1", "--", "sh", "train.sh", "1", "1"]).fails(0);
    assert!(said.contains("params.yaml: it leads out of the repository; no param is taken from it"), "{said}");
    std::fs::remove_file(repo.path.join("params.yaml")).expect("removed");
    repo.sh("mkfifo params.yaml").ok();
    run(&repo, &["--seed", "1", "--", "sh", "train.sh", "1", "1"]).ok();
    assert_eq!(last(&repo)["params"], Value::Null);
    repo.is_sound();
}

#[test]
fn secrets_in_what_is_taken_are_masked() {
    let repo = with_files(&[
        ("dvc.yaml", "stages: {}\n"),
        ("params.yaml", "api_key: hunter2hunter2\nlr: 1\n"),
        ("h.sh", FAKE_HYDRA),
    ]);
    run(&repo, &["--seed", "1", "--", "sh", "h.sh", "lr=ghp_0123456789abcdefghijABCDEFGHIJ456789"]).ok();
    let fact = last(&repo);
    assert_eq!(fact["params"]["api_key"], "<secret:named>");
    assert_eq!(fact["params"]["lr"], "<secret:github-token>");
    let all = repo.sh("git rev-list --objects --all | cut -d' ' -f1 | git cat-file --batch").stdout;
    // The file itself is code, which is not masked.
    assert_eq!(all.matches("hunter2").count(), 1 + usize::from(all.contains("hunter2hunter2")));
    assert!(!all.contains("ghp_0123"));
}

#[test]
fn what_hydra_leaves_says_the_params() {
    let repo = with_files(&[("h.sh", FAKE_HYDRA)]);
    let said = run(&repo, &["--seeds", "1..2", "--", "sh", "h.sh", "lr=0.2", "seed={seed}"]).fails(0);
    assert_eq!(said.matches("hint: echo /outputs/ >>.gitignore").count(), 1, "{said}");
    let fact = last(&repo);
    assert_eq!(fact["params"], json!({"lr": 0.2, "model.width": 10, "seed": 2}));
    let source = &fact["param_sources"][0];
    assert_eq!((&source["kind"], &source["overrides"]), (&json!("hydra"), &json!(["lr=0.2", "seed=2"])));
    assert!(
        source["file"]
            .as_str()
            .is_some_and(|file| file.starts_with("outputs/") && file.ends_with("/.hydra/config.yaml"))
    );
    assert_eq!(stored(&repo, "hydra/overrides.yaml"), "- lr=0.2\n- seed=2\n");
    // They follow from what was known before: both seeds are one condition.
    assert_eq!(repo.facts("run")[0]["condition"], fact["condition"]);
    // The folders are no change of the code, for a run and for `-a`; what lies there from before is not taken.
    repo.write("train.sh", "true\n");
    let said = run(&repo, &["-a", "--seed", "1", "--", "sh", "train.sh"]).fails(0);
    assert!(!said.contains("outputs"), "{said}");
    assert_eq!(last(&repo)["params"], Value::Null);
    assert_eq!(repo.git(&["ls-files", "outputs"]), "");
    // Other values than typed are told.
    let said = run(&repo, &["--seed", "1", "-p", "lr=0.7", "--", "sh", "h.sh", "seed={lr}"]).fails(0);
    assert!(said.contains("has lr = 0.1; recorded is 0.7, as -p or --config says"), "{said}");
    let shown = repo.xp(&["show", "last"]).ok();
    assert!(shown.contains("param  lr = 0.7\n") && shown.contains("param  model.width = 10  (hydra)\n"), "{shown}");
    assert!(shown.contains("2 params; changed: seed=0.7; overruled: lr = 0.1\n"), "{shown}");
    repo.write(".xp.toml", "[params]\nhydra = false\n");
    run(&repo, &["--seed", "1", "--", "sh", "h.sh"]).ok();
    assert_eq!(last(&repo)["params"], Value::Null);
    repo.is_sound();
}

#[test]
fn hydra_is_found_where_the_command_puts_it_and_not_through_a_link() {
    let repo = with_files(&[("h.sh", FAKE_HYDRA), (".gitignore", "runs/\nlink\noutputs\n")]);
    let taken = |args: &[&str]| {
        run(&repo, &[&["--seed", "1", "--", "sh", "h.sh"], args].concat()).ok();
        last(&repo)["param_sources"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(taken(&["dir={out}"]), 1);
    assert!(last(&repo)["param_sources"][0]["file"].as_str().is_some_and(|file| file.starts_with("out/")));
    // Nobody says where, and no Hydra is installed.
    assert_eq!(taken(&["dir=runs/1"]), 0);
    std::os::unix::fs::symlink(repo.outside(), repo.path.join("outputs")).expect("linked");
    assert_eq!(taken(&["dir=outputs/2"]), 0);
}

#[test]
fn in_a_subfolder_its_own_project_counts() {
    let repo = with_files(&[
        ("params.yaml", "lr: 1\n"),
        ("dvc.yaml", "stages: {}\n"),
        ("sub/dvc.yaml", "params:\n- ../shared.yaml\n- ../../outside.yaml\n"),
        ("sub/params.yaml", "lr: 2\n"),
        ("sub/h.sh", FAKE_HYDRA),
        ("sub/deeper/x.sh", "true\n"),
        ("shared.yaml", "n: 3\n"),
    ]);
    std::fs::write(repo.outside().join("outside.yaml"), "token: x\n").expect("written");
    let in_folder = |folder: &str, script: &str| {
        let mut xp = repo.command(env!("CARGO_BIN_EXE_git-xp"));
        xp.args(["run", "--again", "--seed", "1", "--", "sh", script]).current_dir(repo.path.join(folder));
        repo.output(&mut xp).fails(0)
    };
    let said = in_folder("sub/deeper", "x.sh");
    assert!(said.starts_with("warning: ") && said.contains("outside.yaml: it leads out of the repository"), "{said}");
    assert_eq!(last(&repo)["params"], json!({"lr": 2, "n": 3}));
    let said = in_folder("sub", "h.sh");
    assert!(said.contains("sub/params.yaml has lr = 2; recorded is 0.1, as sub/outputs/2026-11-21/"), "{said}");
    assert!(said.contains("hint: echo /sub/outputs/ >>.gitignore"), "{said}");
    assert_eq!(last(&repo)["params"], json!({"lr": 0.1, "model.width": 10, "n": 3, "seed": 0}));
    assert_eq!(last(&repo)["param_sources"][0]["overruled"], json!({"lr": 2}));
}

#[test]
fn several_jobs_of_one_run_are_told_apart() {
    let repo = with_files(&[
        ("h.sh", FAKE_HYDRA),
        ("all.sh", "sh h.sh lr=0.1\nsh h.sh lr=0.2\n"),
        (".gitignore", "/outputs/\n"),
    ]);
    let said = run(&repo, &["--seed", "1", "--", "sh", "all.sh"]).fails(0);
    assert!(
        said.contains("warning: Hydra ran 2 jobs in this run; what they differ in is no param of it: lr. "),
        "{said}"
    );
    assert!(!said.contains("hint"), "{said}");
    assert_eq!(last(&repo)["params"], json!({"model.width": 10, "seed": 0}));
    assert_eq!(last(&repo)["param_sources"].as_array().map(Vec::len), Some(2));
    stored(&repo, "hydra/1/config.yaml");
    // Two commands at once in one work tree: each takes its own.
    let line = "for seed in 1 2; do git-xp run --again --seed $seed -- sh -c 'sh h.sh \"$@\"; sleep 0.5' sh seed=$seed & done; wait";
    repo.sh(line).ok();
    let facts = repo.facts("run");
    for fact in &facts[1..] {
        assert_eq!(fact["params"]["seed"], fact["seed"], "{fact}");
        assert_eq!(fact["param_sources"].as_array().map(Vec::len), Some(1));
    }
}

#[test]
fn options_are_params_if_asked_for() {
    let repo = TestRepo::new();
    let args = [
        "--seed",
        "1",
        "-p",
        "lr=0.1",
        "--",
        "sh",
        "train.sh",
        "{lr}",
        "{seed}",
        "--opt=adam",
        "-b",
        "32",
        "--no-augment",
        "--x",
        "{lr}",
    ];
    run(&repo, &args).ok();
    assert_eq!(last(&repo)["params"], json!({"lr": 0.1}));
    repo.write(".xp.toml", "[params]\nargv = true\n");
    run(&repo, &args).ok();
    assert_eq!(last(&repo)["params"], json!({"argv.augment": false, "argv.b": 32, "argv.opt": "adam", "lr": 0.1}));
    assert_eq!(
        last(&repo)["param_sources"],
        json!([{"kind": "argv", "names": ["argv.augment", "argv.b", "argv.opt"]}])
    );
    let mut off = repo.command(env!("CARGO_BIN_EXE_git-xp"));
    off.args(["run", "--again"])
        .args(args)
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "xp.params.argv")
        .env("GIT_CONFIG_VALUE_0", "no");
    repo.output(&mut off).ok();
    assert_eq!(last(&repo)["params"], json!({"lr": 0.1}));
}

#[test]
fn the_notebook_of_papermill_says_the_params() {
    // A stand-in: the real one is below.
    let repo = with_files(&[("papermill", "#!/bin/sh\ncp in.json \"$2\"\n")]);
    let notebook = json!({"metadata": {"papermill": {"parameters": {"lr": 0.1}}, "language_info": {"name": "python"}}, "cells": [
        {"metadata": {"tags": ["parameters"]}, "source": ["lr = 1\n", "n = 3\n"], "outputs": [{"x": "NAN"}]}]});
    repo.write("in.json", &notebook.to_string().replace("\"NAN\"", "NaN"));
    repo.sh("chmod +x papermill").ok();
    repo.commit("A notebook");
    let args = ["--seed", "1", "--", "./papermill", "in.ipynb", "out.ipynb", "-p", "lr", "0.1"];
    let said = run(&repo, &args).fails(0);
    assert!(said.contains("hint: echo /out.ipynb >>.gitignore"), "{said}");
    assert_eq!(last(&repo)["params"], json!({"lr": 0.1, "n": 3}));
    assert_eq!(last(&repo)["param_sources"][0]["stored"], "notebook/out.ipynb");
    assert!(stored(&repo, "notebook/out.ipynb").contains("papermill"));
    // The notebook that it left is no change of the code.
    assert!(!run(&repo, &args).fails(0).contains("hint"));
    // Among the outputs it is stored as one of them.
    run(&repo, &["--seed", "1", "--", "./papermill", "in.ipynb", "{out}/out.ipynb"]).ok();
    assert_eq!((&last(&repo)["params"]["n"], &last(&repo)["param_sources"][0]["stored"]), (&json!(3), &Value::Null));
    repo.write("in.json", "[1, ");
    repo.commit("Broken");
    let said = run(&repo, &args).fails(0);
    assert!(said.contains("warning: out.ipynb: it is no notebook: "), "{said}");
}

#[test]
fn names_that_differ_only_in_case_or_punctuation_get_a_hint_once() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    let log = |name: &str, more: &[&str]| {
        let line = format!("echo '{{\"metric\":\"{name}\",\"value\":'$GIT_XP_SEED'}}' >>$GIT_XP_JOURNAL");
        repo.xp(&[&["run"], more, &["--", "sh", "-c", &line]].concat()).fails(0)
    };
    let without_id =
        |said: String| said.lines().filter(|line| !line.starts_with("run ")).collect::<Vec<_>>().join("\n");
    assert_snapshot!(without_id(log("val-Acc", &["--seeds", "1..3"])), @"hint: metric val-Acc is new, and earlier runs have val_acc: under one name they would be one column");
    assert_eq!(without_id(log("val-Acc", &["--seed", "4"])), "", "it is known now");
    assert_eq!(without_id(log("Val.Acc", &["--seed", "4", "--again"])), "", "without records nothing is known");
    // A manual run is told when it ends.
    repo.xp(&["log-metric", "VAL_ACC", "0.9"]).ok();
    let said = repo.xp(&["finish"]).fails(0);
    assert!(said.contains("hint: metric VAL_ACC is new, and earlier runs have "), "{said}");
}

/// A repository with Python's own tools in PATH.
fn python() -> Option<(TestRepo, String)> {
    let python = need(Part::Python)?;
    Some((TestRepo::new(), python))
}

#[test]
fn real_hydra() {
    let Some((repo, python)) = python() else { return };
    repo.write(
        "main.py",
        "import hydra\n@hydra.main(version_base=None, config_path='conf', config_name='config')\ndef main(cfg):\n    print(cfg.lr)\nmain()\n",
    );
    repo.write(
        "conf/config.yaml",
        "defaults:\n  - model: small\n  - _self_\nlr: 1e-3\nseed: 0\nname: ${model.width}\n",
    );
    repo.write("conf/model/small.yaml", "width: 10\n");
    repo.write("conf/model/big.yaml", "width: 100\n");
    repo.write(".gitignore", "__pycache__/\n");
    repo.commit("A Hydra project");
    let hydra =
        |args: &[&str], words: &[&str]| run(&repo, &[args, &["--", &python, "main.py"], words].concat()).fails(0);
    hydra(&["--seeds", "1..2", "-p", "lr=1e-4"], &["lr={lr}", "model=big", "seed={seed}"]);
    let fact = last(&repo);
    assert_eq!(fact["params"], json!({"lr": 0.0001, "model.width": 100, "name": "${model.width}", "seed": 2}));
    assert_eq!(fact["param_sources"][0]["overrides"], json!(["lr=1e-4", "model=big", "seed=2"]));
    assert_eq!(repo.facts("run")[0]["condition"], fact["condition"]);
    assert!(stored(&repo, "hydra/hydra.yaml").contains("choices:"));
    // Anywhere in the work tree, because Hydra is installed.
    hydra(&["--seed", "1"], &["hydra.run.dir=logs/${now:%Y}/a"]);
    assert_eq!(last(&repo)["params"]["lr"], 0.001);
    repo.write(
        "conf/config.yaml",
        "defaults:\n  - model: small\n  - _self_\nlr: 2\nhydra:\n  run:\n    dir: deep/er/${now:%S}\n",
    );
    repo.write(".gitignore", "__pycache__/\n/deep/\n");
    repo.commit("Elsewhere");
    hydra(&["--seed", "1"], &[]);
    assert_eq!(last(&repo)["params"], json!({"lr": 2, "model.width": 10}));
    let said = hydra(&["--seed", "1"], &["-m", "lr=3,4", "model=big"]);
    assert!(said.contains("what they differ in is no param of it: lr"), "{said}");
    assert_eq!(last(&repo)["params"], json!({"model.width": 100}));
    repo.is_sound();
}

#[test]
fn real_papermill() {
    let Some((repo, python)) = python() else { return };
    let notebook = json!({
        "cells": [
            {"cell_type": "code", "execution_count": null, "id": "a", "metadata": {"tags": ["parameters"]}, "outputs": [], "source": "lr = 0.01\nepochs: int = 3\nopt = 'adam'\n"},
            {"cell_type": "code", "execution_count": null, "id": "b", "metadata": {}, "outputs": [], "source": "print(lr, epochs)"}
        ],
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
        "nbformat": 4, "nbformat_minor": 5
    });
    repo.write("in.ipynb", &notebook.to_string());
    repo.write("more.yaml", "sub: {a: 1}\n");
    repo.commit("A notebook");
    let bin = Path::new(&python).parent().expect("a folder").to_str().expect("text");
    let path = format!("{bin}:{}", std::env::var("PATH").unwrap_or_default());
    let mut xp = repo.command(env!("CARGO_BIN_EXE_git-xp"));
    xp.args([
        "run",
        "--seed",
        "1",
        "-p",
        "lr=0.1",
        "--",
        &python,
        "-m",
        "papermill",
        "--no-progress-bar",
        "in.ipynb",
        "out.ipynb",
    ]);
    xp.args(["-p", "lr", "{lr}", "-r", "name", "007", "-y", "x: [1, 2]", "-f", "more.yaml"]).env("PATH", path);
    let said = repo.output(&mut xp).fails(0);
    assert!(!said.contains("warning:"), "{said}");
    assert_eq!(
        last(&repo)["params"],
        json!({"epochs": 3, "lr": 0.1, "name": "007", "opt": "adam", "sub.a": 1, "x": [1, 2]})
    );
    assert_eq!(last(&repo)["param_sources"][0]["names"], json!(["epochs", "name", "opt", "sub.a", "x"]));
    assert!(stored(&repo, "notebook/out.ipynb").contains("0.1 3"));
    repo.is_sound();
}
