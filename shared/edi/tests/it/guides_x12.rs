//! Every X12 set of every version that there is a definition of: a whole sample is accepted, and one defect in it gets
//! exactly its own finding.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use edi::guide::{Fit, Guides};
use edi::verdict::Verdict;

use crate::samples::verdict_on;

/// Set, a text of its sample, what stands there instead, and the one finding: code, segment and element.
type Defect = (&'static str, &'static str, &'static str, &'static str);

/// Defects of the samples of both versions.
const DEFECTS: &[Defect] = &[
    ("180", "BGN*00*RMA-5519*20260401*0915*PT~\n", "", "segment-missing BGN/-"),
    ("180", "*20260401*0915*PT", "*20260401**PT", "element-missing-by-relation BGN/4"),
    (
        "180",
        "RDR*KA*DA~\nPRF*PO-48213***20260302~\n",
        "PRF*PO-48213***20260302~\nRDR*KA*DA~\n",
        "segment-out-of-sequence RDR/-",
    ),
    ("204", "B2A*00*LT~\n", "", "segment-missing B2A/-"),
    ("204", "AT8*G*L*812.5*2*34*E*40~\nN1", "AT8*G**812.5*2*34*E*40~\nN1", "element-missing-by-relation AT8/2"),
    ("204", "S5*2*UL", "S5*2*U", "element-too-short S5/2"),
    ("210", "*174690**20260318*035*QZTR", "*1746.90**20260318*035*QZTR", "decimal-mark-invalid B3/7"),
    ("210", "L1*1*20.5*CW*166563", "L1*1*20.5*CW", "element-missing-by-relation L1/6"),
    ("210", "C3*USD~\nITD*01*3*****15~\n", "ITD*01*3*****15~\nC3*USD~\n", "segment-out-of-sequence C3/-"),
    ("214", "B10*PRO4471902*LD-44018*QZTR~\n", "", "segment-missing B10/-"),
    ("214", "B10*PRO4471902*LD-44018*QZTR", "B10*PRO4471902*LD-44018", "element-missing B10/3"),
    ("214", "AT7***AA*NA*20260318*0700*PT", "AT7*X1**AA*NA*20260318*0700*PT", "element-excluded AT7/3"),
    ("214", "AT7*AF*NS***20260316*1455*PT", "AT7*AF*NS****1455*PT", "element-missing-by-relation AT7/5"),
    ("214", "MS2*QZTR*884213*TL", "MS2*QZTR**TL", "element-missing-by-relation MS2/2"),
    ("810", "TDS*84440*83900*83900*1678~\n", "", "segment-missing TDS/-"),
    ("810", "TDS*84440*", "TDS*844.40*", "decimal-mark-invalid TDS/1"),
    ("810", "IT1*2*6*CA*18**UK", "IT1*2*6**18**UK", "element-missing-by-relation IT1/3"),
    ("810", "BIG*20260317*INV-30091", "BIG*20260317*INV-30091-AND-TOO-MUCH-1", "element-too-long BIG/2"),
    ("824", "OTI*TA*SI*SH-600381", "OTI*TA*SI*", "element-missing OTI/3"),
    ("824", "OTI*TA*SI*SH-600381****1420*413*", "OTI*TA*SI*SH-600381****1420**", "element-missing-by-relation OTI/8"),
    ("824", "DTM*003*20260317~\nAMT*3*844.4~\n", "AMT*3*844.4~\nDTM*003*20260317~\n", "segment-out-of-sequence DTM/-"),
    ("846", "BIA*00*SI*INV20260320*20260320*0600~\n", "", "segment-missing BIA/-"),
    ("846", "LE*LOC~\n", "", "segment-missing LE/-"),
    ("846", "QTY*33*418*CA", "QTY*33*418*CA*each", "element-excluded QTY/4"),
    ("846", "LIN*1*UK", "LIN*1*U", "element-too-short LIN/2"),
    ("850", "BEG*00*SA*PO-48213**20260302~\n", "", "segment-missing BEG/-"),
    ("850", "BEG*00*SA*PO-48213**20260302", "BEG*00*SA*PO-48213**20260230", "date-invalid BEG/5"),
    ("850", "PO1*1*24*CA", "PO1*1**CA", "element-missing-by-relation PO1/2"),
    ("850", "CUR*BY*USD~\nREF*DP*041~\n", "REF*DP*041~\nCUR*BY*USD~\n", "segment-out-of-sequence CUR/-"),
    ("850", "PO4*12*500*ML", "PO4*12*500", "element-missing-by-relation PO4/3"),
    ("855", "BAK*00*AC*PO-48213*20260303", "BAK*00*AC**20260303", "element-missing BAK/3"),
    ("855", "ACK*IQ*6*CA", "ACK*IQ*6*", "element-missing-by-relation ACK/3"),
    ("855", "TD5**2*QZTR*M", "TD5**2**M", "element-missing-by-relation TD5/3"),
    (
        "855",
        "DTM*017*20260318~\nTD5**2*QZTR*M~\n",
        "TD5**2*QZTR*M~\nDTM*017*20260318~\n",
        "segment-out-of-sequence DTM/-",
    ),
    ("856", "BSN*00*SH-600381*20260316*1410*0001~\n", "", "segment-missing BSN/-"),
    ("856", "SN1*2*6*CA", "SN1*2*6", "element-missing SN1/3"),
    ("856", "TD1*CTN25*34", "TD1*CTN25", "element-missing-by-relation TD1/2"),
    ("856", "HL*7*6*I", "HL*7*6*I*2", "code-invalid HL/4"),
    ("856", "TD3*TL**884213", "TD3*TL*QZTR*", "element-missing-by-relation TD3/3"),
    ("860", "BCH*04*SA*PO-48213", "BCH*04*SA*", "element-missing BCH/3"),
    ("860", "POC*2*DI", "POC*2*", "element-missing POC/2"),
    ("860", "SCH*36*CA***002", "SCH*36*CA*ST**002", "element-missing-by-relation SCH/4"),
    ("861", "DTM*050*20260318~\n", "", "segment-missing DTM/-"),
    ("861", "RCD*2*6*CA", "RCD*2*6", "element-missing-by-relation RCD/3"),
    ("861", "BRA*RA-2207*20260318", "BRA*RA-2207*260318", "element-too-short BRA/2"),
    ("940", "W05*N*", "W05*X*", "code-invalid W05/1"),
    ("940", "W01*10*CA*", "W01*10**", "element-missing W01/2"),
    ("940", "*UK*10614000012344*VN*HP-1001*", "*UK*10614000012344**HP-1001*", "element-missing-by-relation W01/6"),
    ("940", "W76*34*812.5*LB*40.2*CF", "W76*34*812.5*LB*40.2", "element-missing-by-relation W76/5"),
    ("943", "W27*M*QZTR*Quartz Trail Freight*PP*TL**884190~\n", "", "segment-missing W27/-"),
    ("943", "W03*576*9905.5*LB*640*CF*22*PF~\n", "", "segment-missing W03/-"),
    ("943", "W04*480*CA**UK*10614000012344", "W04*480*CA**UK*", "element-missing-by-relation W04/5"),
    ("944", "W14*574*576*2~\n", "", "segment-missing W14/-"),
    ("944", "W17*F*20260306*RC-31007*", "W17*F*20260306*RECEIPT-31007*", "element-too-long W17/3"),
    ("944", "W13*2*CA*01", "W13*2*CA*", "element-missing W13/3"),
    ("944", "*QZTR*884190*SEAL7709", "**884190*SEAL7709", "element-missing-by-relation W08/4"),
    ("945", "W06*F*SO-90017", "W06**SO-90017", "element-missing W06/1"),
    ("945", "*410*G*L~", "*410*G~", "element-missing-by-relation W12/12"),
    ("945", "W27*M*QZTR*Quartz Trail Freight*", "W27*M***", "element-missing-by-relation W27/3"),
    ("945", "W03*30*812.5*LB*40.2*CF", "W03*30*812.5*LB*40.2", "element-missing-by-relation W03/5"),
    ("947", "W15*20260320*ADJ-1182~\n", "", "segment-missing W15/-"),
    ("947", "W19*AA*-4*CA", "W19*AA*-4*", "element-missing W19/3"),
    ("947", "W19*AA*-4*CA", "W19*A*-4*CA", "element-too-short W19/1"),
    ("990", "B1*QZTR*LD-44018*20260312*A", "B1*QZTR*LD-44018*20261312*A", "date-invalid B1/3"),
    ("990", "B1*QZTR*LD-44018*20260312*A", "B1*QZTR*LD-44018*20260312*AC", "element-too-long B1/4"),
    ("997", "AK9*P*2*2*1~\n", "", "segment-missing AK9/-"),
    ("997", "AK5*R*5", "AK5*Q*5", "code-invalid AK5/1"),
    ("997", "AK3*N1*4**8", "AK3*N1*four**8", "character-invalid AK3/2"),
];

