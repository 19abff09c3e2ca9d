//! `git xp plot`.

mod choice;
mod drawings;
mod json;
mod labels;
mod lines;
mod notes;
pub(in crate::cli) mod runs;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::context::Context;
use crate::cli::error::{CliError, exit};
use crate::plot::axis::Scale;
use crate::plot::{Figure, braille, svg};
pub(in crate::cli) use drawings::drawings;
use lines::Plot;

/// Rows of a plot in the terminal, unless somebody wants another number.
const USUAL_ROWS: usize = 16;

/// Columns of a plot where there is no terminal.
const USUAL_COLUMNS: usize = 80;

/// Draw learning curves: in the terminal, or as SVG
///
/// Runs of one experiment and one condition that differ in their seed are drawn as their mean with a band around it: mean ± sample standard
/// deviation, or the smallest to the largest value where there are two. Runs under way are drawn as far as they are.
#[derive(Debug, Default, Args)]
#[command(after_help = "\
Examples:
  git xp plot val_acc                      the experiment you stand on, else the last run
  git xp plot loss val_acc bigger-lr wide  two plots, two experiments in each
  git xp plot loss last last~1 --log-y     two runs
  git xp plot loss --each --smooth 0.9     each seed by itself
  git xp plot loss --svg loss.svg")]
pub struct PlotArgs {
    /// Metrics, and what to draw: experiments, run ids, last, commits [default: the experiment you stand on, else last]
    #[arg(value_name = "METRIC|SELECTOR")]
    words: Vec<String>,

    /// A metric, whatever else may have its name
    #[arg(short, long = "metric", value_name = "METRIC")]
    metrics: Vec<String>,

    /// Draw each run by itself
    #[arg(long)]
    each: bool,

    /// What the horizontal axis counts
    #[arg(long, value_enum, default_value_t = X::Step)]
    x: X,

    /// Smooth by an exponential moving average with bias correction, as TensorBoard does: 0 is none, 0.99 is a lot
    #[arg(long, value_name = "WEIGHT", value_parser = weight)]
    smooth: Option<f64>,

    /// Logarithmic vertical axis
    #[arg(long)]
    log_y: bool,

    /// Logarithmic horizontal axis
    #[arg(long)]
    log_x: bool,

    /// Write an SVG file; - is standard output
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,

    /// Columns in the terminal [default: as many as it has], pixels of an SVG [default: 800]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=8000))]
    width: Option<u32>,

    /// Rows between the axes [default: 16], pixels of an SVG for each plot [default: 450]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=8000))]
    height: Option<u32>,

    /// Print the points as JSON, all of them
    #[arg(long, conflicts_with = "svg")]
    json: bool,
}

/// What an axis counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum X {
    /// Steps
    #[default]
    Step,
    /// Seconds since the start of the run
    Seconds,
}

/// Do it.
///
/// # Errors
/// If a word names nothing, or a file cannot be read or written.
pub fn run(cx: &Context, args: &PlotArgs) -> Result<u8, CliError> {
    let records = cx.records()?;
    let choice = choice::choose(cx, records, args)?;
    let plots = lines::plots(cx, &choice, args)?;
    if args.json {
        cx.ui.print_json(&json::document(&plots, args));
        return Ok(exit::OK);
    }
    let figures: Vec<Figure> = plots.into_iter().map(|plot| figure(plot, args)).collect();
    match &args.svg {
        Some(path) => write_svg(cx, &figures, path, args)?,
        None => {
            let columns = args.width.map_or(cx.ui.width.unwrap_or(USUAL_COLUMNS), to_size);
            let rows = args.height.map_or(USUAL_ROWS, to_size);
            let texts: Vec<String> =
                figures.iter().map(|figure| braille::draw(figure, (columns, rows), cx.ui.colour)).collect();
            cx.ui.print(&texts.join("\n"));
        }
    }
    Ok(exit::OK)
}

fn write_svg(cx: &Context, figures: &[Figure], path: &std::path::Path, args: &PlotArgs) -> Result<(), CliError> {
    let size = (args.width.unwrap_or(svg::USUAL.0), args.height.unwrap_or(svg::USUAL.1));
    let text = svg::document(figures, size);
    if path.as_os_str() == "-" {
        cx.ui.print(&text);
        return Ok(());
    }
    std::fs::write(path, text).map_err(|error| CliError::new(format!("{}: {error}", path.display())))?;
    cx.ui.status(&format!("drawn: {}", path.display()));
    Ok(())
}

fn figure(plot: Plot, args: &PlotArgs) -> Figure {
    let smoothed = args.smooth.map(|weight| format!("smoothed {weight}"));
    let log = (args.log_y || args.log_x).then(|| "log scale".to_owned());
    let details: Vec<String> = smoothed.into_iter().chain(log).collect();
    let details = if details.is_empty() { String::new() } else { format!(" ({})", details.join(", ")) };
    let (x_label, x) = match args.x {
        X::Step => ("step", Scale::Whole),
        X::Seconds => ("seconds", Scale::Linear),
    };
    Figure {
        title: format!("{}{details}", plot.metric),
        x_label: x_label.to_owned(),
        x: if args.log_x { Scale::Log } else { x },
        y: if args.log_y { Scale::Log } else { Scale::Linear },
        lines: plot.lines.into_iter().map(|line| line.drawn(args.x)).collect(),
        notes: plot.notes,
    }
}

fn to_size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn weight(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(weight) if (0.0..1.0).contains(&weight) => Ok(weight),
        _ => Err("a number from 0 up to, not including, 1".to_owned()),
    }
}
