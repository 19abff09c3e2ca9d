//! A plot as SVG.
//!
//! The background stays what it is, and all colours show on white and on black. The same figures give the same bytes.

mod panel;
mod places;

use plotters::backend::SVGBackend;
use plotters::drawing::IntoDrawingArea;

use super::figure::Figure;
use crate::model::text::printable;
use panel::Panel;

/// Width and height of a plot in pixels, unless somebody wants another one.
pub const USUAL: (u32, u32) = (800, 450);

/// The smallest plot in pixels; for smaller numbers it is as large.
pub const SMALLEST: (u32, u32) = (240, 160);

/// The largest plot in pixels; for larger numbers it is as large.
pub const LARGEST: (u32, u32) = (8000, 8000);

/// plotters draws on whole numbers only, so a pixel is four of them.
const PIXEL: i32 = 4;

/// Figures below one another as an SVG file. `size` is that of each plot in pixels; its legend and notes come on top of the height.
pub fn document(figures: &[Figure], size: (u32, u32)) -> String {
    let (body, (width, height)) = draw(figures, size);
    open(figures, &format!("width=\"{width}\" height=\"{height}\""), (width, height)) + &body
}

/// The same as an element for a page of HTML: as wide as there is room, and without script, style, link or id.
pub fn embedded(figures: &[Figure], size: (u32, u32)) -> String {
    let (body, size) = draw(figures, size);
    open(figures, "width=\"100%\"", size) + &body
}

/// The root element's tag, and what screen readers say of it.
fn open(figures: &[Figure], size: &str, (width, height): (i32, i32)) -> String {
    let titles = figures.iter().map(|figure| text(&figure.title)).collect::<Vec<_>>().join(", ");
    let titles = titles.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let view = format!("viewBox=\"0 0 {} {}\"", width * PIXEL, height * PIXEL);
    format!("<svg xmlns=\"http://www.w3.org/2000/svg\" {size} {view} role=\"img\">\n<title>{titles}</title>\n")
}

/// Everything after the root element's tag, and the size of it all in pixels.
fn draw(figures: &[Figure], size: (u32, u32)) -> (String, (i32, i32)) {
    let (width, height) = (size.0.clamp(SMALLEST.0, LARGEST.0), size.1.clamp(SMALLEST.1, LARGEST.1));
    let size = (width.cast_signed(), height.cast_signed());
    let panels: Vec<Panel<'_>> = figures.iter().map(|figure| Panel::new(figure, size)).collect();
    let total: i32 = panels.iter().map(Panel::height).sum();
    let mut out = String::new();
    let backend = SVGBackend::with_string(&mut out, ((size.0 * PIXEL).unsigned_abs(), (total * PIXEL).unsigned_abs()));
    let mut rest = backend.into_drawing_area();
    for panel in &panels {
        let (area, below) = rest.split_vertically(panel.height() * PIXEL);
        panel.draw(&area).expect("a string takes all that is drawn");
        rest = below;
    }
    rest.present().expect("a string takes all that is drawn");
    drop(rest);
    let body = out.split_once('\n').map(|(_, body)| body.to_owned()).unwrap_or_default();
    (body, (size.0, total))
}

/// Text from outside without what XML cannot hold.
fn text(text: &str) -> String {
    printable(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}
