//! The tests are in `tests/`; a package needs a target beside them.
