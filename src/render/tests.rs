use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::{any, proptest};

use super::comparison::{json, table};
use super::markdown::markdown;
use super::terminal::{terminal, terminal_of};
use super::{Align, Cell, Column, Kind, Table, Tone, csv, fit};
use crate::compare::BaselineSource;
use crate::compare::samples::{Sample, baseline, compare, nasty, request, subject, typical};
use crate::model::direction::Direction;
use crate::model::number::Number;
use crate::model::run::Status;
use crate::model::text::is_unsafe;

#[test]
fn a_comparison_without_limit() {
    insta::assert_snapshot!(terminal(&table(&typical()), None, false), @r"
    experiment          n              layers   lr        val_acc ↑          Δ           loss ↓          Δ
    ──────────────────────────────────────────────────────────────────────────────────────────────────────
    main (baseline)     5                   –  0.1  0.9192 ± 0.0041             0.2808 ± 0.0041
    bigger-lr           5                   –  0.3  0.9312 ± 0.0041  +0.0120 ▲  0.2688 ± 0.0041  -0.0120 ▲
    deeper (on origin)  4/5 +1 failed       4  0.1    0.892 ± 0.018   -0.027 ▼    0.408 ± 0.018   +0.127 ▼
    waiting             0/5                 –    –                –                           –

    mean ± standard deviation over n runs; ↑ higher is better, ↓ lower is better; Δ difference to the baseline; ▲ better, ▼ worse
    baseline main: 5 runs of a000000
    warning: deeper: 4 of 5 planned seeds have run to their end
    warning: waiting: 0 of 5 planned seeds have run to their end
    ");
}

#[test]
fn what_is_left_out_is_shown_by_what_the_caller_says() {
    let text = terminal_of(&table(&typical()), Some(100), false, "git xp export a -o runs.csv");
    assert!(text.ends_with("left out: 1 param (lr); git xp export a -o runs.csv has all\n"), "{text}");
}

#[test]
fn a_comparison_in_100_columns() {
    insta::assert_snapshot!(terminal(&table(&typical()), Some(100), false), @r"
    experiment          n              layers        val_acc ↑          Δ           loss ↓          Δ
    ─────────────────────────────────────────────────────────────────────────────────────────────────
    main (baseline)     5                   –  0.9192 ± 0.0041             0.2808 ± 0.0041
    bigger-lr           5                   –  0.9312 ± 0.0041  +0.0120 ▲  0.2688 ± 0.0041  -0.0120 ▲
    deeper (on origin)  4/5 +1 failed       4    0.892 ± 0.018   -0.027 ▼    0.408 ± 0.018   +0.127 ▼
    waiting             0/5                 –                –                           –

    mean ± standard deviation over n runs; ↑ higher is better, ↓ lower is better; Δ difference to the
    baseline; ▲ better, ▼ worse
    baseline main: 5 runs of a000000
    warning: deeper: 4 of 5 planned seeds have run to their end
    warning: waiting: 0 of 5 planned seeds have run to their end
    left out: 1 param (lr); --format csv has all
    ");
}

#[test]
fn a_comparison_in_60_columns() {
    insta::assert_snapshot!(terminal(&table(&typical()), Some(60), false), @r"
    experiment         n                    val_acc ↑          Δ
    ────────────────────────────────────────────────────────────
    main (baseline)    5              0.9192 ± 0.0041
    bigger-lr          5              0.9312 ± 0.0041  +0.0120 ▲
    deeper (… origin)  4/5 +1 failed    0.892 ± 0.018   -0.027 ▼
    waiting            0/5                          –

    mean ± standard deviation over n runs; ↑ higher is better, ↓
    lower is better; Δ difference to the baseline; ▲ better, ▼
    worse
    baseline main: 5 runs of a000000
    warning: deeper: 4 of 5 planned seeds have run to their end
    warning: waiting: 0 of 5 planned seeds have run to their end
    left out: 1 metric (loss), 2 params (layers, lr); --format
    csv has all
    ");
}

#[test]
fn a_comparison_in_markdown() {
    insta::assert_snapshot!(markdown(&table(&typical())), @r"
    | experiment | n | layers | lr | val_acc ↑ | Δ | loss ↓ | Δ |
    | :-- | :-- | --: | --: | --: | --: | --: | --: |
    | main (baseline) | 5 | – | 0.1 | 0.9192 ± 0.0041 |  | 0.2808 ± 0.0041 |  |
    | bigger-lr | 5 | – | 0.3 | 0.9312 ± 0.0041 | +0.0120 ▲ | 0.2688 ± 0.0041 | -0.0120 ▲ |
    | deeper (on origin) | 4/5 +1 failed | 4 | 0.1 | 0.892 ± 0.018 | -0.027 ▼ | 0.408 ± 0.018 | +0.127 ▼ |
    | waiting | 0/5 | – | – | – |  | – |  |

    - mean ± standard deviation over n runs; ↑ higher is better, ↓ lower is better; Δ difference to the baseline; ▲ better, ▼ worse
    - baseline main: 5 runs of a000000
    - warning: deeper: 4 of 5 planned seeds have run to their end
    - warning: waiting: 0 of 5 planned seeds have run to their end
    ");
}

#[test]
fn a_comparison_in_csv() {
    insta::assert_snapshot!(csv::comparison(&typical()), @r"
    experiment,branch,state,baseline,is_baseline,reference,condition,commits,seeds,n,failed,withdrawn,repeats,planned_seeds,param.epochs,param.layers,param.lr,val_acc.n,val_acc.mean,val_acc.sd,val_acc.min,val_acc.max,val_acc.non_finite,val_acc.delta,val_acc.better,loss.n,loss.mean,loss.sd,loss.min,loss.max,loss.non_finite,loss.delta,loss.better
    main,,,main,true,true,a,a000000000000000000000000000000000000000,1 2 3 4 5,5,0,0,0,,10,,0.1,5,0.9192,0.004147288270665548,0.914,0.925,0,,,5,0.28079999999999994,0.004147288270665548,0.2749999999999999,0.2859999999999999,0,,
    bigger-lr,refs/heads/exp/bigger-lr,local,main,false,false,b,b000000000000000000000000000000000000000,1 2 3 4 5,5,0,0,0,,10,,0.3,5,0.9312,0.004147288270665548,0.926,0.937,0,0.01200000000000001,true,5,0.26879999999999993,0.004147288270665548,0.2629999999999999,0.2739999999999999,0,-0.01200000000000001,true
    deeper,refs/heads/exp/deeper,remote origin,main,false,false,c,c000000000000000000000000000000000000000,1 2 3 4,4,1,0,0,5,10,4,0.1,4,0.89175,0.01796988221070654,0.871,0.912,0,-0.027449999999999974,false,4,0.40825,0.01796988221070654,0.388,0.42900000000000005,0,0.12745000000000006,false
    waiting,refs/heads/exp/waiting,local,main,false,false,,5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c,,0,0,0,0,5,,,,,,,,,,,,,,,,,,,
    ");
}

#[test]
fn nasty_names_without_limit() {
    insta::assert_snapshot!(terminal(&table(&nasty()), None, false), @r"
    experiment                                                                                            n  \u001b[31mred\u001b[0m  01234567890123456789012345678901234567890123456789…1234567890123456789012345678901234567890123456789  @someone #1 <script>alert(1)</script> [x](http://e…code` **b** &amp; ~~s~~ a_b_ $x$ :tada: www.e.org  a\u202eright to left  café | café | 漢字                  lr  pipe|cell  two\nlines  \u001b[31mred\u001b[0m  @someone #1 <script>alert(1)</script> [x](http://e…code` **b** &amp; ~~s~~ a_b_ $x$ :tada: www.e.org  a\u202eright to left  café | café | 漢字             f1       Δ        pipe|cell     two\nlines
    ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    main (baseline)                                                                                       1                       –                                                                                                     –                                                                                                     –                     –                   –                   –          –           –                       –                                                                                                     –                     –                   –         0.5000          – +1 not finite              –
    pipe|cell                                                                                             2                       –                                                                                                     –                                                                                                     –                     –                   –                 0.2  pipe|cell           –                       –                                                                                                     –                     –                   –  0.438 ± 0.088  -0.062                –  0.562 ± 0.088
    two\nlines                                                                                            2                       –                                                                                                     –                                                                                                     –                     –                   –                 0.4          –  two\nlines                       –                                                                                                     –         0.562 ± 0.088                   –  0.438 ± 0.088  -0.062                –              –
    a\u202eright to left                                                                                  2                       –                                                                                                     –                                                                                                     –  a\u202eright to left                   –  0.6000000000000001          –           –           0.562 ± 0.088                                                                                                     –                     –                   –  0.438 ± 0.088  -0.062                –              –
    \u001b[31mred\u001b[0m                                                                                2  \u001b[31mred\u001b[0m                                                                                                     –                                                                                                     –                     –                   –                 0.8          –           –                       –                                                                                                     –                     –       0.562 ± 0.088  0.438 ± 0.088  -0.062                –              –
    café | café | 漢字                                                                                    2                       –                                                                                                     –                                                                                                     –                     –  café | café | 漢字                 1.0          –           –                       –                                                                                         0.562 ± 0.088                     –                   –  0.438 ± 0.088  -0.062                –              –
    @someone #1 <script>alert(1)</script> [x](http://e…code` **b** &amp; ~~s~~ a_b_ $x$ :tada: www.e.org  2                       –                                                                                                     –  @someone #1 <script>alert(1)</script> [x](http://e…code` **b** &amp; ~~s~~ a_b_ $x$ :tada: www.e.org                     –                   –  1.2000000000000002          –           –                       –                                                                                                     –                     –                   –  0.438 ± 0.088  -0.062    0.562 ± 0.088              –
    01234567890123456789012345678901234567890123456789…1234567890123456789012345678901234567890123456789  2                       –  01234567890123456789012345678901234567890123456789…1234567890123456789012345678901234567890123456789                                                                                                     –                     –                   –  1.4000000000000001          –           –                       –                                                                                                     –                     –                   –  0.438 ± 0.088  -0.062                –  0.562 ± 0.088

    mean ± standard deviation over n runs; Δ difference to the baseline
    baseline main: 1 run of m000000
    ");
}

#[test]
fn nasty_names_in_100_columns() {
    insta::assert_snapshot!(terminal(&table(&nasty()), Some(100), false), @r"
    experiment                 n  \u001b[3…001b[0m  01234567…3456789  \u001b[3…001b[0m  @someone…w.e.org
    ────────────────────────────────────────────────────────────────────────────────────────────────────
    main (baseline)            1                 –                 –                 –                 –
    pipe|cell                  2                 –                 –                 –                 –
    two\nlines                 2                 –                 –                 –                 –
    a\u202eright to left       2                 –                 –     0.562 ± 0.088                 –
    \u001b[31mred\u001b[0m     2  \u001b[3…001b[0m                 –                 –                 –
    café | café | 漢字         2                 –                 –                 –     0.562 ± 0.088
    @someone #1 …a: www.e.org  2                 –                 –                 –                 –
    012345678901…890123456789  2                 –  01234567…3456789                 –                 –

    mean ± standard deviation over n runs; Δ difference to the baseline
    baseline main: 1 run of m000000
    left out: 5 metrics (a\u202eright to left, café | café | 漢字, f1, pipe|cell, two\nlines), 6 params
    (@someone #1 <scr…tada: www.e.org, a\u202eright to left, café | café | 漢字, lr, pipe|cell, …);
    --format csv has all
    ");
}

#[test]
fn nasty_names_in_60_columns() {
    insta::assert_snapshot!(terminal(&table(&nasty()), Some(60), false), @r"
    experiment             n  \u001b[3…001b[0m  \u001b[3…001b[0m
    ────────────────────────────────────────────────────────────
    main (baseline)        1                 –                 –
    pipe|cell              2                 –                 –
    two\nlines             2                 –                 –
    a\u202eright to left   2                 –     0.562 ± 0.088
    \u001b[31m…d\u001b[0m  2  \u001b[3…001b[0m                 –
    café | café | 漢字     2                 –                 –
    @someone #… www.e.org  2                 –                 –
    0123456789…0123456789  2                 –                 –

    mean ± standard deviation over n runs; Δ difference to the
    baseline
    baseline main: 1 run of m000000
    left out: 6 metrics (@someone #1 <scr…tada: www.e.org,
    a\u202eright to left, café | café | 漢字, f1, pipe|cell, …),
    7 params (0123456789012345…567890123456789, @someone #1
    <scr…tada: www.e.org, a\u202eright to left, café | café |
    漢字, lr, …); --format csv has all
    ");
}

#[test]
fn nasty_names_in_markdown() {
    insta::assert_snapshot!(markdown(&table(&nasty())), @r"
    | experiment | n | \\u001b\[31mred\\u001b\[0m | 012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789 | @&#8203;someone #&#8203;1 &lt;script&gt;alert(1)&lt;/script&gt; \[x\](http:&#8203;//e.org) \`code\` \*\*b\*\* &amp;amp; \~\~s\~\~ a_b\_ <span>$</span>x<span>$</span> :&#8203;tada: www&#8203;.e.org | a\\u202eright to left | café \| café \| 漢字 | lr | pipe\|cell | two\\nlines | \\u001b\[31mred\\u001b\[0m | @&#8203;someone #&#8203;1 &lt;script&gt;alert(1)&lt;/script&gt; \[x\](http:&#8203;//e.org) \`code\` \*\*b\*\* &amp;amp; \~\~s\~\~ a_b\_ <span>$</span>x<span>$</span> :&#8203;tada: www&#8203;.e.org | a\\u202eright to left | café \| café \| 漢字 | f1 | Δ | pipe\|cell | two\\nlines |
    | :-- | :-- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |
    | main (baseline) | 1 | – | – | – | – | – | – | – | – | – | – | – | – | 0.5000 |  | – +1 not finite | – |
    | pipe\|cell | 2 | – | – | – | – | – | 0.2 | pipe\|cell | – | – | – | – | – | 0.438 ± 0.088 | -0.062 | – | 0.562 ± 0.088 |
    | two\\nlines | 2 | – | – | – | – | – | 0.4 | – | two\\nlines | – | – | 0.562 ± 0.088 | – | 0.438 ± 0.088 | -0.062 | – | – |
    | a\\u202eright to left | 2 | – | – | – | a\\u202eright to left | – | 0.6000000000000001 | – | – | 0.562 ± 0.088 | – | – | – | 0.438 ± 0.088 | -0.062 | – | – |
    | \\u001b\[31mred\\u001b\[0m | 2 | \\u001b\[31mred\\u001b\[0m | – | – | – | – | 0.8 | – | – | – | – | – | 0.562 ± 0.088 | 0.438 ± 0.088 | -0.062 | – | – |
    | café \| café \| 漢字 | 2 | – | – | – | – | café \| café \| 漢字 | 1.0 | – | – | – | 0.562 ± 0.088 | – | – | 0.438 ± 0.088 | -0.062 | – | – |
    | @&#8203;someone #&#8203;1 &lt;script&gt;alert(1)&lt;/script&gt; \[x\](http:&#8203;//e.org) \`code\` \*\*b\*\* &amp;amp; \~\~s\~\~ a_b\_ <span>$</span>x<span>$</span> :&#8203;tada: www&#8203;.e.org | 2 | – | – | @&#8203;someone #&#8203;1 &lt;script&gt;alert(1)&lt;/script&gt; \[x\](http:&#8203;//e.org) \`code\` \*\*b\*\* &amp;amp; \~\~s\~\~ a_b\_ <span>$</span>x<span>$</span> :&#8203;tada: www&#8203;.e.org | – | – | 1.2000000000000002 | – | – | – | – | – | – | 0.438 ± 0.088 | -0.062 | 0.562 ± 0.088 | – |
    | 012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789 | 2 | – | 012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789 | – | – | – | 1.4000000000000001 | – | – | – | – | – | – | 0.438 ± 0.088 | -0.062 | – | 0.562 ± 0.088 |

    - mean ± standard deviation over n runs; Δ difference to the baseline
    - baseline main: 1 run of m000000
    ");
}

#[test]
fn nasty_names_in_csv() {
    let text = csv::comparison(&nasty());
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let names: Vec<String> = reader.records().map(|record| format!("{:?}", &record.expect("a record")[0])).collect();
    insta::assert_snapshot!(names.join("\n"), @r#"
    "main"
    "pipe|cell"
    "two\nlines"
    "a\u{202e}right to left"
    "\u{1b}[31mred\u{1b}[0m"
    "café | cafe\u{301} | 漢字"
    "@someone #1 <script>alert(1)</script> [x](http://e.org) `code` **b** &amp; ~~s~~ a_b_ $x$ :tada: www.e.org"
    "012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
    "#);
}

#[test]
fn nasty_names_in_json_are_escaped() {
    let text = json(&nasty()).expect("it serialises");
    assert!(!text.chars().any(|c| is_unsafe(c) && c != '\n'));
    assert_eq!(serde_json::from_str::<serde_json::Value>(&text).expect("JSON")["version"], 1);
}

#[test]
fn rows_say_what_is_special() {
    let run = |at: u8, condition: &str, seed: i64, value: f64| Sample::new(at, condition, seed).metric("acc", value);
    let main = vec![run(1, "a", 1, 0.5), run(2, "a", 2, 0.5625), run(3, "b", 1, 0.5)];
    let subjects = vec![
        subject("repeats", &[], vec![run(4, "c", 1, 0.5), run(5, "c", 1, 0.5), run(6, "c", 2, 0.625)]),
        subject("same", &[], vec![run(7, "d", 1, 0.53125), run(8, "d", 2, 0.53125)]),
        subject(
            "nan",
            &[],
            vec![
                run(9, "e", 1, f64::NAN),
                run(10, "e", 2, 0.75),
                Sample::new(11, "e", 3).metric("other", 7).param("text", "0.1"),
                run(12, "e", 4, 0.5).withdrawn(),
                run(13, "e", 5, 0.5).withdrawn(),
            ],
        ),
        subject("twice", &[], vec![run(14, "f", 1, 0.5), run(15, "g", 1, 0.25)]),
        subject(
            "thrice",
            &[],
            vec![run(16, "", 1, 0.5), run(17, "", 1, 0.5), run(18, "", 1, 0.5).status(Status::Killed)],
        ),
    ];
    let comparison = compare(request(baseline(BaselineSource::Runs, main), subjects));
    insta::assert_snapshot!(terminal(&table(&comparison), None, false), @r"
    experiment              n                 text                         acc        Δ    other
    ────────────────────────────────────────────────────────────────────────────────────────────
    main (baseline)         2                    –               0.531 ± 0.044                 –
    main (other condition)  1                    –                      0.5000  -0.0312        –
    repeats                 2 +1 repeat          –               0.542 ± 0.072   +0.010        –
    same                    2                    –                  0.5312 ± 0        0        –
    nan                     3 +2 withdrawn  varies  0.7500 (n=1) +1 not finite  +0.2188  7 (n=1)
    twice f000000           1                    –                      0.5000  -0.0312        –
    twice g000000           1                    –                      0.2500  -0.2812        –
    thrice 0000000 (1)      1                    –                      0.5000  -0.0312        –
    thrice 0000000 (2)      1                    –                      0.5000  -0.0312        –
    thrice 0000000 (3)      0 +1 failed          –                           –                 –

    mean ± standard deviation over n runs; Δ difference to the baseline; repeats of a seed are part of the mean
    baseline main: 2 runs of a000000
    warning: same: seeds 1, 2 gave identical metrics: does the seed reach the program?
    ");
}

#[test]
fn a_baseline_says_where_its_numbers_are_from() {
    let one = || subject("x", &["acc >= baseline"], vec![Sample::new(1, "a", 1).metric("acc", 0.95)]);
    let source =
        BaselineSource::None { reason: "no runs and no metrics file; run it with: git xp run -- CMD".to_owned() };
    let none = compare(request(baseline(source, Vec::new()), vec![one()]));
    insta::assert_snapshot!(terminal(&table(&none), None, false), @r"
    experiment       n   acc ↑
    ──────────────────────────
    main (baseline)  0       –
    x                1  0.9500

    ↑ higher is better, ↓ lower is better
    baseline main: no runs and no metrics file; run it with: git xp run -- CMD
    ");
    let mut of_file = baseline(BaselineSource::MetricsFile("reports/metrics.json".to_owned()), Vec::new());
    of_file.file_metrics.insert("acc".to_owned(), Number::Float(0.9));
    insta::assert_snapshot!(terminal(&table(&compare(request(of_file, vec![one()]))), None, false), @r"
    experiment       n      acc ↑          Δ
    ────────────────────────────────────────
    main (baseline)  file  0.9000
    x                1     0.9500  +0.0500 ▲

    ↑ higher is better, ↓ lower is better; Δ difference to the baseline; ▲ better, ▼ worse
    baseline main: no runs, the numbers are those of reports/metrics.json of c0ffeec
    ");
    let source = BaselineSource::Ancestor { commit: "beef".repeat(10), distance: 3 };
    let ancestor = baseline(source, vec![Sample::new(2, "m", 1).metric("acc", 0.95)]);
    insta::assert_snapshot!(terminal(&table(&compare(request(ancestor, vec![one()]))), None, false), @r"
    experiment       n   acc ↑    Δ
    ───────────────────────────────
    main (baseline)  1  0.9500
    x                1  0.9500  0

    ↑ higher is better, ↓ lower is better; Δ difference to the baseline
    baseline main: no runs of c0ffeec, 1 run of its ancestor beefbee, 3 commits before it
    ");
}

#[test]
fn a_hundred_metrics_leave_the_first_ones() {
    let with_metrics = |at: u8, shift: f64| {
        (0..100).fold(Sample::new(at, "a", 1), |run, metric| {
            run.metric(&format!("m{metric:02}"), f64::from(metric) + shift)
        })
    };
    let main = baseline(BaselineSource::Runs, vec![with_metrics(1, 0.0)]);
    let comparison = compare(request(main, vec![subject("x", &["m50 > 1"], vec![with_metrics(2, 0.5)])]));
    insta::assert_snapshot!(terminal(&table(&comparison), Some(60), false), @r"
    experiment       n  m50 ↑        Δ     m00        Δ    m01
    ──────────────────────────────────────────────────────────
    main (baseline)  1     50                0               1
    x                1  50.50  +0.50 ▲  0.5000  +0.5000  1.500

    ↑ higher is better, ↓ lower is better; Δ difference to the
    baseline; ▲ better, ▼ worse
    baseline main: 1 run of a000000
    left out: 97 metrics (m02, m03, m04, m05, m06, …), 1 delta
    (m01); --format csv has all
    ");
}

#[test]
fn colour_only_repeats_what_the_text_says() {
    let typical = typical();
    let table = table(&typical);
    let (plain, coloured) = (terminal(&table, Some(100), false), terminal(&table, Some(100), true));
    let mut stripped = String::new();
    for part in coloured
        .split('\u{1b}')
        .enumerate()
        .map(|(at, part)| if at == 0 { part } else { part.split_once('m').expect("an escape").1 })
    {
        stripped.push_str(part);
    }
    let lines = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    assert_eq!(lines(&stripped), lines(&plain));
    #[expect(clippy::disallowed_methods, reason = "the colour library leaves colours out if this is set")]
    if std::env::var_os("NO_COLOR").is_none() {
        assert!(coloured.contains("\u{1b}[38;5;10m+0.0120 ▲") && coloured.contains("\u{1b}[38;5;9m"), "{coloured:?}");
    }
}

#[test]
fn a_long_table_looks_as_a_short_one() {
    // The names end in the same width, so that the columns of both are the same.
    let rows = |count: usize| {
        let names =
            (0..count).map(|at| ["a name", "caf\u{e9} \u{6f22}\u{5b57}", "\u{1b}[31mred", ""][at % 4].to_owned());
        let row = |name: String| {
            vec![Cell::plain(name), Cell { text: "+1 ▲".to_owned(), tone: Tone::Better }, Cell::dim("–")]
        };
        names.map(row).collect::<Vec<_>>()
    };
    let columns = vec![
        Column::text("experiment", Align::Left, 0),
        Column { kind: Kind::Delta, ..Column::text("x", Align::Right, 1) },
        Column::text("last", Align::Left, 2),
    ];
    for (limit, colour) in [(None, false), (Some(40), true), (Some(12), true), (Some(8), false)] {
        let table = |count| Table { columns: columns.clone(), rows: rows(count), ..Table::default() };
        let (short, long) = (terminal(&table(400), limit, colour), terminal(&table(800), limit, colour));
        let part = |text: &str| text.lines().take(402).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(part(&long), part(&short));
    }
}

#[test]
fn nothing_is_claimed() {
    let texts =
        [terminal(&table(&typical()), None, false), json(&typical()).expect("JSON"), markdown(&table(&typical()))];
    for word in ["signific", "wins", "winner", "confiden", "p-value"] {
        assert!(texts.iter().all(|text| !text.contains(word)), "{word}");
    }
}

#[test]
fn an_empty_table_is_its_notes() {
    let table = Table { notes: vec!["no experiments".to_owned()], ..Table::default() };
    assert_eq!(terminal(&table, Some(80), true), "\nno experiments\n");
    assert_eq!(markdown(&table), "\n- no experiments\n");
}

proptest! {
    #[test]
    fn every_line_fits_and_is_safe(
        columns in vec((any::<String>(), 0..4_u8, any::<bool>(), 0..9_u32), 1..8),
        cells in vec(vec(any::<String>(), 0..9), 0..4),
        title in of(any::<String>()),
        notes in vec(any::<String>(), 0..2),
        width in 0..120_usize,
    ) {
        let columns = columns.into_iter().map(|(name, kind, right, priority)| Column {
            name,
            align: if right { Align::Right } else { Align::Left },
            priority,
            kind: match kind {
                0 => Kind::Text,
                1 => Kind::Param,
                2 => Kind::Metric(Some(Direction::Minimize)),
                _ => Kind::Delta,
            },
        });
        let cell = |text| Cell { text, tone: Tone::Worse };
        let rows = cells.into_iter().map(|row| row.into_iter().map(cell).collect()).collect();
        let table = Table { title, columns: columns.collect(), rows, notes, ..Table::default() };
        for limit in [Some(width), None] {
            let text = terminal(&table, limit, false);
            assert!(!text.chars().any(|c| is_unsafe(c) && c != '\n'));
            if let Some(limit) = limit {
                let limit = limit.max(8);
                assert!(text.lines().all(|line| fit::width(line) <= limit), "{limit}:\n{text}");
            }
        }
    }
}
