//! The longest signature header.

use secrecy::SecretString;

use super::at;
use crate::signature::{HEADER_LEN_MAX, Headers, SIGNATURES_MAX, SignatureError, sign, verify};

#[test]
fn a_header_of_the_greatest_length_is_read_and_one_byte_more_is_not() {
    let secrets = [SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned())];
    let signed = sign("msg_1", b"{}", &secrets, at(0)).unwrap();
    let timestamp = at(0).as_second().to_string();
    let check = |len: usize| {
        let signature = format!("{} v1a,{}", signed[2].1, "x".repeat(len - signed[2].1.len() - 5));
        assert_eq!(signature.len(), len);
        let headers = Headers { id: "msg_1", timestamp: &timestamp, signature: &signature };
        verify(headers, b"{}", &secrets, at(0))
    };
    assert_eq!(check(HEADER_LEN_MAX), Ok(()));
    assert_eq!(check(HEADER_LEN_MAX + 1), Err(SignatureError::Header));
    assert!(HEADER_LEN_MAX > SIGNATURES_MAX * signed[2].1.len(), "as many signatures as are read fit");
}
