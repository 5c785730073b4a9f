//! JSON from outside: read strictly, then checked against a published schema.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

use canonical::{Code, Finding, Place};
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::{JsonType, ValidationError, Validator};
use schemars::JsonSchema;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::limits::{BODY_LEN_MAX, FINDINGS_MAX, JSON_DEPTH_MAX, JSON_KEYS_MAX};

/// Where the published schemas stand.
const SCHEMAS: &str = "https://crossdock.dev/schemas/";

/// Longest member name that a finding repeats, characters.
const NAME_LEN_MAX: usize = 100;

/// Something wrong at `pointer`.
pub(crate) fn at(code: Code, pointer: impl Into<String>, detail: impl Into<String>) -> Finding {
    Finding { code, detail: detail.into(), place: Some(Place::Pointer(pointer.into())) }
}

/// A field that does not fit the schema.
pub(crate) fn misfit(pointer: impl Into<String>, detail: impl Into<String>) -> Finding {
    at(Code::SchemaViolation, pointer, detail)
}

/// Reads a body: UTF-8, one value, no name twice in an object, bounded in length, depth and width.
pub(crate) fn read(body: &[u8]) -> Result<Value, Finding> {
    if body.len() > BODY_LEN_MAX {
        let detail = format!("the body has {} bytes; {BODY_LEN_MAX} are the most", body.len());
        return Err(Finding { code: Code::TooLarge, detail, place: None });
    }
    // RFC 8259, 8.1: a byte order mark may be ignored rather than treated as an error.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let fault = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let root = Node { at: &Step::Root, depth: 1, fault: &fault };
    let read = root.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    read.map_err(|error| {
        let place = format!("the body is not JSON: line {}, column {}", error.line(), error.column());
        fault.take().unwrap_or_else(|| at(Code::MalformedJson, "", place))
    })
}

/// The way from the root to a value, rendered only when something is wrong there.
enum Step<'a> {
    Root,
    Name(&'a Step<'a>, &'a str),
    Index(&'a Step<'a>, usize),
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Name(up, name) => write!(f, "{up}/{}", token(name)),
            Self::Index(up, index) => write!(f, "{up}/{index}"),
        }
    }
}

/// A member name as a reference token (RFC 6901), cut to a length that can be shown.
fn token(name: &str) -> String {
    name.chars().take(NAME_LEN_MAX).collect::<String>().replace('~', "~0").replace('/', "~1")
}

#[derive(Clone, Copy)]
struct Node<'a> {
    at: &'a Step<'a>,
    depth: usize,
    fault: &'a RefCell<Option<Finding>>,
}

