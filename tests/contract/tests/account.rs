//! Nothing is made in an account before it was told and confirmed.

mod plan;

use plan::{Run, decide, plan};

const TEMPLATE: &str = include_str!("../template.yaml");

#[test]
fn nothing_is_called_in_an_account_that_was_not_confirmed() {
    for confirm in [None, Some(""), Some("no"), Some("YES"), Some("y"), Some("true")] {
        let Run::Tell(told) = decide(Some("aws"), confirm, "the plan") else {
            panic!("{confirm:?} lets it begin");
        };
        assert!(told.starts_with("the plan\n"), "{told}");
        assert!(told.contains("Nothing was called") && told.contains("CROSSDOCK_CONTRACT_CONFIRM=yes"), "{told}");
    }
    assert_eq!(decide(Some("aws"), Some("yes"), ""), Run::Account);
}

#[test]
fn a_confirmation_alone_calls_no_account() {
    assert_eq!(decide(None, Some("yes"), ""), Run::Local);
    assert_eq!(decide(Some("local"), Some("yes"), ""), Run::Local);
    let Run::Tell(told) = decide(Some("AWS"), Some("yes"), "") else { panic!("a slip of the pen is no account") };
    assert!(told.contains("CROSSDOCK_CONTRACT=AWS is not known"), "{told}");
}

#[test]
fn the_plan_names_all_that_is_made_and_what_it_costs() {
    let told = plan("crossdock-contract", TEMPLATE, 90, 60);
    for line in [
        "90 statements",
        "`crossdock-contract-<run>`",
        "   2 AWS::DynamoDB::Table\n",
        "   2 AWS::S3::Bucket\n",
        "   4 AWS::SQS::Queue\n",
        "   1 AWS::Lambda::Function\n",
        "   4 AWS::Lambda::EventSourceMapping\n",
        "   1 AWS::IAM::Role\n",
        "60 queues",
        "removed at the end, whatever",
        "Less than 0.10 USD",
    ] {
        assert!(told.contains(line), "{line:?} is not in\n{told}");
    }
    let made = TEMPLATE.matches("\n    Type: AWS::").count();
    let counted = told.lines().filter_map(|line| line.trim().split_once(" AWS::")).map(|(count, _)| count);
    assert_eq!(counted.map(|count| count.parse::<usize>().unwrap()).sum::<usize>(), made, "{told}");
}
