//! `git xp compare --html`, and what a browser makes of it.

use std::path::Path;

use crate::support::{Part, TestRepo, need};

/// A baseline and three experiments whose `val_acc` grows with the seed: as text, 10 would come before 9.
fn compared() -> TestRepo {
    let repo = TestRepo::new();
    run(&repo, "9");
    for (name, value) in [("low", "-1e1"), ("high", "10"), ("middle", "9.5")] {
        repo.xp(&["start", name, "--base", "main", "--expect", "val_acc >= baseline + 0.01"]).ok();
        run(&repo, value);
    }
    repo
}

/// Log `val_acc` at two steps, the last one as said.
fn run(repo: &TestRepo, value: &str) {
    let line = format!(
        r#"for v in 0 {value}; do echo "{{\"metric\":\"val_acc\",\"value\":$v,\"step\":$((++i))}}"; done >> "$GIT_XP_JOURNAL""#
    );
    repo.xp(&["run", "--seed", "1", "--", "bash", "-c", &line]).ok();
}

/// Write the page beside the repository; returns its address.
fn page(repo: &TestRepo) -> String {
    let path = repo.outside().join("page.html");
    let path = path.to_str().expect("a path");
    repo.xp(&["compare", "--html", path]).ok();
    format!("file://{path}")
}

/// The document after the page's script has run, and what the browser logged; `None` without a browser.
fn browse(repo: &TestRepo, address: &str) -> Option<(String, String)> {
    let chromium = need(Part::Program("chromium"))?;
    let profile = tempfile::tempdir().expect("a folder");
    let mut command = repo.command(&chromium);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]);
    command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
    // No name is found, so that whatever the page asked for would fail and be logged.
    command.args(["--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--dump-dom"]);
    command.arg(format!("--user-data-dir={}", profile.path().display())).arg(address);
    let output = repo.output(&mut command);
    let log: Vec<&str> = output.stderr.lines().filter(|line| line.contains("CONSOLE")).collect();
    let log = log.join("\n");
    Some((output.ok(), log))
}

/// The first cells of the rows that are shown.
fn rows(dom: &str) -> Vec<String> {
    let body = dom.split("<tbody>").nth(1).and_then(|rest| rest.split("</tbody>").next()).expect("a body");
    let shown = body.split("<tr").skip(1);
    let name =
        |row: &str| row.split("<th scope=\"row\">").nth(1).and_then(|rest| rest.split('<').next()).map(str::to_owned);
    shown.filter_map(name).collect()
}

/// The column that is sorted, and how.
fn sorted(dom: &str) -> Option<(String, String)> {
    let heading = dom.split("<th").find(|heading| heading.contains("aria-sort=\""))?;
    let value = |name: &str| heading.split(&format!("{name}=\"")).nth(1)?.split('"').next().map(str::to_owned);
    Some((value("data-key")?, value("aria-sort")?))
}

#[test]
fn numbers_are_sorted_as_numbers() {
    let repo = compared();
    let address = page(&repo);
    let Some((dom, log)) = browse(&repo, &address) else { return };
    assert_eq!(log, "");
    assert_eq!(rows(&dom), ["main (baseline)", "low", "high", "middle"]);
    assert_eq!(sorted(&dom), None);
    assert!(dom.contains("<div class=\"controls\">") && dom.contains(">4 rows<"), "{dom}");
    for (link, order, wanted) in [
        ("sort=val_acc", ["metrics.val_acc", "descending"], ["high", "middle", "main (baseline)", "low"]),
        (
            "sort=metrics.val_acc&order=ascending",
            ["metrics.val_acc", "ascending"],
            ["low", "main (baseline)", "middle", "high"],
        ),
        // The baseline has no delta and stays last.
        ("sort=delta.val_acc", ["delta.val_acc", "descending"], ["high", "middle", "low", "main (baseline)"]),
        ("sort=experiment", ["experiment", "ascending"], ["high", "low", "main (baseline)", "middle"]),
    ] {
        let (dom, log) = browse(&repo, &format!("{address}#{link}")).expect("it was there");
        assert_eq!((rows(&dom).as_slice(), log.as_str()), (wanted.map(str::to_owned).as_slice(), ""), "{link}");
        assert_eq!(sorted(&dom), Some((order[0].to_owned(), order[1].to_owned())), "{link}");
    }
    let (dom, _) = browse(&repo, &format!("{address}#sort=val_acc&filter=M%20i")).expect("it was there");
    assert_eq!(rows(&dom), ["middle", "main (baseline)"]);
}

