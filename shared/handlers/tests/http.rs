//! Requests and answers of the API.

#[cfg(test)]
mod tests {
    use canonical::{Code, Finding};
    use handlers::{Request, Response};
    use serde_json::Value;

    #[test]
    fn a_header_counts_if_it_is_given_once() {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let headers = vec![header("webhook-id", "1"), header("x", "2"), header("x", "3")];
        let request = Request { headers, ..Request::default() };
        assert_eq!(request.header("webhook-id"), Some("1"));
        assert_eq!((request.header("x"), request.header("absent")), (None, None), "twice is not once");
    }

    #[test]
    fn the_first_finding_decides_the_status() {
        let finding = |code| Finding { code, detail: "wrong".to_owned(), place: None };
        for (findings, status, code) in [
            (vec![finding(Code::MalformedJson)], 400, "malformed-json"),
            (vec![finding(Code::TooLarge)], 413, "too-large"),
            (vec![finding(Code::UnknownLine), finding(Code::MalformedJson)], 422, "unknown-line"),
            (Vec::new(), 422, "schema-violation"),
        ] {
            let answer = Response::invalid("it was not taken", findings);
            assert_eq!(
                (answer.status, answer.code.map(Code::as_str), answer.outcome),
                (status, Some(code), "rejected")
            );
            let body: Value = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!((&body["status"], &body["detail"]), (&status.into(), &"it was not taken".into()));
        }
    }

    #[test]
    fn a_problem_is_the_callers_below_500_and_ours_from_there() {
        for (status, outcome) in [(404, "rejected"), (499, "rejected"), (500, "retry"), (503, "retry")] {
            let answer = Response::problem(status, Code::NotFound, "", Vec::new());
            assert_eq!((answer.status, answer.outcome), (status, outcome));
            assert_eq!(answer.headers, [("content-type".to_owned(), "application/problem+json".to_owned())]);
        }
    }

    #[test]
    fn an_answer_names_its_partner_and_its_headers() {
        let answer =
            Response::json(202, "{}", "applied").to(&"erp".parse().unwrap()).with_header("location", "/x").again();
        let headers: Vec<(&str, &str)> =
            answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(headers, [("content-type", "application/json"), ("location", "/x"), ("retry-after", "2")]);
        assert_eq!((answer.partner.as_str(), answer.outcome, answer.body.as_slice()), ("erp", "applied", &b"{}"[..]));
    }
}
