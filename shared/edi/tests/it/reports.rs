use edi::guide::Guides;
use edi::report::{self, Problem, Report};
use edi::{Finding, Place, Standard, SyntaxCode, verdict};

use crate::samples::{edifact_verdict, file, ship_confirm, verdict_on};

fn reports(bytes: &[u8]) -> Vec<Report> {
    let document = edi::read(bytes);
    let verdicts: Vec<_> =
        document.interchanges.iter().map(|one| verdict::interchange(one, Guides::built_in())).collect();
    report::lines(&document, &verdicts)
}

/// `verdict what codes/standard codes segment.element@offset` of each line.
fn lines(file: &str) -> Vec<String> {
    let line = |report: &Report| {
        let json = serde_json::to_value(report).unwrap();
        let text = |key: &str| match &json[key] {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Null => "-".to_owned(),
            other => other.to_string().replace('"', ""),
        };
        let keys =
            ["verdict", "interchange", "group", "set", "id", "codes", "standard_codes", "segment", "element", "offset"];
        keys.map(text).join(" ")
    };
    reports(file.as_bytes()).iter().map(line).collect()
}

#[test]
fn one_line_for_each_set() {
    let good = file(&[ship_confirm("0001"), ship_confirm("0002")]);
    assert_eq!(lines(&good), ["accept 000000007 3 0001 945 [] [] - - -", "accept 000000007 3 0002 945 [] [] - - -"]);
    let bad = good.replacen("Shop", "Sh>op", 1).replace("SE*11*0002", "SE*12*0002");
    let (note, count) = (bad.find("Sh>op").unwrap(), bad.find("12*0002").unwrap());
    assert_eq!(
        lines(&bad),
        [
            format!("accept-note 000000007 3 0001 945 [component-unexpected] [3] N1 2 {note}"),
            format!("reject-set 000000007 3 0002 945 [segment-count-mismatch] [4] SE 1 {count}"),
        ]
    );
}

#[test]
fn what_rejects_comes_before_what_is_noted() {
    let bad = file(&[ship_confirm("0001").replace("Shop", "Sh>op").replace("*SKU-1", "*")]);
    let report = &lines(&bad)[0];
    assert!(
        report.contains("reject-set") && report.contains("[element-missing-by-relation,component-unexpected,"),
        "{report}"
    );
    assert!(!report.contains(" N1 "), "{report}");
}

#[test]
fn one_line_for_a_group_that_is_rejected_and_its_sets_share_it() {
    let bad = file(&[ship_confirm("0001"), ship_confirm("0002").replace("W06*F", "W06*")]).replace("GE*2", "GE*3");
    let (ge, w06) = (bad.find("GE*3").unwrap() + 3, bad.rfind("W06*").unwrap() + 4);
    assert_eq!(
        lines(&bad),
        [
            format!("reject-group 000000007 3 - SW [set-count-mismatch] [5] GE 1 {ge}"),
            format!("reject-group 000000007 3 0001 945 [set-count-mismatch] [5] GE 1 {ge}"),
            format!("reject-set 000000007 3 0002 945 [element-missing] [1] W06 1 {w06}"),
        ]
    );
    let empty = file(&[]);
    let ge = empty.find("GE*0").unwrap();
    assert_eq!(lines(&empty), [format!("reject-group 000000007 3 - SW [group-empty] [null] GE - {ge}")]);
}

#[test]
fn one_line_for_an_interchange_that_is_rejected_noted_or_holds_nothing() {
    let good = file(&[ship_confirm("0001")]);
    let iea = good.find("IEA").unwrap();
    assert_eq!(
        lines(&good.replace("IEA*1*000000007", "IEA*1*000000009")),
        [format!("reject-interchange 000000007 - - - [interchange-control-number-mismatch] [001] IEA 2 {}", iea + 6)]
    );
    assert_eq!(
        lines(&good[..iea]),
        [format!("reject-interchange 000000007 - - - [interchange-truncated] [023] IEA - {iea}")]
    );
    assert_eq!(
        lines(&good.replace("*260131*", "*269931*")),
        [
            "accept-note 000000007 - - - [interchange-date-invalid] [014] ISA 9 70".to_owned(),
            "accept 000000007 3 0001 945 [] [] - - -".to_owned()
        ]
    );
    let ta1 = format!("{}TA1*000000041*260131*1435*A*000~IEA*0*000000007~", crate::samples::ISA);
    assert_eq!(lines(&ta1), ["accept 000000007 - - - [] [] - - -"]);
}

