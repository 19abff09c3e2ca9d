//! `git xp log-artifact`, outputs of any size, `git xp artifact` with a folder as remote.

use std::path::Path;

use serde_json::Value;

use crate::support::TestRepo;

/// A training that leaves a checkpoint of three files and a link, and logs it.
const TRAINING: &str = r#"
mkdir -p ck/deep
head -c 300000 /dev/urandom > ck/model.pt
echo "vocabulary $1" > ck/deep/vocab.txt; chmod +x ck/deep/vocab.txt
: > ck/empty
ln -sf model.pt ck/latest
git-xp log-artifact ck --name checkpoint --type model
git-xp log-artifact ck/model.pt
git-xp log-metric acc 0.9
"#;

fn repo() -> TestRepo {
    let repo = TestRepo::new();
    repo.write("ck.sh", TRAINING);
    repo.write(".gitignore", "ck/\nout/\nto/\n");
    repo.commit("Checkpoints");
    repo
}

fn shared(repo: &TestRepo) -> String {
    let shared = repo.outside().join("shared");
    std::fs::create_dir_all(&shared).expect("a folder");
    repo.git(&["config", "xp.artifacts.shared", shared.to_str().expect("text")]);
    shared.to_str().expect("text").to_owned()
}

fn sha256(repo: &TestRepo, path: &str) -> String {
    repo.sh(&format!("sha256sum {path}")).ok()[..64].to_owned()
}

/// All files below the folder of objects: name and digest agree.
fn store_is_whole(repo: &TestRepo, folder: &str) -> usize {
    let listed = repo.sh(&format!("find {folder} -type f | xargs -r sha256sum")).ok();
    for line in listed.lines() {
        assert!(line.ends_with(&line[..64]), "{line}");
    }
    listed.lines().count()
}

