//! The runs to draw, sealed or under way, and their points.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::files;
use crate::git::Oid;
use crate::model::id::Id;
use crate::model::run::{Run, Status};
use crate::records::{Records, RunRecord};
use crate::series::read::{self, Reading};
use crate::store::details::Details;
use crate::store::folder::Folder;
use crate::store::ledger::{PREFIX, files_of};
use crate::store::line::Event;

/// The file with a run's points.
const SERIES: &str = "series.tsv";

/// A run to draw.
pub(in crate::cli) struct Plotted {
    pub(in crate::cli) id: Id,
    pub(in crate::cli) run: Run,
    /// With the late ones.
    pub(in crate::cli) params: BTreeMap<String, Value>,
    /// Their names, sorted.
    pub(in crate::cli) metrics: Vec<String>,
    pub(in crate::cli) is_withdrawn: bool,
    points: Points,
}

/// A run under way, its points not yet read.
pub(in crate::cli) struct Live {
    folder: Folder,
    pub(in crate::cli) run: Run,
}

impl Live {
    /// What runs in a folder; `None` if that cannot be told, or it has ended and is about to be sealed.
    pub(in crate::cli) fn find(folder: Folder) -> Option<Self> {
        if folder.made_fact().is_some() {
            return None;
        }
        match folder.read_head().ok()?.open? {
            Event::Open { fact, .. } => Some(Self { folder, run: *fact }),
            _ => None,
        }
    }

    pub(in crate::cli) fn id(&self) -> Id {
        self.folder.id
    }
}

/// Where the points of a run are.
enum Points {
    /// In files of the run and of the facts that were added to it, in that order.
    Sealed(Vec<Oid>),
    /// In the journal of a run under way: as `series.tsv` would have them now.
    Live(Vec<u8>),
}

impl Plotted {
    /// A sealed run.
    ///
    /// # Errors
    /// If its fact or a tree cannot be read.
    pub(in crate::cli) fn sealed(cx: &Context, records: &Records, record: &RunRecord) -> Result<Self, CliError> {
        let details = Details::read(&cx.repo, records, record)?;
        let mut blobs: Vec<Oid> = details.files.get(SERIES).copied().into_iter().collect();
        for (header, _) in details.late.iter().filter(|(_, late)| !late.metrics.is_empty()) {
            let ledger = format!("{PREFIX}{}", header.time.month());
            blobs.extend(files_of(&cx.repo, &ledger, header.id)?.get(SERIES));
        }
        Ok(Self {
            id: details.header.id,
            params: details.params(),
            metrics: details.metrics().into_keys().collect(),
            is_withdrawn: record.withdrawn.is_some(),
            run: details.run,
            points: Points::Sealed(blobs),
        })
    }

    /// A run under way, with what its journal has by now.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub(in crate::cli) fn live(live: &Live) -> Result<Self, CliError> {
        let path = live.folder.journal();
        let failed = |error: std::io::Error| CliError::new(format!("{}: {error}", path.display()));
        let mut journal = live.folder.read_journal().map_err(failed)?;
        let mut points = Vec::new();
        journal.write_series(&mut points).map_err(failed)?;
        let mut metrics: Vec<String> = journal.series.drain(..).map(|series| series.name).collect();
        metrics.sort();
        let mut params = live.run.params.clone();
        params.extend(journal.params);
        Ok(Self {
            id: live.folder.id,
            run: live.run.clone(),
            params,
            metrics,
            is_withdrawn: false,
            points: Points::Live(points),
        })
    }

    /// Whether it has a metric.
    pub(in crate::cli) fn has(&self, metric: &str) -> bool {
        self.metrics.binary_search_by(|name| name.as_str().cmp(metric)).is_ok()
    }

    /// Whether it is still under way.
    pub(in crate::cli) fn is_live(&self) -> bool {
        matches!(self.points, Points::Live(_))
    }

    /// Whether it is one of those that tell what its condition can do: it ended well and was not withdrawn.
    pub(in crate::cli) fn counts(&self) -> bool {
        !self.is_live() && !self.is_withdrawn && self.run.status == Status::Ok
    }

    /// Read the points of some metrics; what is damaged is a warning.
    ///
    /// # Errors
    /// If a file is missing.
    pub(in crate::cli) fn read(&self, cx: &Context, metrics: &[String]) -> Result<Reading, CliError> {
        let wanted = |name: &str| metrics.iter().any(|metric| metric == name);
        let blobs = match &self.points {
            Points::Live(bytes) => return Ok(read::read(bytes, wanted)),
            Points::Sealed(blobs) => blobs,
        };
        let mut all = Reading::default();
        for blob in blobs {
            let reading = read::read(&files::read(cx, *blob)?, wanted);
            let mut more = reading.damage.count;
            for fault in reading.damage.first {
                more -= 1;
                cx.ui.warning(&format!("{SERIES} of run {}, {fault}; skipped", self.id));
            }
            if more > 0 {
                cx.ui.warning(&format!("{SERIES} of run {}: {more} more lines cannot be read", self.id));
            }
            for series in reading.series {
                match all.series.iter_mut().find(|known| known.name == series.name) {
                    Some(known) => known.points.extend(series.points),
                    None => all.series.push(series),
                }
            }
        }
        Ok(all)
    }
}
