//! JSON schemas of the bodies and answers of the control door, each body with an example that works on the site `lab`. A
//! test sends every example and compares the answers with their schemas.

use serde_json::{Map, Value, json};

/// The schema of a body, and an example.
pub(super) struct Body {
    /// JSON schema.
    pub(super) schema: Value,
    /// A body that is accepted; null for a saved state, which is too long for one.
    pub(super) example: Value,
}

fn text() -> Value {
    json!({"type": "string"})
}

fn number() -> Value {
    json!({"type": "integer", "minimum": 0})
}

fn list(items: Value) -> Value {
    json!({"type": "array", "items": items})
}

/// An object with just these fields, of which the first so many are needed.
fn object(needed: usize, fields: &[(&str, Value)]) -> Value {
    let names: Vec<&str> = fields.iter().take(needed).map(|(name, _)| *name).collect();
    let properties: Map<String, Value> = fields
        .iter()
        .map(|(name, schema)| ((*name).to_owned(), schema.clone()))
        .collect();
    json!({"type": "object", "properties": properties, "required": names, "additionalProperties": false})
}

/// An object with at least these fields.
fn answers(fields: &[(&str, Value)]) -> Value {
    let mut schema = object(fields.len(), fields);
    schema["additionalProperties"] = true.into();
    schema
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn when(during: bool) -> Value {
    let values: &[&str] = if during {
        &["before", "after", "during"]
    } else {
        &["before", "after"]
    };
    json!({"enum": values})
}

/// Schemas that others refer to.
pub(super) fn components() -> Value {
    let criteria = [
        "operation",
        "node",
        "zhcp",
        "guest",
        "pool",
        "wwpn",
        "lun",
        "device",
        "chpid",
        "command",
        "path",
    ]
    .map(|name| (name, text()));
    json!({
        "Error": answers(&[("error", text())]),
        "Target": object(0, &criteria),
        "FaultRule": answers(&[
            ("id", text()), ("layer", text()), ("target", reference("Target")), ("effect", answers(&[("kind", text())])),
            ("when", when(false)), ("skip", number()), ("seen", number()), ("hits", number()),
        ]),
        "Latency": object(2, &[
            ("profiles", list(object(1, &[("time", answers(&[("kind", text())])), ("command", text())]))),
            ("random_state", number()),
        ]),
        "Time": answers(&[("now_ms", number()), ("frozen", json!({"type": "boolean"})), ("scale", json!({"type": "number"}))]),
        "Requests": answers(&[
            ("requests", list(answers(&[
                ("id", number()), ("command", text()), ("args", list(text())), ("started_ms", number()),
                ("commands", list(answers(&[
                    ("line", text()), ("command", answers(&[("op", text())])),
                    ("outcome", answers(&[("rc", json!({"type": "integer"})), ("stdout", text()), ("stderr", text())])),
                ]))),
            ]))),
            ("last_id", number()), ("dropped", number()),
        ]),
        "World": answers(&[
            ("site", text()), ("release", text()), ("behaviour", text()), ("repaired", list(text())), ("now_ms", number()),
            ("systems", number()), ("linuxes", number()), ("volumes", number()), ("pools", number()), ("requests", number()),
        ]),
        "State": answers(&[
            ("schema", number()), ("program", text()), ("settings", answers(&[])), ("world", answers(&[])),
        ]),
    })
}

/// The body of a route; `None` when it takes none.
pub(super) fn body(method: &str, path: &str) -> Option<Body> {
    let target = || reference("Target");
    let path = path.strip_prefix("/worlds/{world}").unwrap_or(path);
    let (schema, example) = match (method, path) {
        ("POST", "/worlds") => (
            object(
                1,
                &[
                    ("name", text()),
                    ("site", text()),
                    ("text", text()),
                    ("release", json!({"enum": ["E", "M", "P"]})),
                    ("behaviour", json!({"enum": ["executed", "intended"]})),
                    ("repaired", list(text())),
                    ("seed", number()),
                    ("listen", text()),
                    ("xcatd", text()),
                ],
            ),
            json!({"name": "three", "site": "empty", "release": "E", "repaired": ["Q1"], "seed": 3}),
        ),
        ("POST", "/faults") => (
            object(
                0,
                &[
                    ("name", text()),
                    ("effect", answers(&[("kind", text())])),
                    ("target", target()),
                    ("when", when(false)),
                    ("skip", number()),
                    ("times", number()),
                    ("probability", json!({"type": "number"})),
                    ("for_ms", number()),
                    ("id", text()),
                    ("layer", text()),
                ],
            ),
            json!({"name": "ssh-no-route", "target": {"zhcp": "zhcp1"}, "skip": 1, "times": 2}),
        ),
        ("POST", "/breaks") => (
            object(
                0,
                &[
                    ("id", text()),
                    ("target", target()),
                    ("nth", number()),
                    ("when", when(true)),
                    ("until", target()),
                    ("times", number()),
                ],
            ),
            json!({"target": {"operation": "chvm --addzfcp", "command": "smcli"}, "until": {"operation": "rmvm"}}),
        ),
        ("PUT", "/latency") => (
            object(
                0,
                &[
                    (
                        "profiles",
                        list(answers(&[("time", answers(&[("kind", text())]))])),
                    ),
                    ("random_state", number()),
                ],
            ),
            json!({"profiles": [{"command": "smcli", "time": {"kind": "log-normal", "p50": 20, "p95": 80}}], "random_state": 5}),
        ),
        ("PUT", "/time") => (
            object(
                0,
                &[
                    ("frozen", json!({"type": "boolean"})),
                    ("scale", json!({"type": "number"})),
                ],
            ),
            json!({"frozen": true, "scale": 0.0}),
        ),
        ("POST", "/time/step") => (object(1, &[("ms", number())]), json!({"ms": 250})),
        ("POST", "/journal/query") => (
            object(
                0,
                &[
                    ("since", number()),
                    ("limit", number()),
                    ("failed", json!({"type": "boolean"})),
                    ("target", target()),
                    ("fault", text()),
                ],
            ),
            json!({"target": {"operation": "chhypervisor"}, "limit": 5}),
        ),
        ("POST", "/journal/assert") => (
            object(
                0,
                &[
                    ("target", target()),
                    ("since", number()),
                    ("at_least", number()),
                    ("at_most", number()),
                ],
            ),
            json!({"target": {"lun": "4010403300000000"}, "at_most": 0}),
        ),
        ("POST", "/journal/wait") => (
            object(
                0,
                &[
                    ("since", number()),
                    ("target", target()),
                    ("fault", text()),
                    ("timeout_ms", number()),
                    ("seen", list(number())),
                ],
            ),
            json!({"since": 0, "timeout_ms": 1000}),
        ),
        ("PUT", "/state") => (reference("State"), Value::Null),
        ("POST", "/state/diff") => (
            json!({"anyOf": [object(1, &[("snapshot", text())]), reference("State")]}),
            json!({"snapshot": "example"}),
        ),
        ("PUT", "/pools/{zhcp}/{pool}") => (
            object(1, &[("text", text())]),
            json!({"text": "#status,wwpn,lun,size,range,owner,channel,tag\nfree,500507630300c562,4010403300000000,1G,,,,\n"}),
        ),
        ("POST", "/pools/{zhcp}/{pool}/rows") => (
            object(
                1,
                &[
                    ("line", json!({"type": "integer", "minimum": 1})),
                    ("text", json!({"type": ["string", "null"]})),
                    ("insert", json!({"type": "boolean"})),
                ],
            ),
            json!({"line": 2, "text": "used,500507630300c562,4010403300000000,1G,,me,1a00,"}),
        ),
        ("PUT", "/san/zones/{name}" | "/san/masks/{volume}") => {
            (list(text()), json!(["c05076e8a0001a00"]))
        }
        ("PUT", "/san/ports/{wwpn}") => (
            answers(&[("online", json!({"type": "boolean"}))]),
            json!({"online": true, "refuses_login": true}),
        ),
        ("PUT", "/san/luns/{wwpn}/{lun}") => (
            object(
                1,
                &[
                    ("volume", text()),
                    ("bytes", json!({"type": ["integer", "null"]})),
                ],
            ),
            json!({"volume": "fresh", "bytes": 1_073_741_824}),
        ),
        ("PUT", "/guests/{host}/power") => (
            object(1, &[("on", json!({"type": "boolean"}))]),
            json!({"on": false}),
        ),
        _ => return None,
    };
    Some(Body { schema, example })
}

/// The answer of a route.
pub(super) fn answer(method: &str, path: &str) -> Value {
    let path = path.strip_prefix("/worlds/{world}").unwrap_or(path);
    match (method, path) {
        ("GET", "/pages/{page}") => answers(&[("page", text()), ("markdown", text())]),
        ("GET", "/worlds") => answers(&[
            ("worlds", list(text())),
            ("urls", answers(&[])),
            ("xcatd", answers(&[])),
        ]),
        ("POST", "/worlds") => answers(&[("name", text()), ("path", text())]),
        ("GET", "")
        | ("PUT", "/state")
        | ("POST", "/state/reset" | "/snapshots/{name}/restore") => reference("World"),
        ("GET", "/faults") => answers(&[("faults", list(answers(&[("layer", text())])))]),
        ("POST", "/faults") | ("DELETE", "/faults/{id}") => reference("FaultRule"),
        ("DELETE", "/faults") => answers(&[("removed", number())]),
        ("GET", "/breaks") => answers(&[(
            "breaks",
            list(answers(&[
                ("id", text()),
                ("hits", number()),
                ("holding", list(number())),
            ])),
        )]),
        ("POST", "/breaks") => answers(&[("id", text())]),
        ("GET", "/breaks/{id}/wait") => answers(&[("request", number())]),
        ("POST", "/breaks/{id}/release") => answers(&[("released", number())]),
        ("GET" | "PUT", "/latency") => reference("Latency"),
        ("GET" | "PUT", "/time") | ("POST", "/time/step") => reference("Time"),
        ("GET", "/journal") | ("POST", "/journal/query" | "/journal/wait") => reference("Requests"),
        ("POST", "/journal/assert") => answers(&[
            ("holds", json!({"type": "boolean"})),
            ("count", number()),
            ("matching", list(text())),
            (
                "near_misses",
                list(answers(&[
                    ("request", number()),
                    ("command", text()),
                    ("differs", list(text())),
                ])),
            ),
        ]),
        ("GET", "/state") => reference("State"),
        ("POST", "/state/diff") => answers(&[("differences", list(answers(&[("path", text())])))]),
        ("GET", "/snapshots") => answers(&[("snapshots", list(text()))]),
        ("PUT", "/snapshots/{name}") => answers(&[("snapshot", text())]),
        ("GET", "/pools") => answers(&[(
            "pools",
            list(answers(&[("zhcp", text()), ("pool", text())])),
        )]),
        (_, "/pools/{zhcp}/{pool}" | "/pools/{zhcp}/{pool}/rows") => answers(&[("text", text())]),
        ("GET", "/san") => answers(&[
            ("ports", answers(&[])),
            ("zones", answers(&[])),
            ("luns", answers(&[])),
            ("volumes", answers(&[])),
        ]),
        ("PUT", "/san/masks/{volume}") => list(text()),
        ("PUT", _) if path.starts_with("/san/") => answers(&[]),
        ("DELETE", "/san/zones/{name}") => answers(&[]),
        ("DELETE", _) => answers(&[("removed", text())]),
        ("GET", "/guests") => answers(&[(
            "guests",
            list(answers(&[
                ("host", text()),
                ("userid", text()),
                ("on", json!({"type": "boolean"})),
            ])),
        )]),
        ("PUT", "/guests/{host}/power") => {
            answers(&[("host", text()), ("on", json!({"type": "boolean"}))])
        }
        _ => Value::Bool(true),
    }
}