#[test]
fn what_a_run_logs_is_stored_as_lfs_objects() {
    let repo = repo();
    let output = repo.xp(&["run", "--seed", "1", "--", "sh", "ck.sh", "1"]);
    assert!(output.stdout.contains("stored checkpoint ("), "{}", output.stdout);
    let run = &repo.facts("run")[0];
    let artifacts = run["artifacts"].as_array().expect("artifacts");
    assert_eq!(artifacts.len(), 2, "{artifacts:?}");
    assert_eq!(
        (&artifacts[0]["name"], &artifacts[0]["type"], &artifacts[0]["files"]),
        (&"out/checkpoint".into(), &"model".into(), &4.into())
    );
    assert_eq!(artifacts[0]["executables"], serde_json::json!(["deep/vocab.txt"]));
    let oid = sha256(&repo, "ck/model.pt");
    assert_eq!(artifacts[1]["oid"], format!("sha256:{oid}"));
    // What lies in the ledger is what git-lfs writes, byte for byte.
    let id = run["id"].as_str().expect("an id");
    let ledger = repo.git(&["for-each-ref", "--format=%(refname)", "refs/xp/runs/"]);
    let pointer = repo.git(&["cat-file", "blob", &format!("{ledger}:files/{}/{id}/out/model.pt", &id[..2])]);
    assert_eq!(pointer, format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 300000"));
    assert_eq!(repo.git(&["cat-file", "-s", &format!("{ledger}:files/{}/{id}/out/checkpoint/empty", &id[..2])]), "0");
    assert!(store_is_whole(&repo, ".git/lfs/objects") >= 2);
    assert_eq!(repo.sh("ls .git/lfs/tmp").ok(), "");
    // The program may do with its files what it likes.
    repo.sh("rm -r ck").ok();
    repo.xp(&["artifact", "checkout", "last", "--to", "to"]).ok();
    assert_eq!(sha256(&repo, "to/model.pt"), oid);
    assert_eq!(repo.sh("readlink to/checkpoint/latest; cat to/checkpoint/deep/vocab.txt; test -x to/checkpoint/deep/vocab.txt; stat -c %s to/checkpoint/empty").ok(), "model.pt\nvocabulary 1\n0\n");
    assert_eq!(
        repo.xp(&["artifact", "checkout", "last", "--to", "to"]).stderr,
        "wrote 0 files, 5 files there already\n"
    );
    repo.is_sound();
}

#[test]
fn the_same_content_is_stored_once_and_seen_at_once() {
    let repo = repo();
    for _ in 0..2 {
        repo.xp(&[
            "run",
            "--seed",
            "1",
            "--again",
            "--",
            "sh",
            "-c",
            "test -d ck || sh ck.sh 1; sleep 0.05; git-xp log-artifact ck",
        ])
        .ok();
    }
    let runs = repo.facts("run");
    let folder = |run: &Value| run["artifacts"].as_array().expect("some").last().expect("one")["oid"].clone();
    assert_eq!(folder(&runs[0]), folder(&runs[1]));
    let count = store_is_whole(&repo, ".git/lfs/objects");
    repo.xp(&["log-artifact", "ck/model.pt", "--run", "last"]).ok();
    assert_eq!(store_is_whole(&repo, ".git/lfs/objects"), count);
}

#[test]
fn a_sealed_run_and_a_manual_one_take_artifacts_too() {
    let repo = repo();
    repo.train(1, "0.1");
    repo.write("predictions.csv", "1,2\n");
    repo.xp(&["log-artifact", "predictions.csv", "--type", "predictions", "--run", "last"]).ok();
    let late = &repo.facts("late")[0];
    assert_eq!(late["artifacts"][0]["name"], "out/predictions.csv");
    assert!(repo.xp(&["show", "last"]).ok().contains("out/predictions.csv (4 B, predictions)"));
    repo.sh("rm predictions.csv").ok();
    repo.xp(&["artifact", "checkout", "last", "predictions.csv", "--to", "to"]).ok();
    assert_eq!(repo.sh("cat to/predictions.csv").ok(), "1,2\n");
    // The same once more is the same; something else of that name lies beside it.
    repo.sh("echo 1,2 > predictions.csv; git xp log-artifact predictions.csv --run last; echo 3 > predictions.csv; git xp log-artifact predictions.csv --run last; rm predictions.csv").ok();
    repo.xp(&["artifact", "checkout", "last", "--to", "to"]).ok();
    assert_eq!(repo.sh("cat to/predictions.csv to/predictions.csv+1121cfcc").ok(), "1,2\n3\n");
    // By hand.
    repo.sh("git xp log-artifact train.sh --name code && git xp finish").ok();
    let manual = repo.facts("run").into_iter().find(|run| run["manual"] == true).expect("a manual run");
    assert_eq!(manual["artifacts"][0]["name"], "out/code");
    let listed = repo.xp(&["artifact", "list", "--json"]).json();
    assert_eq!(listed["artifacts"].as_array().expect("a list").len(), 3, "{listed}");
    repo.is_sound();
}

#[test]
fn inside_a_run_nothing_fails_and_outside_errors_say_what_to_do() {
    let repo = repo();
    repo.xp(&[
        "run",
        "--seed",
        "1",
        "--",
        "sh",
        "-c",
        "git-xp log-artifact nowhere; mkfifo pipe; git-xp log-artifact pipe; rm pipe",
    ])
    .ok();
    assert!(repo.facts("run")[0].get("artifacts").is_none());
    assert!(repo.xp(&["log-artifact", "nowhere", "--run", "last"]).fails(128).contains("nowhere"));
    assert!(
        repo.xp(&["log-artifact", "train.sh", "--type", "a b", "--run", "last"]).fails(129).contains("write a word")
    );
    assert!(repo.xp(&["artifact", "push"]).fails(128).contains("no place for artifacts is set"));
    assert!(repo.xp(&["artifact", "push", "--to", "sharde"]).fails(128).contains("git config xp.artifacts.sharde"));
    assert!(repo.xp(&["artifact", "checkout", "last"]).fails(128).contains("has no artifact that fits"));
    repo.is_sound();
}

#[test]
fn outputs_of_any_size_go_with_the_run() {
    let repo = repo();
    let line = "head -c 20000000 /dev/zero > $1/big.bin; echo small > $1/small.txt";
    repo.xp(&["run", "--seed", "1", "--", "sh", "-c", line, "x", "{out}"]).ok();
    let artifacts = repo.facts("run")[0]["artifacts"].clone();
    assert_eq!((&artifacts[0]["name"], &artifacts[0]["size"]), (&"out/big.bin".into(), &20_000_000.into()));
    assert!(artifacts[0].get("stored").is_none(), "{artifacts}");
    assert_eq!(store_is_whole(&repo, ".git/lfs/objects"), 1);
    repo.xp(&["artifact", "checkout", "last", "--to", "to"]).ok();
    assert_eq!(repo.sh("cat to/small.txt; stat -c %s to/big.bin").ok(), "small\n20000000\n");
    repo.is_sound();
}

#[test]
fn a_folder_brings_artifacts_to_another_clone() {
    let repo = repo();
    let shared = shared(&repo);
    repo.sh("git init -q --bare ../host.git && git remote add origin ../host.git && git push -q origin main").ok();
    repo.xp(&["run", "--seed", "1", "--", "sh", "ck.sh", "1"]).ok();
    let said = repo.xp(&["artifact", "push"]).stderr;
    assert!(said.contains("pushed to shared: 2 objects"), "{said}");
    let said = repo.xp(&["artifact", "push", "--json"]).json();
    assert_eq!((&said["moved"], &said["there"]), (&0.into(), &2.into()));
    assert_eq!(store_is_whole(&repo, &shared), 2);
    repo.git(&["push", "-q", "origin", "refs/xp/runs/*", "refs/notes/xp"]);
    repo.sh("git clone -q ../host.git ../other && cd ../other && git fetch -q origin 'refs/xp/runs/*:refs/xp/runs/*' refs/notes/xp:refs/notes/xp").ok();
    let other = |line: &str| repo.sh(&format!("cd ../other && {line}"));
    let listed: Value = serde_json::from_str(&other("git xp artifact list --json").ok()).expect("JSON");
    assert_eq!(
        (&listed["artifacts"][0]["here"], &listed["artifacts"][0]["name"]),
        (&false.into(), &"checkpoint".into())
    );
    assert_eq!(other("git xp artifact checkout last").code, 128);
    let config = format!("git config xp.artifacts.shared '{shared}'");
    other(&config).ok();
    assert_eq!(other("git xp artifact fetch last --dry-run").ok(), "would fetch 2 objects (293 KiB)\n");
    other("git xp artifact checkout last --to got").ok();
    assert_eq!(other("sha256sum < got/model.pt").ok(), repo.sh("sha256sum < ck/model.pt").ok());
    assert!(other("git xp artifact fetch --all").stderr.contains("here already"));
    // An object that a remote has lost, or that is damaged there, is not handed out.
    let name = sha256(&repo, "ck/model.pt");
    repo.sh(&format!("rm -r ../other/.git/lfs; chmod u+w {shared}/*/*/{name}; printf x | dd of=$(ls {shared}/*/*/{name}) conv=notrunc 2>&1")).ok();
    let said = other("git xp artifact fetch last").fails(128);
    assert!(said.contains("1 object could not be moved") && said.contains("sent something else"), "{said}");
    assert_eq!(store_is_whole(&repo, "../other/.git/lfs/objects"), 1);
    assert_eq!(other("ls .git/lfs/incomplete").ok(), "");
}

#[test]
fn what_lies_there_is_never_overwritten() {
    let repo = repo();
    repo.xp(&["run", "--seed", "1", "--", "sh", "ck.sh", "1"]).ok();
    repo.sh("mkdir -p to/checkpoint; echo mine > to/model.pt; ln -s /tmp to/checkpoint/deep").ok();
    let said = repo.xp(&["artifact", "checkout", "last", "--to", "to"]).fails(128);
    assert!(
        said.contains("to/model.pt is there and differs") && said.contains("nothing is written through it"),
        "{said}"
    );
    assert_eq!(repo.sh("cat to/model.pt; ls /tmp/vocab.txt 2>&1 | grep -c vocab").ok(), "mine\n1\n");
    repo.sh("rm to/checkpoint/deep").ok();
    repo.xp(&["artifact", "checkout", "last", "--to", "to", "--force"]).ok();
    assert_eq!(sha256(&repo, "to/model.pt"), sha256(&repo, "ck/model.pt"));
    // Links are read-only and cost nothing.
    repo.xp(&["artifact", "checkout", "last", "model.pt", "--to", "links", "--link"]).ok();
    assert_eq!(repo.sh("stat -c '%h %A' links/model.pt").ok(), "2 -r--r--r--\n");
}

/// Ledgers come from other people: what their names lead to is refused.
#[test]
fn names_of_strangers_lead_nowhere() {
    let repo = repo();
    repo.sh("echo x > f").ok();
    for name in ["../../evil", "/tmp/evil", "a/../../evil", ".git/hooks/evil", "a\\..\\evil"] {
        repo.xp(&[
            "run",
            "--seed",
            "1",
            "--again",
            "--rule",
            "clean=off",
            "--",
            "git-xp",
            "log-artifact",
            "f",
            "--name",
            name,
        ])
        .ok();
    }
    repo.xp(&["artifact", "checkout", "main", "--to", "to/deep"]);
    repo.sh("git xp list --runs --json | grep -o '\"id\": \"[^\"]*' | cut -d'\"' -f4 | while read id; do git xp artifact checkout $id --to to/deep --force; done; true").ok();
    let found = repo.sh("find / -xdev -name 'evil*' -newer f 2>/dev/null | grep -v -e '/to/deep/' -e '/.git/xp/'; find .. -name '*evil*' | grep -v to/deep | grep -v '/.git/xp/'; true").ok();
    assert_eq!(found, "", "something was written elsewhere");
    repo.is_sound();
}

#[test]
fn prune_deletes_only_what_a_remote_is_proven_to_have() {
    let repo = repo();
    let shared = shared(&repo);
    repo.xp(&["run", "--seed", "1", "--", "sh", "ck.sh", "1"]).ok();
    let all = store_is_whole(&repo, ".git/lfs/objects");
    // Not there yet, then too new, then proven.
    let prune = |args: &[&str]| repo.xp(&[&["artifact", "prune"], args].concat());
    assert!(prune(&["--recent", "0", "--yes"]).ok().contains("deleted 0 objects"));
    repo.xp(&["artifact", "push"]).ok();
    assert!(prune(&["--yes"]).ok().contains("deleted 0 objects"));
    assert!(prune(&["--recent", "0"]).fails(129).contains("there is no terminal to ask at"));
    assert!(prune(&["--recent", "0", "--dry-run"]).ok().contains("would delete 2 objects"));
    assert_eq!(store_is_whole(&repo, ".git/lfs/objects"), all);
    // One that is damaged there is not proven.
    let name = sha256(&repo, "ck/model.pt");
    repo.sh(&format!("f=$(ls {shared}/*/*/{name}); chmod u+w $f; printf x | dd of=$f conv=notrunc 2>&1")).ok();
    let said = prune(&["--recent", "0", "--yes"]).ok();
    assert!(said.contains("deleted 1 object") && said.contains("1 not known to be whole there"), "{said}");
    assert!(repo.path.join(format!(".git/lfs/objects/{}/{}/{name}", &name[..2], &name[2..4])).exists());
    // A git remote that has no ledger yet: its runs are not pushed.
    repo.sh(&format!("rm -f {shared}/*/*/{name}; git xp artifact push; git init -q --bare ../host.git; git remote add origin ../host.git")).ok();
    assert!(prune(&["--recent", "0", "--yes"]).ok().contains("deleted 0 objects"));
    repo.git(&["push", "-q", "origin", "refs/xp/runs/*"]);
    assert!(prune(&["--recent", "0", "--yes", "--json"]).json()["pruned"] == 1);
    repo.xp(&["artifact", "fetch", "--all"]).ok();
    assert!(store_is_whole(&repo, ".git/lfs/objects") >= 2);
}

#[test]
fn fsck_finds_damage_and_mends_it_from_a_remote() {
    let repo = repo();
    shared(&repo);
    repo.xp(&["run", "--seed", "1", "--", "sh", "ck.sh", "1"]).ok();
    assert_eq!(repo.xp(&["artifact", "fsck"]).code, 0);
    let name = sha256(&repo, "ck/model.pt");
    let damage = format!(
        "f=.git/lfs/objects/{}/{}/{name}; chmod u+w $f; printf x | dd of=$f conv=notrunc 2>&1",
        &name[..2],
        &name[2..4]
    );
    repo.sh(&damage).ok();
    let said = repo.xp(&["artifact", "fsck"]);
    assert_eq!(said.code, 1, "{}", said.stdout);
    assert!(said.stdout.contains("no remote gave it"), "{}", said.stdout);
    assert!(repo.path.join(".git/lfs/bad").join(&name).exists());
    // Whoever has the file stores it again.
    repo.xp(&["log-artifact", "ck/model.pt", "--run", "last"]).ok();
    repo.xp(&["artifact", "push"]).ok();
    repo.sh(&damage).ok();
    let said = repo.xp(&["artifact", "fsck"]);
    assert!(said.code == 0 && said.stdout.contains("fetched again"), "{}{}", said.stdout, said.stderr);
    store_is_whole(&repo, ".git/lfs/objects");
}

/// Whatever is killed, nothing is lost, nothing has a name that it does not deserve, and the same command finishes.
#[test]
fn kill_9_leaves_nothing_half_named() {
    let repo = repo();
    let shared = shared(&repo);
    repo.train(1, "0.1");
    repo.sh("mkdir big; for i in $(seq 40); do head -c 400000 /dev/urandom > big/$i; done").ok();
    for round in 0..12 {
        let wait = format!("0.0{}", 1 + round % 9);
        let kill = |line: &str| repo.sh(&format!("timeout -s KILL {wait} git-xp {line}; true")).ok();
        kill("log-artifact big --run last");
        store_is_whole(&repo, ".git/lfs/objects");
    }
    repo.xp(&["log-artifact", "big", "--run", "last"]).ok();
    for round in 0..12 {
        let wait = format!("0.0{}", 2 + round % 8);
        repo.sh(&format!("timeout -s KILL {wait} git-xp artifact push; true")).ok();
        let named = repo.sh(&format!("find {shared} -type f -not -name '.xp-*' | xargs -r sha256sum")).ok();
        named.lines().for_each(|line| assert!(line.ends_with(&line[..64]), "{line}"));
    }
    repo.xp(&["artifact", "push"]).ok();
    repo.sh("rm -r .git/lfs").ok();
    for round in 0..12 {
        let wait = format!("0.0{}", 2 + round % 8);
        repo.sh(&format!("timeout -s KILL {wait} git-xp artifact fetch last; true")).ok();
        store_is_whole(&repo, "$(test -d .git/lfs/objects && echo .git/lfs/objects || echo big/none)");
    }
    repo.xp(&["artifact", "fetch", "last"]).ok();
    assert_eq!(repo.sh("ls .git/lfs/incomplete | wc -l").ok(), "0\n");
    for round in 0..8 {
        let wait = format!("0.0{}", 2 + round % 8);
        repo.sh(&format!("timeout -s KILL {wait} git-xp artifact checkout last --to to; true")).ok();
    }
    repo.xp(&["artifact", "checkout", "last", "--to", "to"]).ok();
    repo.sh("diff -r big to/big").ok();
    repo.is_sound();
}

#[test]
fn several_at_once_store_and_fetch_the_same() {
    let repo = repo();
    let shared = shared(&repo);
    repo.train(1, "0.1");
    repo.sh("mkdir big; for i in $(seq 20); do head -c 200000 /dev/urandom > big/$i; done").ok();
    std::thread::scope(|scope| {
        for at in 0..8 {
            let repo = &repo;
            scope.spawn(move || {
                let name = if at < 2 { "big".to_owned() } else { format!("big/{at}") };
                repo.xp(&["log-artifact", &name, "--run", "last", "--name", &format!("a{at}")]).ok();
            });
        }
    });
    assert_eq!(repo.facts("late").len(), 8);
    store_is_whole(&repo, ".git/lfs/objects");
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| repo.xp(&["artifact", "push"]).ok());
        }
    });
    store_is_whole(&repo, &shared);
    repo.sh("rm -r .git/lfs").ok();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| repo.xp(&["artifact", "fetch", "--all"]).ok());
        }
    });
    assert!(store_is_whole(&repo, ".git/lfs/objects") >= 20);
    assert!(Path::new(&shared).exists());
    repo.is_sound();
}

