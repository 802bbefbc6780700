//! The OpenAPI description, made of the table of routes.

use serde_json::{Map, Value, json};

use super::routes::{ROUTES, Verb};
use super::schema;

/// The description, OpenAPI 3.1.
pub fn openapi() -> Value {
    let mut paths = Map::new();
    for route in ROUTES {
        let parameters: Vec<Value> = route
            .path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .map(|name| {
                json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}})
            })
            .collect();
        let mut operation = json!({
            "summary": route.summary,
            "operationId": operation_id(route.method, route.path),
            "parameters": parameters,
            "responses": {
                "200": {
                    "description": "done",
                    "content": {"application/json": {"schema": schema::answer(route.method, route.path)}},
                },
                "default": {
                    "description": "refused",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
                },
            },
        });
        if let Some(body) = schema::body(route.method, route.path) {
            let mut content = json!({ "schema": body.schema });
            if !body.example.is_null() {
                content["example"] = body.example;
            }
            operation["requestBody"] = json!({
                "description": route.body,
                "content": {"application/json": content},
            });
        }
        if matches!(route.verb, Verb::Wait(_)) {
            operation["description"] = "Answers when it has happened.".into();
        }
        let entry = paths
            .entry(route.path)
            .or_insert_with(|| Value::Object(Map::new()));
        entry[route.method.to_ascii_lowercase()] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "xcat-sim control door",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Faults, break points, latency, time, journal, state, pools, SAN, guests and worlds of a running simulator.",
        },
        "paths": paths,
        "components": {"schemas": schema::components()},
    })
}

/// A name for the operation: method and the fixed parts of the path.
fn operation_id(method: &str, path: &str) -> String {
    let parts = path.split('/').filter(|p| !p.is_empty()).map(|part| {
        part.strip_prefix('{')
            .and_then(|p| p.strip_suffix('}'))
            .map_or_else(|| part.to_owned(), |name| format!("by_{name}"))
    });
    std::iter::once(method.to_ascii_lowercase())
        .chain(parts)
        .collect::<Vec<_>>()
        .join("_")
}
