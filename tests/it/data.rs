//! Pins of data: `git xp run --data` and `[data]` of `.xp.toml`.

use serde_json::Value;

use crate::support::{Output, Part, TestRepo, need};

fn run(repo: &TestRepo, args: &[&str]) -> Output {
    repo.xp(&[&["run", "--seed", "1"], args].concat())
}

fn pin(repo: &TestRepo, name: &str) -> Value {
    repo.facts("run").last().expect("a run")["data"][name].clone()
}

/// A repository whose data git ignores.
fn with_data() -> TestRepo {
    let repo = TestRepo::new();
    repo.write(".gitignore", "/data\n");
    repo.commit("Ignore the data");
    for (path, text) in [("train/a.csv", "1\n"), ("train/deep/b.csv", "22\n"), ("test.csv", "abc")] {
        repo.write(&format!("data/{path}"), text);
    }
    repo
}

#[test]
fn a_file_and_a_folder_are_pinned_by_what_they_hold() {
    let repo = with_data();
    run(&repo, &["--data", "train=data/train", "--data", "test=data/test.csv", "--", "true"]).ok();
    let train = pin(&repo, "train");
    assert_eq!((train["kind"].as_str(), train["path"].as_str()), (Some("folder"), Some("data/train")));
    assert_eq!((train["files"].as_u64(), train["bytes"].as_u64()), (Some(2), Some(5)));
    let test = pin(&repo, "test");
    let sum = repo.sh("printf abc | sha256sum | cut -d' ' -f1").ok();
    assert_eq!(test["digest"], format!("sha256:{}", sum.trim()));
    assert!(test.get("files").is_none());
    // Plain git is enough to check a folder.
    let sum = repo.sh("git cat-file blob refs/xp/runs/$(date +%Y-%m):$(git ls-tree -r --name-only refs/xp/runs/$(date +%Y-%m) | grep manifest) | sha256sum | cut -d' ' -f1").ok();
    assert_eq!(train["digest"], format!("sha256:{}", sum.trim()));
    let text = repo.xp(&["show", "last"]).ok();
    assert!(text.contains("train: folder data/train, 2 files, 5 B sha256:"), "{text}");
    assert!(text.contains("test: file data/test.csv, 3 B sha256:"), "{text}");
    let manifest = repo.xp(&["show", "last", "--file", "data/train.manifest"]).ok();
    assert!(manifest.starts_with("git-xp manifest 1\nfile 2 "), "{manifest}");
    repo.is_sound();
}

/// The recipe of `docs/format.md`, in another language.
const RECOMPUTE: &str = r#"
import hashlib, os, sys
def escape(path):
    out = b""
    for char in path.decode("utf-8", "surrogateescape"):
        raw = char.encode("utf-8", "surrogateescape")
        if char == "\\":
            out += b"\\\\"
        elif ord(char) < 32 or ord(char) == 127 or 0xDC80 <= ord(char) <= 0xDCFF:
            out += b"".join(b"\\x%02x" % byte for byte in raw)
        else:
            out += raw
    return out
root, entries = os.fsencode(sys.argv[1]), []
for folder, folders, files in os.walk(root):
    for name in files + [name for name in folders if os.path.islink(os.path.join(folder, name))]:
        full = os.path.join(folder, name)
        kind = b"link" if os.path.islink(full) else b"file"
        content = os.readlink(full) if kind == b"link" else open(full, "rb").read()
        entries.append((os.path.relpath(full, root), kind, content))
text = b"git-xp manifest 1\n"
for path, kind, content in sorted(entries):
    text += b"%s %d %s %s\n" % (kind, len(content), hashlib.sha256(content).hexdigest().encode(), escape(path))
print("sha256:" + hashlib.sha256(text).hexdigest())
"#;

#[test]
fn python_computes_the_same_digest() {
    if need(Part::Program("python3")).is_none() {
        return;
    }
    let repo = with_data();
    repo.write("../recompute.py", RECOMPUTE);
    repo.sh(
        "cd data/train && mkdir -p a-b a/empty ' x' && touch a-b/c a.b ab 'a/ä' ' x/y z' $'new\\nline' $'\\xff\\xfe' $'tab\\t\\\\x41' \
         $'\\xed\\xa0\\x80' $'half\\xf0\\x9f\\x98' && seq 1000 > a/numbers && ln -s ../a.b a/link && ln -s a folder && ln -s /nowhere out",
    )
    .ok();
    let text = run(&repo, &["--data", "train=data/train", "--", "true"]);
    assert!(text.stderr.contains("1 symbolic link(s) lead out of"), "{}", text.stderr);
    assert_eq!(text.code, 0);
    let wanted = repo.sh("python3 ../recompute.py data/train").ok();
    assert_eq!(pin(&repo, "train")["digest"], wanted.trim());
    assert_eq!(pin(&repo, "train")["files"], 16);
}

