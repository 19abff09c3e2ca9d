//! `git xp plot`.

use serde_json::{Value, json};

use crate::support::{Part, TestRepo, need};

/// Logs `val_acc` and `loss` at three steps, higher with the seed.
const TRAIN: &str = r#"lr=$1 seed=$2
for step in 1 2 3; do
  echo "{\"metric\":\"val_acc\",\"value\":0.$step$seed,\"step\":$step,\"time\":$((1700000000 + step))}" >> "$GIT_XP_JOURNAL"
  echo "{\"metric\":\"loss\",\"value\":$lr,\"step\":$step}" >> "$GIT_XP_JOURNAL"
done
"#;

/// Experiment `a` with three seeds of one learning rate and two of another; a baseline with one run.
fn trained() -> TestRepo {
    let repo = TestRepo::empty();
    repo.write("train.sh", TRAIN);
    repo.commit("Start");
    repo.train(1, "0.5");
    repo.xp(&["start", "a", "--expect", "val_acc >= 0.1"]).ok();
    for (seed, lr) in [(1, "0.1"), (3, "0.1"), (5, "0.1"), (1, "0.3"), (9, "0.3")] {
        repo.train(seed, lr);
    }
    repo
}

fn points(line: &Value, key: &str) -> Vec<Value> {
    line["points"].as_array().expect("points").iter().map(|point| point[key].clone()).collect()
}

