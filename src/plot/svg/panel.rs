//! One figure with its title, legend and notes.

use plotters::backend::SVGBackend;
use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};
use plotters::element::{Circle, PathElement, Polygon, Text};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, RGBColor, ShapeStyle, TRANSPARENT, TextStyle};

use super::places::Places;
use super::{PIXEL, text};
use crate::plot::axis::Axis;
use crate::plot::downsample;
use crate::plot::figure::{Figure, Line};
use crate::plot::mark;
use crate::render::fit::{shorten, width, wrap};

/// Text, axes and grid: a grey that can be read on white and on black.
const GREY: RGBColor = RGBColor(118, 118, 118);

/// Pixels from line to line of text.
const ROW: i32 = 18;

/// Size of the letters in pixels.
const LETTERS: i32 = 12;

/// Pixels that a letter is wide, about: nobody knows the reader's font.
const LETTER: i32 = 7;

/// Pixels between the edges and what is drawn.
const MARGIN: i32 = 8;

/// Pixels between two ticks of each axis, at least.
const TICK: (i32, i32) = (80, 40);

/// Pixels between two marks of a line.
const BETWEEN_MARKS: i32 = 120;

/// Radius of a mark in pixels.
const MARK: i32 = 5;

pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Places, Places>>;
pub(super) type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// A figure with what stands around it.
pub(super) struct Panel<'f> {
    figure: &'f Figure,
    remarks: Vec<String>,
    width: i32,
    chart_height: i32,
}

impl<'f> Panel<'f> {
    pub(super) fn new(figure: &'f Figure, (width, chart_height): (i32, i32)) -> Self {
        let wrapped = |remark: String| wrap(&text(&remark), letters(width));
        let remarks = figure.remarks().into_iter().flat_map(wrapped).collect();
        Self { figure, remarks, width, chart_height }
    }

    /// In pixels.
    pub(super) fn height(&self) -> i32 {
        self.chart_height + pixels(self.figure.drawn().len() + self.remarks.len(), ROW) + MARGIN
    }

    pub(super) fn draw(&self, area: &Area<'_>) -> Drawn {
        let title = shorten(&text(&self.figure.title), letters(self.width));
        area.draw(&Text::new(title, at(MARGIN, MARGIN), font(LETTERS + 2, FontStyle::Bold)))?;
        let (chart, below) = area.split_vertically(self.chart_height * PIXEL);
        let chart = chart.margin((MARGIN + ROW + 4) * PIXEL, 0, MARGIN * PIXEL, MARGIN * PIXEL);
        let ticks = (positive(self.width / TICK.0), positive(self.chart_height / TICK.1));
        match self.figure.axes(ticks) {
            Some(axes) => self.draw_chart(&chart, &axes)?,
            None => chart.draw(&row("there is no point to draw", 0, 0))?,
        }
        for (index, line) in self.figure.drawn().iter().enumerate() {
            let top = pixels(index, ROW);
            let middle = top + LETTERS / 2;
            below.draw(&PathElement::new(vec![at(MARGIN, middle), at(MARGIN + 24, middle)], stroke(index)))?;
            self.draw_mark(&below, at(MARGIN + 12, middle), index)?;
            below.draw(&row(&shorten(&text(&line.name), letters(self.width - 32)), 32, top))?;
        }
        let legend = self.figure.drawn().len();
        let mut remarks = self.remarks.iter().enumerate();
        remarks.try_for_each(|(index, remark)| below.draw(&row(remark, 0, pixels(legend + index, ROW))))
    }

    fn draw_chart(&self, area: &Area<'_>, axes: &(Axis, Axis)) -> Drawn {
        let label = axes.1.ticks.iter().map(|tick| width(&tick.label)).max().unwrap_or(0);
        let mut chart = ChartBuilder::on(area)
            .x_label_area_size((2 * ROW + 8) * PIXEL)
            .y_label_area_size((pixels(label, LETTER + 1) + 12) * PIXEL)
            .build_cartesian_2d(Places::new(&axes.0), Places::new(&axes.1))?;
        chart
            .configure_mesh()
            .axis_style(GREY.stroke_width(PIXEL.unsigned_abs()))
            .bold_line_style(GREY.mix(0.25).stroke_width(PIXEL.unsigned_abs()))
            .light_line_style(TRANSPARENT)
            .set_all_tick_mark_size(4 * PIXEL)
            .label_style(font(LETTERS, FontStyle::Normal))
            .x_desc(shorten(&text(&self.figure.x_label), letters(self.width)))
            .draw()?;
        let mut lines = self.figure.drawn().iter().enumerate();
        lines.clone().try_for_each(|(index, line)| self.draw_band(&mut chart, axes, line, index))?;
        lines.try_for_each(|(index, line)| self.draw_line(&mut chart, area, axes, line, index))
    }

