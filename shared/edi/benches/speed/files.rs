//! Files, made by code so that everybody measures the same: each valid by its guide.

use std::fmt::Write;

/// One interchange of sets until it has `len` bytes.
pub(crate) fn x12(number: usize, functional_id: &str, len: usize, set: impl Fn(usize) -> String) -> Vec<u8> {
    let mut file = format!(
        "ISA*00*          *00*          *ZZ*WAREHOUSE      *ZZ*DEPOSITOR      *260131*1435*U*00401*{number:09}*0*P*>~\n\
         GS*{functional_id}*WAREHOUSE*DEPOSITOR*20260131*1435*{number}*X*004010~\n"
    );
    let mut sets = 0;
    while sets == 0 || file.len() + 60 < len {
        sets += 1;
        let body = set(sets);
        let segments = body.matches('~').count() + 1;
        let _ = writeln!(file, "{body}SE*{segments}*{sets:06}~");
    }
    let _ = write!(file, "GE*{sets}*{number}~\nIEA*1*{number:09}~\n");
    file.into_bytes()
}

pub(crate) fn shipping_advice(n: usize) -> String {
    let mut set = format!(
        "ST*945*{n:06}~\nW06*F*ORDER{n}*20260131*SHIP{n}**PO{n}~\nN1*ST*Receiving Department*92*0042~\n\
         N3*1200 Industrial Parkway*Dock 14~\nN4*Reno*NV*89501*US~\nN9*BM*BOL{n}~\nG62*11*20260131*W*1430~\nW27*M*ABCD~\n"
    );
    for line in 1..=3 {
        let _ = write!(
            set,
            "LX*{line}~\nMAN*GM*00106141411234567897~\nW12*CC*10*10*0*EA*012345678905*VN*SKU-{n}-{line}~\n\
             G69*CORRUGATED BOX LARGE~\nN9*LT*LOT{n}~\n"
        );
    }
    set + "W03*30*450*LB~\n"
}

pub(crate) fn ship_notice(n: usize) -> String {
    let mut set = format!(
        "ST*856*{n:06}~\nBSN*00*SHIP{n}*20260131*1430*0001~\nHL*1**S~\nTD1*CTN25*3****G*450*LB~\nTD5**2*ABCD*M~\n\
         REF*BM*BOL{n}~\nREF*CN*PRO{n}~\nDTM*011*20260131~\nN1*SF*Warehouse*92*01~\nN1*ST*Store*92*0042~\n\
         HL*2*1*O~\nPRF*PO{n}***20260120~\n"
    );
    for carton in 0..3 {
        let (pack, item) = (3 + 2 * carton, 4 + 2 * carton);
        let _ = write!(
            set,
            "HL*{pack}*2*P~\nMAN*GM*00106141411234567897~\nHL*{item}*{pack}*I~\nLIN**UP*012345678905*VN*SKU-{n}~\n\
             SN1**10*EA~\nPID*F****CORRUGATED BOX LARGE~\n"
        );
    }
    set + "CTT*8~\n"
}

fn despatch_advice(n: usize) -> String {
    let mut message = format!(
        "UNH+{n}+DESADV:D:96A:UN:EAN005'\nBGM+351+DES{n}+9'\nDTM+137:20260131:102'\nRFF+ON:PO{n}'\n\
         NAD+SU+4012345000009::9++O?'Neill ?+ Sons'\nNAD+DP+4098765000000::9'\nCPS+1'\nPAC+3++201::9'\n"
    );
    for line in 1..=3 {
        let _ = write!(
            message,
            "CPS+{}+1'\nPAC+1'\nPCI+33E'\nGIN+BJ+001061414112345678'\nLIN+{line}++4000862141404:EN'\nPIA+1+SKU-{n}:SA'\n\
             IMD+F++:::Corrugated box large'\nQTY+12:10:PCE'\n",
            line + 1
        );
    }
    message
}

/// One interchange of messages until it has `len` bytes.
pub(crate) fn edifact(len: usize) -> Vec<u8> {
    let mut file = "UNA:+.? '\nUNB+UNOC:3+4012345000009:14+4098765000000:14+260131:1435+REF1'\n".to_owned();
    let mut messages = 0;
    while file.len() + 60 < len {
        messages += 1;
        let message = despatch_advice(messages);
        // The one released apostrophe of the supplier's name ends no segment.
        let segments = message.matches("'\n").count() + 1;
        let _ = writeln!(file, "{message}UNT+{segments}+{messages}'");
    }
    let _ = writeln!(file, "UNZ+{messages}+REF1'");
    file.into_bytes()
}
