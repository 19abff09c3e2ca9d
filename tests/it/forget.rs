//! `git xp forget`.

use std::path::Path;

use crate::support::TestRepo;

/// A text that is no secret by any rule, so that it gets in.
const TEXT: &str = "Zaphod Beeblebrox 42";

/// An experiment with three runs; the second one prints the text, and a remark and a late param repeat it.
fn told() -> TestRepo {
    let repo = TestRepo::new();
    repo.write("tell.sh", "echo \"$1\"; echo '{\"metric\":\"acc\",\"value\":1}' >> $GIT_XP_JOURNAL\n");
    repo.commit("Tell");
    repo.xp(&["start", "a"]).ok();
    repo.train(1, "0.1");
    repo.xp(&["run", "--seed", "2", "-p", &format!("who={TEXT}"), "--", "sh", "tell.sh", "{who}"]).ok();
    repo.xp(&["remark", "last", &format!("it was {TEXT}")]).ok();
    repo.xp(&["log-param", "--run", "last", "late", TEXT]).ok();
    repo.xp(&["tag", "last", "odd"]).ok();
    repo.train(3, "0.1");
    repo
}

fn id_of_the_second(repo: &TestRepo) -> String {
    repo.facts("run").iter().find(|fact| fact["seed"] == 2).expect("the run")["id"].as_str().expect("an id").to_owned()
}

fn ledger(repo: &TestRepo) -> String {
    repo.git(&["for-each-ref", "--format=%(refname)", "refs/xp/runs/"])
}

/// Path and blob of each fact and file, those of one id left out.
fn others(repo: &TestRepo, at: &str) -> Vec<String> {
    let gone: Vec<String> = ["late", "remark", "tag"]
        .iter()
        .flat_map(|kind| repo.facts(kind))
        .map(|fact| fact["id"].as_str().expect("an id").to_owned())
        .chain([id_of_the_second(repo)])
        .collect();
    let tree = repo.git(&["ls-tree", "-r", at]);
    tree.lines().filter(|line| !gone.iter().any(|id| line.contains(id.as_str()))).map(str::to_owned).collect()
}

/// Nothing that git reaches from any ref or reflog holds the text, and no file of ours.
#[track_caller]
fn is_out_of_reach(repo: &TestRepo) {
    assert!(!repo.git(&["log", "-p", "--all", "--notes=xp", "--format=%B%N"]).contains(TEXT));
    for line in repo.git(&["rev-list", "--objects", "--all", "--reflog"]).lines() {
        let oid = line.split(' ').next().expect("an id");
        let kind = repo.git(&["cat-file", "-t", oid]);
        assert!(!repo.git(&["cat-file", &kind, oid]).contains(TEXT), "{kind} {line}");
    }
    let found = repo.sh(&format!("grep -rlF '{TEXT}' .git/xp .git/logs; true")).ok();
    assert_eq!(found, "");
    assert_eq!(repo.xp(&["list", "--runs", "--json"]).json()["runs"].as_array().expect("runs").len(), 2);
}

