//! The rows of one folder of a ledger as bytes: what the index holds.
//!
//! The bytes are [postcard](https://postcard.jamesmunns.com/wire-format)'s, behind a CRC-32 of them. The symbols in them count the segment's own
//! texts. They never leave the machine that wrote them, so their form may change with every version: [`FORMAT`] then does.

use serde::{Deserialize, Serialize};

use super::names::{Names, Symbol};
use super::row::Row;
use crate::model::id::Id;

/// Changes with every change of what the bytes mean.
pub const FORMAT: u32 = 1;

/// The rows of one folder.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Segment {
    /// The rows, by file name.
    pub rows: Vec<Row>,
    /// The object id of each row's blob, one behind the other.
    pub blobs: Vec<u8>,
    /// Of a folder of notes: what its notes list. The rows are then the facts that no ledger had.
    pub notes: Vec<Listed>,
}

/// One note, as the index remembers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    /// The object id of the note's blob.
    pub blob: Vec<u8>,
    /// The facts that it lists.
    pub ids: Vec<Id>,
}

#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    #[serde(borrow)]
    key: &'a str,
    #[serde(borrow)]
    texts: Vec<&'a str>,
    rows: Vec<Row>,
    #[serde(borrow)]
    blobs: &'a [u8],
    notes: Vec<Listed>,
}

impl Segment {
    /// The bytes. `key` says which folder in which state this is.
    ///
    /// # Errors
    /// None in practice: every row can be encoded.
    pub fn encode(&self, key: &str, names: &Names) -> Result<Vec<u8>, postcard::Error> {
        let mut local = Names::default();
        let mut rows = self.rows.clone();
        rows.iter_mut().for_each(|row| row.each_symbol(&mut |symbol| *symbol = local.intern(names.text(*symbol))));
        let stored = Stored { key, texts: local.iter().collect(), rows, blobs: &self.blobs, notes: self.notes.clone() };
        let body = postcard::to_allocvec(&stored)?;
        let mut bytes = crc32fast::hash(&body).to_le_bytes().to_vec();
        bytes.extend(body);
        Ok(bytes)
    }

    /// Read bytes that [`Segment::encode`] wrote, and the key; `None` if they are anything else.
    pub fn decode(bytes: &[u8], names: &mut Names) -> Option<(String, Self)> {
        let (sum, body) = bytes.split_first_chunk::<4>()?;
        if crc32fast::hash(body).to_le_bytes() != *sum {
            return None;
        }
        let stored: Stored<'_> = postcard::from_bytes(body).ok()?;
        let global: Vec<Symbol> = stored.texts.iter().map(|text| names.intern(text)).collect();
        let mut rows = stored.rows;
        let mut is_whole = true;
        let mut change = |symbol: &mut Symbol| match global.get(symbol.index()) {
            Some(known) => *symbol = *known,
            None => is_whole = false,
        };
        rows.iter_mut().for_each(|row| row.each_symbol(&mut change));
        let segment = Self { rows, blobs: stored.blobs.to_vec(), notes: stored.notes };
        is_whole.then(|| (stored.key.to_owned(), segment))
    }
}
