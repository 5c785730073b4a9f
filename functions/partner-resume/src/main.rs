//! Has endpoints that are out tried, and what is held for them resumed.

use aws::{Profiles, Queue, Settings, Table};
use handlers::PartnerResume;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    lambda::logging();
    let (settings, config) = (Settings::from_env(), aws::config().await);
    let function = PartnerResume {
        table: Table::new(&config, &settings)?,
        queue: Queue::new(&config, &settings),
        profiles: Profiles::new(&config, &settings)?,
    };
    lambda::serve_tick(function).await
}
