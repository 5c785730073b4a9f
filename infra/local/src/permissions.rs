//! What the functions' roles may do, held against what they did on the stack: used = granted.

#![expect(clippy::indexing_slicing, reason = "what a JSON value does not have is null")]

use std::collections::BTreeSet;
use std::fmt;
use std::fs;

use serde_json::{Value, json};

use crate::stack::REGION;
use crate::{Error, Stack, expand, workspace};

/// The emulator's account.
const ACCOUNT: &str = "000000000000";

/// Grants that a run need not use, each with the reason: function (any, if it is empty), action, end of the resource.
const WAIVED: [(&str, &str, &str, &str); 6] = [
    (
        "",
        "sqs:ChangeMessageVisibility",
        "",
        "a message is put back when something fails, which is another one in each run",
    ),
    ("", "s3:PutObject", "/failures/*", "is written at the last try of a message"),
    (
        "EdiDrop",
        "s3:ListBucket",
        "",
        "is asked by S3, to answer that an object is missing and not that it may not be read",
    ),
    ("EdiDrop", "s3:GetObject", "/register/*", "is read when a number was claimed by another file"),
    (
        "PartnerDeliver",
        "s3:GetObject",
        "/outbox/*",
        "is read when the file is there already: a try whose answer was lost",
    ),
    ("ShipmentFanout", "dynamodb:GetItem", "", "is read when an event comes twice and its delivery is there already"),
];

/// An action on a resource, which a role may do.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Grant {
    /// The function's id in the template.
    function: String,
    action: String,
    /// May end in `*`.
    resource: String,
}

impl fmt::Display for Grant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { function, action, resource } = self;
        write!(formatter, "{function}: {action} on {resource}")
    }
}

impl Grant {
    fn covers(&self, asked: &Self) -> bool {
        self.function == asked.function
            && self.action == asked.action
            && match self.resource.strip_suffix('*') {
                Some(start) => asked.resource.starts_with(start),
                None => asked.resource == self.resource,
            }
    }
}

impl Stack {
    /// What the functions' roles asked for since the data was made, line by line.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn permissions_asked(&self) -> Result<String, Error> {
        let path = self.data_dir.join("permissions.jsonl");
        fs::read_to_string(&path).map_err(Error::io("read", &path))
    }
}

/// What the roles that `template.yaml` expands to grant and was not used by what was `asked` on one stack or several, and
/// what was asked for and is not granted; empty if used is granted and granted is used.
///
/// What Lambda does with a role for its mappings and logs counts as used: the emulator does it without the role.
///
/// # Errors
///
/// [`Error::Expand`].
pub async fn permission_gaps(asked: &str) -> Result<Vec<String>, Error> {
    let expanded = expand(&[json!(workspace().join("template.yaml"))], &|_| ()).await?;
    Ok(gaps(expanded.first().unwrap_or(&Value::Null), asked))
}

fn gaps(template: &Value, log: &str) -> Vec<String> {
    let template = Template(template);
    let granted = template.granted();
    let (used, refused) = template.asked(log);
    let mut gaps: Vec<String> = refused.iter().map(|ask| format!("asked for and not granted: {ask}")).collect();
    // A key of the account's root is never refused: what was let in must still be in the template.
    gaps.extend(
        used.iter()
            .filter(|ask| !granted.iter().any(|grant| grant.covers(ask)))
            .map(|ask| format!("used and not granted: {ask}")),
    );
    let by_lambda = template.done_by_lambda();
    for grant in &granted {
        let waived = WAIVED.iter().any(|(function, action, end, _)| {
            (function.is_empty() || grant.function == *function)
                && grant.action == *action
                && grant.resource.ends_with(end)
        });
        let is_used = used.iter().any(|ask| grant.covers(ask)) || by_lambda.contains(grant);
        if !is_used && !waived {
            gaps.push(format!("granted and never used: {grant}; take it back, or waive it in {}", file!()));
        }
    }
    gaps
}

/// The expanded template.
struct Template<'a>(&'a Value);

