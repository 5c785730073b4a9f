//! Looks every minute at what is due, and tells what was missed.

use aws::{Settings, Table};
use handlers::DeadlineWatch;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    lambda::logging();
    let (settings, config) = (Settings::from_env(), aws::config().await);
    lambda::serve_tick(DeadlineWatch { table: Table::new(&config, &settings)? }).await
}
