//! Which GPUs a command may use, as `CUDA_VISIBLE_DEVICES` and its like say.

use std::ffi::OsStr;

use crate::capture::environment::Surroundings;

/// The GPUs that are to be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visible {
    /// All of them.
    All,
    /// None.
    None,
    /// Those with these numbers or beginnings of UUIDs.
    These(Vec<String>),
}

impl Visible {
    /// As the first of these variables says that is set.
    pub(super) fn of(variables: &[&str], surroundings: &Surroundings) -> Self {
        let value = |name: &&str| surroundings.variables.get(OsStr::new(*name)).map(|value| value.to_string_lossy());
        variables.iter().find_map(value).map_or(Self::All, |value| Self::parse(&value))
    }

    /// Read a value: numbers or UUIDs with commas between them, up to the first one that is none, as CUDA reads it. Parts of a GPU (`MIG-…`) do not say
    /// which GPU they belong to; then all are looked at.
    pub fn parse(value: &str) -> Self {
        if value.contains("MIG") || value.trim() == "all" {
            return Self::All;
        }
        let is_device = |word: &&str| word.starts_with("GPU-") || word.parse::<u32>().is_ok();
        let these: Vec<String> = value.split(',').map(str::trim).take_while(is_device).map(str::to_owned).collect();
        if these.is_empty() { Self::None } else { Self::These(these) }
    }

    /// Whether a GPU of this number and UUID is to be seen.
    pub fn has(&self, index: u32, uuid: &str) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::These(these) => these.iter().any(|word| match word.parse::<u32>() {
                Ok(number) => number == index,
                Err(_) => uuid.starts_with(word.as_str()),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::Visible;

    #[test]
    fn a_list_is_read_as_cuda_does() {
        let seen = |value: &str| {
            let visible = Visible::parse(value);
            (0..4).filter(|index| visible.has(*index, &format!("GPU-{index}abc"))).collect::<Vec<u32>>()
        };
        assert_eq!(seen("0, 2"), [0, 2]);
        assert_eq!(seen("1,-1,2"), [1]);
        assert_eq!(seen("GPU-3a,0"), [0, 3]);
        assert_eq!(seen("MIG-1/2"), [0, 1, 2, 3]);
        for none in ["", "-1", "NoDevFiles", "GPUs"] {
            assert_eq!(Visible::parse(none), Visible::None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn any_value_is_read(value in any::<String>(), near in "[-0-9, GPUMIGa]{0,12}", uuid in any::<String>()) {
            let _ = (Visible::parse(&value).has(1, &uuid), Visible::parse(&near).has(1, &uuid));
        }
    }
}
