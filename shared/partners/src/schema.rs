//! The JSON Schemas of profiles and of the house, by which editors complete and check them.

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use crate::{House, Profile};

/// The schemas of source files, by the name of the file that each is checked in as, in `events/schemas/partners`.
pub fn schemas() -> [(&'static str, Value); 2] {
    let of = |generator: SchemaGenerator, schema: fn(SchemaGenerator) -> Schema| schema(generator).to_value();
    let generator = || SchemaSettings::draft07().into_generator();
    [
        ("house", of(generator(), SchemaGenerator::into_root_schema_for::<House>)),
        ("partner", of(generator(), SchemaGenerator::into_root_schema_for::<Profile>)),
    ]
}

/// What is agreed on acknowledgments. `edi` knows no schemas; a test holds that it takes every word of this one.
pub(crate) fn acknowledge(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "properties": {
            "functional": {
                "description": "What groups are acknowledged by.",
                "enum": ["none", "x997", "x999", "by-guide", "contrl"],
            },
            "interchange": {
                "description": "When an interchange itself is acknowledged, by a TA1 or a CONTRL of receipt.",
                "enum": ["never", "when-asked", "on-error", "when-asked-or-on-error", "always"],
            },
        },
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use edi::ack::AckPolicy;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_word_of_the_schema_of_acknowledgments_is_taken() {
        let schema = acknowledge(&mut SchemaGenerator::default()).to_value();
        for name in ["functional", "interchange"] {
            for word in schema["properties"][name]["enum"].as_array().unwrap() {
                serde_json::from_value::<AckPolicy>(json!({ name: word })).unwrap();
            }
        }
    }
}
