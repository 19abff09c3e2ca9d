//! Whole drawings.

use insta::assert_snapshot;
use proptest::collection::vec;
use proptest::num::f64::ANY;
use proptest::prelude::{Strategy, any, prop_oneof, proptest};

use super::axis::Scale;
use super::{Figure, Line, braille, svg};
use crate::model::text::is_unsafe;
use crate::render::fit::width;

fn learning(rate: f64, steps: i32) -> Vec<(f64, f64)> {
    (0..steps).map(|step| (f64::from(step), 1.0 - 0.9 * (-rate * f64::from(step)).exp())).collect()
}

fn line(name: &str, points: Vec<(f64, f64)>) -> Line {
    Line { name: name.to_owned(), points, band: Vec::new() }
}

fn figure(lines: Vec<Line>) -> Figure {
    Figure { title: "val_acc".to_owned(), x_label: "step".to_owned(), x: Scale::Whole, lines, ..Figure::default() }
}

/// Trailing space would not survive an editor, so the drawing has none.
fn drawn(figure: &Figure, size: (usize, usize)) -> String {
    braille::draw(figure, size, false)
}

#[test]
fn several_lines_have_marks_and_a_band_has_a_pattern() {
    let mean = learning(0.03, 100);
    let band = mean.iter().map(|(_, y)| (y - 0.05, y + 0.05)).collect();
    let mut gap = learning(0.01, 100);
    gap[40..60].iter_mut().for_each(|point| point.1 = f64::NAN);
    let lines = vec![
        Line { band, ..line("bigger-lr (mean ± sd of 5 runs)", mean) },
        line("wide", learning(0.08, 60)),
        line("deep", gap),
    ];
    assert_snapshot!(drawn(&figure(lines), (60, 12)), @r"
    val_acc
    1.0 ┤                  ⣀⣀⡠⠤⠤⠤⠤⠒⠒⠒⠒▲⠒⠒⠒      ⡀ ⡀⠄⡀⠄⡀⠄⡂⣄⣂⣄⣂⣅⣂⡥
        │            ⢀▲⠤⠒⠊⠉           ⡀⠄⡀⠄⣂⣄⣂⠥⡦⠥●⠗⡒⠗⡋⠍⠋⠍⠋⠅⠂⠅⠂⠁⠂⠁
    0.8 ┤          ⡠⠊⠁          ⡀⠄⣂⣄⡦⠥⡒⠗⡋⠍⠃⠅⠂⠁⠂⠁ ⠁
        │       ⢀⡠⠊       ⡀⠄⡂⣄⡦⠕⡊●⠃⠁⠂⠁
        │      ⡰⠁     ⡀ ⣂⡥⡖⠏⠋⠅⠂⠁                       ⣀⣀⣀⠤■⠤⠔⠒⠒
    0.6 ┤     ⡜     ⡀⡤⡦⠗⠃⠁                   ⣀⣀⠤⠤⠔⠒⠒⠊⠉⠉
        │    ⡜   ⠄⣂⠕⡊⠅ ⠁                  ⠊■⠉
    0.4 ┤  ⢀⠜  ⢄⡖●⠃⠁        ⢀⣀⡠
        │ ⢠⠃ ⢄⡖⠅⠂    ⢀⣀⡠⠤⠒⠊■⠁
        │ ⡎⢄⡖⠅⠂ ⣀⡠⠤⠒⠉⠁
    0.2 ┤⢼⣖■⠦⠔⠊⠉
        │⠏⠁
        └┬──────────┬──────────┬──────────┬──────────┬──────────
         0         20         40         60         80      step
      ● bigger-lr (mean ± sd of 5 runs)
      ▲ wide
      ■ deep
    deep: 20 points NaN or infinite, drawn as gaps
    ");
}

#[test]
fn a_line_alone_has_no_mark_and_a_point_alone_has_one() {
    assert_snapshot!(drawn(&figure(vec![line("a", learning(0.08, 60))]), (40, 4)), @r"
    val_acc
        │          ⢀⣀⣀⠤⠤⠤⠔⠒⠒⠒⠒⠒⠒⠊⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉
        │     ⢀⡠⠔⠒⠉⠁
    0.5 ┤  ⢀⠔⠊⠁
        │⡠⠒⠁
        └┬──────────┬───────────┬───────────
         0         20          40       step
      ─ a
    ");
    assert_snapshot!(drawn(&figure(vec![line("a", vec![(7.0, 0.5)])]), (40, 4)), @r"
    val_acc
    0.55 ┤
         │
    0.50 ┤                 ●
    0.45 ┤
         └┬────────────────┬───────────────┬
          6                7               8
                                        step
      ─ a
    ");
}

#[test]
fn constant_and_empty_series_are_drawn() {
    assert_snapshot!(drawn(&figure(vec![line("a", vec![(1.0, 0.5), (3.0, 0.5)])]), (40, 4)), @r"
    val_acc
    0.55 ┤
         │
    0.50 ┤⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉
    0.45 ┤
         └┬────────────────┬───────────────┬
          1                2               3
                                        step
      ─ a
    ");
    let nothing = vec![line("a", vec![(1.0, f64::NAN), (2.0, f64::INFINITY)]), line("b", Vec::new())];
    assert_snapshot!(drawn(&figure(nothing), (40, 4)), @r"
    val_acc
      there is no point to draw
      ● a
      ▲ b
    a: 2 points NaN or infinite, drawn as
    gaps
    ");
}

#[test]
fn a_logarithmic_axis_says_what_it_cannot_show() {
    let points =
        (0..=60).map(|step| (f64::from(step), if step == 30 { 0.0 } else { 10_f64.powi(-step / 10) })).collect();
    let figure = Figure { y: Scale::Log, ..figure(vec![line("loss", points)]) };
    assert_snapshot!(drawn(&figure, (50, 9)), @r"
    val_acc
        1 ┤⠉⠉⠉⠉⠉⠉⠹⡀
          │       ⠧⠤⠤⠤⠤⠤⢤
          │             ⠈⡆
          │              ⠉⠉⠉⠉⠉⠉⠉
    0.001 ┤                      ⠤⠤⠤⠤⠤⢤
          │                            ⢣⣀⣀⣀⣀⣀⣀
          │                                  ⠈⡆
          │                                   ⠘⠒⠒⠒⠒⠒⠒⡆
     1e-6 ┤                                          ⢸
          └┬─────────────┬─────────────┬─────────────┬
           0            20            40            60
                                                  step
      ─ loss
    loss: 1 point not above 0, which a logarithmic
    axis cannot show
    ");
}

#[test]
fn more_lines_than_marks_are_counted() {
    let figure = figure((0..40).map(|n| line(&format!("line {n}"), vec![(0.0, 0.0), (1.0, f64::from(n))])).collect());
    let text = drawn(&figure, (80, 40));
    assert!(text.contains("z line 33") && !text.contains("line 34"), "{text}");
    assert!(text.ends_with("6 more lines left out: name fewer runs to see them\n"), "{text}");
    let marks = "●▲■◆○△□◇abcdefghijklmnopqrstuvwxyz";
    let chart: String = text.lines().take_while(|line| !line.contains('└')).skip(1).collect();
    assert!(marks.chars().all(|mark| chart.contains(mark)), "{text}");
}

#[test]
fn colour_only_repeats_the_text() {
    let figure = figure(vec![line("a", learning(0.03, 50)), line("b", learning(0.1, 50))]);
    let coloured = braille::draw(&figure, (60, 8), true);
    assert!(coloured.contains("\u{1b}[34m●\u{1b}[0m a"));
    let plain: Vec<&str> =
        coloured.split("\u{1b}[").map(|part| part.split_once('m').map_or(part, |(_, rest)| rest)).collect();
    let plain: String = plain.concat().lines().map(|line| format!("{}\n", line.trim_end())).collect();
    assert_eq!(plain, drawn(&figure, (60, 8)));
}

#[test]
fn names_from_strangers_stay_text() {
    let evil = "</text><script>alert('1')</script>&\"\u{1b}[31m\u{0}\u{ffff}\u{202e}";
    let mut figure = figure(vec![line(evil, learning(0.1, 9)), line("b", learning(0.2, 9))]);
    (figure.title, figure.x_label, figure.notes) = (evil.to_owned(), evil.to_owned(), vec![evil.to_owned()]);
    let figures = [figure];
    for text in [svg::document(&figures, svg::USUAL), svg::embedded(&figures, svg::USUAL)] {
        assert!(!text.contains("<script") && text.contains("&lt;script&gt;"), "{text}");
        assert!(!text.contains(|c| c != '\n' && is_unsafe(c)) && !text.contains('\u{ffff}'));
        assert!(text.starts_with("<svg ") && text.ends_with("</svg>\n"), "{text}");
    }
    assert!(!drawn(&figures[0], (80, 8)).contains(|c| c != '\n' && is_unsafe(c)));
}

#[test]
fn an_svg_has_everything_once() {
    let mean = learning(0.03, 10);
    let band = mean.iter().map(|(_, y)| (y - 0.05, y + 0.05)).collect();
    let figure =
        figure(vec![Line { band, ..line("a", mean) }, line("b", learning(0.1, 10)), line("c", vec![(3.0, 0.5)])]);
    let figures = [figure];
    let text = svg::document(&figures, (800, 450));
    let count = |what: &str| text.matches(what).count();
    // The curves of two lines, three samples in the legend, two axes with ten and twelve ticks; a band; a point.
    assert_eq!((count("<polyline "), count("opacity=\"0.2\""), count("<circle ")), (29, 1, 1), "{text}");
    assert!(text.contains("#0072B2") && text.contains("#D55E00") && text.contains("#009E73"));
    assert!(text.starts_with(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"800\" height=\"512\" viewBox=\"0 0 3200 2048\""
    ));
    assert_eq!(text, svg::document(&figures, (800, 450)));
    assert!(
        svg::embedded(&figures, (800, 450))
            .starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"100%\" viewBox=")
    );
}

/// Figures that no sane program would ask for.
fn figures() -> impl Strategy<Value = Figure> {
    let number = || prop_oneof![ANY, -3.0..3.0_f64];
    let points = vec((number(), number(), number(), number()), 0..12);
    let line = (any::<String>(), points, any::<bool>()).prop_map(|(name, mut points, has_band)| {
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let band = points.iter().filter(|_| has_band).map(|(.., low, high)| (low.min(*high), low.max(*high))).collect();
        Line { name, points: points.into_iter().map(|(x, y, ..)| (x, y)).collect(), band }
    });
    (any::<String>(), any::<String>(), 0..3_usize, 0..3_usize, vec(line, 0..40)).prop_map(
        |(title, x_label, x, y, lines)| {
            let scale = |n: usize| [Scale::Linear, Scale::Whole, Scale::Log][n];
            Figure { title, x_label, x: scale(x), y: scale(y), lines, notes: Vec::new() }
        },
    )
}

proptest! {
    #[test]
    fn no_figure_is_too_odd(figure in figures(), columns in 0..200_usize, rows in 0..30_usize) {
        let text = drawn(&figure, (columns, rows));
        for line in text.lines() {
            assert!(width(line) <= columns.max(40), "{line}");
        }
        assert!(!text.contains(|c| c != '\n' && is_unsafe(c)));
        let page = svg::document(&[figure.clone(), figure], (columns as u32, rows as u32));
        assert!(!page.contains(|c| c != '\n' && is_unsafe(c)));
        assert_eq!(page.matches("<text ").count(), page.matches("</text>").count());
    }
}
