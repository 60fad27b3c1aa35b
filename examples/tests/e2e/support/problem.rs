use reqwest::Response;
use serde_json::Value;

/// What an error is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) status: u16,
    pub(crate) reason: &'static str,
    pub(crate) code: &'static str,
}

/// Holds an error against the one shape that all of them have, and returns the document.
pub(crate) async fn assert_problem(response: Response, fault: Fault) -> Value {
    let headers = response.headers().clone();
    let status = response.status();
    let body = response.text().await.unwrap();
    assert_eq!(status, fault.status, "{fault:?}: {body}");
    assert_eq!(headers["content-type"], "application/problem+json", "{body}");
    let problem: Value = serde_json::from_str(&body).unwrap();

    let type_uri = format!("https://orders.example.com/problems/{}", fault.reason);
    assert_eq!(problem["type"], type_uri, "{body}");
    assert_eq!(problem["status"], fault.status, "{body}");
    assert_eq!(problem["reason"], fault.reason, "{body}");
    assert_eq!(problem["code"], fault.code, "{body}");
    assert_eq!(problem["domain"], "orders.example.com", "{body}");
    for member in ["title", "detail"] {
        assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {body}");
    }
    let id = headers["x-request-id"].to_str().unwrap();
    assert_eq!(problem["request_id"], id, "{body}");
    assert_eq!(problem["instance"], format!("urn:request:{id}"), "{body}");
    let trace = problem["trace_id"].as_str().unwrap_or_default();
    assert!(trace.len() == 32 && trace.bytes().all(|it| it.is_ascii_hexdigit()), "{body}");
    problem
}
