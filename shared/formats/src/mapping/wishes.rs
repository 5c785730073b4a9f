//! A partner's wishes: lines before those of the map, factors between units of measure, and an expression for the rest.

use std::collections::BTreeMap;

use canonical::{Code, Finding, Place, Quantity};
use edi::TransactionSet;
use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Context, Evaluator, EvaluatorError, EvaluatorOptions};
use jsonata_core::parser;
use jsonata_core::value::JValue;
use partners::{EdiAgreement, UnitFactor};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Mapped;
use super::compile::Map;
use super::text::MapError;
use super::write::Written;
use crate::limits::{EXPRESSION_DEPTH_MAX, EXPRESSION_LIST_MAX, EXPRESSION_MS_MAX};

/// Functions whose answer is another each time, or that run text as code. A step decides the same way whenever it runs.
const FORBIDDEN: [&str; 5] = ["now", "millis", "random", "shuffle", "eval"];

/// Members of an object that are counted in its `uom`.
const COUNTED: [&str; 2] = ["quantity", "ordered"];

/// Why a partner's wishes cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WishError {
    /// The lines are none of a map.
    #[error("overlay: {0}")]
    Overlay(#[from] MapError),
    /// The expression is no `JSONata`.
    #[error("expression: {0}")]
    Expression(String),
}

/// A map with a partner's wishes.
pub struct Tailored {
    map: Map,
    units: BTreeMap<String, UnitFactor>,
    expression: Option<AstNode>,
}

impl Tailored {
    /// The map as is agreed with a partner.
    ///
    /// # Errors
    /// An overlay or an expression that does not compile.
    pub fn new(map: &Map, agreement: &EdiAgreement) -> Result<Self, WishError> {
        let wishes = agreement.maps.get(map.set()).cloned().unwrap_or_default();
        let map = map.overlaid(&wishes.overlay)?;
        let parse = |text: &String| parser::parse(text).map_err(|error| WishError::Expression(error.to_string()));
        let expression = wishes.expression.as_ref().map(parse).transpose()?;
        Ok(Self { map, units: agreement.units.clone(), expression })
    }

    /// The map with the partner's lines.
    pub fn map(&self) -> &Map {
        &self.map
    }

    /// Reads a set. A value that a factor or the expression has made anew keeps its origins where its place is the same.
    ///
    /// # Errors
    /// As [`Map::read`] and [`super::Draft::typed`]; and an expression that fails, or makes something else than the
    /// document.
    pub fn read<'a, T: DeserializeOwned>(&'a self, set: &'a TransactionSet<'a>) -> Result<Mapped<'a, T>, Vec<Finding>> {
        let mut draft = self.map.read(set)?;
        if self.units.is_empty() && self.expression.is_none() {
            return Ok(Mapped { document: draft.typed()?, draft });
        }
        let mut document = draft.to_json();
        let mut findings = Vec::new();
        self.count(&mut document, "", &mut findings);
        if !findings.is_empty() {
            return Err(findings);
        }
        if let Some(expression) = &self.expression {
            document = evaluated(expression, document).map_err(|finding| vec![finding])?;
        }
        draft.keep(|pointer| document.pointer(pointer).is_some());
        // What serde says of a misfit repeats the value.
        let document = serde_json::from_value(document)
            .map_err(|_| vec![failed("with the partner's wishes the document is none of its kind any more")])?;
        Ok(Mapped { document, draft })
    }

    /// Writes a document.
    ///
    /// # Errors
    /// As [`Map::write`].
    pub fn write(&self, document: &Value) -> Result<Written, Vec<Finding>> {
        self.map.write(document)
    }

    /// Counts in our units what the partner counts in its own.
    fn count(&self, value: &mut Value, pointer: &str, findings: &mut Vec<Finding>) {
        match value {
            Value::Array(entries) => {
                for (index, entry) in entries.iter_mut().enumerate() {
                    self.count(entry, &format!("{pointer}/{index}"), findings);
                }
            }
            Value::Object(members) => {
                let text = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default();
                let by_item = self.units.get(&format!("{}/{}", text("sku"), text("uom")));
                if let Some(factor) = by_item.or_else(|| self.units.get(text("uom"))) {
                    for name in COUNTED {
                        let Some(counted) = members.get_mut(name) else {
                            continue;
                        };
                        match counted.as_str().and_then(|text| product(text, factor.factor)) {
                            Some(product) => *counted = product.into(),
                            None => findings.push(Finding {
                                code: Code::EdiSyntax,
                                detail: "is no quantity in the unit that the profile names".to_owned(),
                                place: Some(Place::Pointer(format!("{pointer}/{name}"))),
                            }),
                        }
                    }
                    members.insert("uom".to_owned(), factor.unit.as_str().into());
                }
                for (name, member) in members {
                    self.count(member, &format!("{pointer}/{name}"), findings);
                }
            }
            _ => {}
        }
    }
}

/// Exact, and still a number that a quantity may be; with its sign, for adjustments have one.
fn product(text: &str, factor: Quantity) -> Option<String> {
    let product = text.parse::<rust_decimal::Decimal>().ok()?.checked_mul(factor.value())?.normalize();
    product.abs().to_string().parse::<Quantity>().ok().map(|_| product.to_string())
}

fn failed(detail: &str) -> Finding {
    Finding { code: Code::Misconfigured, detail: detail.to_owned(), place: None }
}

/// The document that an expression makes of one. It reads no clock but the one that stops it, and draws no lots.
fn evaluated(expression: &AstNode, document: Value) -> Result<Value, Finding> {
    let options = EvaluatorOptions {
        timeout_ms: Some(EXPRESSION_MS_MAX),
        cancel: None,
        max_stack_depth: Some(EXPRESSION_DEPTH_MAX),
        max_sequence_length: Some(EXPRESSION_LIST_MAX),
    };
    let mut evaluator = Evaluator::with_options(Context::new(), options);
    for name in FORBIDDEN {
        let refuse = |_: &[JValue]| -> Result<JValue, EvaluatorError> {
            Err(EvaluatorError::EvaluationError("not the same each time".to_owned()))
        };
        evaluator.register_fn_override(name, refuse).map_err(|_| failed("an expression cannot be made safe"))?;
    }
    let made = evaluator.evaluate(expression, &JValue::from(document)).ok();
    // By its text: there a whole number is one. What it says of an error may repeat a value.
    let made = made.and_then(|made| made.to_json_string().ok()).and_then(|text| serde_json::from_str(&text).ok());
    made.ok_or_else(|| failed("the partner's expression fails on this document"))
}
