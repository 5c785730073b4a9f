//! The definitions of EDIFACT messages against a realistic sample of each message and directory.

use edi::guide::{Fit, Guides};
use edi::verdict::Verdict;

use crate::samples::{findings, verdict_on};

macro_rules! samples {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../samples/edifact/", $name, ".edi"))),)*]
    };
}

/// `<directory>-<message>` and the file.
const SAMPLES: &[(&str, &str)] = samples![
    "D.96A-APERAK" "D.96A-DESADV" "D.96A-HANMOV" "D.96A-IFTMIN" "D.96A-IFTSTA" "D.96A-INSDES" "D.96A-INVOIC"
    "D.96A-INVRPT" "D.96A-ORDCHG" "D.96A-ORDERS" "D.96A-ORDRSP" "D.96A-RECADV"
    "D.01B-APERAK" "D.01B-DESADV" "D.01B-HANMOV" "D.01B-IFTMIN" "D.01B-IFTSTA" "D.01B-INSDES" "D.01B-INVOIC"
    "D.01B-INVRPT" "D.01B-ORDCHG" "D.01B-ORDERS" "D.01B-ORDRSP" "D.01B-RECADV"
    "2.2-CONTRL" "D.3-CONTRL" "4.1-CONTRL"
];

fn sample(name: &str) -> &'static str {
    SAMPLES.iter().find(|(known, _)| *known == name).unwrap().1
}

/// Findings, without the places in bytes, of a sample after one replacement of its first `from`.
fn after(name: &str, from: &str, to: &str) -> Vec<String> {
    let good = sample(name);
    assert!(good.contains(from), "{name} has no {from}");
    let bad = good.replacen(from, to, 1);
    // The number of segments is not what is tested here.
    let segments = |file: &str| file.matches("'\n").count() - file.matches("UNA").count() - 2;
    let unt = |file: &str| format!("UNT+{}+", segments(file));
    let bad = bad.replace(&unt(good), &unt(&bad));
    findings(&verdict_on(&bad)).iter().map(|line| line.split(" @").next().unwrap().to_owned()).collect()
}

#[test]
fn every_message_has_a_guide_of_its_own_and_its_sample_is_accepted_without_findings() {
    for (name, file) in SAMPLES {
        let (directory, message) = name.rsplit_once('-').unwrap();
        let fit = Guides::built_in().find(message, directory).map(|(guide, fit)| (guide.id(), guide.version(), fit));
        assert_eq!(fit, Some((message, directory, Fit::Exact)), "{name}");
        let verdict = verdict_on(file);
        assert_eq!(findings(&verdict), Vec::<String>::new(), "{name}");
        let sets: Vec<_> = verdict.groups.iter().flat_map(|group| &group.sets).map(|set| set.verdict).collect();
        assert_eq!(sets, [Verdict::Accepted], "{name}");
    }
}

/// What must be found after a replacement in a sample; one defect each.
struct Mutation {
    name: &'static str,
    from: &'static str,
    to: &'static str,
    found: &'static [&'static str],
}

macro_rules! mutations {
    ($($name:literal { $($from:literal => $to:literal, $($found:literal)+;)+ })*) => {
        &[$($(Mutation { name: $name, from: $from, to: $to, found: &[$($found),+] },)+)*]
    };
}

