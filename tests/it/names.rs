//! Runs with very many names of metrics and params: nothing is lost, and every command still answers.

use crate::support::{Output, TestRepo};

/// How many names each of these runs logs.
const NAMES: usize = 25_000;

/// A run that logs lines; what it said.
#[track_caller]
fn log(repo: &TestRepo, seed: &str, lines: impl Iterator<Item = serde_json::Value>) -> String {
    let lines: String = lines.map(|line| format!("{line}\n")).collect();
    std::fs::write(repo.outside().join("lines"), lines).expect("written");
    let said = repo.xp(&["run", "--seed", seed, "--", "sh", "-c", r#"cat ../lines >> "$GIT_XP_JOURNAL""#]);
    assert_eq!(said.code, 0, "{said:?}");
    said.stderr
}

/// Names of 16 bytes, so that a column of each would be a text of more than 128 KiB.
fn metric(at: usize) -> String {
    format!("layer.{at:05}/grad")
}

fn columns(csv: &Output) -> Vec<String> {
    csv.stdout.lines().next().unwrap_or_default().split(',').map(str::to_owned).collect()
}

#[test]
fn a_run_with_25000_metrics() {
    let repo = TestRepo::new();
    repo.xp(&["start", "many", "--expect", "val_acc > 0.9"]).ok();
    let points = |shift: usize| {
        let all = (0..NAMES).map(move |at| serde_json::json!({"metric": metric(at), "value": at + shift, "step": 1}));
        all.chain([serde_json::json!({"metric": "val_acc", "value": 0.93})])
    };
    let said = log(&repo, "1", points(0));
    assert!(
        said.contains("warning: a fact has room for 20000 metrics and 20000 params: 5001 metrics left out, series.tsv has their points"),
        "{said}"
    );
    assert!(said.contains("val_acc 0.93"), "{said}");
    log(&repo, "2", points(1));
    let runs = repo.facts("run");
    let metrics = runs[0]["metrics"].as_object().expect("a map");
    assert_eq!((metrics.len(), &runs[0]["left_out"]), (20_000, &serde_json::json!({"metrics": 5001})));
    // What was promised stays, though it came last.
    assert!(metrics.contains_key("val_acc") && metrics.contains_key(&metric(19_998)));
    // Every point is there, of those that are left out too.
    for name in [metric(0), metric(NAMES - 1)] {
        assert_eq!(repo.xp(&["show", "last", "--series", &name, "--csv"]).ok().lines().count(), 2, "{name}");
    }

    let table = repo.xp(&["list", "--runs"]).ok();
    assert!(table.lines().next().is_some_and(|heading| heading.split_whitespace().count() == 100), "{table}");
    assert!(table.contains("val_acc") && table.contains("left out: 19905 columns (layer.00094/grad,"), "{table}");
    let all = columns(&repo.xp(&["list", "--runs", "--format", "csv"]));
    assert_eq!((all.len(), all[5].as_str()), (20_005, "metrics.val_acc"));
    assert_eq!(repo.xp(&["list", "--runs", "--json"]).json()["runs"][0]["metrics"].as_object().unwrap().len(), 20_000);
    let chosen = ["list", "--runs", "--columns", "id,metrics.val_acc,metrics.layer.00000/grad.best", "--format", "csv"];
    assert_eq!(columns(&repo.xp(&chosen)).len(), 3);
    assert!(repo.xp(&["list"]).ok().contains("val_acc"));

    let text = repo.xp(&["show", "last"]).ok();
    assert!(text.contains("too many  5001 metrics left out, series.tsv has their points"), "{}", &text[..2000]);
    assert_eq!(text.lines().filter(|line| line.trim_start().starts_with("metric ")).count(), 20_000);
    assert!(repo.xp(&["show", "many"]).ok().contains("; git xp export many -o runs.csv has all"));
    let compared = repo.xp(&["compare", "many"]).ok();
    assert!(compared.contains("val_acc ↑") && compared.contains("metrics (layer.00"), "{compared}");
    assert!(compared.lines().all(|line| line.len() < 10_000), "{compared}");
    let markdown = repo.xp(&["compare", "many", "--format", "markdown"]).ok();
    assert!(markdown.contains("val\\_acc ↑") || markdown.contains("val_acc ↑"), "{markdown}");
    assert!(markdown.lines().last().is_some_and(|line| line.starts_with("- left out: ")), "{markdown}");
    assert!(columns(&repo.xp(&["compare", "many", "--format", "csv"])).len() > 160_000);
    let diff = repo.xp(&["diff", "last~1", "last", "--json"]).json();
    assert_eq!(
        diff["metrics"].as_object().map(|found| found.len()).or(diff["metrics"].as_array().map(Vec::len)),
        Some(19_999)
    );
    repo.xp(&["compare", "many", "--html", "../page.html"]).ok();
    assert!(std::fs::read_to_string(repo.outside().join("page.html")).unwrap().contains("left out: "));

    // Later ones too: what was said before is replaced, what is new is added.
    let late: String = (5000..NAMES + 5000).map(|at| format!("{} 0.5 2\n", metric(at))).collect();
    std::fs::write(repo.outside().join("late"), late).expect("written");
    let said = repo.sh("git-xp log-metric --stdin --run last < ../late");
    assert!(said.code == 0 && said.stderr.contains("5000 metrics left out"), "{said:?}");
    let all = repo.xp(&["list", "--runs", "-n", "1", "--json"]).json();
    let metrics = &all["runs"][0]["metrics"];
    assert_eq!(metrics[metric(5000)]["final"], 0.5);
    assert_eq!((metrics.as_object().unwrap().len(), &metrics[metric(4999)]["final"]), (25_001, &5000.into()));
    repo.is_sound();
    assert!(repo.xp(&["fsck"]).ok().contains("in order"));
}

#[test]
fn a_run_with_25000_params_and_a_metrics_file() {
    let repo = TestRepo::new();
    let params = (0..NAMES).map(|at| serde_json::json!({"param": format!("p{at:05}"), "value": at}));
    let secrets =
        (0..2000).map(|at| serde_json::json!({"param": format!("password{at}"), "value": format!("hunter{at}x")}));
    let said = log(&repo, "1", params.chain(secrets));
    assert!(said.contains("7000 params left out, logged.json has them"), "{said}");
    assert!(said.contains("hint: git xp show ") && said.contains(" --file logged.json"), "{said}");
    let run = &repo.facts("run")[0];
    assert_eq!(run["params"].as_object().expect("a map").len(), 20_000);
    let rest: serde_json::Value =
        serde_json::from_str(&repo.xp(&["show", "last", "--file", "logged.json"]).ok()).unwrap();
    assert_eq!((rest.as_object().unwrap().len(), &rest["p24999"]), (7000, &24_999.into()));
    repo.is_sound();

    let metrics: serde_json::Map<_, _> = (0..NAMES).map(|at| (metric(at), at.into())).collect();
    std::fs::write(repo.outside().join("m"), serde_json::Value::Object(metrics).to_string()).expect("written");
    repo.xp(&["run", "--seed", "2", "--", "cp", "../m", "metrics.json"]).ok();
    assert_eq!(repo.facts("run")[1]["left_out"]["metrics"], 5000);
    let table = repo.xp(&["list", "--runs"]).ok();
    assert!(table.contains("left out: 19905 columns (layer.00095"), "{table}");
    assert!(repo.xp(&["compare", "--runs"]).ok().contains("left out: "));
    assert!(repo.xp(&["list", "--similar", "last"]).ok().len() > 100);
    // A config whose values are the params takes the same way.
    let config: serde_json::Map<_, _> = (0..NAMES).map(|at| (format!("k{at:05}"), at.into())).collect();
    repo.write("config.json", &serde_json::Value::Object(config).to_string());
    repo.commit("Config");
    repo.xp(&["run", "--seed", "3", "--config", "config.json", "--", "true"]).ok();
    assert_eq!(repo.facts("run")[2]["params"].as_object().expect("a map").len(), NAMES);
    assert!(repo.xp(&["fsck"]).ok().contains("in order"));
}

#[test]
fn a_metrics_file_that_is_too_large_is_stored_and_said() {
    let repo = TestRepo::new();
    let line = r#"{ printf '{"a":1,"pad":"'; head -c 34000000 /dev/zero | tr '\0' x; printf '"}'; } > metrics.json"#;
    let said = repo.xp(&["run", "--seed", "1", "--", "sh", "-c", line]);
    assert_eq!(said.code, 0, "{said:?}");
    let expected = "metrics.json is larger than 32 MiB: it is stored, and no metric was taken from it";
    assert!(said.stderr.contains(expected), "{}", said.stderr);
    assert!(repo.xp(&["show", "last"]).ok().contains("metrics/metrics.json"));
    assert!(repo.facts("run")[0].get("metrics").is_none());
    repo.is_sound();
}
