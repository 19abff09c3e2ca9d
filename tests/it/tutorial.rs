//! Tests of tutorial.
