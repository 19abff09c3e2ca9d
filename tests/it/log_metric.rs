//! Tests of log_metric.
