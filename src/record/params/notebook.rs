//! The notebook that papermill wrote.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Search, masked, read_file, source_of, store};
use crate::capture::params::papermill::{self, MAX_BYTES};
use crate::data::spec::What;
use crate::model::param::ParamSource;
use crate::model::run::Run;
use crate::store::ledger::safe_path;
use crate::store::line::quote_bare_numbers;

/// A larger notebook is not stored, in bytes: as outputs.
const LARGEST: usize = 10 << 20;

/// What the notebook says, if the command wrote one. It is stored with the run, unless it lies among the outputs, which are stored too.
pub(super) fn read(
    search: &Search<'_>,
    run: &Run,
    said: &mut Vec<String>,
) -> Option<(ParamSource, BTreeMap<String, Value>)> {
    let &Search { left, folder, masker, is_fresh } = search;
    let path = left.place.find(&What::Path(papermill::output(left.argv)?.to_owned()))?;
    if !is_fresh(&path) {
        return None;
    }
    let name = left.place.name(&path);
    let found = match read_file(&path, MAX_BYTES) {
        Ok(bytes) => bytes?,
        Err(why) => {
            said.push(format!("{name}: {why}; no param is taken from it"));
            return None;
        }
    };
    // Plots may hold a NaN, which Python writes bare.
    let params =
        papermill::params(&found).or_else(|why| papermill::params(&quote_bare_numbers(&found)).map_err(|_| why));
    let values = match params {
        Ok(values) => values?,
        Err(why) => {
            said.push(format!("{name}: {why}; no param is taken from it"));
            return None;
        }
    };
    let (values, sentences) = masked(&values, &name, masker);
    said.extend(sentences);
    // It is JSON, as large as it may be.
    let bytes = masker.mask_config("notebook.json", &found);
    let is_output = run.out.as_deref().is_some_and(|out| path.starts_with(left.place.top.join(out)));
    let mut stored = None;
    if bytes.len() > LARGEST {
        said.push(format!(
            "{name} is larger than {} MiB: it stays where it is and is recorded by its digest",
            LARGEST >> 20
        ));
    } else if !is_output {
        let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        match store(folder, &safe_path(&format!("notebook/{}", masker.mask_text(&file))), &bytes) {
            Ok(name) => stored = Some(name),
            Err(why) => said.push(format!("{name}: {why}; it is not stored")),
        }
    }
    Some((source_of("papermill", &masker.mask_text(&name), &bytes, stored), values))
}
