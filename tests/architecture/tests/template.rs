//! Rules over `template.yaml` as `CloudFormation` expands it, which neither a scanner nor the emulator holds. Each rule is
//! a function over the expanded template that names what offends it, and has mutants: `template.yaml` with one fault that
//! the rule must name.

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
const WITHOUT_TABLE: [&str; 3] = ["WebhookIngestRole", "EdiDropRole", "AuthorizeRole"];
/// A queue's mapping may call two functions at once at least, says AWS, and a thousand at most.
const CONCURRENT: std::ops::RangeInclusive<i64> = 2..=1000;
/// The gateway gives up after 30 seconds.
const ANSWER_SECONDS_MAX: i64 = 29;
/// The bus tries for as long as it can be told to.
const BUS_TRIES: (i64, i64) = (86_400, 185);

/// Fewer, and rules have lost theirs.
const MUTANTS_MIN: usize = 70;

/// A rule: what offends it, each with the logical id.
type Rule = fn(&Template) -> Vec<String>;

/// `template.yaml` as it is written.
fn written() -> Value {
    let path = crate::root().join("template.yaml");
    let text = std::fs::read_to_string(path).expect("the template is there");
    plain(serde_yaml_ng::from_str(&text).expect("the template is YAML"))
}

/// A template with one value replaced, or removed if it is null. The place must exist.
fn with(mut template: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    let parent = template.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer} is in the template"));
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

/// What templates expand to, all in one go: each start of the transform takes a second.
fn expanded(templates: &[Value]) -> Vec<Template> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let expanded = runtime.block_on(local::expand(templates, &|_| ())).expect("the templates can be expanded");
    expanded.into_iter().map(Template).collect()
}

/// An expanded template.
struct Template(Value);

