//! The inputs that fuzzing has kept, through the bodies of its targets: `shared/handlers/fuzz`.

#[cfg(test)]
#[path = "../fuzz/bodies/edge.rs"]
mod edge;
#[cfg(test)]
#[path = "../fuzz/bodies/signature.rs"]
mod signature;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    fn corpus(target: &str) -> Vec<Vec<u8>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.file_name().unwrap() != ".gitattributes").map(|path| fs::read(path).unwrap()).collect()
    }

    /// Each input, and each of its neighbours that lacks, doubles or changes one byte.
    fn with_neighbours(target: &str, run: fn(&[u8]) -> bool) {
        let inputs = corpus(target);
        assert!(inputs.len() >= 12, "the corpus is there, and not only {}", inputs.len());
        let taken = inputs.iter().filter(|input| run(input)).count();
        assert!(taken >= 12, "what is right is taken, so that its neighbours are near to it; not only {taken}");
        for input in inputs {
            for at in 0..input.len() {
                let (before, after) = input.split_at(at);
                run(&[before, &after[1..]].concat());
                run(&[before, &after[..1], after].concat());
                run(&[before, &[after[0] ^ 1], &after[1..]].concat());
            }
        }
    }

    #[test]
    fn whatever_comes_to_the_edge_is_answered_and_nobody_is_let_in() {
        with_neighbours("edge", super::edge::run);
    }

    #[test]
    fn whatever_is_shown_for_a_signature_is_read_and_only_what_was_signed_is_taken() {
        with_neighbours("signature", super::signature::run);
    }
}
