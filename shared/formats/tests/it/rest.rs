use formats::release_json;

use crate::world::{house, order, release};

#[test]
fn a_rest_partner_gets_the_order_under_both_numbers() {
    let release = release(order());
    let bytes = release_json::order(&release, "SO-4711-2", "dlv_1", "NJ1", &house());
    let document: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(document["document"], "order-release");
    assert_eq!(document["version"], 1);
    assert_eq!(document["release_id"], release.id.as_str());
    assert_eq!(document["depositor_order_no"], "SO-4711-2");
    assert_eq!(document["depositor"], "Northwind Supply");
    assert_eq!(document["warehouse"], "NJ1");
    assert_eq!(formats::order_json::parse(document["order"].to_string().as_bytes()).unwrap(), release.order);
}

#[test]
fn a_rest_partner_gets_a_cancel_without_the_order() {
    let release = release(order());
    let bytes = release_json::cancel(&release, "SO-4711-2", "dlv_2");
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        format!(
            r#"{{"document":"order-cancel","version":1,"message_no":"dlv_2","release_id":"{}","depositor_order_no":"SO-4711-2"}}"#,
            release.id
        )
    );
}
