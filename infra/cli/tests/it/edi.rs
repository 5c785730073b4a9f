use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

const ISA: &str =
    "ISA*00*          *00*          *ZZ*WAREHOUSE      *ZZ*DEPOSITOR      *260131*1435*U*00401*000000007*0*P*>~";

/// An interchange of one group with a 945 for each of these control numbers.
fn ship_confirms(controls: &[&str]) -> String {
    let set = |control: &&str| {
        format!(
            "ST*945*{control}~W06*F*ORDER{control}*20260131*SHIP1~N1*ST*Shop*92*0042~N9*BM*BOL1~G62*11*20260131*W*1430~\
             W27*M*ABCD~LX*1~MAN*GM*00106141411234567897~W12*CC*10*10*0*EA**VN*SKU-1~W03*10~SE*11*{control}~"
        )
    };
    let sets: String = controls.iter().map(set).collect();
    let count = controls.len();
    format!("{ISA}GS*SW*WAREHOUSE*DEPOSITOR*20260131*1435*3*X*004010~{sets}GE*{count}*3~IEA*1*000000007~")
}

/// Two ship confirms, of which the second has an order number that is too long.
fn one_bad() -> String {
    ship_confirms(&["0001", "0002"]).replace("ORDER0002", &"O".repeat(31))
}

