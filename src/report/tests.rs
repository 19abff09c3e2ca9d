//! Pages of the comparisons that `compare` tests with.

use super::{Curves, html};
use crate::compare::samples::{Sample, baseline, compare, nasty, request, subject, typical};
use crate::compare::{BaselineSource, Comparison};

fn page(comparison: &Comparison<'_>) -> String {
    html("Experiments of <b>", comparison, &Curves::default())
}

/// The lines of the table's body.
fn rows(page: &str) -> Vec<&str> {
    let body = page.split("<tbody>\n").nth(1).and_then(|rest| rest.split("</tbody>").next()).expect("a body");
    body.lines().collect()
}

#[test]
fn cells_are_as_in_the_terminal_with_exact_numbers_beside() {
    let page = page(&typical());
    let head = page.lines().find(|line| line.starts_with("<tr><th scope=\"col\"")).expect("a head");
    insta::assert_snapshot!(head.replace("<th", "\n<th"), @r#"
    <tr>
    <th scope="col" data-key="experiment" data-name="experiment" data-first="ascending">experiment</th>
    <th scope="col" data-key="n" data-name="n" data-first="ascending">n</th>
    <th scope="col" class="number" data-key="params.layers" data-name="layers" data-first="ascending">layers</th>
    <th scope="col" class="number" data-key="params.lr" data-name="lr" data-first="ascending">lr</th>
    <th scope="col" class="number" data-key="metrics.val_acc" data-name="val_acc" data-first="descending">val_acc ↑</th>
    <th scope="col" class="number" data-key="delta.val_acc" data-name="val_acc" data-first="descending">Δ<span class="spoken"> of val_acc</span></th>
    <th scope="col" class="number" data-key="metrics.loss" data-name="loss" data-first="ascending">loss ↓</th>
    <th scope="col" class="number" data-key="delta.loss" data-name="loss" data-first="ascending">Δ<span class="spoken"> of loss</span></th></tr>
    "#);
    insta::assert_snapshot!(rows(&page)[..3].concat().replace("<t", "\n<t").trim_start(), @r#"
    <tr class="reference">
    <th scope="row">main (baseline)</th>
    <td data-value="5">5</td>
    <td class="number dim" data-value="">–</td>
    <td class="number" data-value="0.1">0.1</td>
    <td class="number" data-value="0.9192">0.9192 ± 0.0041</td>
    <td class="number" data-value=""></td>
    <td class="number" data-value="0.28079999999999994">0.2808 ± 0.0041</td>
    <td class="number" data-value=""></td></tr>
    <tr>
    <th scope="row">bigger-lr</th>
    <td data-value="5">5</td>
    <td class="number dim" data-value="">–</td>
    <td class="number" data-value="0.3">0.3</td>
    <td class="number" data-value="0.9312">0.9312 ± 0.0041</td>
    <td class="number better" data-value="0.01200000000000001">+0.0120 ▲</td>
    <td class="number" data-value="0.26879999999999993">0.2688 ± 0.0041</td>
    <td class="number better" data-value="-0.01200000000000001">-0.0120 ▲</td></tr>
    <tr>
    <th scope="row">deeper (on origin)</th>
    <td data-value="4">4/5 +1 failed</td>
    <td class="number" data-value="4">4</td>
    <td class="number" data-value="0.1">0.1</td>
    <td class="number" data-value="0.89175">0.892 ± 0.018</td>
    <td class="number worse" data-value="-0.027449999999999974">-0.027 ▼</td>
    <td class="number" data-value="0.40825">0.408 ± 0.018</td>
    <td class="number worse" data-value="0.12745000000000006">+0.127 ▼</td></tr>
    "#);
}

#[test]
fn a_page_has_one_script_which_its_policy_names() {
    let page = page(&typical());
    assert_eq!((page.matches("<script").count(), page.matches("</script>").count()), (1, 1));
    let script = page.split("<script>").nth(1).and_then(|rest| rest.split("</script>").next()).expect("a script");
    // A parser would end or hide the script there.
    assert!(!script.contains("</") && !script.contains("<!--") && !script.contains('\r'));
    assert!(page.contains(&format!("content=\"{}\"", super::policy::policy(script))));
    assert!(page.contains("<title>Experiments of &lt;b&gt;</title>"));
}

#[test]
fn nothing_is_loaded_from_anywhere() {
    let page = page(&typical());
    for loading in ["://", "src=", "href=", "@import", "url(", "import(", "fetch("] {
        assert!(!page.contains(loading), "{loading}");
    }
}

#[test]
fn nasty_names_are_text() {
    let comparison = nasty();
    let page = page(&comparison);
    assert_eq!(rows(&page).len(), comparison.rows.len());
    let cells: Vec<usize> = rows(&page).iter().map(|row| row.matches("<td").count()).collect();
    assert!(cells.windows(2).all(|pair| pair[0] == pair[1]), "{cells:?}");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !page.contains("<script>alert"));
    assert!(!page.contains(['\u{1b}', '\u{202e}']) && page.contains("a\\u202eright to left"));
}

#[test]
fn what_is_no_number_is_told_apart_from_nothing() {
    let run =
        |at: u8, value: serde_json::Value| Sample::new(at, &at.to_string(), 1).metric("m", 1e300).param("p", value);
    let big: serde_json::Value = serde_json::from_str("123456789012345678901234567890").expect("a number");
    let values = [1.into(), 2.5.into(), "adam".into(), true.into(), serde_json::Value::Null, big];
    let mut runs: Vec<Sample> = values.into_iter().zip(1..).map(|(value, at)| run(at, value)).collect();
    runs.push(Sample::new(9, "9", 1).metric("m", f64::NAN));
    let page = page(&compare(request(baseline(BaselineSource::Runs, Vec::new()), vec![subject("x", &[], runs)])));
    let cells = |nth: usize| {
        let cell = |row: &&str| row.split("<td").nth(nth).expect("a cell").trim_end_matches("</tr>").to_owned();
        rows(&page).iter().map(cell).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(cells(2), @r#"
    class="number dim" data-value="">–</td>
    class="number" data-value="1">1</td>
    class="number" data-value="2.5">2.5</td>
    class="number">adam</td>
    class="number">true</td>
    class="number">null</td>
    class="number" data-value="1.2345678901234568e29">1.2345678901234568e+29</td>
    class="number dim" data-value="">–</td>
    "#);
    insta::assert_snapshot!(cells(3), @r#"
    class="number dim" data-value="">–</td>
    class="number" data-value="1e300">1.000e300</td>
    class="number" data-value="1e300">1.000e300</td>
    class="number" data-value="1e300">1.000e300</td>
    class="number" data-value="1e300">1.000e300</td>
    class="number" data-value="1e300">1.000e300</td>
    class="number" data-value="1e300">1.000e300</td>
    class="number" data-value="">– +1 not finite</td>
    "#);
}

#[test]
fn curves_come_with_their_notes() {
    let drawings = vec![("a<b".to_owned(), "<svg></svg>\n".to_owned())];
    let curves = Curves { drawings, notes: vec!["12 of 40 metrics & more".to_owned()] };
    let page = html("t", &typical(), &curves);
    assert!(page.contains("<h3 class=\"spoken\">a&lt;b</h3>\n<svg></svg>"));
    assert!(page.contains("<li>12 of 40 metrics &amp; more</li>"));
    assert!(!self::page(&typical()).contains("Learning curves"));
}
