//! The command as people and scripts use it: the binary, its streams and its exit status.

#[cfg(test)]
mod edi;
