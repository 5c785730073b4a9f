//! Carries deliveries to partners: signed POSTs and files in outboxes.

use aws::{Archive, Exchange, Limits, PartnerHttp, Profiles, Redelivery, Secrets, Settings, Table};
use handlers::PartnerDeliver;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    lambda::logging();
    let (settings, config) = (Settings::from_env(), aws::config().await);
    let step = PartnerDeliver {
        table: Table::new(&config, &settings)?,
        archive: Archive::new(&config, &settings)?,
        exchange: Exchange::new(&config, &settings)?,
        http: PartnerHttp::new(&settings)?,
        profiles: Profiles::new(&config, &settings)?,
        secrets: Secrets::new(&config, &settings)?,
        limits: Limits::new(&config, &settings)?,
    };
    lambda::serve_queue(step, Redelivery::new(&config, &settings)?, settings.max_receive_count()?).await
}
