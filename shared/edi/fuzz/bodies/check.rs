//! Any bytes have a verdict, reports and acknowledgments, and what we say is read back as what we said.

use edi::ack::{self, AckPolicy, Functional, InterchangeAckOutcome, Owed, When};
use edi::guide::Guides;
use edi::report::{self, ProblemDetails};
use edi::split::{By, split};
use edi::verdict::{self, InterchangeVerdict, Verdict};
use edi::write::{self, NewSegment, OnCharacter, Policy, edifact};
use edi::{ControlNumber, Delimiters, Standard};

const FUNCTIONAL: [Functional; 5] =
    [Functional::None, Functional::X997, Functional::X999, Functional::ByGuide, Functional::Contrl];
const WHEN: [When; 5] = [When::Never, When::WhenAsked, When::OnError, When::WhenAskedOrOnError, When::Always];

pub(crate) fn run(bytes: &[u8]) {
    let document = edi::read(bytes);
    let guides = Guides::built_in();
    let verdicts: Vec<InterchangeVerdict> =
        document.interchanges.iter().map(|interchange| verdict::interchange(interchange, guides)).collect();
    for (interchange, verdict) in document.interchanges.iter().zip(&verdicts) {
        places(verdict, bytes.len());
        let kept = serde_json::to_vec(verdict).unwrap();
        assert_eq!(&serde_json::from_slice::<InterchangeVerdict>(&kept).unwrap(), verdict);
        let (_, _) = ack::read_all(interchange);
        for functional in FUNCTIONAL {
            for interchange in WHEN {
                for owed in ack::owed(verdict, AckPolicy { functional, interchange }, Delimiters::STANDARD) {
                    read_back(verdict, owed);
                }
            }
        }
        let problem: Option<ProblemDetails> = report::problem_details(verdict, "https://example.org/codes/");
        assert_eq!(problem.is_none(), verdict.verdict != Verdict::Rejected && accepts_all(verdict));
    }
    for line in report::lines(&document, &verdicts) {
        assert_eq!(line.codes.len(), line.standard_codes.len());
        assert!(line.offset.is_none_or(|offset| offset <= bytes.len()));
    }
    // A set alone is as right or wrong as it was in its file, but for what another set or segment between them did.
    let accepted = |verdict: &InterchangeVerdict| -> usize {
        verdict.groups.iter().map(verdict::GroupVerdict::sets_accepted).sum()
    };
    let in_file: usize = verdicts.iter().map(accepted).sum();
    let parts = split(bytes, &document, By::Set);
    let of_parts = parts.iter().flat_map(|part| {
        let document = edi::read(&part.bytes);
        document.interchanges.iter().map(|one| accepted(&verdict::interchange(one, guides))).collect::<Vec<_>>()
    });
    assert!(of_parts.sum::<usize>() >= in_file);
}

fn accepts_all(verdict: &InterchangeVerdict) -> bool {
    verdict.groups.iter().all(|group| group.sets_accepted() == group.sets.len() && !group.is_rejected())
}

/// Every finding points into the file.
fn places(verdict: &InterchangeVerdict, len: usize) {
    let sets = verdict.groups.iter().flat_map(|group| group.sets.iter().flat_map(|set| &set.findings));
    let groups = verdict.groups.iter().flat_map(|group| &group.findings);
    for finding in verdict.findings.iter().chain(groups).chain(sets) {
        assert!(finding.place.byte_offset + finding.place.byte_len <= len, "{finding:?} of {len}");
    }
}

fn read_back(verdict: &InterchangeVerdict, owed: Owed) {
    assert!(!verdict.only_acknowledgments);
    let mut receipt = false;
    let written = match owed {
        Owed::Ta1(ta1) => {
            receipt = true;
            x12(&[ta1], &[])
        }
        Owed::Functional { set, version, .. } => x12(
            &[],
            &[write::NewGroup {
                functional_id: "FA".to_owned(),
                sender_code: "DEPOSITOR".to_owned(),
                receiver_code: "WAREHOUSE".to_owned(),
                control_number: ControlNumber::FIRST,
                version,
                sets: vec![set],
            }],
        ),
        Owed::Contrl(message) => contrl(verdict, message),
    };
    let document = edi::read(&written);
    let [interchange] = &document.interchanges[..] else { panic!("one interchange") };
    assert!(document.findings.is_empty() && interchange.findings.is_empty(), "{:?}", interchange.findings);
    let (acks, findings) = ack::read_all(interchange);
    assert_eq!((acks.len(), findings.len()), (1, 0), "{}", String::from_utf8_lossy(&written));
    // What we say is not rejected by what we demand of others, and is never acknowledged.
    let of_it = verdict::interchange(interchange, Guides::built_in());
    assert!(of_it.only_acknowledgments);
    let said = of_it.groups.iter().flat_map(|group| &group.sets).flat_map(|set| &set.findings);
    let rejecting: Vec<_> = said.filter(|finding| finding.rejects()).collect();
    assert!(rejecting.is_empty(), "{}: {rejecting:?}", String::from_utf8_lossy(&written));
    if receipt {
        let outcome = acks[0].interchange.as_ref().unwrap().outcome;
        assert_eq!(outcome == InterchangeAckOutcome::Rejected, verdict.verdict == Verdict::Rejected);
    }
}

fn x12(ta1s: &[NewSegment], groups: &[write::NewGroup]) -> Vec<u8> {
    let envelope = write::Envelope {
        sender: ("ZZ".to_owned(), "DEPOSITOR".to_owned()),
        receiver: ("ZZ".to_owned(), "WAREHOUSE".to_owned()),
        date: "20260131".to_owned(),
        time: "1435".to_owned(),
        control_number: ControlNumber::FIRST,
        version: "00401".to_owned(),
        ack_requested: false,
        usage_indicator: 'P',
        delimiters: Delimiters::STANDARD,
        line_feeds: false,
    };
    write::interchange(&envelope, ta1s, groups).unwrap()
}

fn contrl(verdict: &InterchangeVerdict, message: edifact::NewMessage) -> Vec<u8> {
    assert_eq!(verdict.standard, Standard::Edifact);
    let party = |id: &str| edifact::Party { id: id.to_owned(), ..edifact::Party::default() };
    let envelope = edifact::Envelope {
        charset: "UNOC".to_owned(),
        version: 3,
        sender: party("WAREHOUSE"),
        receiver: party("DEPOSITOR"),
        date: "20260131".to_owned(),
        time: "1435".to_owned(),
        reference: "77".to_owned(),
        application: String::new(),
        ack_requested: false,
        agreement: String::new(),
        test: false,
        delimiters: Delimiters::EDIFACT,
        una: edifact::Una::WhereNeeded,
        line_feeds: false,
        policy: Policy { on_character: OnCharacter::Replace('.'), ..edifact::RELEASING },
    };
    edifact::interchange(&envelope, &edifact::Content::Messages(vec![message])).unwrap()
}