impl Node<'_> {
    fn refuse<E: serde::de::Error>(&self, at_step: &Step<'_>, detail: &str) -> E {
        *self.fault.borrow_mut() = Some(at(Code::MalformedJson, at_step.to_string(), detail));
        E::custom(detail)
    }

    fn descend<E: serde::de::Error>(&self) -> Result<(), E> {
        if self.depth > JSON_DEPTH_MAX {
            return Err(self.refuse(self.at, &format!("is nested deeper than {JSON_DEPTH_MAX} levels")));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.descend()?;
        let mut list = Vec::new();
        loop {
            let at = Step::Index(self.at, list.len());
            let node = Node { at: &at, depth: self.depth + 1, fault: self.fault };
            match items.next_element_seed(node)? {
                Some(item) => list.push(item),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        self.descend()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let at = Step::Name(self.at, &name);
            if object.contains_key(&name) {
                return Err(self.refuse(&at, "stands twice in the same object"));
            }
            if object.len() == JSON_KEYS_MAX {
                return Err(self.refuse(self.at, &format!("has more than {JSON_KEYS_MAX} members")));
            }
            let value = members.next_value_seed(Node { at: &at, depth: self.depth + 1, fault: self.fault })?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

/// A published schema.
pub(crate) struct Schema {
    value: Value,
    /// None if the schema does not compile, which a test holds that it does.
    validator: Option<Validator>,
}

impl Schema {
    /// The schema of `T`, published as `<name>.json`.
    pub(crate) fn of<T: JsonSchema>(name: &str) -> Self {
        let mut schema = schemars::schema_for!(T);
        schema.insert("$id".to_owned(), format!("{SCHEMAS}{name}.json").into());
        let value = schema.to_value();
        let validator = jsonschema::options().should_validate_formats(true).build(&value).ok();
        Self { value, validator }
    }

    pub(crate) fn value(&self) -> &Value {
        &self.value
    }

    /// Everything that is wrong with `document`: by the schema, and by `more`, which sees what a schema cannot say. One
    /// finding for each place.
    pub(crate) fn check(&self, document: &Value, more: impl FnOnce(&mut Vec<Finding>)) -> Vec<Finding> {
        let Some(validator) = &self.validator else {
            let detail = "the schema of this document is not usable";
            return vec![Finding { code: Code::InternalFault, detail: detail.to_owned(), place: None }];
        };
        let mut findings = Vec::new();
        for error in validator.iter_errors(document).take(FINDINGS_MAX) {
            explain(&error, &mut findings);
        }
        fractions(document, &Step::Root, &mut findings);
        more(&mut findings);
        let mut places = BTreeSet::new();
        findings.retain(|finding| match &finding.place {
            Some(Place::Pointer(pointer)) => places.insert(pointer.clone()),
            _ => true,
        });
        findings.truncate(FINDINGS_MAX);
        findings
    }
}

/// A checked document as its type.
pub(crate) fn typed<T: DeserializeOwned>(document: Value) -> Result<T, Vec<Finding>> {
    // The schema was made from the type, so this fails only where the two disagree; a property holds that they do not.
    serde_json::from_value(document).map_err(|_| vec![misfit("", "does not have the form of this document")])
}

/// Numbers that were written with a fraction or an exponent: no field takes one, and a schema takes 1.0 for an integer.
fn fractions(value: &Value, at: &Step<'_>, findings: &mut Vec<Finding>) {
    if findings.len() > FINDINGS_MAX {
        return;
    }
    match value {
        Value::Number(number) if number.is_f64() => {
            let detail = "must be a whole number, or a decimal written as text such as \"2.5\"";
            findings.push(misfit(at.to_string(), detail));
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                fractions(item, &Step::Index(at, index), findings);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                fractions(member, &Step::Name(at, name), findings);
            }
        }
        _ => {}
    }
}

/// Says what is wrong in words, without the value and without the schema.
fn explain(error: &ValidationError<'_>, findings: &mut Vec<Finding>) {
    let pointer = error.instance_path().as_str();
    let detail = match error.kind() {
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            findings.push(misfit(format!("{pointer}/{}", token(name)), "is required"));
            return;
        }
        Kind::AdditionalProperties { unexpected } => {
            for name in unexpected.iter().take(FINDINGS_MAX) {
                findings.push(misfit(format!("{pointer}/{}", token(name)), "is not a field of this document"));
            }
            return;
        }
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            return explain_choice(error, context, findings);
        }
        Kind::Type { kind } => format!("must be {}", types(kind)),
        Kind::Enum { options } => format!("must be {}", one_of(options.as_array().into_iter().flatten())),
        Kind::Constant { expected_value } => format!("must be {}", one_of([&**expected_value])),
        Kind::Pattern { pattern } => {
            format!("must be {}", form(pattern).unwrap_or("of another form"))
        }
        Kind::Format { format } => format!("must be {}", format_words(format)),
        Kind::MinLength { limit: 1 } | Kind::MinItems { limit: 1 } => "must not be empty".to_owned(),
        Kind::MinLength { limit } => format!("must have at least {limit} characters"),
        Kind::MaxLength { limit } => format!("must have at most {limit} characters"),
        Kind::MinItems { limit } => format!("must have at least {limit} entries"),
        Kind::MaxItems { limit } => format!("must have at most {limit} entries"),
        Kind::Minimum { limit } => format!("must be {limit} or more"),
        Kind::Maximum { limit } => format!("must be {limit} or less"),
        // Two alternatives at once are for the document's own check, which knows them by name.
        Kind::OneOfMultipleValid { .. } => return,
        _ => "does not fit the schema".to_owned(),
    };
    findings.push(misfit(pointer, detail));
}

/// A value that fits none of several forms. An optional field is one: its other form is null, of which nobody thought.
fn explain_choice(error: &ValidationError<'_>, forms: &[Vec<ValidationError<'static>>], findings: &mut Vec<Finding>) {
    let constants: Vec<&Value> = forms.iter().flatten().filter_map(constant).collect();
    if !constants.is_empty() {
        findings.push(misfit(error.instance_path().as_str(), format!("must be {}", one_of(constants))));
        return;
    }
    let null = |errors: &&Vec<ValidationError<'_>>| {
        let is_null =
            |error: &ValidationError<'_>| matches!(error.kind(), Kind::Type { kind: TypeKind::Single(JsonType::Null) });
        !errors.iter().any(is_null)
    };
    let mut meant = forms.iter().filter(null);
    if let (Some(errors), None) = (meant.next(), meant.next()) {
        for error in errors {
            explain(error, findings);
        }
    }
    // Several alternatives are for the document's own check, which knows them by name.
}

fn constant<'e>(error: &'e ValidationError<'_>) -> Option<&'e Value> {
    match error.kind() {
        Kind::Constant { expected_value } => Some(expected_value),
        _ => None,
    }
}

fn one_of<'v>(values: impl IntoIterator<Item = &'v Value>) -> String {
    let words: Vec<String> = values.into_iter().map(|value| value.as_str().unwrap_or("null").to_owned()).collect();
    match words.as_slice() {
        [one] => one.clone(),
        _ => format!("one of {}", words.join(", ")),
    }
}

