//! Answers the ERP: releases in, cancels, and where a release stands.

use aws::{Archive, KeySets, Limits, Profiles, Settings, Table};
use handlers::OrderReleases;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    lambda::logging();
    let (settings, config) = (Settings::from_env(), aws::config().await);
    let endpoint = OrderReleases {
        table: Table::new(&config, &settings)?,
        archive: Archive::new(&config, &settings)?,
        profiles: Profiles::new(&config, &settings)?,
        keys: KeySets::new(&settings)?,
        limits: Limits::new(&config, &settings)?,
    };
    lambda::serve_http(endpoint).await
}
