//! Tests of discard.
