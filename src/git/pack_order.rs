//! The order in which many objects are read fastest.

use gix::odb::pack::index::File;

use super::Oid;
use super::repo::Repo;

impl Repo {
    /// Sort items by where their objects lie in the packs; what lies in none comes last.
    ///
    /// A delta's base lies before it. Read from front to back, every base is in the cache when it is needed; read in any other order, chains of deltas are
    /// unpacked again and again (measured on 20,000 facts: half the time of reading them).
    pub fn sort_by_pack<T>(&self, items: &mut [T], oid: impl Fn(&T) -> Oid) {
        let Ok(files) = std::fs::read_dir(self.common_dir().join("objects/pack")) else { return };
        let mut paths: Vec<_> = files.flatten().map(|file| file.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "idx"));
        paths.sort();
        let packs: Vec<File> = paths.iter().filter_map(|path| File::at(path, self.inner.object_hash()).ok()).collect();
        let place = |item: &T| {
            let oid = oid(item);
            let found = packs.iter().enumerate().find_map(|(at, pack)| Some((at, pack.lookup(oid)?)));
            found.map_or((usize::MAX, 0), |(at, entry)| (at, packs[at].pack_offset_at_index(entry)))
        };
        items.sort_by_cached_key(place);
    }
}
