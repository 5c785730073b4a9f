//! Takes partners' signed webhooks: verify, archive, enqueue, 202. Never touches the table.

use aws::{Archive, KeySets, Limits, Profiles, Queue, Secrets, Settings};
use handlers::WebhookIngest;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    lambda::logging();
    let (settings, config) = (Settings::from_env(), aws::config().await);
    let endpoint = WebhookIngest {
        archive: Archive::new(&config, &settings)?,
        queue: Queue::new(&config, &settings),
        profiles: Profiles::new(&config, &settings)?,
        secrets: Secrets::new(&config, &settings)?,
        keys: KeySets::new(&settings)?,
        limits: Limits::new(&config, &settings)?,
    };
    lambda::serve_http(endpoint).await
}
