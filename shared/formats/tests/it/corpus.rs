//! The inputs that fuzzing has kept, through the body of the fuzz target: `shared/edi/fuzz`.

use std::fs;
use std::path::Path;

#[path = "../../../edi/fuzz/bodies/map.rs"]
mod map;

#[test]
fn what_fuzzing_kept_is_written_and_read_as_it_was() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../edi/fuzz/corpus/map");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        map::run(&fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 20, "the corpus is there, and not only {count}");
}
