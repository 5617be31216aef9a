//! Samples, and what is said of them.

/// What was measured in one round each, in one unit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    pub(crate) fn push(&mut self, sample: f64) {
        self.0.push(sample);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// What is left of each without the other of the same round.
    pub(crate) fn less(&self, other: &Samples) -> Samples {
        let pairs = self.0.iter().zip(&other.0);
        pairs.map(|(sample, less)| sample - less).collect()
    }

    /// The middle one; of an even number, the mean of the two in the middle. Not a number if there are none.
    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        match sorted.get(middle) {
            None => f64::NAN,
            Some(upper) if sorted.len() % 2 == 1 => *upper,
            Some(upper) => f64::midpoint(sorted[middle - 1], *upper),
        }
    }

    pub(crate) fn min(&self) -> f64 {
        self.0.iter().copied().fold(f64::NAN, f64::min)
    }

    pub(crate) fn max(&self) -> f64 {
        self.0.iter().copied().fold(f64::NAN, f64::max)
    }
}

impl FromIterator<f64> for Samples {
    fn from_iter<I: IntoIterator<Item = f64>>(samples: I) -> Samples {
        Samples(samples.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(samples: &[f64]) -> [f64; 3] {
        let samples: Samples = samples.iter().copied().collect();
        [samples.min(), samples.median(), samples.max()]
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "halves are exact")]
    fn median_is_the_middle_or_between_the_two_in_the_middle() {
        assert_eq!(of(&[3.0, 1.0, 2.0]), [1.0, 2.0, 3.0]);
        assert_eq!(of(&[4.0, 1.0, 2.0, 3.0]), [1.0, 2.5, 4.0]);
        assert_eq!(of(&[7.0]), [7.0; 3]);
    }

    #[test]
    fn no_samples_have_no_median() {
        assert!(Samples::default().median().is_nan());
    }
}
