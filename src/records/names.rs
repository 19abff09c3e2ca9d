//! Every text once: names of metrics, branches, hosts.

use std::sync::{Arc, OnceLock};

use ahash::{HashMap, HashSet, RandomState};
use hashbrown::HashTable;
use serde::{Deserialize, Serialize};

/// A text, as its number among the [`Names`] it was interned in. Equal texts have equal numbers; 0 is the empty text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Symbol(pub(super) u32);

impl Symbol {
    /// The number, for tables that are indexed by it: below [`Names::len`].
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// Whether it is the empty text, which stands for "not there".
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Itself, unless it is the empty text.
    pub fn some(self) -> Option<Self> {
        (self.0 != 0).then_some(self)
    }
}

/// Which params and metrics a run has: most runs have the same ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shape {
    /// Its number among the shapes of its [`Names`], from 0.
    pub index: usize,
    /// Names of params, in the order of the texts.
    pub params: Vec<Symbol>,
    /// Names of metrics, in the order of the texts.
    pub metrics: Vec<Symbol>,
    param_at: OnceLock<HashMap<Symbol, u32>>,
    metric_at: OnceLock<HashMap<Symbol, u32>>,
}

/// Up to so many names are looked through quicker than they are looked up.
const FEW: usize = 64;

impl Shape {
    /// The place of a param.
    pub fn param(&self, name: Symbol) -> Option<usize> {
        place(&self.params, &self.param_at, name)
    }

    /// The place of a metric.
    pub fn metric(&self, name: Symbol) -> Option<usize> {
        place(&self.metrics, &self.metric_at, name)
    }
}

fn place(names: &[Symbol], places: &OnceLock<HashMap<Symbol, u32>>, name: Symbol) -> Option<usize> {
    if names.len() <= FEW {
        return names.iter().position(|known| *known == name);
    }
    places.get_or_init(|| names.iter().copied().zip(0..).collect()).get(&name).map(|at| *at as usize)
}

/// Texts by number, and the shapes of runs.
#[derive(Debug, Clone)]
pub struct Names {
    /// All texts, one behind the other.
    all: String,
    /// Where each ends.
    ends: Vec<usize>,
    table: HashTable<u32>,
    hasher: RandomState,
    shapes: HashMap<(Vec<Symbol>, Vec<Symbol>), Arc<Shape>>,
    lists: HashSet<Arc<[Symbol]>>,
}

impl Default for Names {
    fn default() -> Self {
        let mut names = Self {
            all: String::new(),
            ends: Vec::new(),
            table: HashTable::new(),
            hasher: RandomState::new(),
            shapes: HashMap::default(),
            lists: HashSet::default(),
        };
        names.intern("");
        names
    }
}

impl Names {
    /// Room for that many more texts.
    pub fn reserve(&mut self, texts: usize) {
        let (all, ends, hasher) = (&self.all, &self.ends, &self.hasher);
        self.table.reserve(texts, |at| hasher.hash_one(slice(all, ends, *at)));
        self.ends.reserve(texts);
    }

    /// The symbol of a text, which is kept if it is new.
    pub fn intern(&mut self, text: &str) -> Symbol {
        let hash = self.hasher.hash_one(text);
        let (all, ends) = (&self.all, &self.ends);
        if let Some(found) = self.table.find(hash, |at| slice(all, ends, *at) == text) {
            return Symbol(*found);
        }
        let new = u32::try_from(self.ends.len()).expect("fewer than 2^32 texts fit into memory");
        self.all.push_str(text);
        self.ends.push(self.all.len());
        let (all, ends, hasher) = (&self.all, &self.ends, &self.hasher);
        self.table.insert_unique(hash, new, |at| hasher.hash_one(slice(all, ends, *at)));
        Symbol(new)
    }

    /// The symbol of a text that was interned.
    pub fn find(&self, text: &str) -> Option<Symbol> {
        let hash = self.hasher.hash_one(text);
        self.table.find(hash, |at| slice(&self.all, &self.ends, *at) == text).map(|at| Symbol(*at))
    }

    /// The text; empty for a symbol of other names.
    #[inline]
    pub fn text(&self, symbol: Symbol) -> &str {
        if symbol.index() < self.ends.len() { slice(&self.all, &self.ends, symbol.0) } else { "" }
    }

    /// The shape of runs with these params and metrics.
    pub fn shape(&mut self, params: Vec<Symbol>, metrics: Vec<Symbol>) -> Arc<Shape> {
        let index = self.shapes.len();
        let key = (params, metrics);
        if let Some(known) = self.shapes.get(&key) {
            return Arc::clone(known);
        }
        let shape = Arc::new(Shape { index, params: key.0.clone(), metrics: key.1.clone(), ..Shape::default() });
        self.shapes.insert(key, Arc::clone(&shape));
        shape
    }

    /// A list of texts, such as expectations, which many experiments share.
    pub fn list(&mut self, texts: &[Symbol]) -> Arc<[Symbol]> {
        if let Some(known) = self.lists.get(texts) {
            return Arc::clone(known);
        }
        let list: Arc<[Symbol]> = texts.into();
        self.lists.insert(Arc::clone(&list));
        list
    }

    /// The names of all params and of all metrics, each once, in no order.
    pub fn params_and_metrics(&self) -> [Vec<&str>; 2] {
        let texts = |symbols: HashSet<Symbol>| symbols.into_iter().map(|symbol| self.text(symbol)).collect();
        [
            texts(self.shapes.keys().flat_map(|(params, _)| params.iter().copied()).collect()),
            texts(self.shapes.keys().flat_map(|(_, metrics)| metrics.iter().copied()).collect()),
        ]
    }

    /// Number of shapes; the index of each is below it.
    pub fn shapes(&self) -> usize {
        self.shapes.len()
    }

    /// Number of texts; every symbol is below it.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether only the empty text is known.
    pub fn is_empty(&self) -> bool {
        self.ends.len() <= 1
    }

    /// All texts, by number.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len() as u32).map(|at| slice(&self.all, &self.ends, at))
    }
}

#[inline]
fn slice<'a>(all: &'a str, ends: &[usize], at: u32) -> &'a str {
    let at = at as usize;
    let start = if at == 0 { 0 } else { ends[at - 1] };
    &all[start..ends[at]]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Names, Symbol};

    #[test]
    fn the_empty_text_is_number_0() {
        let mut names = Names::default();
        assert_eq!((names.intern(""), names.len(), names.is_empty()), (Symbol::default(), 1, true));
        assert!(names.find("x").is_none() && names.text(Symbol(7)).is_empty());
    }

    proptest! {
        #[test]
        fn texts_read_back_and_are_kept_once(texts in proptest::collection::vec(any::<String>(), 0..60)) {
            let mut names = Names::default();
            let symbols: Vec<Symbol> = texts.iter().map(|text| names.intern(text)).collect();
            for (text, symbol) in texts.iter().zip(&symbols) {
                assert_eq!(names.text(*symbol), text);
                assert_eq!(names.find(text), Some(*symbol));
            }
            let distinct: std::collections::BTreeSet<&str> = texts.iter().map(String::as_str).chain([""]).collect();
            assert_eq!(names.len(), distinct.len());
            assert_eq!(names.iter().count(), names.len());
        }
    }
}