const MUTATIONS: &[Mutation] = mutations![
    "D.96A-APERAK" {
        "ERC+12:60:9'" => "ERC'", "element-missing ERC 10/1";
        "RFF+LI:10'\n" => "RFF+LI:10'\nRFF+LI:11'\n", "loop-too-many RFF 13/-";
    }
    "D.96A-DESADV" {
        "CPS+1'\n" => "", "segment-unexpected PAC 20/-" "hierarchy-invalid CPS 21/2" "hierarchy-invalid CPS 35/2";
        "GIN+BX+LOT-77" => "GIN+BX", "element-missing GIN 35/2";
        "DES-1" => "DESPATCH-ADVICE-WITH-MORE-THAN-35-CH", "element-too-long BGM 2/2";
        "DTM+10:" => "DTM+:", "element-missing DTM 43/1";
    }
    "D.96A-HANMOV" {
        "BGM+350+HM-1+9'\n" => "", "segment-missing BGM 2/-";
        "SEL+SEAL-1+CA'\n" => "SEL+SEAL-1+CA'\nSEL+SEAL-2+CA'\n", "segment-too-many SEL 32/-";
        "GID+1+2:201" => "GID+1+2:201::::X", "component-too-many GID 26/2";
    }
    "D.96A-IFTMIN" {
        "TMP+2+-18:" => "TMP+2+-1800:", "element-too-long TMP 25/2";
        "DGS+ADR+3+1263+" => "DGS+ADR+3+126A+", "character-invalid DGS 32/3";
        "DGS+ADR+3+1263+" => "DGS+ADR+3+126+", "element-too-short DGS 32/3";
        "SEL+SEAL-1+CA" => "SEL++CA", "element-missing SEL 35/1";
    }
    "D.96A-IFTSTA" {
        "STS+1+35+20'\n" => "", "segment-missing STS 26/-";
        "LOC+7+GATE4'\n" => "LOC+7+GATE4'\nLOC+7+GATE5'\n", "segment-too-many LOC 17/-";
        "GID+1+2:201" => "GID+1+TWO:201", "character-invalid GID 19/2";
    }
    "D.96A-INSDES" {
        "DTM+137:20260205:102'\nDTM+2:20260206:102'\n" => "", "segment-missing DTM 3/-";
        "LIN+2++" => "PAC+1'\nLIN+2++", "segment-not-in-set PAC 28/-";
        "MOA+22:866.51:" => "MOA+:866.51:", "element-missing MOA 31/1";
    }
    "D.96A-INVOIC" {
        "MOA+79:150'\nMOA+77:190.4'\nMOA+124:30.4'\n" => "", "segment-missing MOA 32/-";
        "CUX+2:EUR:4" => "CUX+2:EURO:4", "element-too-long CUX 16/1";
        "PAI+::42'\n" => "PAI+::42'\nPAI+::20'\n", "segment-too-many PAI 5/-";
    }
    "D.96A-INVRPT" {
        "DTM+137:20260203:102'\nDTM+366:20260202:102'\n" => "", "segment-missing DTM 3/-";
        "INV++1'\n" => "INV++1'\nINV++2'\n", "segment-too-many INV 17/-";
        "UNT+" => "UNS+S'\nUNT+", "segment-not-in-set UNS 31/-";
        "QTY+124:-3:" => "QTY+124:3-:", "character-invalid QTY 24/1";
    }
    "D.96A-ORDCHG" {
        "UNS+S" => "UNS+X", "code-invalid UNS 14/1";
        "LIN+2+2+" => "LIN+1000000+2+", "element-too-long LIN 12/1";
    }
    "D.96A-ORDERS" {
        "UNS+S'\n" => "", "segment-missing UNS 36/-";
        "QTY+21:1200:" => "QTY+21:12OO:", "character-invalid QTY 26/1";
        "NAD+BY+" => "NAD++", "element-missing NAD 8/1";
    }
    "D.96A-ORDRSP" {
        "DTM+137:20260204:102'\n" => "", "segment-missing DTM 3/-";
        "AJT+16+1'\n" => "AJT+16+1'\nAJT+12+1'\n", "loop-too-many AJT 17/-";
        "PRI+AAA:0.13" => "PRI+:0.13", "element-missing PRI 18/1";
    }
    "D.96A-RECADV" {
        "CDI+2+:::CORNER CRUSHED" => "CDI+2", "element-missing CDI 18/2";
        "CNT+2:2'\n" => "CNT+2:2'\nCNT+1:610'\n", "segment-too-many CNT 29/-";
        "QTY+48:30:" => "QTY+48::", "element-missing QTY 27/1";
    }
    "D.01B-APERAK" {
        "DOC+220+" => "DOC++", "element-missing DOC 4/1";
        "FTX+AAO+++Article not known'\n" => "FTX+AAO+++Article'\nFTX+AAO+++not known'\n", "segment-too-many FTX 11/-";
    }
    "D.01B-DESADV" {
        "FTX+ZZZ+1+" => "FTX++1+", "element-missing FTX 33/1";
        "CPS+2+1+4" => "CPS++1+4", "element-missing CPS 20/1";
        "DGS+ADR+3+1263+" => "DGS+ADR+3+126+", "element-too-short DGS 36/3";
        "CNT+2:1'\n" => "CNT+2:1'\nLIN+9'\n", "segment-unexpected LIN 44/-";
    }
    "D.01B-HANMOV" {
        "DOC+730'" => "DOC'", "element-missing DOC 27/1";
        "SEL+SEAL-1+CA'\n" => "SEL+SEAL-1+CA'\nSEL+SEAL-2+CA'\n", "segment-too-many SEL 32/-";
    }
    "D.01B-IFTMIN" {
        "SGP+TRL-5'" => "SGP'", "element-missing SGP 30/1";
        "DIM+2+CMT:" => "DIM+2+:", "element-missing DIM 27/2";
        "TMP+2+18.5:" => "TMP+2+1B.5:", "character-invalid TMP 22/2";
    }
    "D.01B-IFTSTA" {
        "STS+1+35+20'\n" => "", "segment-missing STS 32/-";
        "COM+ann@shop.example:EM" => "COM+ann@shop.example", "element-missing COM 19/1";
    }
    "D.01B-INSDES" {
        "DTM+137:20260205:102'\nDTM+200:20260206:102'\n" => "", "segment-missing DTM 3/-";
        "UNS+S'\n" => "", "segment-missing UNS 37/-";
        "INP+4012345000016:" => "INP+:", "element-missing INP 5/1";
    }
    "D.01B-INVOIC" {
        "UNS+S'\n" => "", "segment-missing UNS 34/-";
        "TAX+7+VAT" => "TAX++VAT", "element-missing TAX 30/1";
        "PRI+AAA:0.125:" => "PRI+AAA:0.12.5:", "decimal-mark-invalid PRI 28/1";
    }
    "D.01B-INVRPT" {
        "QTY+145:0:KGM'\n" => "", "segment-missing QTY 35/-";
        "INV+1+11'\n" => "", "segment-too-many QTY 27/-";
    }
    "D.01B-ORDCHG" {
        "PIA+5+SKU-1:SA::91" => "PIA+5", "element-missing PIA 12/2";
        "QTY+21:1000'\n" => "FOO+1'\nQTY+21:1000'\n", "segment-unrecognized FOO 13/-";
    }
    "D.01B-ORDERS" {
        "PO-4712:1:2" => "PO-4712:1:2:3", "component-too-many BGM 2/2";
        "QTY+21:1200:" => "QTY+21:120000000000000000000000000000000000:", "element-too-long QTY 29/1";
        "NAD+BY+4012345000016:" => "NAD+BY+:", "element-missing NAD 9/2";
    }
    "D.01B-ORDRSP" {
        "BGM+231+OR-2:1+29'\n" => "", "segment-missing BGM 2/-";
        "CUX+2:EUR:9'\n" => "CUX+2:EUR:9'\nTAX+7+VAT'\n", "segment-out-of-sequence TAX 14/-";
    }
    "D.01B-RECADV" {
        "CDI+2+:::Broken'\n" => "", "segment-missing CDI 20/-";
        "QVR+-20:" => "QVR+-2O:", "character-invalid QVR 30/1";
    }
    "2.2-CONTRL" {
        "UCD+12+" => "UCD++", "element-missing UCD 6/1";
        "UCS+24+13" => "UCS+24A+13", "character-invalid UCS 4/1";
    }
    "D.3-CONTRL" {
        ":14+7'\nUCF" => ":14+9'\nUCF", "code-invalid UCI 2/4";
        "UCM+1+" => "UCM++", "element-missing UCM 4/1";
    }
    "4.1-CONTRL" {
        "UCM+++7++++PACKAGE-1" => "UCM+++7", "element-missing-by-relation UCM 7/7";
        "EAN010+4" => "EAN010+4++++PACKAGE-1", "element-excluded UCM 3/7";
        "UCD+39+2:3:1" => "UCD+39+2:3:1:4", "component-too-many UCD 5/2";
    }
];

#[test]
fn one_defect_in_a_sample_gives_the_finding_that_says_so() {
    for Mutation { name, from, to, found } in MUTATIONS {
        assert_eq!(after(name, from, to), *found, "{name}: {from} becomes {to}");
    }
    for (name, _) in SAMPLES {
        assert!(MUTATIONS.iter().filter(|mutation| mutation.name == *name).count() >= 2, "{name}");
    }
}
