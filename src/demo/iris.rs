//! Fisher's iris data: reading it, and dividing it into rows to learn from, to choose by and to report on.

use thiserror::Error;

use super::random::SplitMix64;

/// The data: see the module documentation of [`super`] for where it is from.
pub(crate) const IRIS_CSV: &str = include_str!("iris.csv");

/// How many species, and so how many classes, there are.
pub(crate) const CLASSES: usize = 3;
/// How many measurements each flower has.
pub(crate) const FEATURES: usize = 4;

const HEADER: &str = "sepal_length,sepal_width,petal_length,petal_width,species";
const SPECIES: [&str; CLASSES] = ["setosa", "versicolor", "virginica"];

/// Flowers of each species that are learnt from; of the rest, some choose between models, some report on the chosen one.
const TRAIN_PER_CLASS: usize = 20;
const VALIDATION_PER_CLASS: usize = 20;

/// One flower: its measurements, and its species as an index into setosa, versicolor, virginica.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Flower {
    /// Sepal length, sepal width, petal length, petal width, in centimetres.
    pub(crate) features: [f64; FEATURES],
    /// 0, 1 or 2.
    pub(crate) class: usize,
}

/// The flowers, divided. Each part has the species in equal numbers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Split {
    /// The rows that the weights are fitted to: 60 of the 150.
    pub(crate) train: Vec<Flower>,
    /// The rows that settings are chosen by: 60.
    pub(crate) validation: Vec<Flower>,
    /// The rows that nothing is chosen by: 30.
    pub(crate) test: Vec<Flower>,
}

