//! Adds facts to releases.

use aws::{Redelivery, Settings, Table};
use handlers::OrderApply;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    lambda::logging();
    let (settings, config) = (Settings::from_env(), aws::config().await);
    let step = OrderApply { table: Table::new(&config, &settings)? };
    lambda::serve_queue(step, Redelivery::new(&config, &settings)?, settings.max_receive_count()?).await
}