#[test]
fn a_press_of_a_heading_sorts() {
    let repo = compared();
    let address = page(&repo);
    let page = std::fs::read_to_string(repo.outside().join("page.html")).expect("the page");
    let policy = page.lines().find(|line| line.contains("Content-Security-Policy")).expect("a policy");
    // A browser lets the space bar and the return key press a button too.
    let press = |page: &str, count: usize| {
        let press = "document.querySelectorAll('thead button')[2].click();".repeat(count);
        let page = page.replace("</body>", &format!("<script>{press}</script></body>"));
        std::fs::write(repo.outside().join("pressed.html"), page).expect("written");
        browse(&repo, &address.replace("page.html", "pressed.html"))
    };
    let Some((dom, log)) = press(&page, 1) else { return };
    assert!(log.contains("Content Security Policy") && sorted(&dom).is_none(), "no script but ours may run: {log}");
    let without_policy = page.replace(policy, "");
    let clicks = |count| press(&without_policy, count).map(|(dom, _)| (rows(&dom), sorted(&dom)));
    let Some((first, order)) = clicks(1) else { return };
    assert_eq!(first, ["high", "middle", "main (baseline)", "low"]);
    assert_eq!(order, Some(("metrics.val_acc".to_owned(), "descending".to_owned())));
    assert_eq!(clicks(2).expect("it was there").0, ["low", "main (baseline)", "middle", "high"]);
    assert_eq!(
        clicks(3).expect("it was there"),
        (vec!["main (baseline)", "low", "high", "middle"].into_iter().map(str::to_owned).collect(), None)
    );
}

#[test]
fn curves_of_what_has_several_points_are_on_the_page() {
    let repo = compared();
    repo.xp(&["log-metric", "single", "1", "--run", "last"]).ok();
    let text = repo.xp(&["compare", "--html", "-"]).ok();
    assert_eq!(text.matches("<svg").count(), 1, "{text}");
    // Without the script it is a plain table.
    assert!(text.contains("<div class=\"controls\" hidden>") && !text.contains("<button type=\"button\">val_acc"));
    assert!(text.contains("<h3 class=\"spoken\">val_acc</h3>") && text.contains(">single<"));
    // The same facts give the same page.
    assert_eq!(repo.xp(&["compare", "--html", "-"]).ok(), text);
    assert!(!repo.xp(&["compare", "main..nobody", "--html", "-"]).fails(128).is_empty());
}