#[test]
fn a_work_tree_of_a_run_has_its_code_and_what_it_made() {
    let repo = repo();
    repo.write("config.toml", "lr = 0.1\n");
    repo.commit("Config");
    repo.xp(&["run", "--seed", "1", "--config", "config.toml", "--", "sh", "-c", "sh ck.sh 1; cat $0", "{config}"])
        .ok();
    repo.write("ck.sh", "exit 1\n");
    repo.commit("Broken");
    let said = repo.xp(&["worktree", "last", "../look"]).stderr;
    assert!(said.contains("has the code of run"), "{said}");
    let look = |line: &str| repo.sh(&format!("cd ../look && {line}")).ok();
    assert_eq!(
        look("cat xp-config/config/config.toml; git status --porcelain; git diff HEAD~0 --stat; grep -c urandom ck.sh"),
        "lr = 0.1\n1\n"
    );
    assert_eq!(look("sha256sum < xp-out/model.pt"), repo.sh("sha256sum < ck/model.pt").ok());
    assert!(repo.xp(&["worktree", "last", "../look"]).fails(128).contains("is there already"));
    // It can be run again there.
    look("git xp run --seed 1 --again -- sh ck.sh 1");
    repo.git(&["worktree", "remove", "--force", "../look"]);
    repo.is_sound();
}