impl<'a> Template<'a> {
    fn of(&self, kind: &'static str) -> impl Iterator<Item = (&'a String, &'a Value)> {
        let resources = self.0["Resources"].as_object().into_iter().flatten();
        resources.filter(move |(_, one)| one["Type"] == kind).map(|(id, one)| (id, &one["Properties"]))
    }

    /// Every function with the id of its role.
    fn roles(&self) -> impl Iterator<Item = (&'a String, &'a str)> {
        self.of("AWS::Lambda::Function").map(|(id, function)| (id, referred(&function["Role"]).unwrap_or_default()))
    }

    fn granted(&self) -> BTreeSet<Grant> {
        let mut granted = BTreeSet::new();
        for (function, role) in self.roles() {
            let policies = list(&self.0["Resources"][role]["Properties"]["Policies"]);
            for statement in policies.into_iter().flat_map(|policy| list(&policy["PolicyDocument"]["Statement"])) {
                for action in list(&statement["Action"]) {
                    for resource in list(&statement["Resource"]) {
                        granted.insert(Grant {
                            function: function.clone(),
                            action: action.as_str().unwrap_or("?").to_owned(),
                            resource: self.resolved(resource),
                        });
                    }
                }
            }
        }
        granted
    }

    /// What the emulator noted of the functions' roles: what was allowed, and what was refused.
    fn asked(&self, log: &str) -> (BTreeSet<Grant>, BTreeSet<Grant>) {
        let (mut used, mut refused) = (BTreeSet::new(), BTreeSet::new());
        for line in log.lines() {
            let Ok((principal, action, resource, decision)) =
                serde_json::from_str::<(String, String, String, String)>(line)
            else {
                continue;
            };
            let Some((function, _)) = self.roles().find(|(_, role)| principal.contains(&format!("-{role}-"))) else {
                continue;
            };
            let ask = Grant { function: function.clone(), action, resource };
            if decision == "Allow" {
                used.insert(ask)
            } else {
                refused.insert(ask)
            };
        }
        (used, refused)
    }

    /// What Lambda does in a function's name: logs, and what its mappings poll, delete and put aside.
    fn done_by_lambda(&self) -> BTreeSet<Grant> {
        const QUEUE: &[&str] = &["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
        const STREAM: &[&str] = &["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"];
        const STREAMS: &[&str] = &["dynamodb:ListStreams"];
        const ASIDE: &[&str] = &["sqs:SendMessage"];
        const LOGS: &[&str] = &["logs:CreateLogStream", "logs:PutLogEvents"];
        let mut done = BTreeSet::new();
        let mut add = |function: &str, actions: &[&str], resource: String| {
            done.extend(actions.iter().map(|action| Grant {
                function: function.to_owned(),
                action: (*action).to_owned(),
                resource: resource.clone(),
            }));
        };
        for (id, _) in self.of("AWS::Lambda::Function") {
            add(id, LOGS, self.resolved(&json!({"Fn::GetAtt": [format!("{id}Logs"), "Arn"]})));
        }
        for (_, mapping) in self.of("AWS::Lambda::EventSourceMapping") {
            let function = referred(&mapping["FunctionName"]).unwrap_or_default();
            let source = &mapping["EventSourceArn"];
            if source["Fn::GetAtt"][1] == "StreamArn" {
                let stream = self.resolved(source);
                add(function, STREAM, stream.clone());
                add(function, STREAMS, stream);
            } else {
                add(function, QUEUE, self.resolved(source));
            }
            let aside = &mapping["DestinationConfig"]["OnFailure"]["Destination"];
            if !aside.is_null() {
                add(function, ASIDE, self.resolved(aside));
            }
        }
        done
    }

    /// A value as the local stack resolves it; what is not known stays readable, and equals nothing.
    fn resolved(&self, value: &Value) -> String {
        if let Some(text) = value.as_str() {
            return text.to_owned();
        }
        if let Some(name) = value["Ref"].as_str() {
            return self.reference(name);
        }
        if let [Value::String(id), Value::String(attribute)] = value["Fn::GetAtt"].as_array().map_or(&[][..], |it| it) {
            return self.attribute(id, attribute);
        }
        let Some(text) = value["Fn::Sub"].as_str() else {
            return value.to_string();
        };
        let mut parts = text.split("${");
        let mut whole = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').unwrap_or((part, ""));
            whole.push_str(&match name.split_once('.') {
                Some((id, attribute)) => self.attribute(id, attribute),
                None => self.reference(name),
            });
            whole.push_str(rest);
        }
        whole
    }