/// Defects of the samples of 005010, where sets or elements are that 004010 has not.
const DEFECTS_OF_005010: &[Defect] = &[
    (
        "214",
        "AT7*AF*NS***20260316*1455*PT~\nMS1*Reno*NV*US~\nMS2*QZTR*884213*TL~\nAT7*X6*NS***20260317*0300*PT~\nMS1*Redding*CA*US*****96001~\nAT7***AA*NA*20260318*0700*PT~\nMS1*Portland*OR*US~\nM7*SEAL7710~\n",
        "",
        "segment-missing AT7/-",
    ),
    ("214", "MS1*Redding*CA*US*****96001", "MS1****1221530*0403512***96001", "element-missing-by-relation MS1/1"),
    ("753", "LX*1~\n", "", "segment-missing LX/-"),
    ("753", "CMC*48580*70", "CMC*48580*7", "element-too-short CMC/2"),
    ("754", "BLR*QZTR*20260316*0800", "BLR**20260316*0800", "element-missing BLR/1"),
    ("754", "N1*SF*Cedar Gate Logistics*92*RNO1~\nN4*Reno*NV*89506*US~\n", "", "segment-missing N1/-"),
    ("850", "MTX**Deliver", "MSG*Deliver", "segment-not-in-set MSG/-"),
    ("990", "L11*PRO4471902*CN", "N9*CN*PRO4471902", "segment-not-in-set N9/-"),
    ("997", "AK4*7>3>1*128*5*ABCD", "AK4*7>3>1>1*128*5*ABCD", "component-too-many AK4/1"),
    ("999", "AK9*P*2*2*1~\n", "", "segment-missing AK9/-"),
    ("999", "IK5*A~\n", "", "segment-missing IK5/-"),
    ("999", "IK4*4*67*I10*0042", "IK4*4*67**0042", "element-missing IK4/3"),
];