#[test]
fn seeds_are_a_mean_with_a_band() {
    let repo = trained();
    let text = repo.xp(&["plot", "val_acc", "--width", "60", "--height", "8"]).ok();
    insta::assert_snapshot!(text, @r"
    val_acc
        │                                               ⡀ ⡀⠄⡂⠄⡂⠅
        │                                     ⡀ ⡀⠄⡀⠄⡂⠅⡂⠅▲⣅⡦⠥⡖⠗⣊⣍
    0.3 ┤                           ⡀ ⡀⠄⡀⠄⡂⠅⡂⠅⡂⣅⣂⠥⡦⠕⣒⣏⣋⠭⡦⠕⡒⠗⠋⠍⠃⠁
        │                 ⡀ ⡀⠄⡀⠄⡂⠅⡂⠅⡂⠅⣂⣅▲⠥⡖⣗⣊⡭⡯⠥●⠗⠊⠍⠃⠁⠂⠁ ⠁
        │       ⡀ ⡀⠄⡀⠄⡂⠄⡂⠅⡂⠅⣂⣅⡢⠥⡦●⣒⡯⡯⠭⡒⠗⠊⠍⠋⠁⠂⠁ ⠁
    0.2 ┤⠄⡀⠄⡂⠄⡂⠅⡂⠅⣂⣅⡢⠥⡦⣗⣒▲⡯⠭⡒⠗⡊⠍⠋⠁⠂⠁ ⠁
        │▲⡢⠥⡦⣗⣒⡯⡯●⡒⠗⡊⠍⠋⠁⠂⠁ ⠁
        │⠗⡊⠍⠋⠁⠂⠁ ⠁
        └┬──────────────────────────┬──────────────────────────┬
         1                          2                          3
                                                            step
      ● a lr=0.1 (mean ± sd of 3 runs)
      ▲ a lr=0.3 (mean, min to max of 2 runs)
    ");
    let plot = &repo.xp(&["plot", "val_acc", "--json"]).json()["plots"][0];
    let (three, two) = (&plot["lines"][0], &plot["lines"][1]);
    assert_eq!((&three["band"], &three["seeds"], &three["open"]), (&json!("sd"), &json!([1, 3, 5]), &json!(false)));
    assert_eq!(points(three, "step"), [1, 2, 3]);
    assert_eq!(points(three, "n"), [3, 3, 3]);
    let first = &three["points"][0];
    let number = |value: &Value| value.as_f64().expect("a number");
    // 0.11, 0.13 and 0.15: their standard deviation is 0.02.
    assert!((number(&first["y"]) - 0.13).abs() < 1e-15 && (number(&first["low"]) - 0.11).abs() < 1e-15, "{first}");
    assert_eq!(
        (&two["band"], &two["points"][2]["low"], &two["points"][2]["high"]),
        (&json!("range"), &json!(0.31), &json!(0.39))
    );
}

#[test]
fn each_run_can_be_drawn_by_itself() {
    let repo = trained();
    let plot = &repo.xp(&["plot", "val_acc", "--each", "--json"]).json()["plots"][0];
    let lines = plot["lines"].as_array().expect("lines");
    assert_eq!(lines.len(), 5);
    assert_eq!(
        (points(&lines[1], "y"), &lines[1]["band"]),
        (vec![json!(0.13), json!(0.23), json!(0.33)], &Value::Null)
    );
    let name = lines[4]["name"].as_str().expect("a name");
    assert!(name.starts_with("a ") && name.ends_with(" seed 9 lr=0.3"), "{name}");
}

#[test]
fn words_are_metrics_or_name_runs() {
    let repo = trained();
    let names = |args: &[&str]| -> Vec<(String, usize)> {
        let json = repo.xp(&[&["plot", "--json"], args].concat()).json();
        let plots = json["plots"].as_array().expect("plots").iter();
        plots
            .map(|plot| {
                (plot["metric"].as_str().expect("a name").to_owned(), plot["lines"].as_array().expect("lines").len())
            })
            .collect()
    };
    let (loss, val_acc) = (|n| ("loss".to_owned(), n), |n| ("val_acc".to_owned(), n));
    assert_eq!(names(&["loss"]), [loss(2)]);
    assert_eq!(names(&["val_acc", "loss", "val_acc"]), [val_acc(2), loss(2)]);
    assert_eq!(names(&["last", "loss"]), [loss(1)]);
    assert_eq!(names(&["loss", "a", "main", "last"]), [loss(3)]);
    let id = repo.facts("run")[2]["id"].as_str().expect("an id").to_owned();
    assert_eq!(names(&[&id[..8], "val_acc", "last~1"]), [val_acc(2)]);
    // A name that is both is a metric, unless the metric is named by an option.
    repo.git(&["branch", "loss", "main"]);
    assert_eq!(names(&["loss"]), [loss(2)]);
    assert_eq!(names(&["loss", "-m", "val_acc"]), [val_acc(1)]);
    // Where one stands on no experiment: the last run there.
    repo.git(&["switch", "--quiet", "main"]);
    assert_eq!(names(&["val_acc"]), [val_acc(1)]);
}

#[test]
fn what_is_no_metric_is_an_error_with_a_list() {
    let repo = TestRepo::new();
    insta::assert_snapshot!(repo.xp(&["plot", "loss"]).fails(128), @r"
    error: there is no run yet
    hint: git xp run --seed 1 -- <command>
    ");
    repo.train(1, "0.1");
    insta::assert_snapshot!(repo.xp(&["plot", "val_ac"]).fails(128), @r"
    error: 'val_ac' is no experiment, run or commit
    hint: git xp list, git xp list --runs    show what there is
    hint: did you mean the metric 'val_acc'?
    hint: metrics there are: loss, val_acc
    ");
    // A metric that only other runs have is no misspelt selector.
    repo.xp(&["log-metric", "test_acc", "0.5"]).ok();
    repo.xp(&["finish"]).ok();
    insta::assert_snapshot!(repo.xp(&["plot", "test_acc", "last~1"]).fails(128), @r"
    error: no run to draw has a metric 'test_acc'
    hint: metrics there are: loss, val_acc
    ");
    insta::assert_snapshot!(repo.xp(&["plot", "-m", "los", "last~1"]).fails(128), @r"
    error: no run to draw has a metric 'los'
    hint: did you mean the metric 'loss'?
    hint: metrics there are: loss, val_acc
    ");
    insta::assert_snapshot!(repo.xp(&["plot", "last~1"]).fails(129), @r"
    error: no metric is named
    hint: git xp plot 'loss'
    hint: metrics there are: loss, val_acc
    ");
    repo.xp(&["plot", "loss", "--smooth", "1"]).fails(129);
    repo.xp(&["plot", "loss", "--svg", "no/such/folder.svg"]).fails(128);
    repo.xp(&["start", "b"]).ok();
    insta::assert_snapshot!(repo.xp(&["plot", "loss"]).fails(128), @r"
    error: 'b' has no run yet
    hint: git xp run --seed 1 -- <command>
    ");
    repo.xp(&["run", "--seed", "1", "--", "true"]).ok();
    insta::assert_snapshot!(repo.xp(&["plot", "loss"]).fails(128), @r"
    error: these runs have no metrics
    hint: git xp log-metric <name> <value> --step <n>
    ");
}

#[test]
fn runs_that_are_not_drawn_are_named() {
    let repo = trained();
    let short = |number: usize| repo.facts("run")[number]["id"].as_str().expect("an id")[..3].to_owned();
    repo.xp(&["run", "--seed", "1", "--", "true"]).ok();
    repo.xp(&["run", "--seed", "7", "--", "sh", "-c", "sh train.sh 1 7; false"]).fails(1);
    repo.xp(&["run", "--again", "--seed", "1", "-p", "lr=0.3", "--", "sh", "train.sh", "{lr}", "{seed}"]).ok();
    let text = repo.xp(&["plot", "val_acc"]).ok();
    for (what, run) in [
        ("without this metric: ", short(6)),
        ("left out unless named by their ids: ", short(7)),
        ("left out, because their seeds ran again: ", short(4)),
    ] {
        assert!(text.contains(&format!("{what}{run}")), "{what}{run}: {text}");
    }
    // Named by its id, the failed one is drawn.
    for selectors in [vec![short(7)], vec!["a".to_owned(), short(7)]] {
        let words: Vec<&str> = ["plot", "val_acc"].into_iter().chain(selectors.iter().map(String::as_str)).collect();
        let text = repo.xp(&words).ok();
        assert!(text.contains("seed 7 (failed)"), "{text}");
    }
}

#[test]
fn smoothing_and_seconds() {
    let repo = trained();
    let y = |args: &[&str]| {
        let json = repo.xp(&[&["plot", "val_acc", "last", "--json"], args].concat()).json();
        points(&json["plots"][0]["lines"][0], "y").iter().map(|y| y.as_f64().expect("a number")).collect::<Vec<_>>()
    };
    assert_eq!(y(&[]), [0.19, 0.29, 0.39]);
    let smooth = y(&["--smooth", "0.5"]);
    let by_hand = [0.19, (0.5 * 0.19 + 0.29) / 1.5, (0.25 * 0.19 + 0.5 * 0.29 + 0.39) / 1.75];
    assert!(smooth.iter().zip(by_hand).all(|(a, b)| (a - b).abs() < 1e-12), "{smooth:?}");
    let text = repo.xp(&["plot", "val_acc", "loss", "--x", "seconds"]).ok();
    assert!(text.contains("seconds\n") && text.contains("3 points logged without a time and left out"), "{text}");
    let text = repo.xp(&["plot", "loss", "--log-y", "--log-x", "--smooth", "0.9"]).ok();
    assert!(text.starts_with("loss (smoothed 0.9, log scale)\n"), "{text}");
}

#[test]
fn a_run_under_way_is_drawn_as_far_as_it_is() {
    let repo = trained();
    repo.git(&["switch", "--quiet", "main"]);
    repo.xp(&["log-metric", "loss", "0.5", "--step", "1"]).ok();
    repo.xp(&["log-metric", "loss", "0.4", "--step", "2"]).ok();
    let id = std::fs::read_dir(repo.path.join(".git/xp/runs")).expect("runs").next().expect("one").expect("a folder");
    let id = id.file_name().to_string_lossy().into_owned();
    for selector in [&[][..], &["main"], &[&id[..6]]] {
        let json = repo.xp(&[&["plot", "--json", "loss"], selector].concat()).json();
        let lines = json["plots"][0]["lines"].as_array().expect("lines");
        let live = lines.iter().find(|line| line["open"] == true).expect("a line of the run under way");
        assert_eq!((points(live, "y"), &live["runs"]), (vec![json!(0.5), json!(0.4)], &json!([id])));
        assert!(live["name"].as_str().expect("a name").ends_with("(running)"));
    }
    repo.xp(&["finish"]).ok();
    assert_eq!(repo.xp(&["plot", "--json", "loss"]).json()["plots"][0]["lines"][0]["open"], false);
}

#[test]
fn an_svg_is_a_file_that_others_can_read() {
    let repo = trained();
    repo.xp(&["plot", "val_acc", "loss", "--svg", "../curves.svg"]).ok();
    let text = std::fs::read_to_string(repo.outside().join("curves.svg")).expect("a file");
    assert_eq!(repo.xp(&["plot", "val_acc", "loss", "--svg", "-"]).ok(), text);
    assert!(text.contains("mean ± sd of 3 runs") && text.contains("width=\"800\""), "{text}");
    let name = "</text><script>x</script>\u{1b}[31m&\u{fffe}";
    let line = json!({"metric": name, "value": 1}).to_string();
    std::fs::write(repo.outside().join("lines"), line + "\n").expect("written");
    repo.xp(&["run", "--seed", "1", "--", "sh", "-c", "cat ../lines >> \"$GIT_XP_JOURNAL\""]).ok();
    let hostile = repo.xp(&["plot", "-m", name, "last", "--svg", "-", "--width", "300"]).ok();
    assert!(!hostile.contains("<script") && !hostile.contains('\u{1b}'), "{hostile}");
    std::fs::write(repo.outside().join("hostile.svg"), hostile).expect("written");
    let Some(python) = need(Part::Python) else { return };
    let program = "import sys, xml.etree.ElementTree as tree\n\
        for name in sys.argv[1:]:\n    root = tree.parse(name).getroot()\n    print(root.tag, len(list(root)) > 20)";
    let seen = repo.output(repo.command(&python).args(["-c", program, "../curves.svg", "../hostile.svg"])).ok();
    assert_eq!(seen, "{http://www.w3.org/2000/svg}svg True\n".repeat(2));
}

#[test]
fn odd_names_and_values_are_drawn_harmlessly() {
    let repo = TestRepo::new();
    let odd = ["a b", "a\nb", "a\tb", "\u{202e}rtl", "\u{1b}[31mred", "a\\b", "-x", "="];
    let values = ["1", "NaN", "-Infinity", "1e308", "-1e308", "5e-324", "123456789012345678901234567890"];
    let line = |(step, (name, value)): (usize, (&str, &str))| {
        format!("{{\"metric\":{},\"value\":{value},\"step\":{step}}}\n", json!(name))
    };
    let all = odd.iter().flat_map(|name| values.map(|value| (*name, value)));
    let lines: String = all.enumerate().map(line).collect();
    std::fs::write(repo.outside().join("lines"), lines).expect("written");
    repo.xp(&["start", "odd"]).ok();
    for seed in ["1", "2"] {
        repo.xp(&["run", "--seed", seed, "--", "sh", "-c", "cat ../lines >> \"$GIT_XP_JOURNAL\""]).ok();
    }
    for name in odd {
        for option in ["--each", "--log-y", "--log-x", "--x=seconds", "--width=40", "--width=1", "--svg=-"] {
            let text = repo.xp(&["plot", &format!("--metric={name}"), option]).ok();
            assert!(!text.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}'), "{option} {text:?}");
        }
    }
    let text = repo.xp(&["plot", "a b"]).ok();
    assert!(text.contains("2 points NaN or infinite, drawn as gaps"), "{text}");
}

#[test]
fn points_in_a_large_file_are_drawn_and_a_missing_one_is_told() {
    let repo = TestRepo::new();
    let name = "n".repeat(200);
    let log =
        format!("seq 1 60000 | sed 's/.*/{{\"metric\":\"{name}\",\"value\":0.&,\"step\":&}}/' >> \"$GIT_XP_JOURNAL\"");
    repo.xp(&["run", "--seed", "1", "--", "sh", "-c", &log]).ok();
    let text = repo.xp(&["plot", &name]).ok();
    assert!(text.contains("60000"), "{text}");
    let json = repo.xp(&["plot", &name, "--json"]).json();
    assert_eq!(json["plots"][0]["lines"][0]["points"].as_array().expect("points").len(), 60_000);
    // Half of the file, then none of it.
    let objects = repo.path.join(".git/lfs/objects");
    let object = repo.sh(&format!("find '{}' -type f", objects.display())).ok();
    std::fs::File::options().write(true).open(object.trim()).expect("the file").set_len(1 << 20).expect("cut");
    let said = repo.xp(&["plot", &name]).fails(128);
    assert!(said.contains("it has 1048576 bytes instead of") && said.contains("git xp artifact fetch"), "{said}");
    std::fs::remove_dir_all(objects).expect("removed");
    repo.xp(&["plot", &name]).fails(128);
    repo.train(2, "0.1");
    let text = repo.xp(&["plot", "loss", "last", "last~1"]);
    assert!(text.stderr.contains("is not drawn"), "{text:?}");
    assert!(text.ok().contains("seed 2"));
}

#[test]
fn damaged_lines_are_named_and_the_others_drawn() {
    let repo = TestRepo::new();
    repo.train(1, "0.1");
    let ledger = repo.git(&["for-each-ref", "--format=%(refname)", "refs/xp/runs/"]);
    let id = repo.facts("run")[0]["id"].as_str().expect("an id").to_owned();
    let path = format!("files/{}/{id}/series.tsv", &id[..2]);
    std::fs::write(
        repo.outside().join("series"),
        "metric\tstep\tseconds\tvalue\nval_acc\t1\t\t0.5\nval_acc\tx\t\t0.6\n\nval_acc\t2\t\t0.7\n",
    )
    .expect("written");
    repo.sh(&format!(
        "set -e; export GIT_INDEX_FILE=../index; git read-tree {ledger}; blob=$(git hash-object -w ../series); \
         git update-index --cacheinfo 100644,$blob,{path}; \
         git update-ref {ledger} $(git commit-tree -p {ledger} -m damage $(git write-tree))"
    ))
    .ok();
    let json = repo.xp(&["plot", "val_acc", "--json"]);
    let warning = |line: u32, why: &str| format!("warning: series.tsv of run {id}, line {line}: {why}; skipped\n");
    assert_eq!(json.stderr, warning(3, "the step is no integer") + &warning(4, "it has 1 cells instead of 4"));
    assert_eq!(points(&json.json()["plots"][0]["lines"][0], "y"), [json!(0.5), json!(0.7)]);
}

#[test]
fn a_reader_that_goes_away_is_no_panic_and_a_pipe_gets_no_colour() {
    let repo = trained();
    for verb in ["plot loss", "plot loss --json", "plot loss --svg -"] {
        let out = repo.sh(&format!("set -o pipefail; git-xp {verb} | true; echo ${{PIPESTATUS[0]}}"));
        assert!(["0", "141"].contains(&out.stdout.trim()), "{verb}: {out:?}");
        assert!(!out.stderr.contains("internal"), "{verb}: {}", out.stderr);
    }
    let plain = repo.xp(&["plot", "loss", "a", "main"]);
    assert!(!plain.stdout.contains('\u{1b}') && plain.stderr.is_empty(), "{plain:?}");
}
