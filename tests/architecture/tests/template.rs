//! Rules over `template.yaml`, which neither cfn-lint nor the emulator holds. Each rule is a function over the parsed
//! template that names what offends it, and has a mutant: the template with one fault that the rule must name.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use serde_yaml_ng::Value as Yaml;

/// 14 days: the most that SQS keeps, and what every dead-letter queue keeps.
const RETENTION_SECONDS_MAX: i64 = 1_209_600;
/// What a queue keeps if nothing is said.
const VISIBILITY_SECONDS_DEFAULT: i64 = 30;
/// Lambda retries within the visibility time-out; AWS asks for six times the function's.
const VISIBILITY_FACTOR: i64 = 6;
/// Throttled polls count as receives: below five, a message that was never tried can end in the dead-letter queue.
const RECEIVES_MIN: i64 = 5;
/// Ingest works while the table is out.
const WITHOUT_TABLE: [&str; 3] = ["WebhookIngest", "EdiDrop", "Authorize"];

/// A rule: what offends it, each with the logical id.
type Rule = fn(&Template) -> Vec<String>;

struct Template(Value);

impl Template {
    fn load() -> Self {
        let path = crate::root().join("template.yaml");
        let text = std::fs::read_to_string(path).expect("the template is there");
        Self(plain(serde_yaml_ng::from_str(&text).expect("the template is YAML")))
    }

    /// The template with one value replaced, or removed if it is null. The place must exist.
    fn with(pointer: &str, value: Value) -> Self {
        let mut template = Self::load();
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        let parent = template.0.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer} is in the template"));
        match parent {
            Value::Array(items) => items[key.parse::<usize>().expect("an index")] = value,
            Value::Object(fields) if value.is_null() => {
                assert!(fields.remove(key).is_some(), "{pointer} is set");
            }
            Value::Object(fields) => drop(fields.insert(key.to_owned(), value)),
            other => panic!("{pointer} leads into {other}"),
        }
        template
    }

    fn of(&self, kind: &str) -> impl Iterator<Item = (&str, &Value)> {
        let resources = self.0["Resources"].as_object().expect("resources");
        resources
            .iter()
            .filter(move |(_, resource)| resource["Type"] == kind)
            .map(|(id, resource)| (id.as_str(), &resource["Properties"]))
    }

    fn properties(&self, id: &str) -> &Value {
        &self.0["Resources"][id]["Properties"]
    }

    /// Queues that messages are moved or sent to when they failed elsewhere.
    fn dead_letter_queues(&self) -> BTreeSet<&str> {
        let redriven = self.of("AWS::SQS::Queue").map(|(_, queue)| &queue["RedrivePolicy"]["deadLetterTargetArn"]);
        let destinations = self
            .of("AWS::Lambda::EventSourceMapping")
            .map(|(_, mapping)| &mapping["DestinationConfig"]["OnFailure"]["Destination"]);
        let undelivered = self.targets().map(|(_, target)| &target["DeadLetterConfig"]["Arn"]);
        redriven.chain(destinations).chain(undelivered).filter_map(referred).collect()
    }

    fn targets(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.of("AWS::Events::Rule")
            .flat_map(|(id, rule)| rule["Targets"].as_array().into_iter().flatten().map(move |target| (id, target)))
    }

    fn timeout(&self, function: &str) -> i64 {
        let own = &self.properties(function)["Timeout"];
        own.as_i64().or(self.0["Globals"]["Function"]["Timeout"].as_i64()).unwrap_or(3)
    }

    /// Whether a queue policy lets the service send on behalf of the source.
    fn allows(&self, queue: &str, service: &str, source: &str) -> bool {
        self.of("AWS::SQS::QueuePolicy").any(|(_, policy)| {
            let queues = list(&policy["Queues"]);
            queues.iter().any(|one| referred(one) == Some(queue))
                && list(&policy["PolicyDocument"]["Statement"]).iter().any(|statement| {
                    let sources = list(&statement["Condition"]["ArnEquals"]["aws:SourceArn"]);
                    statement["Effect"] == "Allow"
                        && statement["Principal"]["Service"] == service
                        && statement["Action"] == "sqs:SendMessage"
                        && referred(&statement["Resource"]) == Some(queue)
                        && sources.iter().any(|one| referred(one) == Some(source))
                })
        })
    }

    /// Every statement that a function's role gets.
    fn statements(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.of("AWS::Serverless::Function").flat_map(|(id, function)| {
            list(&function["Policies"])
                .into_iter()
                .flat_map(|policy| list(&policy["Statement"]))
                .map(move |statement| (id, statement))
        })
    }
}

