//! Refusals over HTTP. Source: RFC 9457, problem details.

use canonical::{Code, Finding, Place};
use schemars::JsonSchema;
use serde::Serialize;

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Where each code has its page; the code follows.
pub const CODES: &str = "https://crossdock.dev/codes/";

/// Why a request is refused, with every wrong field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// What kind of refusal.
    pub code: Code,
    /// This refusal in words.
    pub detail: String,
    /// Every wrong field.
    pub errors: Vec<Finding>,
}

/// A problem as it is written.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(crate) struct Body<'a> {
    /// The page of the code.
    #[schemars(url)]
    r#type: String,
    /// The code in words.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// This refusal in words.
    detail: &'a str,
    /// What kind of refusal: each has its page in docs/codes.
    code: Code,
    /// Every wrong field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Entry<'a>>,
}

/// One wrong field.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WrongField")]
struct Entry<'a> {
    /// Where: a JSON Pointer (RFC 6901), or a place in an EDI file.
    #[serde(flatten)]
    place: Option<&'a Place>,
    /// What is wrong.
    code: Code,
    /// In words, without the value.
    detail: &'a str,
}

impl<'a> Entry<'a> {
    fn of(finding: &'a Finding) -> Self {
        Self { place: finding.place.as_ref(), code: finding.code, detail: &finding.detail }
    }
}

impl Problem {
    /// A problem without wrong fields.
    pub fn new(status: u16, code: Code, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), errors: Vec::new() }
    }

    /// The problem with its wrong fields.
    #[must_use]
    pub fn with(self, errors: Vec<Finding>) -> Self {
        Self { errors, ..self }
    }

    /// The problem as the body of an answer: `type`, `title`, `status`, `detail`, `code`, and `errors`, each with
    /// `pointer` (JSON Pointer, or `edi` for a place in an EDI file), `code` and `detail`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let body = Body {
            r#type: format!("{CODES}{}", self.code),
            title: self.code.title(),
            status: self.status,
            detail: &self.detail,
            code: self.code,
            errors: self.errors.iter().map(Entry::of).collect(),
        };
        // Text and numbers alone: this cannot fail.
        serde_json::to_vec(&body).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_its_code_and_every_field() {
        let finding = Finding {
            code: Code::SchemaViolation,
            detail: "is required".to_owned(),
            place: Some(Place::Pointer("/lines/0/sku".to_owned())),
        };
        let problem = Problem::new(422, Code::SchemaViolation, "2 fields are wrong")
            .with(vec![finding.clone(), Finding { place: None, ..finding }]);
        assert_eq!(
            String::from_utf8(problem.to_bytes()).unwrap(),
            concat!(
                r#"{"type":"https://crossdock.dev/codes/schema-violation","title":"The document does not fit its schema","#,
                r#""status":422,"detail":"2 fields are wrong","code":"schema-violation","errors":["#,
                r#"{"pointer":"/lines/0/sku","code":"schema-violation","detail":"is required"},"#,
                r#"{"code":"schema-violation","detail":"is required"}]}"#
            )
        );
    }

    #[test]
    fn a_problem_without_fields_has_no_errors() {
        let body = String::from_utf8(Problem::new(404, Code::NotFound, "no such release").to_bytes()).unwrap();
        assert!(!body.contains("errors"), "{body}");
    }
}