fn types(kind: &TypeKind) -> String {
    let all: Vec<JsonType> = match kind {
        TypeKind::Single(one) => vec![*one],
        TypeKind::Multiple(set) => set.iter().filter(|one| *one != JsonType::Null).collect(),
    };
    let words = all.into_iter().map(|one| match one {
        JsonType::Null => "null",
        JsonType::Boolean => "true or false",
        JsonType::Integer | JsonType::Number => "a whole number",
        JsonType::String => "text",
        JsonType::Array => "a list",
        JsonType::Object => "an object",
    });
    words.collect::<Vec<_>>().join(" or ")
}

fn format_words(format: &str) -> &'static str {
    match format {
        "date" => "a day such as 2026-01-31",
        "date-time" => "a time with its offset, such as 2026-01-31T14:35:00-05:00",
        _ => "of another form",
    }
}

/// Each pattern of the published schemas in words; a test holds that none is missing.
pub(crate) fn form(pattern: &str) -> Option<&'static str> {
    Some(match pattern {
        "^[A-Za-z0-9][A-Za-z0-9._/-]{0,21}$" => "1 to 22 letters, digits, . _ / -, the first a letter or digit",
        "^[ -~]{1,22}$" => "1 to 22 printable ASCII characters",
        "^[A-Za-z0-9._-]{1,20}$" => "1 to 20 letters, digits, . _ -",
        "^[A-Za-z0-9._-]{1,64}$" => "an identifier: 1 to 64 letters, digits, . _ -",
        "^[A-Z]{2}$" => "two capital letters",
        "^[A-Z]{2,4}$" => "2 to 4 capital letters",
        "^[A-Z0-9]{2}$" => "two capital letters or digits",
        "^[A-Za-z0-9][A-Za-z0-9 -]{2,14}$" => "3 to 15 letters, digits, blanks or -",
        "^[!-~]([ -~]{0,20}[!-~])?$" => "1 to 22 printable ASCII characters, no blank at either end",
        "^[!-~]([ -~]{0,46}[!-~])?$" => "1 to 48 printable ASCII characters, no blank at either end",
        "^[!-~]([ -~]{0,62}[!-~])?$" => "1 to 64 printable ASCII characters, no blank at either end",
        "^(00)?[0-9]{18}$" => "18 digits, or 20 that begin with 00",
        "^(0|[1-9][0-9]{0,11})(\\.[0-9]{1,6})?$" => {
            "a decimal such as 60 or 2.5, with at most 12 digits before and 6 after the point"
        }
        _ => return None,
    })
}

/// Every pattern of a schema.
#[cfg(test)]
pub(crate) fn patterns(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| match value {
                Value::String(pattern) if name == "pattern" => vec![pattern.clone()],
                value => patterns(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(patterns).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &[u8]) -> (Code, String, String) {
        let finding = read(body).unwrap_err();
        let pointer = match finding.place {
            Some(Place::Pointer(pointer)) => pointer,
            _ => "-".to_owned(),
        };
        (finding.code, pointer, finding.detail)
    }

    #[test]
    fn a_body_of_the_longest_length_is_read_and_one_byte_more_is_not() {
        let body = |len: usize| format!("\"{}\"", "a".repeat(len - 2));
        assert!(read(body(BODY_LEN_MAX).as_bytes()).is_ok());
        assert_eq!(refused(body(BODY_LEN_MAX + 1).as_bytes()).0, Code::TooLarge);
    }

    #[test]
    fn the_deepest_body_is_read_and_one_level_more_is_not() {
        let body = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(body(JSON_DEPTH_MAX).as_bytes()).is_ok());
        let (code, pointer, _) = refused(body(JSON_DEPTH_MAX + 1).as_bytes());
        assert_eq!((code, pointer), (Code::MalformedJson, "/0".repeat(JSON_DEPTH_MAX)));
        assert_eq!(refused("[".repeat(500_000).as_bytes()).0, Code::MalformedJson);
    }

    #[test]
    fn the_widest_object_is_read_and_one_member_more_is_not() {
        let body = |count: usize| {
            let members: Vec<String> = (0..count).map(|n| format!("\"{n}\":0")).collect();
            format!("{{{}}}", members.join(","))
        };
        assert!(read(body(JSON_KEYS_MAX).as_bytes()).is_ok());
        assert_eq!(refused(body(JSON_KEYS_MAX + 1).as_bytes()).0, Code::MalformedJson);
    }

    #[test]
    fn a_name_twice_is_refused_at_its_place() {
        let (code, pointer, _) = refused(br#"{"lines":[{"a/b":1,"a\u002fb":2}]}"#);
        assert_eq!((code, pointer.as_str()), (Code::MalformedJson, "/lines/0/a~1b"));
    }

    #[test]
    fn what_is_no_json_is_refused_with_line_and_column_and_without_its_text() {
        for body in [&b""[..], b"{", b"{\"a\":}", b"{}{}", b"NaN", b"1e999", b"\"\\ud800\"", b"\"\xff\"", b"<x/>"] {
            let (code, _, detail) = refused(body);
            assert_eq!(code, Code::MalformedJson, "{body:?}");
            assert!(detail.starts_with("the body is not JSON: line "), "{detail}");
        }
        assert!(read(b"\xef\xbb\xbf{}").is_ok(), "a byte order mark is no fault");
    }
}
