//! What every function's `main.rs` shares: logging, the clock, and the way from Lambda's events to `handlers` and back.

mod authorizer;
mod clock;
mod http;
mod logging;
mod queue;
mod stream;
mod tick;

pub use authorizer::serve_authorizer;
pub use http::{Endpoint, serve_http};
pub use lambda_runtime::Error;
pub use logging::logging;
pub use queue::serve_queue;
pub use stream::serve_stream;
pub use tick::serve_tick;
