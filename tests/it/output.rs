//! What holds for every command's output.

use crate::support::TestRepo;

fn filled() -> TestRepo {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    repo.xp(&["start", "a", "--expect", "val_acc >= 0.1"]).ok();
    repo.train(1, "0.2");
    repo
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let repo = filled();
    for verb in [
        "compare",
        "log --all",
        "show",
        "show --json",
        "status",
        "compare --format csv",
        "diff main a",
        "diff main a --patch",
        "export --format csv",
        "export --format jsonl --series",
        "export --format parquet",
        "--help",
        "man ../pages",
        "completions bash",
    ] {
        let out = repo.sh(&format!("set -o pipefail; git-xp {verb} | true; echo ${{PIPESTATUS[0]}}"));
        assert!(["0", "141"].contains(&out.stdout.trim()), "{verb}: {out:?}");
        assert!(!out.stderr.contains("panic") && !out.stderr.contains("internal"), "{verb}: {}", out.stderr);
        let out = repo.sh(&format!("git-xp {verb} | head -1"));
        assert!(!out.stderr.contains("panic") && !out.stderr.contains("internal"), "{verb}: {}", out.stderr);
    }
    let out = repo.sh("git-xp run --seed 9 -- seq 100000 | head -1");
    assert!(!out.stderr.contains("internal"), "{}", out.stderr);
    assert_eq!(repo.facts("run").len(), 3);
}

#[test]
fn a_closed_stdout_is_no_panic() {
    let repo = filled();
    for verb in ["compare", "log", "show", "status"] {
        let out = repo.sh(&format!("git-xp {verb} >&-"));
        assert!(!out.stderr.contains("internal"), "{verb}: {}", out.stderr);
        let out = repo.sh(&format!("git-xp {verb} 2>&-"));
        assert_eq!(out.code, 0, "{verb}");
    }
}

#[test]
fn a_pipe_gets_no_colour() {
    let repo = filled();
    assert!(!repo.xp(&["diff", "main", "a"]).ok().contains('\u{1b}'));
    for verb in ["compare", "log", "show", "status"] {
        assert!(!repo.xp(&[verb]).ok().contains('\u{1b}'), "{verb}");
    }
}

#[test]
fn no_color_is_obeyed_on_a_terminal() {
    let repo = filled();
    if repo.sh("command -v script").code != 0 {
        return;
    }
    let plain = repo.sh("NO_COLOR=1 TERM=xterm script -qec 'git-xp compare' /dev/null").ok();
    assert!(plain.contains("baseline") && !plain.contains("\u{1b}["), "{plain:?}");
}

#[test]
fn quiet_leaves_results_and_warnings() {
    let repo = filled();
    let out = repo.xp(&["-q", "run", "--seed", "5", "--", "echo", "hello"]);
    assert_eq!((out.stdout.as_str(), out.stderr.as_str()), ("hello\n", ""));
}

#[test]
fn results_go_to_stdout_and_the_rest_to_stderr() {
    let repo = filled();
    for verb in ["compare", "log", "show", "status"] {
        assert_eq!(repo.xp(&[verb]).stderr, "", "{verb}");
    }
}

#[test]
fn an_answer_that_could_not_be_written_is_no_success() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    for line in ["list", "compare --json", "show last", "list --similar last"] {
        let stderr = repo.sh(&format!("git-xp {line} > /dev/full")).fails(128);
        assert!(stderr.contains("error: cannot write standard output: No space left"), "{line}: {stderr}");
    }
    repo.sh("COLUMNS=99999999999 git-xp list --similar last").ok();
}

#[test]
fn json_is_json_also_where_there_is_nothing() {
    let repo = TestRepo::new();
    for line in [&["list"][..], &["list", "--runs"], &["compare"], &["log", "--all"]] {
        repo.xp(&[line, &["--json"]].concat()).json();
    }
    assert!(repo.xp(&["compare", "--format", "csv"]).ok().starts_with("experiment,"));
    assert_eq!(repo.xp(&["compare"]).ok(), "there is no experiment yet\n");
}

#[test]
fn a_metric_without_a_name_stops_nobody() {
    let repo = TestRepo::new();
    repo.write("odd.sh", r#"echo '{"metric":"a","value":1}' >> "$GIT_XP_JOURNAL""#);
    repo.commit("odd");
    repo.xp(&["run", "--seed", "1", "--", "sh", "odd.sh"]).ok();
    // As another program may have written it.
    repo.sh(
        r#"ref=$(git for-each-ref --format='%(refname)' refs/xp/runs) && path=$(git ls-tree -r --name-only $ref facts/)
        blob=$(git show $ref:$path | sed 's/"metrics":{"a"/"metrics":{""/' | git hash-object -w --stdin)
        export GIT_INDEX_FILE=$PWD/.git/other && git read-tree $ref && git update-index --cacheinfo 100644,$blob,$path
        git update-ref $ref $(git commit-tree -m x $(git write-tree)) && git update-ref -d refs/notes/xp"#,
    )
    .ok();
    repo.xp(&["list", "--runs"]).ok();
    assert!(repo.xp(&["list", "--runs", "--where", "metrics.`` = 1", "--format", "csv"]).ok().lines().count() == 2);
    repo.xp(&["compare"]).ok();
    repo.xp(&["show", "last"]).ok();
}