#[test]
fn a_run_is_forgotten_with_all_that_was_said_of_it() {
    let repo = told();
    let (name, id) = (ledger(&repo), id_of_the_second(&repo));
    let kept = others(&repo, &name);
    let dry = repo.xp(&["forget", &id, "--dry-run"]);
    assert_eq!(dry.stdout.lines().count(), 4, "{dry:?}");
    repo.xp(&["forget", &id]).fails(129);
    assert_eq!(others(&repo, &name), kept);
    let said = repo.xp(&["forget", &id, "--yes", "--because", "personal data"]);
    assert_eq!(said.code, 0, "{said:?}");
    for part in ["4 facts forgotten", "git gc --prune=now", "other clones", "branches"] {
        assert!(said.stderr.contains(part), "{part}: {}", said.stderr);
    }
    is_out_of_reach(&repo);
    repo.is_sound();
    // The other facts are the same blobs at the same paths; only tombstones came.
    let now = repo.git(&["ls-tree", "-r", &name]);
    let stones: Vec<String> =
        repo.facts("tombstone").iter().map(|fact| fact["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(stones.len(), 4);
    let now: Vec<&str> = now.lines().filter(|line| !stones.iter().any(|id| line.contains(id.as_str()))).collect();
    assert_eq!(now, kept);
    assert_eq!(repo.git(&["rev-list", "--count", &name]), "1");
    assert!(repo.facts("tombstone").iter().all(|fact| fact["because"] == "personal data"));
    // The notebook of the others is still there, in one commit.
    let notebook = repo.git(&["log", "--format=%B", &name]);
    assert!(notebook.contains("seed 1") && notebook.contains("seed 3") && !notebook.contains("seed 2"), "{notebook}");
    repo.xp(&["show", &id]).fails(128);
    // git then takes the objects away as well.
    repo.git(&["gc", "--quiet", "--prune=now"]);
    for object in repo.git(&["cat-file", "--batch-check=%(objectname) %(objecttype)", "--batch-all-objects"]).lines() {
        let (oid, kind) = object.split_once(' ').expect("two words");
        assert!(!repo.git(&["cat-file", kind, oid]).contains(TEXT), "{object}");
    }
    repo.is_sound();
    // Life goes on.
    repo.train(4, "0.1");
    repo.is_sound();
    assert_eq!(repo.facts("run").len(), 3);
}

#[test]
fn a_pattern_finds_facts_files_and_lines_of_people() {
    let repo = told();
    repo.git(&["notes", "--ref=xp", "append", "-m", &format!("I know {TEXT}")]);
    repo.xp(&["forget", "--match", "no such text at all", "--yes"]).fails(128);
    repo.xp(&["forget", "--match", "(", "--yes"]).fails(129);
    repo.xp(&["forget", "--match", "Zaphod B[a-z]+ 42", "--yes"]).ok();
    is_out_of_reach(&repo);
    repo.is_sound();
    // A second time there is nothing to do.
    repo.xp(&["forget", "--match", "Zaphod", "--yes"]).fails(128);
}

#[test]
fn an_experiment_goes_with_its_runs_and_the_code_that_only_they_kept() {
    let repo = told();
    repo.write("secret.txt", TEXT);
    repo.xp(&["run", "--seed", "9", "--snapshot", "--", "true"]).ok();
    std::fs::remove_file(repo.path.join("secret.txt")).expect("removed");
    repo.git(&["switch", "--quiet", "main"]);
    repo.train(7, "0.1");
    repo.train(8, "0.1");
    repo.xp(&["forget", "a", "--yes"]).ok();
    repo.git(&["branch", "--quiet", "-D", "exp/a"]);
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    is_out_of_reach(&repo);
    repo.is_sound();
    let seeds: Vec<_> = repo.facts("run").iter().map(|fact| fact["seed"].as_i64()).collect();
    assert_eq!(seeds, [Some(7), Some(8)]);
    assert!(repo.facts("experiment").is_empty());
}

#[test]
fn an_older_month_and_a_fetched_ledger_are_rewritten_too() {
    let repo = told();
    let name = ledger(&repo);
    repo.git(&["update-ref", "refs/xp-remote/origin/runs/2026-01", &name]);
    repo.git(&["update-ref", "refs/xp-remote/origin/notes/xp", "refs/notes/xp"]);
    repo.git(&["update-ref", "refs/backup/xp", &name]);
    let said = repo.xp(&["forget", &id_of_the_second(&repo), "--yes"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stderr.contains("refs that still hold it: refs/backup/xp"), "{}", said.stderr);
    repo.git(&["update-ref", "-d", "refs/backup/xp"]);
    is_out_of_reach(&repo);
    repo.is_sound();
}

/// A run of January, as a clone that was asleep until now would bring it.
fn seal_a_run_of_january(repo: &TestRepo) -> String {
    let text = serde_json::to_string(&repo.facts("run")[0]).expect("JSON");
    let mut fact: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    fact["id"] = "00000000000000000000".into();
    fact["time"] = "2026-01-15T00:00:00.000Z".into();
    fact["host"] = TEXT.into();
    let bytes = format!("{fact}\n").into_bytes();
    let fact = git_xp::model::fact::Fact::parse(&bytes).expect("a fact");
    let here = git_xp::git::Repo::open(&repo.path).expect("a repository");
    git_xp::store::seal::seal(&here, &[git_xp::store::seal::Parcel { fact, bytes, files: Vec::new() }])
        .expect("sealed");
    "00000000000000000000".to_owned()
}

#[test]
fn the_ledger_of_another_month_begins_anew_and_this_one_goes_on() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    repo.train(2, "0.1");
    let now = ledger(&repo);
    let id = seal_a_run_of_january(&repo);
    let before = repo.git(&["rev-parse", &now]);
    assert!(repo.git(&["log", "-p", "--all"]).contains(TEXT));
    repo.xp(&["forget", &id, "--yes"]).ok();
    is_out_of_reach(&repo);
    repo.is_sound();
    assert_eq!(repo.git(&["rev-parse", &format!("{now}^")]), before, "a tombstone is a commit as any other");
    assert_eq!(repo.git(&["ls-tree", "-r", "refs/xp/runs/2026-01"]), "");
    assert_eq!(repo.facts("tombstone")[0]["target"], id.as_str());
}

#[test]
fn a_signal_in_the_middle_leaves_all_or_nothing() {
    let repo = told();
    let mut outcomes = std::collections::BTreeSet::new();
    for delay in (0..60).step_by(4) {
        let text = format!("who={TEXT}");
        repo.xp(&["run", "--again", "--seed", "2", "-p", &text, "--", "sh", "tell.sh", "{who}"]).ok();
        let all = repo.facts("run").len();
        let mut command = repo.command(env!("CARGO_BIN_EXE_git-xp"));
        let mut child = command
            .args(["forget", "last", "--yes", "--quiet"])
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("it starts");
        std::thread::sleep(std::time::Duration::from_millis(delay));
        repo.sh(&format!("kill -INT {} 2>/dev/null; true", child.id())).ok();
        child.wait().expect("it ends");
        let (runs, stones) = (repo.facts("run"), repo.facts("tombstone"));
        let is_gone = runs.len() < all;
        let is_named = |run: &serde_json::Value| stones.iter().any(|stone| stone["target"] == run["id"]);
        assert!(!runs.iter().any(is_named));
        assert!(is_gone || runs.len() == all);
        outcomes.insert(is_gone);
        repo.is_sound();
    }
    assert_eq!(outcomes.len(), 2, "both happen, or the delays are of no use");
}

#[test]
fn what_comes_back_stays_out_of_view_and_fsck_takes_it_away() {
    let repo = told();
    let (name, id) = (ledger(&repo), id_of_the_second(&repo));
    let old = repo.git(&["rev-parse", &name]);
    repo.xp(&["forget", &id, "--yes"]).ok();
    // Another clone's ledger, fetched and then merged by hand.
    repo.git(&["update-ref", "refs/xp-remote/origin/runs/2026-11", &old]);
    assert_eq!(repo.xp(&["list", "--runs", "--json"]).json()["runs"].as_array().expect("runs").len(), 2);
    let path = format!("facts/{}/{id}.json", &id[..2]);
    repo.sh(&format!(
        "export GIT_INDEX_FILE=.git/merge && git read-tree {name} && git update-index --add --cacheinfo 100644,$(git rev-parse {old}:{path}),{path} \
         && git update-ref {name} $(git commit-tree -p {name} -m merge $(git write-tree))"
    ))
    .ok();
    assert_eq!(repo.xp(&["list", "--runs", "--json"]).json()["runs"].as_array().expect("runs").len(), 2);
    let found = repo.xp(&["fsck"]);
    assert!(found.code == 1 && found.stdout.starts_with("forgotten: "), "{found:?}");
    repo.xp(&["fsck", "--repair"]).ok();
    is_out_of_reach(&repo);
    repo.is_sound();
}

#[test]
fn a_ledger_that_was_merged_with_a_tombstone_begins_anew() {
    let repo = told();
    let (name, id) = (ledger(&repo), id_of_the_second(&repo));
    let old = repo.git(&["rev-parse", &name]);
    repo.xp(&["forget", &id, "--yes"]).ok();
    // As a clone has it that merged the tombstone: the tree is right, the commits before it are not.
    repo.sh(&format!("git update-ref {name} $(git commit-tree -p {old} -m merge {name}^{{tree}})")).ok();
    let found = repo.xp(&["fsck"]);
    assert!(found.code == 1 && found.stdout.starts_with("forgotten: "), "{found:?}");
    repo.xp(&["fsck", "--repair"]).ok();
    is_out_of_reach(&repo);
    repo.is_sound();
}

#[test]
fn a_remote_forgets_its_own_facts_and_keeps_those_of_others() {
    let repo = told();
    let remote = repo.outside().join("remote.git").display().to_string();
    repo.git(&["init", "--quiet", "--bare", &remote]);
    repo.git(&["remote", "add", "origin", &remote]);
    let refs = ["refs/xp/runs/*:refs/xp/runs/*", "refs/xp/keep/*:refs/xp/keep/*", "refs/notes/xp:refs/notes/xp"];
    repo.git(&[&["push", "--quiet", "origin", "exp/a"], &refs[..]].concat());
    // A colleague adds a run that is not here.
    let other = repo.outside().join("other").display().to_string();
    repo.git(&["clone", "--quiet", "--branch", "exp/a", &remote, &other]);
    repo.git(&[&["-C", &other, "fetch", "--quiet", "origin"], &refs[..]].concat());
    repo.sh(&format!(
        "cd {other} && git-xp run --seed 50 -- true && git push --quiet origin 'refs/xp/*' refs/notes/xp"
    ))
    .ok();
    // And here is one that nobody has.
    repo.train(60, "0.1");
    let said = repo.xp(&["forget", "--match", TEXT, "--yes", "--push"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stderr.contains("origin: refs/xp/runs/"), "{}", said.stderr);
    let there = |args: &[&str]| repo.git(&[&["-C", &remote], args].concat());
    assert!(!there(&["log", "-p", "--all", "--notes=xp", "--format=%B%N"]).contains(TEXT));
    let runs = there(&["grep", "-h", "\"kind\":\"run\"", &ledger(&repo), "--", "facts/"]);
    assert!(runs.contains("\"seed\":50") && !runs.contains("\"seed\":60") && runs.lines().count() == 3, "{runs}");
    // The colleague fetches, and sees no more of it.
    assert!(Path::new(&other).exists());
    repo.sh(&format!("cd {other} && git fetch --quiet origin '+refs/xp/runs/*:refs/xp-remote/origin/runs/*'")).ok();
    let listed = repo.sh(&format!("cd {other} && git-xp list --runs --json")).json();
    assert_eq!(listed["runs"].as_array().expect("runs").len(), 3, "{listed}");
    // A second time there is nothing to do, here or there.
    let said = repo.xp(&["forget", "--match", TEXT, "--yes", "--push"]);
    assert!(said.code == 0 && said.stderr.contains("origin has nothing of it"), "{said:?}");
    // A remote that is not there does not undo what was done here.
    repo.git(&["remote", "set-url", "origin", "/nowhere"]);
    let said = repo.xp(&["forget", "last", "--yes", "--push"]).fails(128);
    assert!(
        said.contains("forgotten here, and not at origin") && said.contains("git xp forget --push origin"),
        "{said}"
    );
    repo.git(&["remote", "set-url", "origin", &remote]);
    repo.xp(&["forget", repo.facts("run")[0]["id"].as_str().expect("an id"), "--yes"]).ok();
    repo.xp(&["forget", "--push"]).ok();
    let runs = there(&["grep", "-h", "\"kind\":\"run\"", &ledger(&repo), "--", "facts/"]);
    assert_eq!(runs.lines().count(), 2, "{runs}");
    repo.is_sound();
}

#[test]
fn facts_that_are_sealed_meanwhile_stay() {
    let repo = told();
    for seed in 10..14 {
        repo.xp(&["run", "--seed", &seed.to_string(), "-p", &format!("who={TEXT}"), "--", "sh", "tell.sh", "{who}"])
            .ok();
    }
    let ids: Vec<String> = repo
        .facts("run")
        .iter()
        .filter(|fact| fact["params"]["who"] == TEXT)
        .map(|fact| fact["id"].as_str().unwrap().to_owned())
        .collect();
    std::thread::scope(|scope| {
        for worker in 0..3 {
            let repo = &repo;
            scope.spawn(move || {
                for seed in 0..8 {
                    let seed = (100 * (worker + 1) + seed).to_string();
                    repo.xp(&["run", "--again", "--seed", &seed, "--", "true"]).ok();
                }
            });
        }
        for id in &ids {
            repo.xp(&["forget", id, "--yes"]).ok();
        }
    });
    assert_eq!(repo.facts("run").len(), 2 + 24);
    assert!(!repo.git(&["log", "-p", "--all", "--notes=xp", "--format=%B%N"]).contains(TEXT));
    repo.is_sound();
}

#[test]
fn in_a_reftable_repository_too() {
    let repo = TestRepo::init(&["--initial-branch=main", "--ref-format=reftable"]);
    repo.write("train.sh", crate::support::TRAIN);
    repo.commit("Start");
    repo.train(1, "0.1");
    repo.train(2, "0.1");
    repo.xp(&["remark", "last", TEXT]).ok();
    repo.train(3, "0.1");
    repo.xp(&["forget", "--match", TEXT, "--yes"]).ok();
    assert!(repo.facts("remark").is_empty());
    repo.xp(&["forget", "last", "--yes"]).ok();
    is_out_of_reach(&repo);
    repo.is_sound();
}
