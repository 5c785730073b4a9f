//! Splits files dropped into partners' inboxes into messages. Never touches the table.

use aws::{Archive, Exchange, Profiles, Queue, Redelivery, Settings};
use handlers::EdiDrop;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    lambda::logging();
    let (settings, config) = (Settings::from_env(), aws::config().await);
    let step = EdiDrop {
        exchange: Exchange::new(&config, &settings)?,
        archive: Archive::new(&config, &settings)?,
        queue: Queue::new(&config, &settings),
        profiles: Profiles::new(&config, &settings)?,
    };
    lambda::serve_queue(step, Redelivery::new(&config, &settings)?, settings.max_receive_count()?).await
}