fn run(arguments: &[&str], stdin: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_crossdock"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses its arguments does not read what it is given.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    child.wait_with_output().unwrap()
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A folder with these files in it.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

fn shown(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn the_exit_status_is_that_of_the_worst_file() {
    let good = ship_confirms(&["0001"]);
    let folder = folder(&[("good.edi", &good), ("bad.edi", &one_bad()), ("page.html", "<html></html>"), ("empty", "")]);
    let path = |name: &str| shown(&folder.path().join(name)).to_owned();
    for (names, expected) in [
        (vec!["good.edi"], 0),
        (vec!["good.edi", "bad.edi", "good.edi"], 1),
        (vec!["page.html", "bad.edi"], 2),
        (vec!["empty"], 2),
        (vec!["good.edi", "missing.edi", "page.html"], 3),
    ] {
        let paths: Vec<String> = names.iter().map(|name| path(name)).collect();
        let arguments: Vec<&str> = ["edi", "check"].into_iter().chain(paths.iter().map(String::as_str)).collect();
        assert_eq!(status(&run(&arguments, b"")), expected, "{names:?}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_the_others_are_checked() {
    let folder = folder(&[("good.edi", &ship_confirms(&["0001"]))]);
    let (missing, good) = (folder.path().join("missing.edi"), folder.path().join("good.edi"));
    let output = run(&["edi", "check", "--json", shown(&missing), shown(&good)], b"");
    assert_eq!(status(&output), 3);
    let error = text(&output.stderr);
    assert!(error.contains("missing.edi cannot be read: there is no such file"), "{error}");
    assert_eq!(lines(&output).len(), 1);
}

#[test]
fn standard_input_is_read_where_no_file_is_given_and_for_a_dash() {
    let good = ship_confirms(&["0001"]);
    for arguments in [vec!["edi", "check", "--json"], vec!["edi", "check", "--json", "-"]] {
        let output = run(&arguments, good.as_bytes());
        assert_eq!((status(&output), lines(&output)[0]["file"].as_str()), (0, Some("-")));
    }
}

#[test]
fn a_folder_stands_for_every_file_in_it() {
    let good = ship_confirms(&["0001"]);
    let folder = folder(&[("b.edi", &good), ("a/deep.edi", &good), (".hidden", "x")]);
    let output = run(&["edi", "check", "--json", shown(folder.path())], b"");
    let files: Vec<String> = lines(&output).iter().map(|line| line["file"].as_str().unwrap().to_owned()).collect();
    assert!(files.len() == 2 && files[0].ends_with("a/deep.edi") && files[1].ends_with("b.edi"), "{files:?}");
    let empty = tempfile::tempdir().unwrap();
    assert_ne!(status(&run(&["edi", "check", shown(empty.path())], b"")), 0);
}

#[test]
fn every_verdict_is_one_object() {
    let file = one_bad();
    let output = run(&["edi", "check", "--json"], file.as_bytes());
    assert_eq!(status(&output), 1);
    let accepted = json!({
        "file": "-", "standard": "x12", "interchange": "000000007", "group": "3", "set": "0001", "id": "945",
        "verdict": "accept", "codes": [], "standard_codes": [], "segment": null, "position": null, "element": null,
        "component": null, "offset": null,
    });
    let rejected = json!({
        "file": "-", "standard": "x12", "interchange": "000000007", "group": "3", "set": "0002", "id": "945",
        "verdict": "reject-set", "codes": ["element-too-long"], "standard_codes": ["5"], "segment": "W06",
        "position": 2, "element": 2, "component": null, "offset": file.find("OOO").unwrap(),
    });
    assert_eq!(lines(&output), [accepted, rejected]);
}

#[test]
fn what_is_rejected_or_quarantined_as_a_whole_is_one_object() {
    let of = |file: &str| -> Vec<(String, Value)> {
        let output = run(&["edi", "check", "--json"], file.as_bytes());
        lines(&output)
            .into_iter()
            .map(|line| (line["verdict"].as_str().unwrap().to_owned(), line["codes"].clone()))
            .collect()
    };
    let good = ship_confirms(&["0001"]);
    assert_eq!(
        of(&good.replace("IEA*1*000000007~", "")),
        [("reject-interchange".to_owned(), json!(["interchange-truncated"]))]
    );
    assert_eq!(of(&good.replace("GE*1*", "GE*2*"))[0], ("reject-group".to_owned(), json!(["set-count-mismatch"])));
    assert_eq!(of("{}"), [("quarantine".to_owned(), json!(["file-not-edi"]))]);
    let acknowledgment = format!("{ISA}TA1*000000001*260131*1435*A*000~IEA*0*000000007~");
    assert_eq!(of(&acknowledgment), [("accept".to_owned(), json!([]))]);
}

#[test]
fn people_see_a_line_for_every_set_and_a_mark_under_what_is_wrong() {
    let output = run(&["edi", "check", "--codes"], one_bad().as_bytes());
    let shown = text(&output.stdout);
    let accepted = "000000007    3      0001  945  accepted";
    assert!(shown.lines().any(|line| line == accepted), "{shown}");
    assert!(shown.contains("error: element-too-long at byte"), "{shown}");
    assert!(shown.contains("W0602, segment 2, set 0002, group 3, interchange 000000007 (code 5: "), "{shown}");
    let mut rest = shown.lines().skip_while(|line| !line.contains("W06*F*OOO"));
    let (bytes, marks) = (rest.next().unwrap(), rest.next().unwrap());
    assert_eq!(marks.find('^'), bytes.find('O'));
    assert_eq!(marks.matches('^').count(), 31);
}

#[test]
fn every_part_of_a_split_file_is_accepted_by_itself() {
    let folder = folder(&[("in.edi", &ship_confirms(&["0001", "0002"]).replace('~', "~\n"))]);
    let (file, parts) = (folder.path().join("in.edi"), folder.path().join("parts"));
    let split = |more: &[&str]| {
        let arguments = ["edi", "split", "--json", shown(&file), "--out", shown(&parts)];
        run(&[&arguments[..], more].concat(), b"")
    };
    let output = split(&[]);
    assert_eq!(status(&output), 0, "{}", text(&output.stderr));
    assert_eq!(lines(&output).len(), 2);
    let names: Vec<String> =
        files(&parts).iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(names, ["x12-945-000000007-3-0001.edi", "x12-945-000000007-3-0002.edi"]);
    let check = run(&["edi", "check", "--json", shown(&parts)], b"");
    assert_eq!((status(&check), lines(&check).len()), (0, 2));

    fs::write(&files(&parts)[1], "mine").unwrap();
    let again = split(&[]);
    assert_eq!(status(&again), 3);
    assert!(text(&again.stderr).contains("--force"));
    assert_eq!(fs::read_to_string(&files(&parts)[1]).unwrap(), "mine", "nothing is overwritten unasked");
    assert_eq!(status(&split(&["--force"])), 0);
    assert_ne!(fs::read_to_string(&files(&parts)[1]).unwrap(), "mine");
}

#[test]
fn parts_of_two_files_with_the_same_numbers_do_not_overwrite_each_other() {
    let good = ship_confirms(&["0001"]);
    let folder = folder(&[("a.edi", &good), ("b.edi", &good)]);
    let parts = tempfile::tempdir().unwrap();
    run(&["edi", "split", shown(folder.path()), "--out", shown(parts.path()), "--by", "interchange"], b"");
    assert_eq!(files(parts.path()).len(), 2);
}

#[test]
fn an_acknowledgment_is_accepted_and_is_not_acknowledged() {
    let asked = one_bad().replace("*000000007*0*P*", "*000000007*1*P*");
    let arguments = ["edi", "ack", "--at", "2026-01-31T14:35", "--control", "41"];
    let answer = run(&arguments, asked.as_bytes());
    assert_eq!(status(&answer), 1, "{}", text(&answer.stderr));
    let written = text(&answer.stdout);
    assert!(written.starts_with("ISA*00*          *00*          *ZZ*DEPOSITOR      *ZZ*WAREHOUSE      *260131*1435*"));
    for segment in ["*000000041*", "TA1*000000007*260131*1435*A*000~", "AK2*945*0002~", "AK5*R*5~", "AK9*P*2*2*1~"] {
        assert!(written.contains(segment), "{segment} is not in {written}");
    }
    assert_eq!(status(&run(&["edi", "check"], &answer.stdout)), 0);
    let none = run(&arguments, &answer.stdout);
    assert!(none.stdout.is_empty() && text(&none.stderr).contains("no acknowledgment is owed"));
}

#[test]
fn answers_to_any_awkward_file_are_accepted_together() {
    let awkward = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/edi/tests/awkward");
    let answers = run(&["edi", "ack", "--ta1", "always", shown(&awkward)], b"");
    // Who does not say who it is cannot be answered, and is named.
    assert_eq!(status(&answers), 3);
    let unanswered = text(&answers.stderr);
    assert!(unanswered.lines().all(|line| line.contains("cannot be answered")), "{unanswered}");
    let check = run(&["edi", "check", "--json"], &answers.stdout);
    let verdicts = lines(&check);
    let rejected: Vec<&Value> = verdicts.iter().filter(|line| line["verdict"] != "accept").collect();
    assert!(verdicts.len() > 200 && rejected.is_empty(), "{} {rejected:?}", verdicts.len());
}

#[test]
fn a_ta1_is_written_when_it_is_wanted() {
    let good = ship_confirms(&["0001"]);
    let broken = good.replace("IEA*1*", "IEA*2*");
    let has_ta1 = |file: &str, when: &str| {
        let output = run(&["edi", "ack", "--ta1", when], file.as_bytes());
        text(&output.stdout).contains("~\nTA1*")
    };
    let asked = good.replace("*000000007*0*P*", "*000000007*1*P*");
    assert!(has_ta1(&good, "always") && !has_ta1(&good, "either"));
    assert!(has_ta1(&broken, "errors") && has_ta1(&broken, "either") && !has_ta1(&broken, "asked"));
    assert!(has_ta1(&asked, "asked") && has_ta1(&asked, "either") && !has_ta1(&asked, "errors"));
    assert!(!has_ta1(&asked, "never"));
}

/// Every EDI file among the samples, and one that is awkward.
fn samples() -> Vec<(String, Vec<u8>)> {
    let events = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../events");
    let mut samples =
        vec![("two interchanges".to_owned(), [one_bad(), ship_confirms(&["0001"])].join("\r\n\n").into_bytes())];
    for folder in files(&events).iter().filter(|path| path.is_dir()) {
        let edi = files(folder).into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "edi"));
        samples.extend(edi.map(|path| (path.display().to_string(), fs::read(&path).unwrap())));
    }
    assert!(samples.len() > 2, "the samples of S2 are there");
    samples
}

#[test]
fn json_and_back_is_the_same_file() {
    for (name, bytes) in samples() {
        for form in [vec!["edi", "json"], vec!["edi", "json", "--json"]] {
            let back = run(&["edi", "write"], &run(&form, &bytes).stdout);
            assert_eq!(status(&back), 0, "{name}: {}", text(&back.stderr));
            assert_eq!(text(&back.stdout), text(&bytes), "{name}");
        }
    }
}

#[test]
fn a_value_that_would_be_a_separator_is_not_written() {
    let tree = run(&["edi", "json", "--json"], ship_confirms(&["0001"]).as_bytes());
    let changed = text(&tree.stdout).replace("\"Shop\"", "\"Shop~SE\"");
    let output = run(&["edi", "write"], changed.as_bytes());
    assert_eq!((status(&output), output.stdout.len()), (1, 0));
    assert!(text(&output.stderr).contains("N1"), "{}", text(&output.stderr));
    assert_eq!(status(&run(&["edi", "write"], b"{\"a\":1}")), 3);
}

#[test]
fn a_file_is_written_once_unless_forced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("997.edi");
    let write = |more: &[&str]| {
        let arguments = ["edi", "ack", "--out", shown(&path)];
        status(&run(&[&arguments[..], more].concat(), ship_confirms(&["0001"]).as_bytes()))
    };
    assert_eq!(write(&[]), 0);
    assert_ne!(write(&[]), 0);
    assert_eq!(write(&["--force"]), 0);
}

#[test]
fn explain_shows_every_value_with_its_element_and_bytes() {
    let file = ship_confirms(&["0001"]).replace("*F*ORDER0001*", "*F>G*ORDER0001*");
    for command in [vec!["explain", "--json"], vec!["edi", "explain", "--json"]] {
        let lines = lines(&run(&command, file.as_bytes()));
        let find = |element: &str| {
            lines.iter().find(|line| line["segment"] == "W06" && line["element"] == element).unwrap().clone()
        };
        let start = file.find("ORDER0001").unwrap();
        let order = find("02");
        assert_eq!((&order["value"], &order["position"]), (&json!("ORDER0001"), &json!(2)));
        assert_eq!(order["bytes"], json!({ "start": start, "end": start + 9 }));
        assert_eq!(find("01-2")["value"], "G");
    }
    let shown = text(&run(&["explain"], file.as_bytes()).stdout);
    assert!(shown.contains("945 0001, group 3, interchange 000000007"), "{shown}");
}

#[test]
fn explain_shows_what_becomes_of_a_value_in_the_canonical_document() {
    let receipt = format!(
        "{ISA}GS*RE*WAREHOUSE*DEPOSITOR*20260131*1435*3*X*004010~ST*944*0001~W17*F*20260130*RCV-1*IB-9~N1*WH*NORTH DOCK~\
         W07*12*EA**VN*SKU-1~W14*12~SE*6*0001~GE*1*3~IEA*1*000000007~"
    );
    let lines = lines(&run(&["explain", "--json"], receipt.as_bytes()));
    let line = lines.iter().find(|line| line["segment"] == "W17" && line["element"] == "02").unwrap();
    assert_eq!((&line["value"], &line["pointer"]), (&json!("20260130"), &json!("/received_at")));
    assert_eq!(line["document"], "2026-01-30");
    let qualifier = lines.iter().find(|line| line["segment"] == "W07" && line["element"] == "04").unwrap();
    assert_eq!((&qualifier["value"], &qualifier["pointer"]), (&json!("VN"), &Value::Null), "nothing is left out");
    let shown = text(&run(&["explain"], receipt.as_bytes()).stdout);
    assert!(shown.contains("944 0001, group 3, interchange 000000007: receipt"), "{shown}");
    assert!(shown.contains("/received_at = 2026-01-30"), "{shown}");
}

/// A despatch advice and its verdict: EDIFACT goes the same ways.
#[test]
fn edifact_is_checked_split_and_answered_by_a_contrl() {
    let message = |n: u8| format!("UNH+{n}+DESADV:D:96A:UN'BGM+351+DES-{n}+9'DTM+137:20260206:102'UNT+4+{n}'");
    let file = format!(
        "UNA:+.? 'UNB+UNOC:3+SENDER:14+RECEIVER:14+260131:1435+REF7'{}{}UNZ+2+REF7'",
        message(1),
        message(2).replace("UNT+4", "UNT+5"),
    );
    let output = run(&["edi", "check", "--json"], file.as_bytes());
    assert_eq!(status(&output), 1, "{}", text(&output.stdout));
    let verdicts = lines(&output);
    assert_eq!((&verdicts[0]["verdict"], &verdicts[0]["set"]), (&json!("accept"), &json!("1")));
    assert_eq!(verdicts[1]["codes"], json!(["segment-count-mismatch"]));
    assert_eq!((&verdicts[1]["standard"], &verdicts[1]["standard_codes"]), (&json!("edifact"), &json!(["29"])));
    let answer = run(&["edi", "ack", "--at", "2026-01-31T14:35"], file.as_bytes());
    let written = text(&answer.stdout);
    assert!(written.contains("UCI+REF7+SENDER:14+RECEIVER:14+7'"), "{written}");
    assert!(written.contains("UCM+2+DESADV:D:96A:UN+4"), "{written}");
    assert_eq!(
        status(&run(&["edi", "check"], &answer.stdout)),
        0,
        "{}",
        text(&run(&["edi", "check"], &answer.stdout).stdout)
    );
    assert!(run(&["edi", "ack"], &answer.stdout).stdout.is_empty());
}

#[test]
fn a_partner_s_deviations_change_the_verdict() {
    let folder = folder(&[("acme.txt", "945 W0602 length 1/31\n"), ("wrong.txt", "945 nonsense\n")]);
    let check = |overlay: &str| {
        let path = folder.path().join(overlay);
        run(&["edi", "check", "--overlay", shown(&path)], one_bad().as_bytes())
    };
    assert_eq!(status(&run(&["edi", "check"], one_bad().as_bytes())), 1);
    assert_eq!(status(&check("acme.txt")), 0);
    let wrong = check("wrong.txt");
    assert!(
        status(&wrong) != 0 && text(&wrong.stderr).contains("wrong.txt: overlay, line 1"),
        "{}",
        text(&wrong.stderr)
    );
}

#[test]
fn a_partner_s_own_guides_are_taken_from_a_folder_or_a_file() {
    // Their 945 has a segment of their own, and its carrier is named always.
    let own = "# What ACME sends.\nset 945 SW 004010\nW06 1..1\nN1 1..10\nN9 0..10\nZA9 1..1\nG62 0..5\nW27 1..1\nLX 1..*\n  MAN \
               0..1\n  W12 1..1\nW03 0..1\n";
    let file = ship_confirms(&["0001"]).replace("~G62", "~ZA9*7*EACH~G62").replace("SE*11", "SE*12");
    let folder = folder(&[
        ("acme/945.txt", own),
        ("acme/elements.txt", "Z1 N0 1/3\n"),
        ("acme/segments.txt", "ZA9: Z1 M; - M AN 1/4\n"),
        ("acme/deviations.txt", "945 W27 0..1\n"),
        ("acme/.notes.txt", "not looked at"),
        ("bad-set/945.txt", "set 945 SW 004010\nW06 1..1\nZB9 1..1\n"),
        ("bad-segments/945.txt", own),
        ("bad-segments/segments.txt", "# theirs\nZA9: 99999 M\n"),
        ("none/readme.md", ""),
        ("alone.txt", "945 ZA9 tolerated\n"),
    ]);
    let check = |guide: &str, file: &str| {
        run(&["edi", "check", "--json", "--guide", shown(&folder.path().join(guide))], file.as_bytes())
    };
    let codes = |output: &Output| lines(output)[0]["codes"].clone();
    assert_eq!(codes(&run(&["edi", "check", "--json"], file.as_bytes())), json!(["segment-unrecognized"]));
    assert_eq!((status(&check("acme", &file)), codes(&check("acme", &file))), (0, json!([])));
    assert_eq!(status(&check("alone.txt", &file)), 0);
    assert_eq!(codes(&check("acme", &file.replace("*EACH", "*PIECE"))), json!(["element-too-long"]));
    assert_eq!(codes(&check("acme", &ship_confirms(&["0001"]))), json!(["segment-missing"]));
    let without_carrier = file.replace("W27*M*ABCD~", "").replace("SE*12", "SE*11");
    assert_eq!(status(&check("acme", &without_carrier)), 0, "the deviations hold for the own guide too");
    for (guide, said) in [
        ("bad-set", "bad-set/945.txt: set, line 3: segment without definition: `ZB9`"),
        ("bad-segments", "bad-segments/segments.txt: segments, line 2: "),
        ("none", "none holds no guide: put a file for each set"),
        ("missing.txt", "missing.txt"),
    ] {
        let output = check(guide, &file);
        assert!(text(&output.stderr).contains(said), "{guide}: {}", text(&output.stderr));
        assert!(status(&output) != 0 && output.stdout.is_empty(), "{guide}");
    }
}

#[test]
fn the_first_findings_of_a_file_are_shown_and_the_others_counted() {
    let controls: Vec<String> = (1..=60).map(|n| format!("{n:04}")).collect();
    let controls: Vec<&str> = controls.iter().map(String::as_str).collect();
    let file = ship_confirms(&controls).replace("W06*F*", &format!("W06*F*{}", "O".repeat(31)));
    let shown = text(&run(&["edi", "check"], file.as_bytes()).stdout);
    assert_eq!(shown.matches("error: element-too-long").count(), 50);
    assert!(shown.contains("set 0050") && !shown.contains("set 0051"), "{shown}");
    assert!(shown.ends_with("\n\n… and 10 more findings; --all shows them\n"), "{shown}");
    let all = text(&run(&["edi", "check", "--all"], file.as_bytes()).stdout);
    assert_eq!(all.matches("error: element-too-long").count(), 60);
}

/// Most memory that a process had, bytes, from what the system says of it.
#[cfg(target_os = "linux")]
fn most_memory(process: u32) -> u64 {
    let said = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = said.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

#[test]
#[cfg(target_os = "linux")]
fn memory_does_not_grow_with_the_file() {
    let set = ship_confirms(&["0001"]);
    let (start, end) = (set.find("ST*").unwrap(), set.find("GE*").unwrap());
    let sets = set[start..end].repeat(1000);
    for arguments in [&["edi", "check", "--json"][..], &["edi", "check"]] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_crossdock"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(ISA.as_bytes()).unwrap();
        // Some of what is written is still in the pipe when memory is measured: 64 KiB of it.
        let most = [1..=12, 13..=36].map(|groups| {
            for group in groups {
                let text = format!("GS*SW*WAREHOUSE*DEPOSITOR*20260131*1435*{group}*X*004010~{sets}GE*1000*{group}~");
                stdin.write_all(text.as_bytes()).unwrap();
            }
            most_memory(child.id())
        });
        drop(stdin);
        // Every set has the number of the first.
        assert_eq!(child.wait().unwrap().code(), Some(1));
        let [third, whole] = most;
        assert!(whole < third + 2 * 1024 * 1024, "{arguments:?}: {third} bytes of memory, and then {whole}");
    }
}

#[test]
fn help_has_examples_for_every_command() {
    for command in ["check", "split", "explain", "ack", "json", "write"] {
        let help = text(&run(&["edi", command, "--help"], b"").stdout);
        assert!(help.contains("Examples:\n  cargo crossdock"), "{command}: {help}");
    }
}
