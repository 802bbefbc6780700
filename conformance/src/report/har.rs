//! The evidence as an HTTP archive (HAR 1.2), so that a browser's tools can show it. Credentials were struck out before.

use serde_json::{Value, json};

use crate::result::RunResult;
use crate::target::Exchange;

/// The evidence of a run.
pub fn har(run: &RunResult) -> Value {
    let entries: Vec<Value> = run
        .cases
        .iter()
        .flat_map(|case| case.exchanges.iter().map(|e| entry(run, &case.id, e)))
        .collect();
    let pages: Vec<Value> = run
        .cases
        .iter()
        .filter(|c| !c.exchanges.is_empty())
        .map(|c| {
            json!({
                "startedDateTime": run.started,
                "id": c.id,
                "title": format!("{}: {}", c.verdict, c.title),
                "pageTimings": {},
            })
        })
        .collect();
    json!({
        "log": {
            "version": "1.2",
            "creator": { "name": "xcat-conformance", "version": run.kit },
            "pages": pages,
            "entries": entries,
        }
    })
}

fn entry(run: &RunResult, case: &str, e: &Exchange) -> Value {
    let (path, query) = e.path.split_once('?').unwrap_or((&e.path, ""));
    let pairs: Vec<Value> = query
        .split('&')
        .filter(|p| !p.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            json!({ "name": name, "value": value })
        })
        .collect();
    let base = if run.target.name.starts_with("http") {
        run.target.name.as_str()
    } else {
        "http://embedded.invalid"
    };
    let mut request = json!({
        "method": e.method.to_string(),
        "url": format!("{}/xcatws{}", base.trim_end_matches('/').trim_end_matches("/xcatws"), e.path),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [],
        "queryString": pairs,
        "headersSize": -1,
        "bodySize": e.body.as_ref().map_or(0, String::len),
        "comment": path,
    });
    if let Some(body) = &e.body {
        request["postData"] = json!({ "mimeType": "text/plain", "text": body });
    }
    json!({
        "pageref": case,
        "startedDateTime": run.started,
        "time": e.millis,
        "request": request,
        "response": {
            "status": e.status.unwrap_or(0),
            "statusText": e.error.clone().unwrap_or_default(),
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": [],
            "content": { "size": e.answer.len(), "mimeType": e.content_type, "text": e.answer },
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": e.answer.len(),
        },
        "cache": {},
        "timings": { "send": 0, "wait": e.millis, "receive": 0 },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::Level;
    use crate::result::tests::{case, run};
    use crate::target::{Method, Phase};
    use crate::verdict::Verdict;

    #[test]
    fn an_exchange_is_an_entry() {
        let mut one = case("a/1", Level::Must, Verdict::Pass);
        one.exchanges.push(Exchange {
            phase: Phase::Case,
            method: Method::Put,
            path: "/vms/g?format=json&password=***".into(),
            body: Some("[\"--x\"]".into()),
            status: Some(200),
            content_type: "application/json".into(),
            answer: "{}".into(),
            error: None,
            millis: 3,
        });
        let value = har(&run(vec![one]));
        let entry = &value["log"]["entries"][0];
        assert_eq!(entry["pageref"], "a/1");
        assert_eq!(entry["request"]["queryString"][1]["value"], "***");
        assert_eq!(entry["request"]["postData"]["text"], "[\"--x\"]");
        assert_eq!(entry["response"]["content"]["text"], "{}");
    }
}
