//! The maps that are built in, compiled once.

use std::sync::LazyLock;

use edi::Standard;

use super::compile::Map;
use super::text::MapError;

const EDIFACT_COMMON: &str = include_str!("../../maps/edifact/common.map");
const X12_COMMON: &str = include_str!("../../maps/x12/common.map");

macro_rules! maps {
    ($common:expr, $folder:literal: $($set:literal)*) => {
        &[$(($set, include_str!(concat!("../../maps/", $folder, "/", $set, ".map")), $common),)*]
    };
}

const X12: &[(&str, &str, &str)] = maps!(X12_COMMON, "x12": "180" "204" "210" "214" "810" "846" "850" "855" "856" "860" "861" "940" "943" "944" "945" "947" "990");

const EDIFACT: &[(&str, &str, &str)] = maps!(EDIFACT_COMMON, "edifact": "DESADV" "HANMOV" "IFTMIN" "IFTSTA" "INSDES" "INVOIC" "INVRPT" "ORDCHG" "ORDERS" "ORDRSP" "RECADV");

static MAPS: LazyLock<Vec<Map>> = LazyLock::new(|| all().into_iter().filter_map(|(_, map)| map.ok()).collect());

/// Compiles every map: its name, such as `x12/944`, and the map, or what is wrong with it.
pub fn all() -> Vec<(String, Result<Map, MapError>)> {
    let of = |standard: Standard, folder: &'static str, texts: &'static [(&str, &str, &str)]| {
        texts.iter().map(move |(set, text, common)| (format!("{folder}/{set}"), Map::compile(standard, text, common)))
    };
    of(Standard::X12, "x12", X12).chain(of(Standard::Edifact, "edifact", EDIFACT)).collect()
}

/// The map of a set or message, such as `944` or `DESADV`.
pub fn find(standard: Standard, set: &str) -> Option<&'static Map> {
    MAPS.iter().find(|map| map.standard() == standard && map.set() == set)
}
