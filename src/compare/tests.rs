use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};

use super::samples::{Sample, SampleSubject, baseline, compare, request, subject, typical};
use super::{BaselineSource, Comparison, Estimate, Param, Row, State, Warning};
use crate::model::direction::Direction;
use crate::model::number::Number;
use crate::model::run::Status;

fn rows<'a>(comparison: &'a Comparison<'static>, name: &str) -> Vec<&'a Row<'static>> {
    comparison.rows.iter().filter(|row| row.experiment == name).collect()
}

/// The estimate of a metric in a row.
fn of(comparison: &Comparison<'_>, row: &Row<'_>, metric: &str) -> Estimate {
    let column = comparison.metrics.iter().position(|column| column.name == metric).expect("a column");
    comparison.estimate(row, column).expect("an estimate")
}

fn only(subject: SampleSubject) -> Comparison<'static> {
    compare(request(baseline(BaselineSource::Runs, Vec::new()), vec![subject]))
}

#[test]
fn the_json_is_as_documented() {
    let runs = vec![
        Sample::new(1, "b", 1).metric("acc", 0.5).param("lr", 0.1),
        Sample::new(2, "b", 2).metric("acc", f64::INFINITY).param("lr", 0.1),
    ];
    let mut remote = subject("x", &["acc >= 0.92"], runs);
    remote.state = State::Remote("origin".to_owned());
    remote.planned_seeds = Some(2);
    let main = baseline(
        BaselineSource::Ancestor { commit: "beef".to_owned(), distance: 3 },
        vec![Sample::new(3, "a", None).metric("acc", 0.75).metric("t", 1).param("lr", 0.2)],
    );
    let json = serde_json::to_string(&compare(request(main, vec![remote]))).expect("it serialises");
    let breaks = [
        "\"baselines\"",
        "\"metrics\":[",
        "\"params\":[",
        "\"rows\"",
        "{\"experiment\"",
        "\"metrics\":{",
        "\"warnings\"",
    ];
    let json = breaks.iter().fold(json, |json, key| json.replace(key, &format!("\n{key}")));
    insta::assert_snapshot!(json, @r#"
    {"version":1,
    "baselines":[{"name":"main","commit":"c0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ff","source":{"kind":"ancestor","commit":"beef","distance":3}}],
    "metrics":[{"name":"acc","direction":"maximize"},{"name":"t","direction":null}],
    "params":["lr"],
    "rows":[
    {"experiment":"main","branch":null,"state":null,"baseline":0,"is_baseline":true,"reference":true,"condition":"a","commits":["a000000000000000000000000000000000000000"],"seeds":[],"n":1,"failed":0,"withdrawn":0,"repeats":0,"planned_seeds":null,"params":{"lr":0.2},"varying":[],
    "metrics":{"acc":{"n":1,"mean":0.75,"sd":null,"min":0.75,"max":0.75,"non_finite":0,"delta":null,"better":null},"t":{"n":1,"mean":1.0,"sd":null,"min":1.0,"max":1.0,"non_finite":0,"delta":null,"better":null}}},
    {"experiment":"x","branch":"refs/heads/exp/x","state":"remote","remote":"origin","baseline":0,"is_baseline":false,"reference":false,"condition":"b","commits":["b000000000000000000000000000000000000000"],"seeds":[1,2],"n":2,"failed":0,"withdrawn":0,"repeats":0,"planned_seeds":2,"params":{"lr":0.1},"varying":[],
    "metrics":{"acc":{"n":1,"mean":0.5,"sd":null,"min":0.5,"max":0.5,"non_finite":1,"delta":-0.25,"better":false}}}],"at":"final",
    "warnings":[]}
    "#);
}

#[test]
fn runs_that_differ_only_in_the_seed_are_one_row() {
    let comparison = typical();
    let row = rows(&comparison, "bigger-lr")[0];
    assert_eq!((row.n, row.failed, row.seeds().as_slice()), (5, 0, [1, 2, 3, 4, 5].as_slice()));
    let accuracy = of(&comparison, row, "val_acc");
    assert_eq!((accuracy.n, accuracy.better), (5, Some(true)));
    assert!((accuracy.delta.expect("a delta") - 0.012).abs() < 1e-12);
    // Lower is better there, and the difference has the other sign.
    assert_eq!(of(&comparison, row, "loss").better, Some(true));
    let row = rows(&comparison, "deeper")[0];
    assert_eq!((row.n, row.failed, of(&comparison, row, "val_acc").better), (4, 1, Some(false)));
    let differing = comparison.params.iter().filter(|param| param.differs).map(|param| param.name.as_str());
    assert_eq!(differing.collect::<Vec<_>>(), ["layers", "lr"]);
    let metrics: Vec<_> = comparison.metrics.iter().map(|metric| (metric.name.as_str(), metric.direction)).collect();
    assert_eq!(metrics, [("val_acc", Some(Direction::Maximize)), ("loss", Some(Direction::Minimize))]);
}

#[test]
fn repeats_failures_and_withdrawals_are_counted() {
    let row = |at, seed: i64| Sample::new(at, "a", seed).metric("acc", f64::from(at));
    let runs = vec![
        row(1, 1),
        row(2, 1),
        row(3, 2),
        row(4, 3).status(Status::Failed),
        row(5, 4).status(Status::Killed).withdrawn(),
        row(6, 5).withdrawn(),
        row(7, 6).status(Status::Crashed),
    ];
    let comparison = only(subject("x", &[], runs));
    let row = rows(&comparison, "x")[0];
    assert_eq!((row.n, row.repeats, row.failed, row.withdrawn), (3, 1, 2, 2));
    assert_eq!(row.seeds(), [1, 2]);
    assert_eq!(of(&comparison, row, "acc").mean, Some(2.0));
}

#[test]
fn late_metrics_replace_and_add() {
    let runs = vec![Sample::new(1, "a", 1).metric("acc", 0.1).late("acc", 0.2).late("test", 5.0).late("acc", 0.3)];
    let comparison = only(subject("x", &[], runs));
    let row = rows(&comparison, "x")[0];
    assert_eq!((of(&comparison, row, "acc").mean, of(&comparison, row, "test").mean), (Some(0.3), Some(5.0)));
}

#[test]
fn conditions_come_by_first_start_and_runs_without_one_stand_alone() {
    let runs = vec![
        Sample::new(9, "", 1).metric("acc", 4),
        Sample::new(3, "b", 1).metric("acc", 2),
        Sample::new(8, "a", 2).metric("acc", 1),
        Sample::new(5, "", 1).metric("acc", 3),
        Sample::new(1, "a", 1).metric("acc", 1),
    ];
    let comparison = only(subject("x", &[], runs));
    let rows: Vec<_> = rows(&comparison, "x").iter().map(|row| (row.n, of(&comparison, row, "acc").mean)).collect();
    assert_eq!(rows, [(2, Some(1.0)), (1, Some(2.0)), (1, Some(3.0)), (1, Some(4.0))]);
}

#[test]
fn the_baseline_is_the_condition_with_most_runs_and_the_latest_among_equals() {
    let run = |at, condition: &str, value: u8| Sample::new(at, condition, i64::from(at)).metric("acc", value);
    let runs = vec![run(1, "a", 1), run(2, "a", 1), run(3, "b", 2), run(4, "b", 4), run(5, "c", 9)];
    let main = baseline(BaselineSource::Runs, runs);
    let comparison = compare(request(main, vec![subject("x", &[], vec![run(6, "d", 2)])]));
    let all: Vec<_> = comparison.rows.iter().map(|row| (row.is_baseline, row.reference, row.n)).collect();
    assert_eq!(all, [(true, true, 2), (true, false, 2), (true, false, 1), (false, false, 1)]);
    let deltas: Vec<_> = comparison.rows.iter().map(|row| of(&comparison, row, "acc").delta).collect();
    assert_eq!(deltas, [None, Some(-2.0), Some(6.0), Some(-1.0)]);
}

#[test]
fn a_metrics_file_is_a_baseline() {
    let mut main = baseline(BaselineSource::MetricsFile("reports/metrics.json".to_owned()), Vec::new());
    main.file_metrics.insert("acc".to_owned(), Number::Float(0.9));
    let mut request = request(main, vec![subject("x", &[], vec![Sample::new(1, "a", 1).metric("acc", 0.95)])]);
    request.directions.insert("acc".to_owned(), Direction::Maximize);
    let comparison = compare(request);
    assert_eq!((comparison.rows[0].n, of(&comparison, &comparison.rows[0], "acc").n), (0, 1));
    assert_eq!(of(&comparison, &comparison.rows[1], "acc").better, Some(true));
}

#[test]
fn an_experiment_without_runs_is_a_row() {
    let comparison = typical();
    let row = rows(&comparison, "waiting")[0];
    assert_eq!((row.n, row.planned_seeds, row.commits().len()), (0, Some(5), 1));
    let warnings: Vec<_> = comparison.warnings.iter().map(Warning::to_string).collect();
    insta::assert_snapshot!(warnings.join("\n"), @r"
    deeper: 4 of 5 planned seeds have run to their end
    waiting: 0 of 5 planned seeds have run to their end
    ");
}

#[test]
fn a_seed_that_changes_nothing_is_asked_about() {
    let run = |at: u8, value: f64| Sample::new(at, "a", i64::from(at)).metric("acc", value).metric("nan", f64::NAN);
    let asked = only(subject("x", &[], vec![run(1, 0.5), run(2, 0.5), run(3, 0.5)]));
    insta::assert_snapshot!(asked.warnings[0], @"x: seeds 1, 2, 3 gave identical metrics: does the seed reach the program?");
    assert!(only(subject("x", &[], vec![run(1, 0.5), run(2, 0.5), run(3, 0.25)])).warnings.is_empty());
    let again = || Sample::new(1, "a", 1).metric("acc", 0.5);
    assert!(only(subject("x", &[], vec![again(), again()])).warnings.is_empty());
}

#[test]
fn opposite_expectations_give_no_direction() {
    let a = subject("a", &["acc >= 0.9", "range >= 1", "range <= 2", "soon > 1"], vec![]);
    let b =
        subject("b", &["acc < 0.5", "no expectation"], vec![Sample::new(1, "a", 1).metric("acc", 1).metric("z", 1)]);
    let mut request =
        request(baseline(BaselineSource::Runs, vec![Sample::new(2, "m", 1).metric("acc", 2)]), vec![a, b]);
    for name in ["acc", "range", "z"] {
        request.directions.insert(name.to_owned(), Direction::Minimize);
    }
    let comparison = compare(request);
    let metrics: Vec<_> = comparison.metrics.iter().map(|metric| (metric.name.as_str(), metric.direction)).collect();
    let (up, down) = (Some(Direction::Maximize), Some(Direction::Minimize));
    assert_eq!(metrics, [("acc", None), ("range", down), ("soon", up), ("z", down)]);
    assert_eq!(of(&comparison, rows(&comparison, "b")[0], "acc").better, None);
    let warnings: Vec<_> = comparison.warnings.iter().map(Warning::to_string).collect();
    insta::assert_snapshot!(warnings.join("\n"), @r"
    acc: a and b expect opposite directions, so neither is shown as better
    range: expected, but no run that counts has it
    soon: expected, but no run that counts has it
    ");
}

#[test]
fn params_that_vary_within_a_row_are_named_and_the_seed_is_not() {
    let run =
        |at: i64| Sample::new(at as u8, "a", at).param("train.seed", at).param("lr", 0.1).param("host", at.to_string());
    let comparison = only(subject("x", &[], vec![run(1), run(2).param("extra", true)]));
    let row = rows(&comparison, "x")[0];
    let named = |varies: bool| {
        let params = comparison.params.iter().enumerate();
        let is_so = |at| comparison.param(row, at).is_some_and(|param| (param == Param::Varies) == varies);
        params.filter(|(at, _)| is_so(*at)).map(|(_, param)| param.name.as_str()).collect::<Vec<_>>()
    };
    assert_eq!((named(false), named(true)), (vec!["lr"], vec!["extra", "host"]));
}

#[test]
fn a_baseline_that_does_not_exist_is_no_panic() {
    let mut request = request(baseline(BaselineSource::Runs, Vec::new()), Vec::new());
    request.baselines.clear();
    request.subjects.push((subject("x", &[], vec![Sample::new(1, "a", 1).metric("acc", 1)]), usize::MAX));
    let comparison = compare(request);
    assert_eq!((comparison.rows.len(), comparison.rows[0].baseline), (1, None));
}

/// Start, condition, seed, metrics, whether it ended well, whether it was withdrawn.
type Given = (u8, &'static str, Option<i64>, Vec<(&'static str, f64)>, bool, bool);

fn sample() -> impl Strategy<Value = Given> {
    let metrics = vec((prop_oneof![Just("a"), Just("b")], any::<f64>()), 0..3);
    let condition = prop_oneof![Just(""), Just("x"), Just("y")];
    (any::<u8>(), condition, proptest::option::of(0..3_i64), metrics, any::<bool>(), any::<bool>())
}

#[test]
fn the_best_value_is_by_direction() {
    let run = Sample::new(1, "a", 1)
        .series("acc", &[0.5, 0.9, 0.7])
        .series("loss", &[3.0, 1.0, 2.0])
        .series("x", &[1.0, 2.0]);
    let mut request =
        request(baseline(BaselineSource::Runs, Vec::new()), vec![subject("x", &["acc > 0", "loss < 9"], vec![run])]);
    request.best = true;
    let comparison = compare(request);
    let row = rows(&comparison, "x")[0];
    assert_eq!((of(&comparison, row, "acc").mean, of(&comparison, row, "loss").mean), (Some(0.9), Some(1.0)));
    // Nobody said which way x is better.
    assert!(comparison.estimate(row, 2).is_none());
}

#[test]
fn chosen_metrics_and_params_are_the_only_ones() {
    let run =
        |at: u8| Sample::new(at, "a", 1).metric("a", 1).metric("b", 2).metric("c", 3).param("x", 1).param("y", at);
    let mut request =
        request(baseline(BaselineSource::Runs, vec![run(1)]), vec![subject("x", &["b > 1"], vec![run(2)])]);
    request.metrics = vec!["c".to_owned(), "b".to_owned()];
    request.params = vec!["x".to_owned()];
    let comparison = compare(request);
    let names: Vec<&str> = comparison.metrics.iter().map(|metric| metric.name.as_str()).collect();
    assert_eq!(names, ["c", "b"]);
    assert!((0..3).map(|at| comparison.estimate(&comparison.rows[1], at).is_some()).eq([true, true, false]));
    let shown = comparison.params.iter().filter(|param| param.differs).map(|param| param.name.as_str());
    assert_eq!(shown.collect::<Vec<_>>(), ["x"]);
}

#[test]
fn every_run_can_be_a_row() {
    let run = |at: u8, seed: i64| Sample::new(at, "a", seed).metric("acc", f64::from(at));
    let mut request =
        request(baseline(BaselineSource::Runs, vec![run(1, 1)]), vec![subject("x", &[], vec![run(2, 1), run(3, 2)])]);
    request.each_run = true;
    let comparison = compare(request);
    let rows: Vec<_> = comparison.rows.iter().map(|row| (row.run.is_some(), row.n, row.seeds())).collect();
    assert_eq!(rows, [(true, 1, vec![1]), (true, 1, vec![1]), (true, 1, vec![2])]);
}

proptest! {
    #[test]
    fn no_run_is_lost_and_their_order_does_not_matter(
        of_subject in vec(sample(), 0..12), of_baseline in vec(sample(), 0..6), planned in proptest::option::of(any::<u32>()),
    ) {
        let samples = |given: &[Given]| -> Vec<Sample> {
            let mut used = std::collections::BTreeSet::new();
            let fresh = given.iter().filter(|given| used.insert(given.0)).collect::<Vec<_>>();
            fresh.into_iter().map(|(at, condition, seed, metrics, ok, withdrawn)| {
                let status = if *ok { Status::Ok } else { Status::Failed };
                let mut sample = Sample::new(*at, condition, *seed).status(status);
                for (name, value) in metrics {
                    sample = sample.metric(name, *value);
                }
                if *withdrawn { sample.withdrawn() } else { sample }
            }).collect()
        };
        let made = |reverse: bool| {
            let mut one = subject("x", &["a >= 1"], samples(&of_subject));
            one.planned_seeds = planned;
            let mut main = baseline(BaselineSource::Runs, samples(&of_baseline));
            if reverse {
                one.runs.reverse();
                main.runs.reverse();
            }
            let total = one.runs.len() + main.runs.len();
            (compare(request(main, vec![one])), total)
        };
        let (comparison, total) = made(false);
        assert_eq!(comparison.rows.iter().map(|row| row.n + row.failed + row.withdrawn).sum::<usize>(), total);
        assert_eq!(comparison.rows.iter().filter(|row| row.reference).count(), 1);
        let json = serde_json::to_string(&comparison).expect("it serialises");
        assert_eq!(json, serde_json::to_string(&made(true).0).expect("it serialises"));
    }
}
