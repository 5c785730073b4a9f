//! Logs: one JSON object a line, typed fields only. What partners send is never logged, only where it lies.

use tracing_subscriber::EnvFilter;

/// Starts logging for the process. `RUST_LOG` chooses what is logged; `info` if it says nothing.
pub fn logging() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // A second call would find the first one's subscriber in place, which is as good.
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false)
        .with_env_filter(filter)
        .with_writer(std::io::stdout)
        .try_init();
}
