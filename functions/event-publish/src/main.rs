//! Relays events from the table's stream to the bus.

use aws::{Bus, Settings};
use handlers::EventPublish;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    lambda::logging();
    let (settings, config) = (Settings::from_env(), aws::config().await);
    lambda::serve_stream(EventPublish { bus: Bus::new(&config, &settings)? }).await
}
