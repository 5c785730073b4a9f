//! The SDK's configuration: one for all clients of a function.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};

/// Longest wait for a connection. Within a region it takes milliseconds.
const CONNECT_S_MAX: u64 = 1;

/// Longest single attempt. The services answer in tens of milliseconds; a later answer is better asked for again.
const ATTEMPT_S_MAX: u64 = 2;

/// Longest operation with its retries. It must end while there is still time to hand the message back.
const OPERATION_S_MAX: u64 = 4;

/// Attempts of one request, the first included: what the SDK's standard mode does by itself.
const ATTEMPTS_MAX: u32 = 3;

/// The configuration of a function, from its environment. No request is made.
pub async fn config() -> SdkConfig {
    loader().load().await
}

pub(crate) fn loader() -> ConfigLoader {
    // A dated version: what a later one changes is taken by decision, not with an update.
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX))
        .timeout_config(timeouts(ATTEMPT_S_MAX, OPERATION_S_MAX))
}

pub(crate) fn timeouts(attempt_s: u64, operation_s: u64) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(CONNECT_S_MAX))
        .operation_attempt_timeout(Duration::from_secs(attempt_s))
        .operation_timeout(Duration::from_secs(operation_s))
        .build()
}
