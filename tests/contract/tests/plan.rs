//! What is run, and what a run against an account would make and cost. Nothing here calls anything.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The variable that says what to run against.
pub(crate) const WHERE: &str = "CROSSDOCK_CONTRACT";
/// The variable that lets a run against an account begin.
pub(crate) const CONFIRM: &str = "CROSSDOCK_CONTRACT_CONFIRM";

/// What a run costs at most, in US dollars, at the list prices of us-east-1. A bound, not a measurement: 100,000 requests to
/// SQS (0.04), 20,000 write units of DynamoDB (0.025), 1,000 s of a function with 256 MB (0.005), and requests to S3, the bus
/// and the API by the hundred (below 0.01).
const COST: &str = "0.10";

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Run {
    /// The simulator and the local stack.
    Local,
    /// The account of the environment. What it makes is told and was confirmed.
    Account,
    /// Nothing: this is to be told first.
    Tell(String),
}

/// Decides by the two variables; `plan` is told before anything is called.
pub(crate) fn decide(place: Option<&str>, confirm: Option<&str>, plan: &str) -> Run {
    match (place, confirm) {
        (None | Some("" | "local"), _) => Run::Local,
        (Some("aws"), Some("yes")) => Run::Account,
        (Some("aws"), _) => Run::Tell(format!("{plan}\nNothing was called. Set {CONFIRM}=yes to begin.\n")),
        (Some(other), _) => Run::Tell(format!(
            "{WHERE}={other} is not known. Leave it out for the local stack, or set it to `aws`. Nothing was called.\n"
        )),
    }
}

/// What a run against an account would make, from the template that it deploys.
pub(crate) fn plan(name: &str, template: &str, statements: usize, queues: usize) -> String {
    let mut types: BTreeMap<&str, usize> = BTreeMap::new();
    for found in template.lines().filter_map(|line| line.strip_prefix("    Type: ")) {
        *types.entry(found.trim()).or_default() += 1;
    }
    let mut plan = format!(
        "{statements} statements against the account and region of the environment.\nOne CloudFormation stack, `{name}-<run>`, with\n"
    );
    for (found, count) in types {
        // Writing to a String cannot fail.
        let _ = writeln!(plan, "  {count:>2} {found}");
    }
    let _ = write!(
        plan,
        "and beside it {queues} queues named `{name}-<run>-s-…`. All of it is removed at the end, whatever the statements\nsay; what an interrupted run leaves is found under that name. Less than {COST} USD at list prices.\n"
    );
    plan
}
