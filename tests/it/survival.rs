//! Tests of survival.