impl Template {
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
        self.properties(function)["Timeout"].as_i64().unwrap_or(3)
    }

    /// Whether a queue policy lets the service send on behalf of the source.
    fn allows(&self, queue: &str, service: &str, source: &str) -> bool {
        self.of("AWS::SQS::QueuePolicy").any(|(_, policy)| {
            let queues = list(&policy["Queues"]);
            queues.iter().any(|one| referred(one) == Some(queue))
                && list(&policy["PolicyDocument"]["Statement"]).into_iter().map(on_aws).any(|statement| {
                    let sources = list(&statement["Condition"]["ArnEquals"]["aws:SourceArn"]);
                    statement["Effect"] == "Allow"
                        && statement["Principal"]["Service"] == service
                        && statement["Action"] == "sqs:SendMessage"
                        && referred(&statement["Resource"]) == Some(queue)
                        && sources.iter().any(|one| referred(one) == Some(source))
                })
        })
    }

    /// Every statement that a role gets.
    fn statements(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.of("AWS::IAM::Role").flat_map(|(id, role)| {
            list(&role["Policies"])
                .into_iter()
                .flat_map(|policy| list(&policy["PolicyDocument"]["Statement"]))
                .map(move |statement| (id, statement))
        })
    }

    /// What a resource policy of this kind says, with the ids of what it is about.
    fn resource_statements(&self, kind: &str) -> impl Iterator<Item = (Vec<&str>, &Value)> {
        self.of(kind).flat_map(|(_, policy)| {
            let about = [list(&policy["Queues"]), list(&policy["Bucket"])].concat();
            let about: Vec<&str> = about.into_iter().filter_map(referred).collect();
            list(&policy["PolicyDocument"]["Statement"])
                .into_iter()
                .map(move |statement| (about.clone(), on_aws(statement)))
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

/// What a value is on AWS: the local stack leaves some out.
fn on_aws(value: &Value) -> &Value {
    if value["Fn::If"][0] == "OnAws" { &value["Fn::If"][1] } else { value }
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
    template
        .of("AWS::Lambda::EventSourceMapping")
        .filter_map(|(_, mapping)| Some((referred(&mapping["FunctionName"])?, referred(&mapping["EventSourceArn"])?)))
        .filter_map(|(function, queue)| {
            let most = template.properties(queue)["RedrivePolicy"]["maxReceiveCount"].as_i64()?;
            let told = &template.properties(function)["Environment"]["Variables"]["MAX_RECEIVE_COUNT"];
            let told = told.as_str().unwrap_or_default();
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
    template
        .statements()
        .filter(|(_, statement)| {
            let actions = list(&statement["Action"]);
            statement["Effect"] != "Allow"
                || actions.is_empty()
                || actions.iter().any(|action| action.as_str().is_none_or(|name| name.contains('*')))
                || list(&statement["Resource"]).is_empty()
                || list(&statement["Resource"]).iter().any(|value| *value == "*")
        })
        .map(|(id, statement)| format!("{id}: {}", statement["Sid"]))
        .collect()
}

fn every_function_has_a_role_of_its_own(template: &Template) -> Vec<String> {
    let lambda =
        json!([{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]);
    template
        .of("AWS::Lambda::Function")
        .filter(|(id, function)| {
            let own = format!("{id}Role");
            let role = template.properties(&own);
            referred(&function["Role"]) != Some(own.as_str())
                || role["AssumeRolePolicyDocument"]["Statement"] != lambda
                || !role["ManagedPolicyArns"].is_null()
        })
        .map(|(id, _)| format!("{id}: has no role {id}Role that is Lambda's alone and says all that it may"))
        .collect()
}

fn logs_are_named_and_end(template: &Template) -> Vec<String> {
    let endless = template
        .of("AWS::Logs::LogGroup")
        .filter(|(_, group)| group["RetentionInDays"].as_i64().is_none_or(|days| days < 1))
        .map(|(id, _)| format!("{id}: is kept for ever"));
    let unnamed = template.of("AWS::Lambda::Function").filter_map(|(id, function)| {
        let name = format!("/aws/lambda/{}", function["FunctionName"]["Fn::Sub"].as_str().unwrap_or_default());
        let own = format!("{id}Logs");
        let is_said = template.0["Resources"][&own]["Properties"]["LogGroupName"]["Fn::Sub"] == name;
        let mut writes =
            template.statements().filter(|(role, one)| *role == format!("{id}Role") && one["Sid"] == "Logs");
        let is_let = writes.any(|(_, one)| one["Resource"] == json!({"Fn::GetAtt": [own, "Arn"]}));
        (!is_said || !is_let).then(|| format!("{id}: would make a log group that is kept for ever"))
    });
    endless.chain(unnamed).collect()
}

fn what_rests_is_encrypted(template: &Template) -> Vec<String> {
    let queues = template.of("AWS::SQS::Queue").filter(|(_, queue)| queue["SqsManagedSseEnabled"] != true);
    let buckets = template.of("AWS::S3::Bucket").filter(|(_, bucket)| {
        bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]["ServerSideEncryptionByDefault"].is_null()
    });
    // DynamoDB and the bus encrypt with a key of their own unless another is named.
    let tables = template.of("AWS::DynamoDB::Table").filter(|(_, table)| !table["SSESpecification"].is_null());
    let all = queues.chain(buckets).chain(tables);
    all.map(|(id, _)| format!("{id}: is not encrypted, or not with the service's key")).collect()
}

fn all_comes_over_tls(template: &Template) -> Vec<String> {
    let held = |id: &str, kind: &str, every: &str| {
        template.resource_statements(kind).any(|(about, statement)| {
            about.contains(&id)
                && statement["Effect"] == "Deny"
                && statement["Principal"] == "*"
                && statement["Action"] == every
                && list(&statement["Resource"]).iter().any(|resource| referred(resource) == Some(id))
                && statement["Condition"] == json!({"Bool": {"aws:SecureTransport": "false"}})
        })
    };
    let queues = template.of("AWS::SQS::Queue").filter(|(id, _)| !held(id, "AWS::SQS::QueuePolicy", "sqs:*"));
    let buckets = template.of("AWS::S3::Bucket").filter(|(id, _)| {
        let objects = template.of("AWS::S3::BucketPolicy").any(|(_, policy)| {
            let statement = &policy["PolicyDocument"]["Statement"][0];
            referred(&policy["Bucket"]) == Some(*id)
                && list(&statement["Resource"]).iter().any(|one| one["Fn::Sub"] == format!("${{{id}.Arn}}/*"))
        });
        !objects || !held(id, "AWS::S3::BucketPolicy", "s3:*")
    });
    queues.chain(buckets).map(|(id, _)| format!("{id}: can be used without TLS")).collect()
}

fn a_queue_has_one_policy(template: &Template) -> Vec<String> {
    let mut seen = BTreeSet::new();
    template
        .of("AWS::SQS::QueuePolicy")
        .flat_map(|(_, policy)| list(&policy["Queues"]))
        .filter_map(referred)
        .filter(|queue| !seen.insert(*queue))
        .map(|queue| format!("{queue}: has two policies, of which the later wins"))
        .collect()
}

fn services_act_for_us_alone(template: &Template) -> Vec<String> {
    // The ARN of a bucket has no account in it: whoever gets the name next would be let in.
    let says_whose = |condition: &Value| {
        let sources = list(&condition["ArnEquals"]["aws:SourceArn"]);
        let nameless = |source: &&Value| source["Fn::Sub"].as_str().is_some_and(|arn| arn.contains(":s3:::"));
        let account = condition["StringEquals"]["aws:SourceAccount"] == json!({"Ref": "AWS::AccountId"});
        !sources.is_empty() && (account || !sources.iter().any(nameless))
    };
    let queues = template
        .resource_statements("AWS::SQS::QueuePolicy")
        .filter(|(_, one)| one["Effect"] == "Allow")
        .filter(|(_, one)| !one["Principal"]["Service"].is_string() || !says_whose(&one["Condition"]))
        .map(|(about, _)| format!("{about:?}: a service would send to it for anybody"));
    let functions = template
        .of("AWS::Lambda::Permission")
        .filter(|(_, one)| one["SourceArn"].is_null())
        .map(|(id, _)| format!("{id}: a service would call it for anybody"));
    let roles = template
        .of("AWS::IAM::Role")
        .filter(|(_, role)| {
            // Lambda takes a role for the function that it is passed to, and nothing else.
            list(&role["AssumeRolePolicyDocument"]["Statement"]).iter().any(|one| {
                one["Principal"]["Service"] != "lambda.amazonaws.com"
                    && one["Condition"]["StringEquals"]["aws:SourceAccount"] != json!({"Ref": "AWS::AccountId"})
            })
        })
        .map(|(id, _)| format!("{id}: a service would take it for anybody"));
    queues.chain(functions).chain(roles).collect()
}

fn what_is_kept_is_not_deleted(template: &Template) -> Vec<String> {
    let resources = template.0["Resources"].as_object().expect("resources");
    resources
        .iter()
        .filter(|(_, one)| one["Type"] == "AWS::DynamoDB::Table" || one["Type"] == "AWS::S3::Bucket")
        // Counts of the last minutes, which expire by themselves.
        .filter(|(id, _)| *id != "LimitsTable")
        .filter(|(_, one)| {
            let is_table = one["Type"] == "AWS::DynamoDB::Table";
            one["DeletionPolicy"] != "RetainExceptOnCreate"
                || one["UpdateReplacePolicy"] != "Retain"
                || (is_table && on_aws(&one["Properties"]["DeletionProtectionEnabled"]) != true)
        })
        .map(|(id, _)| format!("{id}: would go with the stack"))
        .collect()
}

fn the_api_is_throttled_and_logged(template: &Template) -> Vec<String> {
    template
        .of("AWS::ApiGatewayV2::Stage")
        .filter(|(_, stage)| {
            let limit = |name: &str| stage["DefaultRouteSettings"][name].as_i64().unwrap_or_default();
            let log = &stage["AccessLogSettings"];
            let format = log["Format"].as_str().unwrap_or_default();
            let group = referred(&log["DestinationArn"]).unwrap_or_default();
            limit("ThrottlingBurstLimit") < 1
                || limit("ThrottlingRateLimit") < 1
                || template.0["Resources"][group]["Type"] != "AWS::Logs::LogGroup"
                || !["requestId", "routeKey", "status"].iter().all(|what| format.contains(&format!("$context.{what}")))
                // A path holds ids, and whatever a caller writes into it.
                || format.contains("$context.path")
        })
        .map(|(id, _)| format!("{id}: is not throttled, or nobody knows who called it"))
        .collect()
}

fn the_api_answers_in_time(template: &Template) -> Vec<String> {
    template
        .of("AWS::ApiGatewayV2::Integration")
        .filter_map(|(_, integration)| referred(&integration["IntegrationUri"]))
        .filter(|function| template.timeout(function) > ANSWER_SECONDS_MAX)
        .map(|function| format!("{function}: may work for longer than the gateway waits"))
        .collect()
}

/// A call that partners take for settled must be over at our end: profiles are held against that.
fn a_call_to_a_partner_is_over_when_profiles_think_so(template: &Template) -> Vec<String> {
    let seconds = template.timeout("PartnerDeliver");
    let over = seconds <= i64::from(partners::CALL_S);
    if over { Vec::new() } else { vec![format!("PartnerDeliver: may call for {seconds} s")] }
}

fn queues_call_no_more_than_they_may(template: &Template) -> Vec<String> {
    template
        .of("AWS::Lambda::EventSourceMapping")
        .filter(|(_, mapping)| mapping["EventSourceArn"]["Fn::GetAtt"][1] != "StreamArn")
        .filter(|(_, mapping)| {
            let most = mapping["ScalingConfig"]["MaximumConcurrency"].as_i64().unwrap_or_default();
            !CONCURRENT.contains(&most) || !mapping["ProvisionedPollerConfig"].is_null()
        })
        .map(|(id, _)| format!("{id}: a flood would take all that the account may run at once"))
        .collect()
}

fn a_dead_letter_queue_keeps_longer_than_its_source(template: &Template) -> Vec<String> {
    let keeps = |id: &str| template.properties(id)["MessageRetentionPeriod"].as_i64().unwrap_or(345_600);
    template
        .of("AWS::SQS::Queue")
        .filter_map(|(id, queue)| Some((id, queue, referred(&queue["RedrivePolicy"]["deadLetterTargetArn"])?)))
        .filter(|(id, queue, dead)| {
            let allowed = &template.properties(dead)["RedriveAllowPolicy"];
            let name = queue["QueueName"]["Fn::Sub"].as_str().unwrap_or("?");
            let source = allowed["sourceQueueArns"][0]["Fn::Sub"].as_str().unwrap_or_default();
            keeps(id) > keeps(dead)
                || allowed["redrivePermission"] != "byQueue"
                || !source.ends_with(&format!(":{name}"))
        })
        .map(|(id, _, dead)| format!("{id}: {dead} keeps less, or takes from others"))
        .collect()
}

fn the_bus_tries_for_a_day(template: &Template) -> Vec<String> {
    template
        .targets()
        .filter(|(_, target)| {
            let retry = &target["RetryPolicy"];
            let tries = (retry["MaximumEventAgeInSeconds"].as_i64(), retry["MaximumRetryAttempts"].as_i64());
            tries != (Some(BUS_TRIES.0), Some(BUS_TRIES.1))
        })
        .map(|(rule, _)| format!("{rule}: gives up before a day is over"))
        .collect()
}

fn names_are_the_same_everywhere(template: &Template) -> Vec<String> {
    let functions = crate::root().join("functions");
    let mut wrong = Vec::new();
    let mut known = BTreeSet::new();
    for (id, function) in template.of("AWS::Lambda::Function") {
        let name = kebab(id);
        if function["FunctionName"]["Fn::Sub"] != format!("crossdock-${{Stage}}-{name}") {
            wrong.push(format!("{id}: its name is not crossdock-<stage>-{name}"));
        }
        if function["Code"]["S3Key"] != format!("{name}.zip") {
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
            "/Resources/BusDlqPolicy/Properties/PolicyDocument/Statement/1/Condition/ArnEquals/aws:SourceArn",
            json!([]),
            "ShipmentFanoutRule",
        ),
        (
            "ingest has no permission on the table",
            ingest_has_no_permission_on_the_table,
            "/Resources/WebhookIngestRole/Properties/Policies/0/PolicyDocument/Statement/1/Action",
            json!(["dynamodb:GetItem"]),
            "WebhookIngest",
        ),
        (
            "the credential's reader has no permission on the table",
            ingest_has_no_permission_on_the_table,
            "/Resources/AuthorizeRole/Properties/Policies/0/PolicyDocument/Statement/1/Action",
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
            "/Resources/OrderApplyRole/Properties/Policies/0/PolicyDocument/Statement/1/Resource",
            json!("*"),
            "OrderApply",
        ),
        (
            "no permission for every action",
            no_permission_names_everything,
            "/Resources/OrderApplyRole/Properties/Policies/0/PolicyDocument/Statement/2/Action",
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
            json!({"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "build/no-such-step/"}}),
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
        (
            "a function has no role of another",
            every_function_has_a_role_of_its_own,
            "/Resources/ShipmentApply/Properties/Role",
            json!({"Fn::GetAtt": ["OrderApplyRole", "Arn"]}),
            "ShipmentApply",
        ),
        (
            "a function's role is in the template",
            every_function_has_a_role_of_its_own,
            "/Resources/EdiDrop/Properties/Role",
            json!("arn:aws:iam::123456789012:role/elsewhere"),
            "EdiDrop",
        ),
        (
            "nobody else takes a function's role",
            every_function_has_a_role_of_its_own,
            "/Resources/EdiDropRole/Properties/AssumeRolePolicyDocument/Statement/0/Principal",
            json!({"AWS": "*"}),
            "EdiDrop",
        ),
        (
            "a role has no policy that is written elsewhere",
            every_function_has_a_role_of_its_own,
            "/Resources/PartnerDeliverRole/Properties/ManagedPolicyArns",
            json!(["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]),
            "PartnerDeliver",
        ),
        (
            "a permission says on what",
            no_permission_names_everything,
            "/Resources/EventPublishRole/Properties/Policies/0/PolicyDocument/Statement/1/Resource",
            json!([]),
            "EventPublishRole",
        ),
        (
            "no permission for some actions by pattern",
            no_permission_names_everything,
            "/Resources/EdiDropRole/Properties/Policies/0/PolicyDocument/Statement/2/Action",
            json!("s3:Get*"),
            "EdiDropRole",
        ),
        (
            "nor for the schedule",
            no_permission_names_everything,
            "/Resources/DeadlineWatchScheduleRole/Properties/Policies/0/PolicyDocument/Statement/0/Resource",
            json!("*"),
            "DeadlineWatchScheduleRole",
        ),
        ("logs end", logs_are_named_and_end, "/Resources/ApiLogs/Properties/RetentionInDays", Value::Null, "ApiLogs"),
        ("a function's logs end", logs_are_named_and_end, "/Resources/OrderApplyLogs", Value::Null, "OrderApply"),
        (
            "a log group is the function's",
            logs_are_named_and_end,
            "/Resources/OrderDispatchLogs/Properties/LogGroupName",
            json!("/aws/lambda/other"),
            "OrderDispatch",
        ),
        (
            "a function writes no other's logs",
            logs_are_named_and_end,
            "/Resources/OrderReleaseRole/Properties/Policies/0/PolicyDocument/Statement/0/Resource",
            json!({"Fn::GetAtt": ["OrderApplyLogs", "Arn"]}),
            "OrderRelease",
        ),
        (
            "queues are encrypted",
            what_rests_is_encrypted,
            "/Resources/ParkedQueue/Properties/SqsManagedSseEnabled",
            json!(false),
            "ParkedQueue",
        ),
        (
            "buckets are encrypted",
            what_rests_is_encrypted,
            "/Resources/ExchangeBucket/Properties/BucketEncryption",
            Value::Null,
            "ExchangeBucket",
        ),
        (
            "the table is encrypted with the service's key",
            what_rests_is_encrypted,
            "/Resources/Table/Properties/SSESpecification",
            json!({"SSEEnabled": false}),
            "Table",
        ),
        (
            "a queue with a policy is used over TLS",
            all_comes_over_tls,
            "/Resources/OrderApplyQueuePolicy/Properties/PolicyDocument/Statement/0",
            json!({"Ref": "AWS::NoValue"}),
            "OrderApplyQueue",
        ),
        (
            "a queue without one is used over TLS",
            all_comes_over_tls,
            "/Resources/TlsQueuesPolicy/Properties/Queues/0",
            json!({"Ref": "OrderApplyQueue"}),
            "EdiDropDlq",
        ),
        (
            "TLS is asked of everybody",
            all_comes_over_tls,
            "/Resources/TlsQueuesPolicy/Properties/PolicyDocument/Statement/0/Principal",
            json!({"AWS": {"Ref": "AWS::AccountId"}}),
            "EdiDropDlq",
        ),
        (
            "a bucket is used over TLS",
            all_comes_over_tls,
            "/Resources/ArchiveBucketPolicy",
            Value::Null,
            "ArchiveBucket",
        ),
        (
            "its objects too",
            all_comes_over_tls,
            "/Resources/ExchangeBucketPolicy/Properties/PolicyDocument/Statement/0/Resource/1",
            json!({"Fn::GetAtt": ["ExchangeBucket", "Arn"]}),
            "ExchangeBucket",
        ),
        (
            "a queue has one policy",
            a_queue_has_one_policy,
            "/Resources/TlsQueuesPolicy/Properties/Queues/0",
            json!({"Ref": "OrderApplyQueue"}),
            "OrderApplyQueue",
        ),
        (
            "a bucket of that name is not enough",
            services_act_for_us_alone,
            "/Resources/EdiDropQueuePolicy/Properties/PolicyDocument/Statement/1/Condition/StringEquals",
            Value::Null,
            "EdiDropQueue",
        ),
        (
            "the bus sends for its rule",
            services_act_for_us_alone,
            "/Resources/ParkedQueuePolicy/Properties/PolicyDocument/Statement/1/Condition",
            Value::Null,
            "ParkedQueue",
        ),
        (
            "nobody else sends",
            services_act_for_us_alone,
            "/Resources/ParkedQueuePolicy/Properties/PolicyDocument/Statement/1/Principal",
            json!("*"),
            "ParkedQueue",
        ),
        (
            "the gateway calls for its API",
            services_act_for_us_alone,
            "/Resources/AuthorizePermission/Properties/SourceArn",
            Value::Null,
            "AuthorizePermission",
        ),
        (
            "the scheduler calls for this account",
            services_act_for_us_alone,
            "/Resources/DeadlineWatchScheduleRole/Properties/AssumeRolePolicyDocument/Statement/0/Condition",
            Value::Null,
            "DeadlineWatchScheduleRole",
        ),
        (
            "the table outlives the stack",
            what_is_kept_is_not_deleted,
            "/Resources/Table/DeletionPolicy",
            json!("Delete"),
            "Table",
        ),
        (
            "nobody deletes the table by mistake",
            what_is_kept_is_not_deleted,
            "/Resources/Table/Properties/DeletionProtectionEnabled",
            json!(false),
            "Table",
        ),
        (
            "buckets outlive a replacement",
            what_is_kept_is_not_deleted,
            "/Resources/ArchiveBucket/UpdateReplacePolicy",
            Value::Null,
            "ArchiveBucket",
        ),
        (
            "the table can be restored",
            what_was_absorbed_is_never_forgotten,
            "/Resources/Table/Properties/PointInTimeRecoverySpecification",
            Value::Null,
            "Table",
        ),
        (
            "the API is throttled",
            the_api_is_throttled_and_logged,
            "/Resources/ApiStage/Properties/DefaultRouteSettings/ThrottlingRateLimit",
            Value::Null,
            "ApiStage",
        ),
        (
            "the API is logged",
            the_api_is_throttled_and_logged,
            "/Resources/ApiStage/Properties/AccessLogSettings",
            Value::Null,
            "ApiStage",
        ),
        (
            "without what is a caller's",
            the_api_is_throttled_and_logged,
            "/Resources/ApiStage/Properties/AccessLogSettings/Format",
            json!("$context.requestId $context.routeKey $context.status $context.path"),
            "ApiStage",
        ),
        (
            "the API answers in time",
            the_api_answers_in_time,
            "/Resources/OrderRelease/Properties/Timeout",
            json!(30),
            "OrderRelease",
        ),
        (
            "a call to a partner is over when profiles think so",
            a_call_to_a_partner_is_over_when_profiles_think_so,
            "/Resources/PartnerDeliver/Properties/Timeout",
            json!(21),
            "PartnerDeliver",
        ),
        (
            "a flood is held back",
            queues_call_no_more_than_they_may,
            "/Resources/PartnerDeliverMapping/Properties/ScalingConfig",
            Value::Null,
            "PartnerDeliverMapping",
        ),
        (
            "by what AWS takes",
            queues_call_no_more_than_they_may,
            "/Resources/OrderDispatchMapping/Properties/ScalingConfig/MaximumConcurrency",
            json!(1),
            "OrderDispatchMapping",
        ),
        (
            "a dead-letter queue keeps longer",
            a_dead_letter_queue_keeps_longer_than_its_source,
            "/Resources/OrderApplyDlq/Properties/MessageRetentionPeriod",
            json!(86_400),
            "OrderApplyQueue",
        ),
        (
            "it takes from its source",
            a_dead_letter_queue_keeps_longer_than_its_source,
            "/Resources/OrderApplyDlq/Properties/RedriveAllowPolicy/redrivePermission",
            json!("allowAll"),
            "OrderApplyQueue",
        ),
        (
            "the bus tries for a day",
            the_bus_tries_for_a_day,
            "/Resources/OrderApplyRule/Properties/Targets/0/RetryPolicy",
            Value::Null,
            "OrderApplyRule",
        ),
        (
            "a stream starts with its oldest record",
            a_poisoned_stream_batch_is_cut_and_kept,
            "/Resources/EventPublishMapping/Properties/StartingPosition",
            json!("LATEST"),
            "EventPublishMapping",
        ),
    ]
}

#[test]
fn the_template_keeps_every_rule() {
    let template = &expanded(&[written()])[0];
    // A rule has several mutants; what it finds is told once.
    let broken: BTreeSet<String> = rules().into_iter().flat_map(|(_, rule, ..)| rule(template)).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn each_rule_names_its_mutant() {
    let template = written();
    let rules = rules();
    assert!(rules.len() >= MUTANTS_MIN, "{} mutants", rules.len());
    let mutants: Vec<Value> =
        rules.iter().map(|(_, _, pointer, value, _)| with(template.clone(), pointer, value.clone())).collect();
    let mut missed = Vec::new();
    for ((name, rule, pointer, _, whom), mutant) in rules.iter().zip(expanded(&mutants)) {
        let named = rule(&mutant);
        let is_named = named.iter().any(|what| what.contains(whom));
        // Shown with `--nocapture`, as every test's output.
        #[expect(clippy::print_stdout, reason = "the table of mutants is what this test tells")]
        {
            println!("{} {name}: {pointer}", if is_named { "caught" } else { "MISSED" });
        }
        if !is_named {
            missed.push(format!("{name}: {pointer} was not noticed ({named:?})"));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}
