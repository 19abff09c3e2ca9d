//! `exp` and `ln` from additions and multiplications alone.
//!
//! The standard library's call the platform's C library, whose last bit differs between systems. IEEE arithmetic does
//! not, so that with these two a seed gives the same metrics, to the last bit, wherever the demo runs.

use std::f64::consts::{LN_2, SQRT_2};

/// The upper 32 bits of ln 2: `k * LN_2_HIGH` is exact for every exponent `k`.
const LN_2_HIGH: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
/// ln 2 - `LN_2_HIGH` (both constants as in FreeBSD's `e_exp.c`).
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// e to the power of `x`, within a few units in the last place; 0 below -708, infinite above 709, NaN for NaN.
pub(crate) fn exp(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x < -708.0 {
        return 0.0;
    }
    if x > 709.0 {
        return f64::INFINITY;
    }
    // x = k ln 2 + r with |r| <= ln 2 / 2, so that fourteen terms of the Taylor series are below the rounding error.
    let k = (x / LN_2).round();
    let r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
    let series = (1..=13).rev().fold(1.0, |sum, n| 1.0 + sum * r / f64::from(n));
    series * power_of_two(k as i64)
}

/// The natural logarithm of a normal `x` > 0, within 1e-15 of the larger of 0.1 and the result; NaN otherwise.
pub(crate) fn ln(x: f64) -> f64 {
    if !x.is_normal() || x < 0.0 {
        return f64::NAN;
    }
    // x = m 2^e with m in [1/sqrt 2, sqrt 2], and ln m = 2 artanh((m - 1) / (m + 1)).
    let mut exponent = (x.to_bits() >> 52) as i64 - 1023;
    let mut mantissa = f64::from_bits((x.to_bits() & ((1 << 52) - 1)) | (1023 << 52));
    if mantissa > SQRT_2 {
        mantissa /= 2.0;
        exponent += 1;
    }
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let series = (0..=11).rev().fold(0.0, |sum, n| sum * s * s + 1.0 / f64::from(2 * n + 1));
    let e = exponent as f64;
    e * LN_2_HIGH + (e * LN_2_LOW + 2.0 * s * series)
}

/// 2 to the power of `k`, for `k` in -1022..=1023.
fn power_of_two(k: i64) -> f64 {
    f64::from_bits(((k + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::{exp, ln};

    #[test]
    fn known_values() {
        assert_eq!(exp(0.0), 1.0);
        assert!((exp(1.0) - std::f64::consts::E).abs() < 1e-15);
        assert_eq!(ln(1.0), 0.0);
        assert_eq!(ln(2.0), std::f64::consts::LN_2);
        assert_eq!((exp(-1e9), exp(1e9)), (0.0, f64::INFINITY));
        assert!(exp(f64::NAN).is_nan() && ln(0.0).is_nan() && ln(-1.0).is_nan() && ln(f64::INFINITY).is_nan());
    }

    proptest! {
        #[test]
        fn exp_agrees_with_the_platform(x in -700.0..700.0) {
            prop_assert!((exp(x) / x.exp() - 1.0).abs() < 1e-15, "{x}: {} and {}", exp(x), x.exp());
        }

        #[test]
        fn ln_agrees_with_the_platform(x in 1e-300..1e300, near_one in 0.5..4.0) {
            for x in [x, near_one] {
                prop_assert!((ln(x) - x.ln()).abs() <= 1e-15 * x.ln().abs().max(0.1), "{x}: {} and {}", ln(x), x.ln());
            }
        }

        #[test]
        fn neither_panics(x in any::<f64>()) {
            let _ = (exp(x), ln(x));
        }
    }
}