/// Why a text is not iris data.
#[derive(Clone, Debug, Error, PartialEq)]
pub(crate) enum IrisError {
    /// The first line is not the header.
    #[error("line 1 is not the header `{HEADER}`")]
    Header,
    /// A line has too few or too many columns.
    #[error("line {line} has {found} columns instead of 5")]
    Columns {
        /// Counted from 1.
        line: usize,
        /// How many columns the line has.
        found: usize,
    },
    /// A measurement is not a finite number.
    #[error("line {line}: `{text}` is not a length in centimetres")]
    Number {
        /// Counted from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// The species is none of the three.
    #[error("line {line}: `{text}` is not one of setosa, versicolor, virginica")]
    Species {
        /// Counted from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
}

/// Reads iris data from CSV text (no quoting; empty lines mean nothing).
///
/// # Errors
/// The first line that is not as expected.
pub(crate) fn parse_iris(text: &str) -> Result<Vec<Flower>, IrisError> {
    let mut lines = text.lines().enumerate();
    if lines.next().map(|(_, line)| line.trim_end()) != Some(HEADER) {
        return Err(IrisError::Header);
    }
    lines.filter(|(_, line)| !line.trim().is_empty()).map(|(index, line)| parse_flower(index + 1, line)).collect()
}

/// Divides flowers at random, the same way for the same seed, each species by itself.
///
/// A species with fewer flowers than asked for fills the parts in order, and leaves the later ones short.
pub(crate) fn split(flowers: &[Flower], seed: u64) -> Split {
    let mut random = SplitMix64::new(seed);
    let mut parts = Split { train: Vec::new(), validation: Vec::new(), test: Vec::new() };
    for class in 0..CLASSES {
        let mut rows: Vec<Flower> = flowers.iter().filter(|flower| flower.class == class).cloned().collect();
        random.shuffle(&mut rows);
        for (place, row) in rows.into_iter().enumerate() {
            let part = match place {
                0..TRAIN_PER_CLASS => &mut parts.train,
                p if p < TRAIN_PER_CLASS + VALIDATION_PER_CLASS => &mut parts.validation,
                _ => &mut parts.test,
            };
            part.push(row);
        }
    }
    parts
}

fn parse_flower(line: usize, text: &str) -> Result<Flower, IrisError> {
    let columns: Vec<&str> = text.split(',').map(str::trim).collect();
    let [measures @ .., species] = columns.as_slice() else {
        return Err(IrisError::Columns { line, found: 0 });
    };
    if measures.len() != FEATURES {
        return Err(IrisError::Columns { line, found: columns.len() });
    }
    let mut features = [0.0; FEATURES];
    for (feature, text) in features.iter_mut().zip(measures) {
        *feature = match text.parse::<f64>() {
            Ok(number) if number.is_finite() => number,
            _ => return Err(IrisError::Number { line, text: (*text).to_owned() }),
        };
    }
    let class = SPECIES.iter().position(|name| name == species);
    let class = class.ok_or_else(|| IrisError::Species { line, text: (*species).to_owned() })?;
    Ok(Flower { features, class })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::{CLASSES, FEATURES, Flower, HEADER, IRIS_CSV, IrisError, parse_iris, split};

    fn flowers() -> Vec<Flower> {
        parse_iris(IRIS_CSV).expect("the embedded data")
    }

    #[test]
    fn all_150_rows_are_there() {
        let flowers = flowers();
        assert_eq!(flowers.len(), 150);
        for class in 0..CLASSES {
            assert_eq!(flowers.iter().filter(|flower| flower.class == class).count(), 50);
        }
    }

    /// The means of R's `colMeans(iris[1:4])`.
    #[test]
    fn the_means_are_the_published_ones() {
        let flowers = flowers();
        for (feature, published) in [5.843_333, 3.057_333, 3.758, 1.199_333].into_iter().enumerate() {
            let mean = flowers.iter().map(|flower| flower.features[feature]).sum::<f64>() / 150.0;
            assert!((mean - published).abs() < 1e-6, "feature {feature}: {mean}");
        }
    }

    /// A widespread copy of the data has errors in rows 35 and 38; these are the values of Fisher's paper.
    #[test]
    fn rows_35_and_38_are_fishers() {
        let flowers = flowers();
        assert_eq!(flowers[34].features, [4.9, 3.1, 1.5, 0.2]);
        assert_eq!(flowers[37].features, [4.9, 3.6, 1.4, 0.1]);
    }

    #[test]
    fn a_split_is_stratified_and_loses_nothing() {
        let flowers = flowers();
        let parts = split(&flowers, 1);
        for (part, per_class) in [(&parts.train, 20), (&parts.validation, 20), (&parts.test, 10)] {
            for class in 0..CLASSES {
                assert_eq!(part.iter().filter(|flower| flower.class == class).count(), per_class);
            }
        }
        let key = |flower: &Flower| (flower.class, flower.features.map(f64::to_bits));
        let mut before: Vec<_> = flowers.iter().map(key).collect();
        let mut after: Vec<_> = [parts.train, parts.validation, parts.test].iter().flatten().map(key).collect();
        before.sort_unstable();
        after.sort_unstable();
        assert_eq!(before, after);
    }

    #[test]
    fn the_seed_decides_the_split() {
        let flowers = flowers();
        assert_eq!(split(&flowers, 3), split(&flowers, 3));
        assert_ne!(split(&flowers, 3), split(&flowers, 4));
    }

    #[test]
    fn errors_name_the_line() {
        assert_eq!(parse_iris("a,b\n"), Err(IrisError::Header));
        assert_eq!(parse_iris(&format!("{HEADER}\n1,2,3\n")), Err(IrisError::Columns { line: 2, found: 3 }));
        let number = parse_iris(&format!("{HEADER}\n\n1,2,3,inf,setosa\n")).map_err(|error| error.to_string());
        assert_eq!(number, Err("line 3: `inf` is not a length in centimetres".to_owned()));
        let species = parse_iris(&format!("{HEADER}\n1,2,3,4,rose\n")).map_err(|error| error.to_string());
        assert_eq!(species, Err("line 2: `rose` is not one of setosa, versicolor, virginica".to_owned()));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,200}", rows in "[0-9.,a-z\n-]{0,200}") {
            let _ = parse_iris(&text);
            let _ = parse_iris(&format!("{HEADER}\n{rows}"));
        }

        #[test]
        fn what_is_written_is_read(rows in proptest::collection::vec((0.0..10.0, 0.0..10.0, 0usize..CLASSES), 0..20)) {
            let flowers: Vec<Flower> = rows
                .iter()
                .map(|&(a, b, class)| Flower { features: [a, b, a, b][..FEATURES].try_into().expect("four"), class })
                .collect();
            let body: String = flowers
                .iter()
                .map(|f| format!("{},{},{},{},{}\n", f.features[0], f.features[1], f.features[2], f.features[3], super::SPECIES[f.class]))
                .collect();
            prop_assert_eq!(parse_iris(&format!("{HEADER}\n{body}")), Ok(flowers));
        }
    }
}