/// Defects of the samples of 004010 that are none in 005010.
const DEFECTS_OF_004010: &[Defect] = &[
    ("850", "REF*IA*77120", "REF*IA*0123456789012345678901234567890", "element-too-long REF/2"),
    ("850", "N4*Portland*OR*97203*US", "N4*Portland*OR*97203*US***OR", "element-too-many N4/7"),
    ("997", "AK1*SW*3", "AK1*SW*3*004010", "element-too-many AK1/3"),
];

fn folder(of: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(of)
}

/// Files of a folder, by name without its ending.
fn files(folder: &Path) -> BTreeMap<String, PathBuf> {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), path)).collect()
}

/// The samples: a whole interchange each, by version and set such as `004010-945`.
fn samples() -> BTreeMap<String, String> {
    let files = files(&folder("tests/samples/x12"));
    files.into_iter().map(|(name, path)| (name, std::fs::read_to_string(path).unwrap())).collect()
}

/// Code, segment and element of each finding on the one set of a file whose number of segments is made right.
fn findings(file: &str) -> Vec<String> {
    let start = file.find("ST*").unwrap();
    let end = file.find("\nSE*").unwrap() + 1;
    let count = file[start..end].matches('~').count() + 1;
    let control = file[end..].split('*').nth(2).unwrap();
    let file = format!("{}SE*{count}*{control}*{}", &file[..end], file[end..].splitn(4, '*').nth(3).unwrap());
    let verdict = verdict_on(&file);
    assert!(verdict.findings.is_empty() && verdict.groups[0].findings.is_empty(), "{file}");
    let set = &verdict.groups[0].sets[0];
    set.findings
        .iter()
        .map(|finding| {
            let element = finding.place.element.map_or("-".to_owned(), |n| n.to_string());
            format!("{} {}/{element}", finding.code, finding.place.segment_id.as_deref().unwrap_or("-"))
        })
        .collect()
}

#[test]
fn every_set_of_every_version_has_a_sample_that_is_accepted_without_a_finding() {
    let defined = files(&folder("guides/x12")).into_iter().flat_map(|(version, path)| {
        let sets = files(&path).into_keys().filter(|name| name != "elements" && name != "segments");
        sets.map(move |set| format!("{version}-{set}"))
    });
    let samples = samples();
    assert_eq!(defined.collect::<BTreeSet<_>>(), samples.keys().cloned().collect::<BTreeSet<_>>());
    for (name, file) in &samples {
        let (version, set) = name.split_once('-').unwrap();
        assert_eq!(Guides::built_in().find(set, version).map(|(_, fit)| fit), Some(Fit::Exact), "{name}");
        let verdict = verdict_on(file);
        assert_eq!(crate::samples::findings(&verdict), Vec::<String>::new(), "{name}");
        assert_eq!(verdict.groups[0].sets[0].verdict, Verdict::Accepted, "{name}");
    }
}

#[test]
fn one_defect_gets_one_finding() {
    let samples = samples();
    let mut defects: BTreeMap<&String, usize> = samples.keys().map(|name| (name, 0)).collect();
    for (version, list) in
        [("004010", DEFECTS), ("005010", DEFECTS), ("004010", DEFECTS_OF_004010), ("005010", DEFECTS_OF_005010)]
    {
        for (set, from, to, expected) in list {
            let (name, good) = samples.get_key_value(&format!("{version}-{set}")).unwrap();
            let bad = good.replacen(from, to, 1);
            assert_ne!(*good, bad, "{name}: {from}");
            assert_eq!(findings(&bad), [*expected], "{name}: {from} -> {to}");
            *defects.get_mut(name).unwrap() += 1;
        }
    }
    assert!(defects.values().all(|count| *count >= 2), "{defects:?}");
}