/// YAML with `CloudFormation`'s tags as the JSON that they stand for: `!Ref X` is `{"Ref": "X"}`.
fn plain(yaml: Yaml) -> Value {
    match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => json!(flag),
        Yaml::Number(number) => serde_json::to_value(number).expect("a number"),
        Yaml::String(text) => json!(text),
        Yaml::Sequence(items) => items.into_iter().map(plain).collect(),
        Yaml::Mapping(fields) => fields
            .into_iter()
            .map(|(key, value)| (key.as_str().expect("keys are text").to_owned(), plain(value)))
            .collect::<Map<_, _>>()
            .into(),
        Yaml::Tagged(tagged) => {
            let name = tagged.tag.to_string();
            let name = name.trim_start_matches('!');
            let value = plain(tagged.value);
            match (name, value) {
                ("Ref" | "Condition", value) => json!({ name: value }),
                ("GetAtt", Value::String(path)) => {
                    let (id, attribute) = path.split_once('.').expect("GetAtt has a dot");
                    json!({ "Fn::GetAtt": [id, attribute] })
                }
                (_, value) => json!({ format!("Fn::{name}"): value }),
            }
        }
    }
}

/// A list, or the one thing that stands where a list may.
fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    }
}

/// The logical id that a value refers to.
fn referred(value: &Value) -> Option<&str> {
    value["Ref"].as_str().or(value["Fn::GetAtt"][0].as_str())
}

fn every_queue_has_a_dead_letter_queue(template: &Template) -> Vec<String> {
    let dead = template.dead_letter_queues();
    template
        .of("AWS::SQS::Queue")
        .filter(|(id, queue)| {
            let terminal = dead.contains(id) || *id == "ParkedQueue";
            terminal == queue["RedrivePolicy"].is_object()
        })
        .map(|(id, _)| format!("{id}: a queue has a dead-letter queue, unless it is one or is terminal"))
        .collect()
}

fn what_failed_is_kept_for_14_days(template: &Template) -> Vec<String> {
    let keeps = |id: &str| template.properties(id)["MessageRetentionPeriod"].as_i64() == Some(RETENTION_SECONDS_MAX);
    let kept = template.dead_letter_queues().into_iter().chain(["ParkedQueue"]);
    kept.filter(|id| !keeps(id)).map(|id| format!("{id}: keeps less than 14 days")).collect()
}

fn what_failed_raises_alarms(template: &Template) -> Vec<String> {
    let alarmed = |queue: &str, metric: &str| {
        template.of("AWS::CloudWatch::Alarm").any(|(_, alarm)| {
            alarm["MetricName"] == metric
                && alarm["Namespace"] == "AWS/SQS"
                && referred(&alarm["Dimensions"][0]["Value"]) == Some(queue)
                && !list(&alarm["AlarmActions"]).is_empty()
        })
    };
    let metrics = ["ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"];
    let watched = template.dead_letter_queues().into_iter().chain(["ParkedQueue"]);
    watched
        .flat_map(|queue| metrics.map(|metric| (queue, metric)))
        .filter(|(queue, metric)| !alarmed(queue, metric))
        .map(|(queue, metric)| format!("{queue}: no alarm on {metric}"))
        .collect()
}

fn visibility_is_six_times_the_timeout(template: &Template) -> Vec<String> {
    template
        .of("AWS::Lambda::EventSourceMapping")
        .filter_map(|(_, mapping)| Some((referred(&mapping["FunctionName"])?, referred(&mapping["EventSourceArn"])?)))
        .filter(|(_, source)| template.0["Resources"][source]["Type"] == "AWS::SQS::Queue")
        .filter(|(function, queue)| {
            let visibility = template.properties(queue)["VisibilityTimeout"].as_i64();
            visibility.unwrap_or(VISIBILITY_SECONDS_DEFAULT) < VISIBILITY_FACTOR * template.timeout(function)
        })
        .map(|(function, queue)| format!("{queue}: visibility below 6 times the time-out of {function}"))
        .collect()
}

