//! What a command leaves behind: `git xp run --out` and `{out}`.

use crate::support::{Output, TestRepo};

fn run(repo: &TestRepo, args: &[&str]) -> Output {
    repo.xp(&[&["run", "--seed", "1"], args].concat())
}

#[test]
fn outputs_are_stored_with_the_run() {
    let repo = TestRepo::new();
    let script = "mkdir -p res/deep && echo '{}' > res/model.json && printf x > res/deep/run.sh && chmod +x res/deep/run.sh && ln -s model.json res/best";
    run(&repo, &["--out", "res", "--", "sh", "-c", script]).ok();
    let fact = &repo.facts("run")[0];
    assert_eq!(fact["out"], "res");
    let names: Vec<&str> =
        fact["artifacts"].as_array().expect("a list").iter().filter_map(|a| a["name"].as_str()).collect();
    assert_eq!(names, ["out/best", "out/deep/run.sh", "out/model.json"]);
    assert_eq!(fact["artifacts"][0]["link"], "model.json");
    assert_eq!(
        (fact["artifacts"][1]["executable"].as_bool(), fact["artifacts"][1]["size"].as_u64()),
        (Some(true), Some(1))
    );
    assert!(fact["artifacts"][2].get("executable").is_none());
    assert_eq!(repo.xp(&["show", "last", "--file", "out/model.json"]).ok(), "{}\n");
    let text = repo.xp(&["show", "last"]).ok();
    assert!(text.contains("out/deep/run.sh (1 B, executable) sha256:") && text.contains("outputs  res"), "{text}");
    assert!(text.contains("out/best (10 B, a link to model.json)"), "{text}");
    assert_eq!(text.matches("out/model.json").count(), 1, "{text}");
    let month = repo.git(&["for-each-ref", "--format=%(refname)", "refs/xp/runs/"]);
    assert!(repo.git(&["ls-tree", "-r", "--name-only", &month]).contains("/out/model.json"));
    repo.is_sound();
    // The results are no code: they are in nobody's way, and in no commit.
    run(&repo, &["-a", "--", "sh", "-c", "echo 1 > other"]).ok();
    assert_eq!(repo.facts("run")[1]["dirty"], false);
    assert_eq!(repo.git(&["rev-list", "--count", "HEAD"]), "1");
    let text = run(&repo, &["--", "true"]).fails(128);
    repo.write("data/x", "1");
    repo.sh("git xp run -a --seed 1 --data x=data -- true").ok();
    assert_eq!(repo.git(&["status", "--porcelain"]), "?? data/\n?? res/");
    assert!(text.contains("other (untracked)") && !text.contains("res/"), "{text}");
}

#[test]
fn a_folder_of_an_earlier_run_is_refused() {
    let repo = TestRepo::new();
    let args = ["--again", "--out", "res", "--", "sh", "-c", "mkdir -p res && echo 1 > res/a"];
    run(&repo, &args).ok();
    let text = run(&repo, &args).fails(128);
    assert!(text.starts_with("error: res holds files already"), "{text}");
    let hint = text.lines().find_map(|line| line.strip_prefix("hint: mv ")).expect("a hint");
    repo.sh(&format!("mv {}", hint.split("    ").next().expect("a command"))).ok();
    repo.sh("rm -r res.before").ok();
    repo.sh("mkdir res").ok();
    run(&repo, &args).ok();
    repo.sh("rm -r res; echo 1 > res").ok();
    let text = run(&repo, &args).fails(128);
    assert!(text.contains("res is there already"), "{text}");
    assert_eq!(repo.facts("run").len(), 2);
    for wrong in [".", "..", "../repo"] {
        run(&repo, &["--out", wrong, "--", "true"]).fails(129);
    }
    let text = repo.xp(&["run", "--seeds", "1..2", "--out", "new", "--", "true"]).fails(129);
    assert!(text.contains("{out}"), "{text}");
}

#[test]
fn a_fresh_folder_is_made_for_each_run() {
    let repo = TestRepo::new();
    repo.write("c.json", "{\"lr\": 1}\n");
    repo.commit("A config");
    repo.xp(&["start", "bigger/lr"]).ok();
    let command = [
        "--config",
        "c.json",
        "-p",
        "lr=2",
        "--",
        "sh",
        "-c",
        "cat {config} > /dev/null; echo $GIT_XP_OUT > {out}/where; ls {out}",
    ];
    repo.xp(&[&["run", "--seeds", "1..2"], &command[..]].concat()).ok();
    let facts = repo.facts("run");
    assert_eq!(facts.len(), 2);
    assert_eq!(facts[0]["condition"], facts[1]["condition"], "the folder's name makes no other condition");
    for fact in &facts {
        let id = fact["id"].as_str().expect("an id");
        let out = fact["out"].as_str().expect("a folder");
        assert_eq!(out, format!("out/bigger-lr-{}", &id[..4]));
        let names: Vec<&str> =
            fact["artifacts"].as_array().expect("a list").iter().filter_map(|a| a["name"].as_str()).collect();
        assert_eq!(names, ["out/c.json", "out/where"]);
        assert_eq!(
            std::fs::read_to_string(repo.path.join(out).join("c.json")).expect("the copy").trim(),
            "{\n  \"lr\": 2\n}"
        );
        assert!(repo.xp(&["show", id, "--file", "out/where"]).ok().trim().ends_with(out));
    }
    // Nothing of it is code: the next run needs no commit.
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    let text = repo.xp(&["run", "--seeds", "1..2", "--config", "c.json", "-p", "lr=2", "--", "sh", "-c", command[7]]);
    assert!(text.stderr.contains("the same plan ended ok before"), "{}", text.stderr);
    repo.xp(&["run", "--seed", "3", "--out", "elsewhere/deep", "--", "touch", "{out}/x"]).ok();
    assert!(repo.facts("run")[2]["out"].as_str().expect("a folder").starts_with("elsewhere/deep/bigger-lr-"));
    run(&repo, &["-p", "out=x", "--", "echo", "{out}"]).fails(129);
}

