//! What was said about a run or an experiment later: tags, remarks, withdrawals, and kinds that newer versions know.

use serde::{Deserialize, Serialize};

use super::names::{Names, Symbol};
use crate::model::fact::About;
use crate::model::id::Id;
use crate::model::time::Time;

/// A fact about another fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AboutRecord {
    /// Its own id.
    pub id: Id,
    /// When it was said.
    pub time: Time,
    /// Who said it.
    pub by: Symbol,
    /// `tag`, `remark`, `withdrawal`, `tombstone` or any other.
    pub kind: Symbol,
    /// The fact it is about.
    pub target: Option<Id>,
    /// The whole fact, as it was written.
    pub json: Symbol,
}

impl AboutRecord {
    /// What it says.
    pub fn read(&self, names: &Names) -> About {
        serde_json::from_str(names.text(self.json)).unwrap_or_default()
    }

    pub(super) fn each_symbol(&mut self, change: &mut impl FnMut(&mut Symbol)) {
        [&mut self.by, &mut self.kind, &mut self.json].into_iter().for_each(change);
    }
}