fn every_mapping_reports_partial_failures(template: &Template) -> Vec<String> {
    template
        .of("AWS::Lambda::EventSourceMapping")
        .filter(|(_, mapping)| mapping["FunctionResponseTypes"] != json!(["ReportBatchItemFailures"]))
        .map(|(id, _)| format!("{id}: one bad message would fail its batch"))
        .collect()
}

fn no_mapping_filters(template: &Template) -> Vec<String> {
    template
        .of("AWS::Lambda::EventSourceMapping")
        .filter(|(_, mapping)| !mapping["FilterCriteria"].is_null())
        .map(|(id, _)| format!("{id}: a filter deletes what does not match"))
        .collect()
}

fn a_poisoned_stream_batch_is_cut_and_kept(template: &Template) -> Vec<String> {
    template
        .of("AWS::Lambda::EventSourceMapping")
        .filter(|(_, mapping)| mapping["EventSourceArn"]["Fn::GetAtt"][1] == "StreamArn")
        .filter(|(_, mapping)| {
            mapping["BisectBatchOnFunctionError"] != true
                || !mapping["MaximumRetryAttempts"].is_number()
                || mapping["DestinationConfig"]["OnFailure"]["Destination"].is_null()
                || mapping["StartingPosition"] != "TRIM_HORIZON"
        })
        .map(|(id, _)| format!("{id}: a record that always fails would stop the stream, or be lost"))
        .collect()
}

fn messages_are_tried_at_least_five_times(template: &Template) -> Vec<String> {
    template
        .of("AWS::SQS::Queue")
        .filter(|(_, queue)| queue["RedrivePolicy"]["maxReceiveCount"].as_i64().is_some_and(|most| most < RECEIVES_MIN))
        .map(|(id, _)| format!("{id}: fewer than {RECEIVES_MIN} receives"))
        .collect()
}

fn the_receive_count_is_what_the_function_is_told(template: &Template) -> Vec<String> {
    let global = &template.0["Globals"]["Function"]["Environment"]["Variables"]["MAX_RECEIVE_COUNT"];
    template
        .of("AWS::Lambda::EventSourceMapping")
        .filter_map(|(_, mapping)| Some((referred(&mapping["FunctionName"])?, referred(&mapping["EventSourceArn"])?)))
        .filter_map(|(function, queue)| {
            let most = template.properties(queue)["RedrivePolicy"]["maxReceiveCount"].as_i64()?;
            let own = &template.properties(function)["Environment"]["Variables"]["MAX_RECEIVE_COUNT"];
            let told = own.as_str().or(global.as_str()).unwrap_or_default();
            (told != most.to_string()).then(|| format!("{function}: is told {told} receives, its queue allows {most}"))
        })
        .collect()
}

fn rules_lead_to_queues_that_let_them(template: &Template) -> Vec<String> {
    template
        .targets()
        .filter_map(|(rule, target)| {
            let Some(queue) =
                referred(&target["Arn"]).filter(|id| template.0["Resources"][id]["Type"] == "AWS::SQS::Queue")
            else {
                return Some(format!("{rule}: leads elsewhere than to a queue"));
            };
            let dead = referred(&target["DeadLetterConfig"]["Arn"]).unwrap_or_default();
            let missing =
                [queue, dead].into_iter().find(|queue| !template.allows(queue, "events.amazonaws.com", rule))?;
            Some(format!("{rule}: the queue `{missing}` is missing or does not let it send"))
        })
        .collect()
}

fn ingest_has_no_permission_on_the_table(template: &Template) -> Vec<String> {
    template
        .statements()
        .filter(|(id, _)| WITHOUT_TABLE.contains(id))
        // Requests are counted in a table of their own, and let in while it is out.
        .filter(|(_, statement)| statement["Resource"] != json!({"Fn::GetAtt": ["LimitsTable", "Arn"]}))
        .filter(|(_, statement)| {
            list(&statement["Action"])
                .iter()
                .any(|action| action.as_str().is_some_and(|name| name.starts_with("dynamodb:")))
        })
        .map(|(id, _)| format!("{id}: must work while the table is out"))
        .collect()
}

