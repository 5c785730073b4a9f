//! Makes one delivery for each subscriber of an event.

use aws::{Archive, Profiles, Queue, Redelivery, Settings, Table};
use handlers::ShipmentFanout;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    lambda::logging();
    let (settings, config) = (Settings::from_env(), aws::config().await);
    let step = ShipmentFanout {
        table: Table::new(&config, &settings)?,
        archive: Archive::new(&config, &settings)?,
        queue: Queue::new(&config, &settings),
        profiles: Profiles::new(&config, &settings)?,
    };
    lambda::serve_queue(step, Redelivery::new(&config, &settings)?, settings.max_receive_count()?).await
}