#[test]
fn settings_say_where_fresh_folders_are() {
    let repo = TestRepo::new();
    repo.write(".xp.toml", "[run]\nout = \"results/runs\"\n");
    repo.commit("Settings");
    run(&repo, &["--", "sh", "-c", "echo 1 > {out}/a"]).ok();
    assert!(repo.facts("run")[0]["out"].as_str().expect("a folder").starts_with("results/runs/main-"));
    run(&repo, &["--", "true"]).ok();
    assert!(repo.facts("run")[1].get("out").is_none());
}

#[test]
fn nothing_is_followed_out_and_no_name_escapes() {
    let repo = TestRepo::new();
    repo.write("../secret", "hunter2");
    let script = "mkdir -p res/.git/hooks res/sub && ln -s ../../secret res/leak && ln -s ../.. res/up && echo x > res/.git/hooks/x \
                  && mkfifo res/pipe && echo 1 > $'res/new\\nline\\xff' && echo 2 > 'res/a:b' && echo 3 > 'res/a_b'";
    run(&repo, &["--out", "res", "--", "bash", "-c", script]).ok();
    let fact = &repo.facts("run")[0];
    let all = fact["artifacts"].to_string();
    assert!(all.contains("\"out/leak\"") && all.contains("../../secret") && !all.contains("hunter2"));
    let month = repo.git(&["for-each-ref", "--format=%(refname)", "refs/xp/runs/"]);
    let files = repo.git(&["ls-tree", "-r", "--name-only", &month]);
    assert!(!files.contains("leak") && files.contains("/out/_.git/hooks/x"), "{files}");
    assert!(files.contains("/out/a_b\n") && files.contains("/out/a_b+"), "{files}");
    repo.is_sound();
    repo.sh("rm -rf res").ok();
    // A command that puts a link in the place of its folder.
    let text = run(&repo, &["--out", "other", "--", "ln", "-s", "../", "other"]);
    assert!(text.stderr.contains("symbolic link, which is not followed"), "{}", text.stderr);
    assert_eq!(text.code, 0);
}

#[test]
fn large_outputs_become_objects() {
    let repo = TestRepo::new();
    let script =
        "mkdir res; head -c 10485760 /dev/zero > res/fits; head -c 10485761 /dev/zero > res/large; echo 1 > res/small";
    let text = run(&repo, &["--out", "res", "--", "sh", "-c", script]);
    assert_eq!(text.code, 0);
    let fact = &repo.facts("run")[0];
    let large = &fact["artifacts"][1];
    assert_eq!((large["name"].as_str(), large.get("stored")), (Some("out/large"), None));
    let sum = repo.sh("sha256sum res/large | cut -d' ' -f1").ok();
    assert_eq!(large["oid"], format!("sha256:{}", sum.trim()));
    assert_eq!(repo.xp(&["show", "last", "--file", "out/small"]).ok(), "1\n");
    assert_eq!(repo.sh("git xp show last --file out/large | sha256sum | cut -d' ' -f1").ok(), sum);
    assert_eq!(repo.sh("find .git/lfs/objects -type f").ok().lines().count(), 1);
    repo.is_sound();
}

#[test]
fn a_run_without_outputs_says_so() {
    let repo = TestRepo::new();
    let text = run(&repo, &["--out", "res", "--", "false"]);
    assert_eq!(text.code, 1);
    assert!(text.stderr.contains("the command wrote nothing to res"), "{}", text.stderr);
    run(&repo, &["--out", "one.txt", "--", "sh", "-c", "echo 1 > one.txt"]).ok();
    assert_eq!(repo.xp(&["show", "last", "--file", "out/one.txt"]).ok(), "1\n");
}

#[test]
fn outputs_that_differ_are_named_once() {
    let repo = TestRepo::new();
    for seed in ["1", "2"] {
        repo.xp(&["run", "--seed", seed, "--", "sh", "-c", "echo $GIT_XP_SEED > {out}/a; echo same > {out}/b"]).ok();
    }
    let text = repo.xp(&["diff", "last~1", "last", "--only", "files"]).ok();
    assert!(text.contains("out/a.oid") && !text.contains("out/b") && !text.contains("\n  out/a \n"), "{text}");
}
