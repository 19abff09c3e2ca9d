//! `git xp run`.

use crate::support::{Output, TestRepo};

fn run(repo: &TestRepo, args: &[&str]) -> Output {
    repo.xp(&[&["run"], args].concat())
}

/// The command that a refusal names.
#[track_caller]
fn remedy(text: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix("hint: ")).expect("a hint");
    line.to_owned()
}

#[test]
fn a_run_is_recorded_whole() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    let runs = repo.facts("run");
    assert_eq!(runs.len(), 1);
    let run = &runs[0];
    assert_eq!(run["seed"], 1);
    assert_eq!(run["params"]["lr"], 0.1);
    assert_eq!(run["metrics"]["val_acc"]["final"], 0.813);
    assert_eq!(run["metrics"]["val_acc"]["count"], 3);
    assert_eq!(run["status"], "ok");
    assert_eq!(run["commit"], repo.git(&["rev-parse", "HEAD"]));
    assert_eq!(run["branch"], "refs/heads/main");
    assert_eq!(run["dirty"], false);
    assert!(run.get("experiment").is_none());
    assert_eq!(repo.xp(&["show", "last", "--file", "output.log"]).ok(), "trained with 0.1\n");
    repo.is_sound();
}

#[test]
fn all_rules_speak_at_once_and_the_remedy_works_as_typed() {
    let repo = TestRepo::new();
    repo.write("train.sh", "echo changed '{x}' \"$1\"\n");
    repo.write("new file", "1");
    let text = run(&repo, &["--", "sh", "train.sh", "a b"]).fails(128);
    insta::assert_snapshot!(text, @r"
    error: this run could not be repeated as it stands:
      clean: 2 files differ from the commit: new file (untracked), train.sh (modified)
      seed: no seed is recorded, so nobody can repeat the run or tell noise from effect
    hint: git xp run -a --seed 1 -- sh train.sh 'a b'
    ");
    assert_eq!(repo.facts("run").len(), 0);
    repo.sh(&remedy(&text)).ok();
    let fact = &repo.facts("run")[0];
    assert_eq!(fact["command"][2], "a b");
    assert_eq!((fact["dirty"].as_bool(), fact["seed"].as_i64()), (Some(false), Some(1)));
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
}

#[test]
fn an_ignored_file_in_the_command_is_no_secret_of_this_machine() {
    let repo = TestRepo::new();
    repo.write(".gitignore", "ig.txt\n");
    repo.write("sub/ig.txt", "1");
    repo.write("sub/keep", "1");
    repo.commit("Ignore");
    for (dir, typed) in [
        (".", "git xp run -a -- cat sub/ig.txt"),
        (".", "git xp run --snapshot -- cat sub/ig.txt"),
        ("sub", "git xp run -- cat ig.txt"),
        ("sub/..", "git xp --rule clean=commit -C sub run -- cat ig.txt"),
    ] {
        repo.write("sub/ig.txt", typed);
        let text = repo.sh(&format!("cd {dir} && {typed}")).fails(128);
        assert!(text.contains("which git ignores"), "{text}");
        repo.sh(&format!("cd {dir} && {}", remedy(&text))).ok();
        repo.git(&["rm", "--quiet", "--cached", "--ignore-unmatch", "sub/ig.txt"]);
        repo.git(&["commit", "--quiet", "--allow-empty", "-m", "Forget it"]);
    }
    assert_eq!(repo.facts("run").len(), 4);
}

#[test]
fn all_commits_first() {
    let repo = TestRepo::new();
    let before = repo.git(&["rev-parse", "HEAD"]);
    repo.write("new", "1");
    run(&repo, &["-a", "-m", "Try it", "--seed", "1", "--", "true"]).ok();
    assert_eq!(repo.git(&["log", "-1", "--format=%s"]), "Try it");
    assert_eq!(repo.git(&["rev-parse", "HEAD^"]), before);
    let fact = &repo.facts("run")[0];
    assert_eq!(fact["commit"], repo.git(&["rev-parse", "HEAD"]));
    assert_eq!(fact["dirty"], false);
    run(&repo, &["-a", "--seed", "2", "--", "true"]).ok();
    assert_eq!(repo.git(&["log", "-1", "--format=%s"]), "Try it", "nothing to commit is no commit");
}

#[test]
fn a_snapshot_stores_the_exact_tree() {
    let repo = TestRepo::new();
    let before = repo.git(&["rev-parse", "HEAD"]);
    repo.write("train.sh", "echo other\n");
    repo.write("new", "new content\n");
    let status = repo.git(&["status", "--porcelain"]);
    run(&repo, &["--snapshot", "--seed", "1", "--", "sh", "train.sh"]).ok();
    assert_eq!(repo.git(&["rev-parse", "HEAD"]), before);
    assert_eq!(repo.git(&["status", "--porcelain"]), status);
    let fact = &repo.facts("run")[0];
    assert_eq!((fact["dirty"].as_bool(), fact["commit"].as_str()), (Some(true), Some(&*before)));
    let snapshot = fact["snapshot"].as_str().expect("a snapshot");
    assert_eq!(repo.git(&["show", &format!("{snapshot}:new")]), "new content");
    assert_eq!(repo.git(&["rev-parse", &format!("{snapshot}^{{tree}}")]), fact["tree"].as_str().expect("a tree"));
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    repo.git(&["gc", "--quiet", "--prune=now"]);
    assert_eq!(repo.git(&["show", &format!("{snapshot}:new")]), "new content");
    repo.is_sound();
}

#[test]
fn a_snapshot_refuses_a_dirty_nested_repository() {
    let repo = TestRepo::new();
    repo.sh("git init -q nested && cd nested && git commit -q --allow-empty -m x && touch y").ok();
    let text = run(&repo, &["--snapshot", "--seed", "1", "--", "true"]).fails(128);
    assert!(text.contains("nested"), "{text}");
}

#[test]
fn rules_are_set_by_option_config_and_file() {
    let repo = TestRepo::new();
    repo.write("new", "1");
    let text = repo.xp(&["run", "--rule", "clean=warn", "--rule", "seed=warn", "--", "true"]);
    assert_eq!(text.stderr.matches("warning: ").count(), 2, "{}", text.stderr);
    repo.xp(&["run", "--again", "--rule", "clean=off", "--rule", "seed=off", "--", "true"]).ok();
    run(&repo, &["--", "true"]).fails(128);
    repo.git(&["config", "xp.rules.clean", "snapshot"]);
    repo.git(&["config", "xp.rules.seed", "off"]);
    run(&repo, &["--again", "--", "true"]).ok();
    assert!(repo.facts("run").last().expect("a run")["snapshot"].is_string());
    repo.xp(&["run", "--rule", "clean=nonsense", "--", "true"]).fails(129);
    repo.xp(&["run", "--rule", "nonsense=off", "--", "true"]).fails(129);
}

#[test]
fn a_locked_rule_can_only_be_tightened() {
    let repo = TestRepo::new();
    repo.write(".xp.toml", "[rules]\nclean = \"refuse\"\nseed = \"warn\"\nlocked = [\"clean\", \"seed\"]\n");
    repo.commit("Lock");
    repo.write("new", "1");
    for loosened in [&["--rule", "clean=warn"][..], &["--rule", "clean=off"], &["--snapshot"]] {
        let text = run(&repo, &[loosened, &["--seed", "1", "--", "true"]].concat());
        assert_eq!(text.code, 128, "{loosened:?}: {}", text.stderr);
        assert!(text.stderr.contains("lock"), "{}", text.stderr);
    }
    let text = run(&repo, &["--rule", "seed=refuse", "-a", "--", "true"]).fails(128);
    assert!(text.contains("no seed"), "{text}");
    run(&repo, &["-a", "--seed", "1", "--", "true"]).ok();
    assert_eq!(repo.facts("run").len(), 1);
}

#[test]
fn settings_metrics_files_and_ignored_patterns_are_no_dirt() {
    let repo = TestRepo::new();
    repo.write(".xp.toml", "[run]\nignore = [\"out/**\", \"*.tmp\"]\n[metrics]\nfiles = [\"m.json\"]\n");
    repo.write("out/deep/x", "1");
    repo.write("a.tmp", "1");
    repo.write("m.json", "{\"old\": 1}");
    run(&repo, &["--seed", "1", "--", "true"]).ok();
    let fact = &repo.facts("run")[0];
    assert_eq!(fact["dirty"], false);
    assert!(fact["settings"].as_str().expect("its text").contains("[run]"));
    assert!(fact["metrics"].get("old").is_none(), "an old file is not taken");
}

#[test]
fn a_fresh_metrics_file_is_taken() {
    let repo = TestRepo::new();
    run(&repo, &["--seed", "1", "--", "sh", "-c", "echo '{\"acc\": 0.5, \"deep\": {\"loss\": 2}}' > metrics.json"])
        .ok();
    let fact = &repo.facts("run")[0];
    assert_eq!(fact["metrics"]["acc"]["final"], 0.5);
    assert_eq!(fact["metrics"]["deep.loss"]["final"], 2);
    run(&repo, &["--seed", "2", "--", "true"]).ok();
    assert!(repo.facts("run")[1].get("metrics").is_none_or(|metrics| metrics.get("acc").is_none()));
    let text = run(&repo, &["--seed", "3", "--", "sh", "-c", "echo nonsense > metrics.json"]);
    assert_eq!(text.code, 0);
    assert!(text.stderr.contains("warning: metrics.json"), "{}", text.stderr);
}

#[test]
fn the_hook_of_the_repository_can_refuse() {
    let repo = TestRepo::new();
    repo.write("../hooks/xp-pre-run", "#!/bin/sh\necho no gpu >&2\nexit 1\n");
    repo.sh("chmod +x ../hooks/xp-pre-run; git config core.hooksPath ../hooks").ok();
    let text = run(&repo, &["--seed", "1", "--", "true"]).fails(128);
    assert!(text.contains("xp-pre-run"), "{text}");
    assert_eq!(repo.facts("run").len(), 0);
    repo.git(&["config", "--unset", "core.hooksPath"]);
    run(&repo, &["--seed", "1", "--", "true"]).ok();
    repo.sh("cp ../hooks/xp-pre-run .git/hooks/").ok();
    run(&repo, &["--seed", "2", "--", "true"]).fails(128);
}

#[test]
fn several_seeds_are_one_run_each_and_recorded_ones_are_skipped() {
    let repo = TestRepo::new();
    let train = ["-p", "lr=0.1", "--", "sh", "train.sh", "{lr}", "{seed}"];
    run(&repo, &[&["--seeds", "1..3"], &train[..]].concat()).ok();
    let text = run(&repo, &[&["--seeds", "2,3,7"], &train[..]].concat());
    assert_eq!(text.stderr.matches("skipped").count(), 2, "{}", text.stderr);
    let seeds: Vec<i64> = repo.facts("run").iter().filter_map(|run| run["seed"].as_i64()).collect();
    assert_eq!(seeds, [1, 2, 3, 7]);
    let text = run(&repo, &[&["--seed", "2"], &train[..]].concat()).fails(128);
    assert!(text.contains("--again"), "{text}");
    run(&repo, &[&["--seed", "2", "--again"], &train[..]].concat()).ok();
    let plans: Vec<_> = repo.facts("run").iter().map(|run| run["plan"].clone()).collect();
    assert_eq!(plans[1], plans[4]);
    for bad in ["", "3..1", "a", "1..", "1,,2"] {
        run(&repo, &["--seeds", bad, "--", "true"]).fails(129);
    }
    repo.is_sound();
}

#[test]
fn a_failing_seed_stops_the_others_unless_told() {
    let repo = TestRepo::new();
    let text = run(&repo, &["--seeds", "1..3", "--", "sh", "-c", "test {seed} != 1"]);
    assert_eq!(text.code, 1);
    assert!(text.stderr.contains("2 of 3 seeds were not run"), "{}", text.stderr);
    assert_eq!(run(&repo, &["--seeds", "1..3", "-k", "--", "sh", "-c", "test {seed} != 1"]).code, 1);
    assert_eq!(repo.facts("run").len(), 4);
}

#[test]
fn without_a_command_the_last_one_is_repeated() {
    let repo = TestRepo::new();
    run(&repo, &["--seed", "1"]).fails(129);
    repo.train(1, "1e-3");
    run(&repo, &["--seed", "2"]).ok();
    run(&repo, &["--seed", "2", "-p", "lr=0.2"]).ok();
    let runs = repo.facts("run");
    assert_eq!(runs[1]["params"]["lr"], 0.001);
    assert_eq!(runs[1]["condition"], runs[0]["condition"]);
    assert_eq!(runs[2]["params"]["lr"], 0.2);
    repo.xp(&["start", "a"]).ok();
    run(&repo, &["--seed", "1"]).fails(129);
}

#[test]
fn only_known_names_are_replaced() {
    let repo = TestRepo::new();
    let line = r#"echo '{"a": {b}}' {lr} {seed} {print}; echo a b | awk '{print $2}'; echo {run}"#;
    let out = run(&repo, &["--seed", "7", "-p", "lr=1e-3", "--", "sh", "-c", line]).ok();
    let id = repo.facts("run")[0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(out, format!("{{\"a\": {{b}}}} 1e-3 7 {{print}}\nb\n{id}\n"));
    assert_eq!(repo.facts("run")[0]["params"]["lr"], 0.001);
}

#[test]
fn a_param_that_reaches_nothing_is_refused() {
    let repo = TestRepo::new();
    let text = run(&repo, &["--seed", "1", "-p", "lr=1", "--", "true", "{lr2}"]).fails(129);
    insta::assert_snapshot!(text, @r"
    error: -p lr=… reaches nothing: the command has no {lr}
    hint: did you mean -p lr2=…?
    ");
    let text = run(&repo, &["--seed", "1", "-p", "lr=1", "--", "true"]).fails(129);
    insta::assert_snapshot!(text, @r"
    error: -p lr=… reaches nothing: the command has no {lr}
    hint: write {lr} where the program takes it: … -- python train.py --lr {lr}
    ");
    for bad in ["lr", "=1", "seed=1", "config=x", "a b=1"] {
        run(&repo, &["--seed", "1", "-p", bad, "--", "true", "{lr}"]).fails(129);
    }
    run(&repo, &["--rule", "seed=off", "--", "true", "{seed}"]).fails(129);
    run(&repo, &["--seed", "1", "--", "true", "{config}"]).fails(129);
    assert_eq!(repo.facts("run").len(), 0);
}

#[test]
fn configs_get_their_overrides_in_a_copy() {
    let repo = TestRepo::new();
    repo.write("a.json", "{\"model\": {\"depth\": 2}, \"lr\": 0.1}");
    repo.write("a.yaml", "model:\n  depth: 2 # why\nlr: 0.1\n");
    repo.write("a.toml", "lr = 0.1\n[model]\ndepth = 2\n");
    repo.write(".xp.toml", "[seed]\nparam = \"train.seed\"\n");
    repo.commit("Configs");
    for (i, file) in ["a.json", "a.yaml", "a.toml"].into_iter().enumerate() {
        let before = std::fs::read(repo.path.join(file)).expect("a file");
        let line = "test {config} = \"$GIT_XP_CONFIG\" && cat {config}";
        let args = ["--seed", "5", "--config", file, "-p", "model.depth=4", "--", "sh", "-c", line];
        let out = run(&repo, &args).ok();
        assert!(out.contains('4') && out.contains("seed"), "{out}");
        assert_eq!(std::fs::read(repo.path.join(file)).expect("a file"), before);
        let fact = &repo.facts("run")[i];
        assert_eq!(fact["params"]["model.depth"], 4);
        assert_eq!(fact["params"]["train.seed"], 5);
        assert_eq!(fact["params"]["lr"], 0.1);
        assert_eq!(fact["config"]["file"], file);
        assert_eq!(fact["seed_via"], serde_json::json!(["config", "env"]));
        assert_eq!(repo.xp(&["show", "last", "--file", &format!("config/{file}")]).ok(), out);
    }
    let conditions: std::collections::BTreeSet<String> =
        repo.facts("run").iter().map(|run| run["condition"].to_string()).collect();
    assert_eq!(conditions.len(), 3);
    run(&repo, &["--seed", "1", "--config", "nowhere.json", "--", "true", "{config}"]).fails(128);
    repo.write("bad.json", "{");
    let bad = ["--rule", "clean=off", "--seed", "1", "--config", "bad.json", "--", "true", "{config}"];
    assert!(run(&repo, &bad).fails(128).contains("bad.json"));
}

#[test]
fn with_seed_param_runs_of_other_seeds_share_a_condition() {
    let repo = TestRepo::new();
    repo.write(".xp.toml", "[seed]\nparam = \"seed\"\n");
    repo.write("c.json", "{\"lr\": 1, \"seed\": 0}");
    repo.commit("Config");
    run(&repo, &["--seeds", "1,2", "--config", "c.json", "--", "cat", "{config}"]).ok();
    let runs = repo.facts("run");
    assert_eq!(runs[0]["condition"], runs[1]["condition"]);
    assert_ne!(runs[0]["plan"], runs[1]["plan"]);
}

#[test]
fn identical_metrics_of_different_seeds_are_warned_about() {
    let repo = TestRepo::new();
    let line = "echo '{\"metric\":\"a\",\"value\":0.1}' >> $GIT_XP_JOURNAL";
    let first = run(&repo, &["--seed", "1", "--", "sh", "-c", line]);
    assert!(!first.stderr.contains("warning"), "{}", first.stderr);
    let second = run(&repo, &["--seed", "2", "--", "sh", "-c", line]);
    assert!(second.stderr.contains("seeds 1 and 2 gave identical metrics, to the last bit"), "{}", second.stderr);
}

#[test]
fn the_exit_code_is_the_commands() {
    let repo = TestRepo::new();
    repo.write("noexec", "x");
    repo.commit("File");
    for (code, command, status) in [
        (0, &["true"][..], "ok"),
        (3, &["sh", "-c", "exit 3"], "failed"),
        (127, &["no-such-program"], "failed"),
        (126, &["./noexec"], "failed"),
        (143, &["sh", "-c", "kill -TERM $$"], "killed"),
    ] {
        let out = run(&repo, &[&["--seed", "1", "--"], command].concat());
        assert_eq!(out.code, code, "{command:?}: {}", out.stderr);
        let facts = repo.facts("run");
        assert_eq!(facts.last().expect("a fact")["status"], status, "{command:?}");
    }
    repo.is_sound();
}

#[test]
fn the_command_is_told_what_it_needs() {
    let repo = TestRepo::new();
    let line = "echo $GIT_XP_RUN $GIT_XP_SEED $PYTHONHASHSEED $PYTHONUNBUFFERED; test -f $GIT_XP_JOURNAL";
    let out = run(&repo, &["--seed", "42", "--", "sh", "-c", line]).ok();
    let id = repo.facts("run")[0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(out, format!("{id} 42 42 1\n"));
}

#[test]
fn a_detached_head_takes_a_name_or_none() {
    let repo = TestRepo::new();
    repo.xp(&["start", "a"]).ok();
    run(&repo, &["--seed", "1", "--experiment", "a", "--", "true"]).fails(129);
    repo.git(&["switch", "--quiet", "--detach"]);
    run(&repo, &["--seed", "1", "--experiment", "a", "--", "true"]).ok();
    run(&repo, &["--seed", "2", "--", "true"]).ok();
    run(&repo, &["--seed", "3", "--experiment", "nowhere", "--", "true"]).fails(128);
    let runs = repo.facts("run");
    assert_eq!((runs[0]["name"].as_str(), runs[0]["head"].as_str()), (Some("a"), Some("detached")));
    assert!(runs[1].get("name").is_none() && runs[1].get("branch").is_none());
    let text = run(&repo, &["-a", "--seed", "4", "--", "true"]);
    assert_eq!(text.code, 0, "there is nothing to commit: {}", text.stderr);
}

#[test]
fn during_a_rebase_the_run_belongs_to_its_branch() {
    let repo = TestRepo::new();
    repo.xp(&["start", "a"]).ok();
    repo.write("x", "1");
    repo.commit("One");
    repo.write("x", "2");
    repo.commit("Two");
    repo.git(&["-c", "sequence.editor=sed -i '1s/pick/edit/;1s/^noop//'", "rebase", "-i", "HEAD~2"]);
    run(&repo, &["--seed", "1", "--", "true"]).ok();
    repo.git(&["rebase", "--abort"]);
    repo.git(&["bisect", "start", "HEAD", "main"]);
    run(&repo, &["--seed", "2", "--", "true"]).ok();
    let runs = repo.facts("run");
    assert_eq!((runs[0]["head"].as_str(), runs[0]["name"].as_str()), (Some("rebase"), Some("a")));
    assert_eq!(runs[0]["branch"], "refs/heads/exp/a");
    assert_eq!((runs[1]["head"].as_str(), runs[1]["name"].as_str()), (Some("bisect"), Some("a")));
}

#[test]
fn code_that_changes_while_it_runs_is_stored_and_named() {
    let repo = TestRepo::new();
    let out = run(&repo, &["--seed", "1", "--", "sh", "-c", "echo changed > train.sh"]);
    assert!(out.stderr.contains("the code changed while the command ran: train.sh"), "{}", out.stderr);
    let fact = &repo.facts("run")[0];
    assert_eq!(fact["changed_paths"], serde_json::json!(["train.sh"]));
    let tree = fact["changed_during"].as_str().expect("a tree").to_owned();
    repo.git(&["checkout", "--quiet", "train.sh"]);
    repo.git(&["gc", "--quiet", "--prune=now"]);
    assert_eq!(repo.git(&["show", &format!("{tree}:train.sh")]), "changed");
}

#[test]
fn a_subfolder_is_where_the_command_runs() {
    let repo = TestRepo::new();
    repo.write("sub/deep/x.txt", "here");
    repo.commit("Sub");
    let out = repo.sh("cd sub/deep && git xp run --seed 1 -- cat x.txt").ok();
    assert_eq!(out, "here");
    assert_eq!(repo.facts("run")[0]["cwd"], "sub/deep");
}

#[test]
fn with_a_terminal_of_its_own_output_is_not_recorded() {
    let repo = TestRepo::new();
    assert_eq!(run(&repo, &["--tty", "--seed", "1", "--", "echo", "hello"]).ok(), "hello\n");
    assert_eq!(repo.facts("run")[0]["status"], "ok");
}

#[test]
fn secrets_are_masked_where_they_are_recorded() {
    let repo = TestRepo::new();
    run(&repo, &["--seed", "1", "--", "true", "--api-key=abcdef123456"]).ok();
    assert!(!repo.facts("run")[0].to_string().contains("abcdef123456"));
}

#[test]
fn the_last_line_compares_with_the_last_run_and_the_baseline() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    repo.xp(&["start", "a", "--expect", "loss < 0.3"]).ok();
    repo.train(1, "0.2");
    let args = ["--seed", "2", "-p", "lr=0.3", "--", "sh", "train.sh", "{lr}", "{seed}"];
    let out = run(&repo, &args);
    let id = repo.facts("run")[2]["id"].as_str().expect("an id")[..4].to_owned();
    insta::assert_snapshot!(out.stderr.replace(&id, "<id>"), @r"run <id> seed 2 ok  loss 0.3 (+0.1 last, +0.2 baseline), val_acc 0.823 (+0.01 last, +0.01 baseline)");
}