#[test]
fn of_many_metrics_the_expected_ones_are_drawn() {
    let repo = TestRepo::new();
    repo.xp(&["start", "a", "--expect", "zz > 1"]).ok();
    let line = r#"for m in {a..p} zz; do for s in 1 2; do echo "{\"metric\":\"$m\",\"value\":$s,\"step\":$s}"; done; done >> "$GIT_XP_JOURNAL""#;
    repo.xp(&["run", "--seed", "1", "--", "bash", "-c", line]).ok();
    let text = repo.xp(&["compare", "--html", "-"]).ok();
    let drawn: Vec<&str> =
        text.split("<h3 class=\"spoken\">").skip(1).filter_map(|rest| rest.split('<').next()).collect();
    assert_eq!(drawn, ["zz", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"]);
    assert!(
        text.contains("<li>12 of 17 metrics are drawn, the expected ones first; git xp plot draws the others</li>")
    );
}

#[test]
fn thousands_of_rows_come_in_pages() {
    let repo = compared();
    let address = page(&repo);
    let page = std::fs::read_to_string(repo.outside().join("page.html")).expect("the page");
    let (head, rest) = page.split_once("<tbody>").expect("a body");
    let (body, tail) = rest.split_once("</tbody>").expect("its end");
    let row = body.lines().find(|line| line.contains(">high<")).expect("a row");
    let rows_of = |numbers: std::ops::Range<u32>| -> String {
        numbers.map(|n| row.replace(">high<", &format!(">row {n}<")).replace("\"10.0\"", &format!("\"{n}\""))).collect()
    };
    let many =
        format!("{head}<tbody>{}</tbody><tbody class=\"more\">{}</tbody>{tail}", rows_of(0..500), rows_of(500..2600));
    std::fs::write(repo.outside().join("many.html"), many).expect("written");
    let address = address.replace("page.html", "many.html");
    let Some((dom, log)) = browse(&repo, &format!("{address}#sort=val_acc")) else { return };
    let (rows, wanted) = (rows(&dom), (2100..2600).rev().map(|n| format!("row {n}")).collect::<Vec<_>>());
    assert_eq!((rows, log.as_str()), (wanted, ""));
    assert!(dom.contains(">2600 rows, here 1 to 500<") && !dom.contains("class=\"more\""));
}

#[test]
fn hostile_names_neither_run_nor_break_the_table() {
    let repo = TestRepo::new();
    let hostile = [
        "<img src=x onerror=document.title=1>",
        "</script><script>document.title=1</script>",
        "\"' onmouseover=document.title=1 x=\"",
        "</title></table><svg onload=document.title=1>",
        "&lt;b&gt;",
        "\u{202e}rtl",
        "-->]]>",
    ];
    let lines: String = hostile
        .iter()
        .flat_map(|name| {
            let metric = |step: u32| serde_json::json!({"metric": name, "value": step, "step": step});
            [metric(1), metric(2), serde_json::json!({"param": name, "value": name})]
        })
        .map(|line| format!("{line}\n"))
        .collect();
    std::fs::write(repo.outside().join("lines"), lines).expect("written");
    repo.xp(&["run", "--seed", "1", "--", "true"]).ok();
    repo.xp(&["start", "it's&lt;b&gt;"]).ok();
    for seed in ["1", "2"] {
        repo.xp(&["run", "--seed", seed, "--", "sh", "-c", r#"cat ../lines >> "$GIT_XP_JOURNAL""#]).ok();
    }
    let address = page(&repo);
    let text = std::fs::read_to_string(repo.outside().join("page.html")).expect("the page");
    assert!(text.contains("it&#39;s&amp;lt;b&amp;gt;") && !text.contains("<img") && !text.contains("\u{202e}"));
    assert_eq!(text.matches("<script").count(), 1);
    let Some((dom, log)) = browse(&repo, &format!("{address}#sort=%3Cimg+src%3Dx+onerror%3Ddocument.title%3D1%3E"))
    else {
        return;
    };
    assert_eq!(log, "");
    assert!(dom.contains("<title>Experiments of repo</title>"), "a name was run");
    assert!(!dom.contains("<img") && dom.matches("<table>").count() == 1);
    assert!(sorted(&dom).is_some(), "{dom}");
    let cells = |row: &str| row.matches("<td").count();
    let body = dom.split("<tbody>").nth(1).and_then(|rest| rest.split("</tbody>").next()).expect("a body");
    let counts: Vec<usize> = body.split("<tr").skip(1).map(cells).collect();
    assert!(counts.len() >= 2 && counts.windows(2).all(|pair| pair[0] == pair[1]), "{counts:?}");
}

#[test]
fn a_file_is_replaced_whole_and_a_folder_is_not() {
    let repo = compared();
    let path = |name: &str| repo.outside().join(name).to_str().expect("a path").to_owned();
    std::fs::write(path("old.html"), "old").expect("written");
    std::os::unix::fs::symlink("old.html", path("link.html")).expect("a link");
    let said = repo.xp(&["compare", "--html", &path("link.html")]);
    assert!(said.stderr.contains("written: ") && said.stdout.is_empty(), "{said:?}");
    assert!(std::fs::read_to_string(path("old.html")).expect("the page").ends_with("</html>\n"));
    assert!(Path::new(&path("link.html")).is_symlink());
    std::fs::create_dir(path("folder")).expect("a folder");
    assert!(repo.xp(&["compare", "--html", &path("folder")]).fails(128).contains("is a folder"));
    repo.xp(&["compare", "--html", &path("nowhere/page.html")]).fails(128);
    repo.xp(&["compare", "--html", "/dev/null"]).ok();
    repo.xp(&["compare", "--html", "-", "--json"]).fails(129);
    let left = std::fs::read_dir(repo.outside()).expect("a folder").flatten();
    let left: Vec<_> = left.filter(|entry| entry.file_name().to_string_lossy().starts_with('.')).collect();
    assert!(left.is_empty(), "{left:?}");
}