fn the_rest_api_asks_who_it_is(template: &Template) -> Vec<String> {
    let asked = |route: &Value| {
        let authorizer = template.properties(referred(&route["AuthorizerId"]).unwrap_or_default());
        route["AuthorizationType"] == "CUSTOM"
            && authorizer["AuthorizerPayloadFormatVersion"] == "2.0"
            && authorizer["EnableSimpleResponses"] == true
            // A held answer would let in who was taken out.
            && authorizer["AuthorizerResultTtlInSeconds"] == 0
    };
    // Webhooks are signed over their bodies, which an authorizer is not shown.
    let is_webhook = |route: &Value| route["RouteKey"].as_str().is_some_and(|key| key.contains("/webhooks/"));
    template
        .of("AWS::ApiGatewayV2::Route")
        // What is no operation is nobody's secret.
        .filter(|(_, route)| route["RouteKey"] != "$default")
        .filter(|(_, route)| asked(route) == is_webhook(route))
        .map(|(id, _)| format!("{id}: the REST API asks `authorize`, and webhooks do not"))
        .collect()
}

fn no_permission_names_everything(template: &Template) -> Vec<String> {
    let everything = |value: &Value| value == "*" || value.as_str().is_some_and(|name| name.ends_with(":*"));
    template
        .statements()
        .filter(|(_, statement)| {
            list(&statement["Resource"]).iter().any(|value| everything(value))
                || list(&statement["Action"]).iter().any(|value| everything(value))
                || statement["Resource"].is_null()
        })
        .map(|(id, statement)| format!("{id}: {}", statement["Sid"]))
        .collect()
}

fn names_are_the_same_everywhere(template: &Template) -> Vec<String> {
    let functions = crate::root().join("functions");
    let mut wrong = Vec::new();
    let mut known = BTreeSet::new();
    for (id, function) in template.of("AWS::Serverless::Function") {
        let name = kebab(id);
        if function["FunctionName"]["Fn::Sub"] != format!("crossdock-${{Stage}}-{name}") {
            wrong.push(format!("{id}: its name is not crossdock-<stage>-{name}"));
        }
        if function["CodeUri"] != format!("build/{name}/") {
            wrong.push(format!("{id}: its code is not build/{name}/"));
        }
        if !functions.join(&name).join("Cargo.toml").exists() {
            wrong.push(format!("{id}: there is no functions/{name}"));
        }
        known.insert(name);
    }
    let folders = std::fs::read_dir(functions).into_iter().flatten().flatten();
    let names = folders.filter_map(|folder| folder.file_name().into_string().ok());
    wrong.extend(names.filter(|name| !known.contains(name)).map(|name| format!("functions/{name}: is not deployed")));
    wrong
}