#[test]
fn results_are_committed_to_the_branch() {
    let repo = repo();
    let line = "mkdir -p $1/figures; echo plot > $1/figures/a.svg; echo raw > $1/raw.txt; echo '{\"acc\": 0.9}' > metrics.json";
    repo.xp(&["run", "--seed", "1", "--out", "out", "--", "sh", "-c", line, "x", "out"]).ok();
    repo.sh("rm -r out metrics.json; echo staged > staged; git add staged").ok();
    let said = repo.xp(&["apply", "last", "figures", "metrics.json"]).stderr;
    assert!(said.contains("committed what run"), "{said}");
    assert_eq!(repo.git(&["show", "--name-only", "--format=", "HEAD"]), "metrics.json\nout/figures/a.svg");
    let id = repo.facts("run")[0]["id"].as_str().expect("an id").to_owned();
    assert!(repo.git(&["log", "-1", "--format=%B"]).ends_with(&format!("Xp-Run: {id}")));
    // What was staged beside it is staged still.
    assert_eq!(repo.git(&["status", "--porcelain"]), "A  staged");
    assert!(repo.xp(&["apply", "last", "figures"]).stderr.contains("has what run"));
    repo.write("out/figures/a.svg", "mine");
    assert!(repo.xp(&["apply", "last", "figures"]).fails(128).contains("is there and differs"));
    assert!(repo.xp(&["apply", "last", "nothing"]).fails(128).contains("neither an output nor a metrics file"));
    repo.git(&["switch", "--quiet", "--detach"]);
    assert!(repo.xp(&["apply", "last"]).fails(128).contains("HEAD is on none"));
}

