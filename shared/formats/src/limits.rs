//! What we refuse to read, and why. Each limit has a test one beyond it.

/// Longest JSON body, bytes. An order release of 500 full lines is 120 KiB.
pub const BODY_LEN_MAX: usize = 1 << 20;

/// Deepest nesting of a JSON body; ours need four levels. Deeper ones are built to exhaust a reader's stack.
pub const JSON_DEPTH_MAX: usize = 64;

/// Most members of one JSON object; ours have a dozen. More are built to exhaust a reader's memory.
pub const JSON_KEYS_MAX: usize = 1_000;

/// Most findings about one document. Whoever mends it needs the first few, and the answer must not be larger than the
/// question.
pub const FINDINGS_MAX: usize = 100;

/// Most warnings kept with a ship confirm: they are stored and told with it.
pub const WARNINGS_MAX: usize = 20;

/// Most lines of a ship confirm, after those of the same line and item are added up. A release has at most 500.
pub const SHIPPED_LINES_MAX: usize = 1_000;

/// Largest ship confirm in canonical form, bytes: about 2,000 cartons, each with its SSCC and tracking number. It lies in
/// the table up to three times in one item of at most 400 KB: as the shipment's fact and in the events that tell it.
pub const SHIP_CONFIRM_LEN_MAX: usize = 96 * 1024;

/// Deepest level of a map's text. The deepest loops of the standards have six levels; each is two blanks.
pub const MAP_DEPTH_MAX: usize = 16;

/// Most lines of a map with what it takes from others. The longest of ours has two hundred.
pub const MAP_LINES_MAX: usize = 5_000;

/// Most segments of one loop of a map, repetitions of an id under other conditions counted: what bits of a word can tell.
/// The largest loop of ours has twenty.
pub const LOOP_NODES_MAX: usize = 64;

/// Most values, objects and lists of one document that a map reads: what a set of 500,000 segments with four values each
/// makes. More would be larger than a function's memory.
pub const DRAFT_NODES_MAX: usize = 2_000_000;

/// Longest that a partner's expression may run, milliseconds: a thousand times what one over a usual document takes.
pub const EXPRESSION_MS_MAX: u64 = 500;

/// Deepest nesting of calls in a partner's expression.
pub const EXPRESSION_DEPTH_MAX: usize = 200;

/// Longest list that a partner's expression may make.
pub const EXPRESSION_LIST_MAX: usize = 100_000;

/// Deepest unit of a shipment's tree. Order, pallet, carton, inner pack and item are five; deeper ones are built to
/// exhaust a reader's stack.
pub const TREE_DEPTH_MAX: usize = 24;
