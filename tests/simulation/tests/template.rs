//! The simulator's rules and queues are those that are deployed.

use std::collections::{BTreeMap, BTreeSet};

use formats::api::Operation;
use serde_yaml_ng::Value;
use sim::{Pattern, QueueName, RULES, Settings};

use simulation::cast::root;

fn template() -> Value {
    let text = std::fs::read_to_string(root().join("template.yaml")).expect("the template is there");
    serde_yaml_ng::from_str(&text).expect("the template is YAML")
}

/// The resources of a type, with their properties.
fn of<'a>(template: &'a Value, kind: &str) -> BTreeMap<&'a str, &'a Value> {
    let resources = template["Resources"].as_mapping().expect("resources");
    let own = resources.iter().filter(|(_, resource)| resource["Type"] == kind);
    own.map(|(id, resource)| (id.as_str().expect("an id"), &resource["Properties"])).collect()
}

/// A text under a tag such as `!GetAtt`.
fn tagged(value: &Value) -> &str {
    match value {
        Value::Tagged(tagged) => tagged.value.as_str().expect("a text"),
        other => panic!("{other:?} has no tag"),
    }
}

/// The template's id of a queue.
fn id(queue: QueueName) -> String {
    let words = queue.as_str().split('-');
    let capital = |word: &str| format!("{}{}", word[..1].to_uppercase(), &word[1..]);
    format!("{}Queue", words.map(capital).collect::<String>())
}

#[test]
fn the_rules_are_those_of_the_template() {
    let template = template();
    let mut deployed = BTreeMap::new();
    for (name, rule) in of(&template, "AWS::Events::Rule") {
        assert_eq!(rule["EventPattern"]["source"][0], "crossdock", "{name}");
        let targets = rule["Targets"].as_sequence().expect("targets");
        assert_eq!(targets.len(), 1, "{name}");
        assert_eq!(targets[0]["InputPath"], "$.detail", "{name}: a queue holds the event and nothing around it");
        let kinds: BTreeSet<String> = rule["EventPattern"]["detail-type"]
            .as_sequence()
            .expect("types")
            .iter()
            .map(|kind| match kind.as_str() {
                Some(kind) => kind.to_owned(),
                None => format!("{}…", kind["prefix"].as_str().expect("a prefix")),
            })
            .collect();
        let queue = tagged(&targets[0]["Arn"]).strip_suffix(".Arn").expect("a queue's address").to_owned();
        assert!(deployed.insert(queue, kinds).is_none(), "{name}: its queue has another rule");
    }
    let simulated: BTreeMap<String, BTreeSet<String>> = RULES
        .iter()
        .map(|rule| {
            let kinds = rule.types.iter().map(|pattern| match pattern {
                Pattern::Is(kind) => (*kind).to_owned(),
                Pattern::Begins(start) => format!("{start}…"),
            });
            (id(rule.queue), kinds.collect())
        })
        .collect();
    assert_eq!(simulated, deployed);
}

#[test]
fn the_queues_are_those_of_the_template() {
    let template = template();
    let (queues, functions) = (of(&template, "AWS::SQS::Queue"), of(&template, "AWS::Serverless::Function"));
    let mappings = of(&template, "AWS::Lambda::EventSourceMapping");
    let usual_timeout = template["Globals"]["Function"]["Timeout"].as_i64().expect("a time-out");
    let number = |value: &Value| value.as_i64().expect("a number");
    for queue in QueueName::READ {
        let deployed = queues[id(queue).as_str()];
        let mapping = mappings
            .values()
            .find(|mapping| tagged(&mapping["EventSourceArn"]) == format!("{}.Arn", id(queue)))
            .expect("somebody reads it");
        let function = functions[tagged(&mapping["FunctionName"])];
        let expected = Settings {
            visibility_s: number(&deployed["VisibilityTimeout"]),
            receives_max: u32::try_from(number(&deployed["RedrivePolicy"]["maxReceiveCount"])).expect("a count"),
            retention_s: number(&deployed["MessageRetentionPeriod"]),
            batch_max: usize::try_from(number(&mapping["BatchSize"])).expect("a count"),
            timeout_s: function["Timeout"].as_i64().unwrap_or(usual_timeout),
        };
        assert_eq!(queue.settings(), expected, "{}", queue.as_str());
    }
}

#[test]
fn the_gateway_s_routes_are_the_operations_and_each_is_answered_by_its_function() {
    let template = template();
    let integrations = of(&template, "AWS::ApiGatewayV2::Integration");
    let mut deployed = BTreeMap::new();
    for route in of(&template, "AWS::ApiGatewayV2::Route").values() {
        let target = tagged(&route["Target"]);
        let integration = target.trim_start_matches("integrations/${").trim_end_matches('}');
        let function = tagged(&integrations[integration]["IntegrationUri"]).trim_end_matches(".Arn").to_owned();
        let key = route["RouteKey"].as_str().expect("a key").to_owned();
        assert!(deployed.insert(key.clone(), function).is_none(), "{key} stands once");
    }
    // What is no operation is answered with a code and words, too.
    assert_eq!(deployed.remove("$default").as_deref(), Some("OrderRelease"));
    let name =
        |function: &str| function.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect::<String>();
    let operations: BTreeMap<String, String> =
        Operation::ALL.iter().map(|one| (format!("{} {}", one.method(), one.path()), name(one.function()))).collect();
    assert_eq!(deployed, operations);
}
