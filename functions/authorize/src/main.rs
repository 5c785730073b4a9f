//! Says whose credential a request bears, for the gateway.

use aws::{KeySets, Profiles, Settings};
use handlers::Authorize;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    lambda::logging();
    let (settings, config) = (Settings::from_env(), aws::config().await);
    let authorize = Authorize { profiles: Profiles::new(&config, &settings)?, keys: KeySets::new(&settings)? };
    lambda::serve_authorizer(authorize).await
}
