//! What an SDK error means: whether it can pass by itself, or an operator must mend something.
//!
//! The conditions of a write are no errors: they are the table's own answers, and are read in `table`.

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use ports::{Fault, FaultKind};

/// Codes of errors that pass although their status is 4xx. The SDK's own list of throttling and transient codes, and:
/// SQS's too many messages in flight and throttled key service, S3's concurrent writes of one key, `DynamoDB`'s
/// conflicts.
const PASSING: [&str; 26] = [
    "BandwidthLimitExceeded",
    "ConditionalRequestConflict",
    "EC2ThrottledException",
    "InternalError",
    "InternalException",
    "InternalFailure",
    "KMS.ThrottlingException",
    "KmsThrottled",
    "LimitExceededException",
    "OperationAborted",
    "OverLimit",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "ReplicatedWriteConflictException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceUnavailable",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionConflictException",
];

/// The fault behind `error`. The service's answer itself is not kept: it can hold what must not be logged.
pub(crate) fn fault<E>(what: impl Into<String>, error: SdkError<E, HttpResponse>) -> Fault
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let fault = Fault { kind: kind(&error), what: what.into(), source: None };
    match error.into_source() {
        Ok(source) => fault.because(source),
        Err(error) => fault.because(error),
    }
}

fn kind<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> FaultKind {
    match error {
        SdkError::ConstructionFailure(_) => FaultKind::Misconfigured,
        SdkError::DispatchFailure(failure) if failure.is_user() => FaultKind::Misconfigured,
        SdkError::ServiceError(answer) => {
            match (answer.raw().status().as_u16(), answer.err().code()) {
                // A success without sense is an answer that broke off.
                (429 | 500.., _) | (..400, None) => FaultKind::Transient,
                (_, code) => of_code(code.unwrap_or_default()),
            }
        }
        // A time-out, a broken connection, an answer that is no answer: nothing is known, and it can pass.
        _ => FaultKind::Transient,
    }
}

/// What an error code means by itself, where no status stands with it: one entry of a batch.
pub(crate) fn of_code(code: &str) -> FaultKind {
    if PASSING.contains(&code) { FaultKind::Transient } else { FaultKind::Misconfigured }
}

#[cfg(test)]
mod tests {
    use ports::Table as _;

    use super::*;
    use crate::replay::{Replay, Reply};
    use crate::{Settings, Table};

    async fn kind_of(replies: Vec<Reply>) -> Fault {
        let replay = Replay::new(replies);
        let settings = Settings::from_pairs([("TABLE_NAME", "t")]);
        let table = Table::new(&replay.config(), &settings).unwrap();
        table.load(&crate::replay::key("a")).await.unwrap_err()
    }

    fn error(status: u16, code: &str) -> Reply {
        Reply::json(status, &format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"because"}}"#))
    }

    #[tokio::test]
    async fn each_error_has_its_kind() {
        let cases = [
            ("ThrottlingException", 400, 3, FaultKind::Transient),
            ("ProvisionedThroughputExceededException", 400, 3, FaultKind::Transient),
            ("InternalServerError", 500, 3, FaultKind::Transient),
            ("AccessDeniedException", 400, 1, FaultKind::Misconfigured),
            ("ValidationException", 400, 1, FaultKind::Misconfigured),
            ("ResourceNotFoundException", 400, 1, FaultKind::Misconfigured),
            ("ExpiredTokenException", 400, 1, FaultKind::Misconfigured),
            ("UnrecognizedClientException", 400, 1, FaultKind::Misconfigured),
        ];
        for (code, status, attempts, kind) in cases {
            let replies = (0..attempts).map(|_| error(status, code)).collect();
            let fault = kind_of(replies).await;
            assert_eq!(fault.kind, kind, "{code}: {}", fault.chain());
            assert!(fault.chain().starts_with("read of item"), "{}", fault.chain());
            assert!(fault.chain().contains("because"), "the service's words are kept: {}", fault.chain());
        }
    }

    #[tokio::test]
    async fn a_broken_connection_and_an_answer_that_is_none_can_pass() {
        assert_eq!(kind_of((0..3).map(|_| Reply::Broken).collect()).await.kind, FaultKind::Transient);
        assert_eq!(kind_of((0..3).map(|_| Reply::json(200, "<html>")).collect()).await.kind, FaultKind::Transient);
        assert_eq!(kind_of((0..3).map(|_| Reply::json(503, "")).collect()).await.kind, FaultKind::Transient);
    }
}
