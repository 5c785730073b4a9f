//! Adds ship confirms and milestones to shipments.

use aws::{Redelivery, Settings, Table};
use handlers::ShipmentApply;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    lambda::logging();
    let (settings, config) = (Settings::from_env(), aws::config().await);
    let step = ShipmentApply { table: Table::new(&config, &settings)? };
    lambda::serve_queue(step, Redelivery::new(&config, &settings)?, settings.max_receive_count()?).await
}