    fn draw_band(&self, chart: &mut Chart<'_, '_>, axes: &(Axis, Axis), line: &Line, index: usize) -> Drawn {
        for part in downsample::band(line.band_places(axes), positive(self.width)) {
            let lower = part.iter().map(|(x, low, _)| (*x, *low));
            let upper = part.iter().rev().map(|(x, _, high)| (*x, *high));
            let edges: Vec<(f64, f64)> = lower.chain(upper).collect();
            chart.draw_series([Polygon::new(edges, colour(index).mix(0.2).filled())])?;
        }
        Ok(())
    }

    fn draw_line(
        &self,
        chart: &mut Chart<'_, '_>,
        area: &Area<'_>,
        axes: &(Axis, Axis),
        line: &Line,
        index: usize,
    ) -> Drawn {
        let parts = downsample::line(line.places(axes), positive(self.width));
        for part in &parts {
            match part.as_slice() {
                // A line from a point to itself would not be seen.
                [point] => chart.draw_series([Circle::new(*point, 2 * PIXEL, colour(index).filled())]).map(drop)?,
                _ => chart.draw_series([PathElement::new(part.clone(), stroke(index))]).map(drop)?,
            }
        }
        let lines = self.figure.drawn().len();
        let origin = area.get_base_pixel();
        let mut marks =
            mark::along(&parts, (index, lines), f64::from(BETWEEN_MARKS) / f64::from(self.width)).into_iter();
        marks.try_for_each(|place| {
            let (x, y) = chart.backend_coord(&place);
            self.draw_mark(area, (x - origin.0, y - origin.1), index)
        })
    }

    /// The mark of a line around a point of an area; a line alone has none.
    fn draw_mark(&self, area: &Area<'_>, (x, y): (i32, i32), index: usize) -> Drawn {
        if self.figure.drawn().len() == 1 {
            return Ok(());
        }
        let Some((corners, is_filled)) = mark::shape(index) else {
            let colour = colour(index);
            let style = font(LETTERS, FontStyle::Bold).color(&colour);
            let corner = (x - LETTER / 2 * PIXEL, y - LETTERS / 2 * PIXEL);
            return area.draw(&Text::new(mark::character(index).to_string(), corner, style));
        };
        let pixel = |offset: f64| (offset * f64::from(MARK * PIXEL)).round() as i32;
        let mut corners: Vec<(i32, i32)> = corners.iter().map(|(dx, dy)| (x + pixel(*dx), y + pixel(*dy))).collect();
        if is_filled {
            return area.draw(&Polygon::new(corners, colour(index).filled()));
        }
        corners.extend(corners.first().copied());
        area.draw(&PathElement::new(corners, stroke(index)))
    }
}

/// A point of an area, in pixels.
fn at(x: i32, y: i32) -> (i32, i32) {
    (x * PIXEL, y * PIXEL)
}

/// A line of text, so many pixels from the left margin and from the top.
fn row(text: &str, left: i32, top: i32) -> Text<'static, (i32, i32), String> {
    Text::new(text.to_owned(), at(MARGIN + left, top), font(LETTERS, FontStyle::Normal))
}

fn font(size: i32, style: FontStyle) -> TextStyle<'static> {
    // The SVG backend of plotters divides the size by 1.24.
    TextStyle::from(FontDesc::new(FontFamily::SansSerif, f64::from(size * PIXEL) * 1.24, style)).color(&GREY)
}

fn colour(line: usize) -> RGBColor {
    let (red, green, blue) = mark::COLOURS[line % mark::COLOURS.len()];
    RGBColor(red, green, blue)
}

fn stroke(line: usize) -> ShapeStyle {
    colour(line).stroke_width(2 * PIXEL.unsigned_abs())
}

/// How many letters fit between the margins.
fn letters(width: i32) -> usize {
    positive((width - 2 * MARGIN) / LETTER)
}

fn pixels(count: usize, each: i32) -> i32 {
    i32::try_from(count).unwrap_or(0) * each
}

fn positive(number: i32) -> usize {
    usize::try_from(number).unwrap_or(0)
}