fn kebab(id: &str) -> String {
    let mut name = String::new();
    for letter in id.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

fn functions_get_files_through_queues(template: &Template) -> Vec<String> {
    let kinds = ["LambdaConfigurations", "TopicConfigurations", "EventBridgeConfiguration"];
    template
        .of("AWS::S3::Bucket")
        .filter(|(_, bucket)| kinds.iter().any(|kind| !bucket["NotificationConfiguration"][kind].is_null()))
        .map(|(id, _)| format!("{id}: notifies something else than a queue"))
        .collect()
}

fn buckets_are_versioned_encrypted_and_closed(template: &Template) -> Vec<String> {
    let closed = json!({"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true});
    template
        .of("AWS::S3::Bucket")
        .filter(|(_, bucket)| {
            bucket["VersioningConfiguration"]["Status"] != "Enabled"
                || bucket["BucketEncryption"].is_null()
                || bucket["PublicAccessBlockConfiguration"] != closed
        })
        .map(|(id, _)| format!("{id}: is not versioned, encrypted and closed to the public"))
        .collect()
}

fn what_was_absorbed_is_never_forgotten(template: &Template) -> Vec<String> {
    template
        .of("AWS::DynamoDB::Table")
        // Counts of requests absorb nothing.
        .filter(|(id, _)| *id != "LimitsTable")
        .filter(|(_, table)| {
            !table["TimeToLiveSpecification"].is_null()
                || table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] != true
                || table["StreamSpecification"]["StreamViewType"] != "NEW_IMAGE"
        })
        .map(|(id, _)| format!("{id}: expires items, cannot be restored, or has no outbox"))
        .collect()
}

/// Each rule with a mutant: where, what stands there instead, and whom the rule must name.
#[expect(clippy::too_many_lines, reason = "a table")]
fn rules() -> Vec<(&'static str, Rule, &'static str, Value, &'static str)> {
    vec![
        (
            "every queue has a dead-letter queue",
            every_queue_has_a_dead_letter_queue,
            "/Resources/OrderApplyQueue/Properties/RedrivePolicy",
            Value::Null,
            "OrderApplyQueue",
        ),
        (
            "a dead-letter queue is terminal",
            every_queue_has_a_dead_letter_queue,
            "/Resources/OrderApplyDlq/Properties/RedrivePolicy",
            json!({"deadLetterTargetArn": {"Fn::GetAtt": ["BusDlq", "Arn"]}}),
            "OrderApplyDlq",
        ),
        (
            "what failed is kept for 14 days",
            what_failed_is_kept_for_14_days,
            "/Resources/BusDlq/Properties/MessageRetentionPeriod",
            json!(345_600),
            "BusDlq",
        ),
        (
            "what is parked is kept for 14 days",
            what_failed_is_kept_for_14_days,
            "/Resources/ParkedQueue/Properties/MessageRetentionPeriod",
            Value::Null,
            "ParkedQueue",
        ),
        (
            "what failed raises alarms",
            what_failed_raises_alarms,
            "/Resources/EdiDropDlqDepthAlarm",
            Value::Null,
            "EdiDropDlq",
        ),
        (
            "an alarm reaches someone",
            what_failed_raises_alarms,
            "/Resources/ParkedQueueDepthAlarm/Properties/AlarmActions",
            json!([]),
            "ParkedQueue",
        ),
        (
            "visibility is six times the time-out",
            visibility_is_six_times_the_timeout,
            "/Resources/PartnerDeliverQueue/Properties/VisibilityTimeout",
            json!(119),
            "PartnerDeliverQueue",
        ),
        (
            "visibility follows the time-out",
            visibility_is_six_times_the_timeout,
            "/Globals/Function/Timeout",
            json!(6),
            "OrderApplyQueue",
        ),
        (
            "every mapping reports partial failures",
            every_mapping_reports_partial_failures,
            "/Resources/EventPublishMapping/Properties/FunctionResponseTypes",
            Value::Null,
            "EventPublishMapping",
        ),
        (
            "no mapping filters",
            no_mapping_filters,
            "/Resources/OrderApplyMapping/Properties/FilterCriteria",
            json!({"Filters": []}),
            "OrderApplyMapping",
        ),
        (
            "a poisoned stream batch is cut and kept",
            a_poisoned_stream_batch_is_cut_and_kept,
            "/Resources/EventPublishMapping/Properties/DestinationConfig",
            Value::Null,
            "EventPublishMapping",
        ),
        (
            "messages are tried at least five times",
            messages_are_tried_at_least_five_times,
            "/Resources/EdiDropQueue/Properties/RedrivePolicy/maxReceiveCount",
            json!(4),
            "EdiDropQueue",
        ),
        (
            "the receive count is what the function is told",
            the_receive_count_is_what_the_function_is_told,
            "/Resources/PartnerDeliver/Properties/Environment",
            Value::Null,
            "PartnerDeliver",
        ),
        (
            "rules lead to queues",
            rules_lead_to_queues_that_let_them,
            "/Resources/ParkedRule/Properties/Targets/0/Arn",
            json!({"Fn::GetAtt": ["OrderApply", "Arn"]}),
            "ParkedRule",
        ),
        (
            "rules have a dead-letter queue",
            rules_lead_to_queues_that_let_them,
            "/Resources/OrderApplyRule/Properties/Targets/0/DeadLetterConfig",
            Value::Null,
            "OrderApplyRule",
        ),
        (
            "queues let their rule send",
            rules_lead_to_queues_that_let_them,
            "/Resources/OrderApplyQueuePolicy",
            Value::Null,
            "OrderApplyRule",
        ),
        (
            "the dead-letter queue lets each rule send",
            rules_lead_to_queues_that_let_them,
            "/Resources/BusDlqPolicy/Properties/PolicyDocument/Statement/0/Condition/ArnEquals/aws:SourceArn",
            json!([]),
            "ShipmentFanoutRule",
        ),
        (
            "ingest has no permission on the table",
            ingest_has_no_permission_on_the_table,
            "/Resources/WebhookIngest/Properties/Policies/0/Statement/0/Action",
            json!(["dynamodb:GetItem"]),
            "WebhookIngest",
        ),
        (
            "the credential's reader has no permission on the table",
            ingest_has_no_permission_on_the_table,
            "/Resources/Authorize/Properties/Policies/0/Statement/0/Action",
            json!(["dynamodb:GetItem"]),
            "Authorize",
        ),
        (
            "every route of the REST API asks who it is",
            the_rest_api_asks_who_it_is,
            "/Resources/CancelRoute/Properties/AuthorizerId",
            Value::Null,
            "CancelRoute",
        ),
        (
            "who it is is asked every time",
            the_rest_api_asks_who_it_is,
            "/Resources/Authorizer/Properties/AuthorizerResultTtlInSeconds",
            json!(300),
            "ReleaseRoute",
        ),
        (
            "no permission on every resource",
            no_permission_names_everything,
            "/Resources/OrderApply/Properties/Policies/0/Statement/0/Resource",
            json!("*"),
            "OrderApply",
        ),
        (
            "no permission for every action",
            no_permission_names_everything,
            "/Resources/OrderApply/Properties/Policies/0/Statement/1/Action",
            json!("dynamodb:*"),
            "OrderApply",
        ),
        (
            "functions are named after their step",
            names_are_the_same_everywhere,
            "/Resources/OrderApply/Properties/FunctionName",
            json!({"Fn::Sub": "apply"}),
            "OrderApply",
        ),
        (
            "code comes from the built folder",
            names_are_the_same_everywhere,
            "/Resources/EdiDrop/Properties/CodeUri",
            json!("build/drop/"),
            "EdiDrop",
        ),
        (
            "every function has its folder",
            names_are_the_same_everywhere,
            "/Resources/NoSuchStep",
            json!({"Type": "AWS::Serverless::Function"}),
            "functions/no-such-step",
        ),
        (
            "every folder is deployed",
            names_are_the_same_everywhere,
            "/Resources/ShipmentApply",
            Value::Null,
            "functions/shipment-apply",
        ),
        (
            "files come through queues",
            functions_get_files_through_queues,
            "/Resources/ExchangeBucket/Properties/NotificationConfiguration/LambdaConfigurations",
            json!([]),
            "ExchangeBucket",
        ),
        (
            "buckets are versioned",
            buckets_are_versioned_encrypted_and_closed,
            "/Resources/ArchiveBucket/Properties/VersioningConfiguration",
            Value::Null,
            "ArchiveBucket",
        ),
        (
            "buckets are closed",
            buckets_are_versioned_encrypted_and_closed,
            "/Resources/ExchangeBucket/Properties/PublicAccessBlockConfiguration/BlockPublicAcls",
            json!(false),
            "ExchangeBucket",
        ),
        (
            "what was absorbed is never forgotten",
            what_was_absorbed_is_never_forgotten,
            "/Resources/Table/Properties/TimeToLiveSpecification",
            json!({"AttributeName": "exp", "Enabled": true}),
            "Table",
        ),
    ]
}

#[test]
fn the_template_keeps_every_rule() {
    let template = Template::load();
    // A rule has several mutants; what it finds is told once.
    let broken: BTreeSet<String> = rules().into_iter().flat_map(|(_, rule, ..)| rule(&template)).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn each_rule_names_its_mutant() {
    for (name, rule, pointer, value, whom) in rules() {
        let named = rule(&Template::with(pointer, value));
        assert!(named.iter().any(|what| what.contains(whom)), "{name}: {pointer} was not noticed ({named:?})");
    }
}