    fn reference(&self, name: &str) -> String {
        match name {
            "AWS::Partition" => "aws".to_owned(),
            "AWS::Region" => REGION.to_owned(),
            "AWS::AccountId" => ACCOUNT.to_owned(),
            "Stage" => crate::stack::STAGE.to_owned(),
            id => {
                let own = &self.0["Resources"][id]["Properties"];
                let names = ["QueueName", "TableName", "BucketName", "Name", "LogGroupName"];
                names
                    .iter()
                    .find(|name| !own[**name].is_null())
                    .map_or_else(|| format!("<{id}>"), |name| self.resolved(&own[*name]))
            }
        }
    }

    fn attribute(&self, id: &str, attribute: &str) -> String {
        let name = self.reference(id);
        let kind = self.0["Resources"][id]["Type"].as_str().unwrap_or_default();
        match (kind, attribute) {
            ("AWS::SQS::Queue", "Arn") => format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"),
            ("AWS::DynamoDB::Table", "Arn") => format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"),
            ("AWS::DynamoDB::Table", "StreamArn") => {
                format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}/stream/*")
            }
            ("AWS::S3::Bucket", "Arn") => format!("arn:aws:s3:::{name}"),
            ("AWS::Events::EventBus", "Arn") => format!("arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{name}"),
            ("AWS::Logs::LogGroup", "Arn") => format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}:*"),
            _ => format!("<{id}.{attribute}>"),
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

/// The id that a value refers to.
fn referred(value: &Value) -> Option<&str> {
    value["Ref"].as_str().or(value["Fn::GetAtt"][0].as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template() -> Value {
        let statement =
            |action: &str, resource: Value| json!({"Effect": "Allow", "Action": action, "Resource": resource});
        json!({"Resources": {
            "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Fn::Sub": "crossdock-${Stage}"}}},
            "Apply": {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["ApplyRole", "Arn"]}}},
            "ApplyRole": {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyDocument": {"Statement": [
                statement("dynamodb:GetItem", json!({"Fn::GetAtt": ["Table", "Arn"]})),
                statement("s3:PutObject", json!("arn:aws:s3:::archive/sha256/*")),
            ]}}]}},
        }})
    }

    fn ask(action: &str, resource: &str, decision: &str) -> String {
        let role = "arn:aws:sts::000000000000:assumed-role/crossdock-local-ApplyRole-1A2B/apply";
        format!("{}\n", json!([role, action, resource, decision]))
    }

    const TABLE: &str = "arn:aws:dynamodb:us-east-1:000000000000:table/crossdock-local";

    #[test]
    fn used_is_granted_and_granted_is_used() {
        let read = ask("dynamodb:GetItem", TABLE, "Allow");
        let kept = ask("s3:PutObject", "arn:aws:s3:::archive/sha256/a.json", "Allow");
        assert_eq!(gaps(&template(), &(read.clone() + &kept)), Vec::<String>::new());
        let unused = "granted and never used: Apply: s3:PutObject on arn:aws:s3:::archive/sha256/*; ";
        assert!(matches!(&gaps(&template(), &read)[..], [one] if one.starts_with(unused)));
        let refused = ask("dynamodb:PutItem", TABLE, "ImplicitDeny");
        let more = gaps(&template(), &(read.clone() + &kept + &refused));
        assert_eq!(more, [format!("asked for and not granted: Apply: dynamodb:PutItem on {TABLE}")]);
        let elsewhere = ask("s3:PutObject", "arn:aws:s3:::archive/other/a", "Allow");
        let more = gaps(&template(), &(read + &kept + &elsewhere));
        assert_eq!(more, ["used and not granted: Apply: s3:PutObject on arn:aws:s3:::archive/other/a"]);
    }
}