#[test]
fn inputs_are_kept_if_that_is_wanted() {
    let repo = repo();
    repo.sh("mkdir -p ck/train && echo 1 > ck/train/a.csv && echo 2 > ck/train/b.csv").ok();
    repo.xp(&["run", "--seed", "1", "--data", "train=ck/train", "--store", "--", "true"]).ok();
    let run = &repo.facts("run")[0];
    let stored = &run["artifacts"][0];
    assert_eq!(
        (&stored["name"], &stored["type"], &stored["files"]),
        (&"out/data/train".into(), &"data".into(), &2.into())
    );
    // The digest is that of the pin.
    assert_eq!(stored["oid"], run["data"]["train"]["digest"]);
    repo.sh("rm -r ck").ok();
    repo.xp(&["artifact", "checkout", "last", "--to", "to"]).ok();
    assert_eq!(repo.sh("cat to/data/train/*").ok(), "1\n2\n");
}

#[test]
fn very_many_outputs_are_one_artifact() {
    let repo = repo();
    repo.xp(&[
        "run",
        "--seed",
        "1",
        "--out",
        "res",
        "--",
        "sh",
        "-c",
        "mkdir res; for i in $(seq 1200); do echo $i > res/$i; done",
    ])
    .ok();
    let artifacts = repo.facts("run")[0]["artifacts"].clone();
    assert_eq!((&artifacts[0]["name"], &artifacts[0]["files"]), (&"out/res".into(), &1200.into()));
    repo.xp(&["artifact", "checkout", "last", "--to", "to"]).ok();
    repo.sh("diff -r res to/res").ok();
    repo.is_sound();
}
