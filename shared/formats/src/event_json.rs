//! Canonical events, as subscribers get them.

use canonical::Event;
use serde_json::Value;

use crate::json::Schema;

/// The name under which the schema is published.
pub const SCHEMA_NAME: &str = "event";

/// The published JSON Schema (2020-12) of an event.
pub fn schema() -> Value {
    Schema::of::<Event>(SCHEMA_NAME).value().clone()
}