#[test]
fn other_data_is_another_plan() {
    let repo = with_data();
    let args = ["--data", "train=data/train", "--", "true"];
    run(&repo, &args).ok();
    let text = run(&repo, &args).fails(128);
    assert!(text.contains("the same plan ended ok before"), "{text}");
    // Another place with the same files is no other data.
    repo.sh("cp -r data/train data/copy").ok();
    run(&repo, &["--data", "train=data/copy", "--", "true"]).fails(128);
    repo.write("data/train/a.csv", "2\n");
    run(&repo, &args).ok();
    run(&repo, &["--", "true"]).ok();
    let conditions: Vec<Value> = repo.facts("run").iter().map(|fact| fact["condition"].clone()).collect();
    assert_eq!(conditions.len(), 3);
    assert!(conditions[0] != conditions[1] && conditions[1] != conditions[2]);
}

#[test]
fn diff_names_the_files() {
    let repo = with_data();
    let args = ["--data", "train=data/train", "--", "true"];
    run(&repo, &args).ok();
    repo.write("data/train/a.csv", "2\n");
    repo.write("data/train/new.csv", "a longer line\n");
    repo.sh("rm data/train/deep/b.csv").ok();
    run(&repo, &args).ok();
    let text = repo.xp(&["diff", "last~1", "last", "--only", "data"]).ok();
    let files = text.split_once("files of").expect("the files").1;
    insta::assert_snapshot!(files, @r"
     train: 1 changed, 1 added, 1 removed
        a.csv       changed, 2 B
        deep/b.csv  removed, 3 B
        new.csv     added, 14 B
    ");
    let json = repo.xp(&["diff", "last~1", "last", "--json"]).json();
    let folder = &json["data"]["folders"][0];
    assert_eq!((folder["name"].as_str(), folder["added"].as_u64()), (Some("train"), Some(1)));
    assert_eq!(folder["files"][1], serde_json::json!({"path": "deep/b.csv", "a": 3}));
    assert!(json["files"].is_null(), "the manifest is not named twice: {json}");
    let csv = repo.xp(&["diff", "last~1", "last", "--format", "csv"]).ok();
    assert!(csv.contains("data,train,new.csv,,14,"), "{csv}");
    for seed in 0..30 {
        repo.write(&format!("data/train/{seed}.csv"), "x");
    }
    run(&repo, &args).ok();
    let text = repo.xp(&["diff", "last~1", "last", "--only", "data"]).ok();
    assert!(text.contains("train: 30 added") && text.contains("and 10 more files"), "{text}");
}

#[test]
fn settings_pin_data_and_options_beat_them() {
    let repo = with_data();
    repo.write(".xp.toml", "[data]\ntrain = \"data/train\"\nweb = \"s3://bucket/key?versionId=abc\"\n");
    repo.commit("Pin");
    repo.sh("mkdir sub && cd sub && git xp run --seed 1 -- true").ok();
    assert_eq!(pin(&repo, "train")["path"], "data/train");
    assert_eq!(
        pin(&repo, "web"),
        serde_json::json!({"kind": "uri", "uri": "s3://bucket/key?versionId=abc", "permanent": true})
    );
    repo.sh("cd data && git xp run --seed 1 --data train=test.csv -- true").ok();
    assert_eq!(pin(&repo, "train")["path"], "data/test.csv");
    assert_eq!(repo.facts("run")[1]["data"]["web"]["permanent"], true);
    let text = repo.try_git(&["-c", "xp.data.train=x", "xp", "status"]);
    assert!(text.stderr.contains("`xp.data.train` is ignored"), "{}", text.stderr);
}

#[test]
fn a_repeated_command_has_its_data_again() {
    let repo = with_data();
    repo.sh("cd data && git xp run --seed 1 --data train=train -- true").ok();
    repo.write("data/train/a.csv", "2\n");
    run(&repo, &[]).ok();
    assert_eq!(pin(&repo, "train")["path"], "data/train");
    assert_ne!(repo.facts("run")[0]["data"], repo.facts("run")[1]["data"]);
    run(&repo, &[]).fails(128);
    run(&repo, &["--data", "train=data/test.csv"]).ok();
    assert_eq!(pin(&repo, "train")["kind"], "file");
}

#[test]
fn untracked_data_that_is_pinned_needs_no_commit() {
    let repo = TestRepo::new();
    repo.write("data/a.csv", "1\n");
    run(&repo, &["--", "true"]).fails(128);
    run(&repo, &["--data", "all=data", "--", "cat", "data/a.csv"]).ok();
    assert_eq!(repo.facts("run")[0]["dirty"], false);
    repo.write("database", "1\n");
    let text = run(&repo, &["--again", "--data", "all=data", "--", "true"]).fails(128);
    assert!(text.contains("database") && !text.contains("a.csv"), "{text}");
}

#[test]
fn wrong_pins_are_refused_before_anything_is_written() {
    let repo = with_data();
    for (spec, code, part) in [
        ("train", 129, "NAME=PATH"),
        ("a/b=data/train", 129, "letters, digits"),
        ("train=missing", 128, "missing is not here"),
        ("train=.", 128, "the repository's own git folder"),
        ("train=https://example.org/a.csv", 129, "no versioned store"),
        ("train=s3://bucket/key", 129, "s3://BUCKET/KEY?versionId=ID"),
        ("train=s3://ada:hunter2@bucket/key?versionId=1", 129, "credential"),
    ] {
        let text = run(&repo, &["--data", spec, "--", "true"]).fails(code);
        assert!(text.contains(part) && !text.contains("hunter2"), "{spec}: {text}");
    }
    repo.sh("mkfifo data/train/pipe").ok();
    let text = run(&repo, &["--data", "train=data/train", "--", "true"]).fails(128);
    assert!(text.contains("neither a file nor a folder"), "{text}");
    assert_eq!(repo.facts("run").len(), 0);
    assert!(!repo.path.join(".git/xp/runs").exists());
}

#[test]
fn a_uri_is_recorded_as_it_was_typed() {
    let repo = TestRepo::new();
    let uri = format!("hf://datasets/stanfordnlp/imdb@{}", "a".repeat(40));
    run(&repo, &["--data", &format!("imdb={uri}"), "--", "true"]).ok();
    assert_eq!(pin(&repo, "imdb")["uri"], uri);
    let text = run(&repo, &["--data", "imdb=hf://datasets/stanfordnlp/imdb@main", "--", "true"]);
    assert!(
        text.stderr.contains("warning: data imdb: hf://datasets/stanfordnlp/imdb@main names what may move"),
        "{}",
        text.stderr
    );
    assert_eq!(pin(&repo, "imdb")["permanent"], false);
    let text = repo.xp(&["diff", "last~1", "last", "--only", "data"]).ok();
    assert!(text.contains("imdb.uri"), "{text}");
}

#[test]
fn git_lfs_pointers_are_the_file_they_stand_for() {
    let repo = with_data();
    let sum = repo.sh("sha256sum data/test.csv | cut -d' ' -f1").ok();
    run(&repo, &["--data", "test=data/test.csv", "--", "true"]).ok();
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 3\n", sum.trim());
    repo.write("data/test.csv", &pointer);
    // The content is not here, and it is the same plan.
    let text = run(&repo, &["--data", "test=data/test.csv", "--", "true"]).fails(128);
    assert!(text.contains("the same plan"), "{text}");
    run(&repo, &["--again", "--data", "test=data/test.csv", "--", "true"]).ok();
    let test = pin(&repo, "test");
    assert_eq!((test["kind"].as_str(), test["bytes"].as_u64()), (Some("lfs"), Some(3)));
    assert_eq!(test["digest"], format!("sha256:{}", sum.trim()));
}

/// As `dvc add data/train` of DVC 3 writes it.
const DVC_FILE: &str =
    "outs:\n- md5: 9364e586ef9817849688140aa646524a.dir\n  size: 5\n  nfiles: 2\n  hash: md5\n  path: train\n";

/// As `dvc repro` of DVC 3 writes it.
const DVC_LOCK: &str = "schema: '2.0'
stages:
  prepare:
    cmd: python prepare.py
    deps:
    - path: prepare.py
      hash: md5
      md5: 92eb5ffee6ae2fec3ad71c777531578f
      size: 1
    outs:
    - path: data/test.csv
      hash: md5
      md5: 900150983cd24fb0d6963f7d28e17f72
      size: 3
";

#[test]
fn what_dvc_tracks_is_taken_at_its_word() {
    let repo = with_data();
    repo.write(".gitignore", "/data/train\n/data/test.csv\n");
    repo.write("data/train.dvc", DVC_FILE);
    repo.write("dvc.lock", DVC_LOCK);
    repo.commit("Track with DVC");
    for spec in ["train=data/train", "train=data/train.dvc"] {
        let text = run(&repo, &["--again", "--data", spec, "--", "true"]);
        assert_eq!((text.code, text.stderr.contains("warning")), (0, false), "{}", text.stderr);
        let train = pin(&repo, "train");
        assert_eq!(
            train,
            serde_json::json!({"kind": "dvc", "path": "data/train", "digest": "md5:9364e586ef9817849688140aa646524a.dir",
                "files": 2, "bytes": 5, "from": "data/train.dvc"})
        );
    }
    run(&repo, &["--data", "test=data/test.csv", "--", "true"]).ok();
    let test = pin(&repo, "test");
    assert_eq!(
        (test["digest"].as_str(), test["from"].as_str()),
        (Some("md5:900150983cd24fb0d6963f7d28e17f72"), Some("dvc.lock"))
    );
    let text = repo.xp(&["show", "last"]).ok();
    assert!(text.contains("test: dvc data/test.csv, 3 B, as dvc.lock says md5:9001"), "{text}");
    // Data that is elsewhere is fine, other data is named.
    repo.sh("mv data/train ../elsewhere").ok();
    let text = run(&repo, &["--again", "--data", "train=data/train", "--", "true"]);
    assert_eq!((text.code, text.stderr.contains("warning")), (0, false), "{}", text.stderr);
    repo.write("data/train/other.csv", "1");
    let text = run(&repo, &["--again", "--data", "train=data/train", "--", "true"]);
    let warning = "data/train is not what data/train.dvc says: it has 1 file of 1 bytes, not 2 of 5";
    assert!(text.stderr.contains(warning), "{}", text.stderr);
    repo.write("data/test.csv", "abcd");
    let text = run(&repo, &["--again", "--data", "test=data/test.csv", "--", "true"]);
    assert!(text.stderr.contains("it has 4 bytes, not 3"), "{}", text.stderr);
    repo.write("data/new.dvc", "outs:\n- path: new\n");
    repo.commit("Not yet");
    let text = run(&repo, &["--data", "new=data/new.dvc", "--", "true"]).fails(128);
    assert!(text.contains("no hash of its data yet") && text.contains("dvc add"), "{text}");
}

#[test]
fn data_that_changes_between_seeds_ends_them() {
    let repo = with_data();
    let text = repo.xp(&[
        "run",
        "--seeds",
        "1..3",
        "--data",
        "train=data/train",
        "--",
        "sh",
        "-c",
        "echo {seed} >> data/train/a.csv",
    ]);
    assert!(text.fails(128).contains("data train changed while the seeds were run"));
    assert_eq!(repo.facts("run").len(), 1);
}

#[test]
fn the_cache_is_only_a_cache() {
    let repo = with_data();
    let digest = || {
        run(&repo, &["--again", "--data", "train=data/train", "--", "true"]).ok();
        pin(&repo, "train")["digest"].clone()
    };
    let first = digest();
    assert_eq!(digest(), first);
    repo.sh("for f in .git/xp/data/*; do head -c 100 /dev/zero > $f; done").ok();
    assert_eq!(digest(), first);
    repo.sh("rm -r .git/xp/data && touch .git/xp/data").ok();
    assert_eq!(digest(), first);
    // The same size and time, and other content.
    repo.sh("rm .git/xp/data; touch -d '2020-01-01' data/train/a.csv").ok();
    assert_eq!(digest(), first);
    repo.sh("printf '9\\n' > data/train/a.csv; touch -d '2020-01-01' data/train/a.csv").ok();
    assert_ne!(digest(), first);
    // Several at once share it.
    repo.sh("for i in 1 2 3 4 5 6; do git xp run --again --seed $i --data train=data/train -- true & done; wait").ok();
    let digests: std::collections::BTreeSet<String> =
        repo.facts("run").iter().rev().take(6).map(|fact| fact["data"]["train"]["digest"].to_string()).collect();
    assert_eq!(digests.len(), 1);
}

#[test]
fn a_link_to_the_data_is_followed_and_links_in_it_are_not() {
    let repo = with_data();
    repo.sh("mv data ../big && ln -s ../big data && mkdir ../big/link && ln -s /etc/passwd ../big/link/p").ok();
    repo.write(".gitignore", "/data\n");
    run(&repo, &["--data", "train=data/train", "--data", "link=data/link", "--", "true"]).ok();
    assert_eq!(pin(&repo, "train")["files"], 2);
    assert_eq!((pin(&repo, "link")["files"].as_u64(), pin(&repo, "link")["bytes"].as_u64()), (Some(1), Some(11)));
}

#[test]
fn pinned_data_that_git_ignores_is_in_nobodys_way() {
    let repo = TestRepo::new();
    repo.sh("mkdir data; echo 1 > data/t.csv; echo /t.csv > data/.gitignore; echo '{\"acc\": 1}' > metrics.json").ok();
    repo.sh("git xp run -a --seed 1 --data t=data/t.csv -- sh -c 'echo \"{\\\"acc\\\": 2}\" > metrics.json'").ok();
    // Metrics are results, and in no commit of code.
    assert_eq!(repo.git(&["status", "--porcelain"]), "?? metrics.json");
    assert_eq!(repo.facts("run")[0]["metrics"]["acc"]["final"], 2);
    repo.sh("git add metrics.json; git commit -qm Metrics").ok();
    let said = repo.sh("git xp run --seed 1 -- sh -c 'echo \"{\\\"acc\\\": 3}\" > metrics.json'");
    assert_eq!((said.code, said.stderr.contains("changed")), (0, false), "{}", said.stderr);
}