#[test]
fn what_is_no_edi_is_quarantined_where_it_stands() {
    assert_eq!(lines("<html></html>"), ["quarantine - - - - [file-not-edi] [null] - - 0"]);
    assert_eq!(lines(""), ["quarantine - - - - [file-empty] [null] - - 0"]);
    let good = file(&[ship_confirm("0001")]);
    let between = format!(
        "{good}stray\n{}",
        good.replace("000000007", "000000008").replace("*1435*3*X", "*1435*4*X").replace("GE*1*3", "GE*1*4")
    );
    assert_eq!(
        lines(&between),
        [
            "accept 000000007 3 0001 945 [] [] - - -".to_owned(),
            format!("quarantine - - - - [file-stray-bytes] [null] - - {}", good.len()),
            "accept 000000008 4 0001 945 [] [] - - -".to_owned(),
        ]
    );
}

#[test]
fn the_object_has_the_agreed_keys_in_order() {
    let json = serde_json::to_string(&reports(file(&[ship_confirm("0001")]).as_bytes())[0]).unwrap();
    assert_eq!(
        json,
        r#"{"file":"","standard":"x12","interchange":"000000007","group":"3","set":"0001","id":"945","verdict":"accept","codes":[],"standard_codes":[],"segment":null,"position":null,"element":null,"component":null,"offset":null}"#
    );
}

#[test]
fn a_problem_has_the_code_and_the_words_of_the_acknowledgment() {
    let verdict = verdict_on(&file(&[ship_confirm("0001"), ship_confirm("0002").replace("W12*CC*10*", "W12*CC*ten*")]));
    let details = report::problem_details(&verdict, "https://example.org/codes/").unwrap();
    let json = serde_json::to_value(&details).unwrap();
    assert_eq!(json["type"], "https://example.org/codes/character-invalid");
    assert_eq!(json["title"], SyntaxCode::CharacterInvalid.title());
    assert_eq!(
        (json["status"].as_u64(), json["detail"].as_str()),
        (Some(422), Some("1 of 2 transaction sets are rejected."))
    );
    let error = &json["errors"][0];
    assert_eq!(error["code"], "character-invalid");
    assert_eq!(
        (error["segment"].as_str(), error["position"].as_u64(), error["element"].as_u64()),
        (Some("W12"), Some(9), Some(2))
    );
    assert_eq!((error["set"].as_str(), error["bad_value"].as_str()), (Some("0002"), Some("ten")));
    // The same defect, said by the 997 and read from it.
    let body = edi::ack::functional_acknowledgment(&verdict.groups[0], edi::Delimiters::STANDARD).unwrap();
    let ak4 = body.iter().find(|segment| segment.id() == "AK4").unwrap();
    assert_eq!(error["standard_code"], ak4.values()[2][0]);
    assert_eq!(error["standard_meaning"], edi::ack::meaning(edi::Level::Element, &ak4.values()[2][0]).unwrap());
    assert_eq!(serde_json::from_value::<report::ProblemDetails>(json).unwrap(), details);
}

#[test]
fn what_is_taken_is_no_problem_and_a_rejected_interchange_is_one_of_its_own() {
    let pages = "https://example.org/codes/";
    assert_eq!(
        report::problem_details(&verdict_on(&file(&[ship_confirm("0001").replace("Shop", "Sh>op")])), pages),
        None
    );
    let verdict = verdict_on(&file(&[ship_confirm("0001")]).replace("IEA*1*", "IEA*2*"));
    let details = report::problem_details(&verdict, pages).unwrap();
    assert_eq!(details.detail, "The interchange is rejected; nothing in it is taken.");
    assert_eq!(details.errors[0].standard_code.as_deref(), Some("021"));
}

#[test]
fn a_problem_of_edifact_has_the_codes_of_edifact_and_one_of_an_old_version_those_of_its_time() {
    let details = report::problem_details(&edifact_verdict(), "").unwrap();
    let codes: Vec<_> = details.errors.iter().map(|error| error.standard_code.as_deref().unwrap()).collect();
    assert_eq!(codes, ["13", "15", "39", "12", "29"]);
    assert_eq!(details.detail, "2 of 3 transaction sets are rejected.");
    let finding = Finding::new(SyntaxCode::ElementTooManyRepetitions, Place::default(), "Twice.");
    let code = |version| Problem::of(&finding, Standard::X12, version).standard_code.unwrap();
    assert_eq!((code("004010"), code("005010")), ("3".into(), "12".into()));
}
