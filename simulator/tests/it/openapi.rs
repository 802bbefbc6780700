//! The description of the control door is true: every route has its schemas, its example works, and the answers are as
//! described.

use serde_json::{Value, json};
use xcat_simulator::Simulator;
use xcat_simulator::control::ROUTES;

use crate::server::client;

/// Why a value is not of a schema; the keywords that the description uses.
fn misfit(schema: &Value, value: &Value, root: &Value) -> Option<String> {
    let Some(schema) = schema.as_object() else {
        return (schema != &json!(true)).then(|| "no schema".to_owned());
    };
    for (keyword, wanted) in schema {
        let wrong = match keyword.as_str() {
            "$ref" => {
                let pointer = wanted.as_str().unwrap().trim_start_matches('#');
                misfit(root.pointer(pointer).expect("a component"), value, root)
            }
            "type" => {
                let is = |name: &Value| match name.as_str().unwrap() {
                    "string" => value.is_string(),
                    "integer" => value.is_u64() || value.is_i64(),
                    "number" => value.is_number(),
                    "boolean" => value.is_boolean(),
                    "array" => value.is_array(),
                    "object" => value.is_object(),
                    "null" => value.is_null(),
                    other => panic!("type {other}"),
                };
                let fits = wanted
                    .as_array()
                    .map_or_else(|| is(wanted), |all| all.iter().any(is));
                (!fits).then(|| format!("{value} is no {wanted}"))
            }
            "minimum" => (value.as_f64() < wanted.as_f64()).then(|| format!("{value} < {wanted}")),
            "enum" => (!wanted.as_array().unwrap().contains(value))
                .then(|| format!("{value} not in {wanted}")),
            "items" => value
                .as_array()?
                .iter()
                .find_map(|item| misfit(wanted, item, root)),
            "required" => wanted
                .as_array()
                .unwrap()
                .iter()
                .find(|name| value.get(name.as_str().unwrap()).is_none())
                .map(|name| format!("no {name}")),
            "properties" => wanted
                .as_object()
                .unwrap()
                .iter()
                .find_map(|(name, schema)| {
                    let found = misfit(schema, value.get(name)?, root)?;
                    Some(format!("{name}: {found}"))
                }),
            "additionalProperties" => {
                let known = schema["properties"].as_object().unwrap();
                value
                    .as_object()
                    .filter(|_| wanted == &json!(false))
                    .and_then(|fields| fields.keys().find(|key| !known.contains_key(*key)))
                    .map(|key| format!("{key} is not known"))
            }
            "anyOf" => {
                let all: Vec<_> = wanted
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|s| misfit(s, value, root))
                    .collect();
                (!all.contains(&None)).then(|| format!("{all:?}"))
            }
            other => panic!("keyword {other}"),
        };
        if wrong.is_some() {
            return wrong;
        }
    }
    None
}

#[test]
fn the_check_of_schemas_finds_what_does_not_fit() {
    let schema = json!({
        "type": "object", "required": ["a"], "additionalProperties": false,
        "properties": {"a": {"type": "integer", "minimum": 0}, "b": {"type": "array", "items": {"enum": ["x"]}}},
    });
    assert_eq!(misfit(&schema, &json!({"a": 1, "b": ["x"]}), &schema), None);
    for bad in [
        json!({}),
        json!({"a": -1}),
        json!({"a": "1"}),
        json!({"a": 1, "b": ["y"]}),
        json!({"a": 1, "c": 2}),
        json!([]),
    ] {
        assert!(misfit(&schema, &bad, &schema).is_some(), "{bad}");
    }
}

struct Door {
    simulator: Simulator,
    client: reqwest::Client,
}

impl Door {
    async fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let url = self.simulator.control_url().unwrap() + path;
        let request = self.client.request(method.parse().unwrap(), url);
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let answer = request.body(body).send().await.unwrap();
        let status = answer.status().as_u16();
        (
            status,
            serde_json::from_str(&answer.text().await.unwrap()).unwrap(),
        )
    }

    /// With everything that a route may name, and a request that a break point holds.
    async fn prepared() -> Self {
        let control = "127.0.0.1:0".parse().unwrap();
        let simulator = Simulator::builder()
            .http()
            .control(control)
            .world("example", "empty", None)
            .start()
            .await
            .unwrap();
        let door = Self {
            simulator,
            client: client(None),
        };
        let xcat = format!("{}/xcatws", door.simulator.url());
        let query = "userName=admin&password=admin&format=json";
        door.client
            .get(format!("{xcat}/nodes?{query}"))
            .send()
            .await
            .unwrap();
        let held =
            json!({"id": "example", "target": {"operation": "chhypervisor", "command": "sed"}});
        let fault = json!({"id": "example", "name": "ssh-timeout", "target": {"zhcp": "zhcp2"}});
        for (method, path, body) in [
            ("POST", "breaks", held),
            ("POST", "faults", fault),
            ("PUT", "snapshots/example", Value::Null),
            ("PUT", "san/zones/example", json!(["c05076e8a0001a00"])),
        ] {
            let (status, answer) = door
                .call(method, &format!("/worlds/default/{path}"), &body)
                .await;
            assert_eq!(status, 200, "{answer}");
        }
        let reserve = door
            .client
            .put(format!("{xcat}/hypervisor/zvm1?{query}"))
            .header("Content-Type", "application/json")
            .body(r#"["--reservezfcp scsipol1 used me 1a00 1g"]"#);
        tokio::spawn(reserve.send());
        door.simulator.site().wait_held("example").await.unwrap();
        door
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_is_described_and_its_example_works() {
    let description = Door::prepared()
        .await
        .call("GET", "/openapi.json", &Value::Null)
        .await
        .1;
    for route in ROUTES {
        let door = Door::prepared().await;
        let name = format!("{} {}", route.method, route.path);
        let operation = &description["paths"][route.path][route.method.to_ascii_lowercase()];
        let body = &operation["requestBody"]["content"]["application/json"];
        assert_eq!(body.is_null(), route.body.is_empty(), "{name}: body");
        let world = if route.method == "DELETE" {
            "example"
        } else {
            "default"
        };
        let path: Vec<&str> = route
            .path
            .split('/')
            .map(|part| match part {
                "{world}" if route.path == "/worlds/{world}" => world,
                "{world}" => "default",
                "{id}" | "{name}" => "example",
                "{page}" => "faults",
                "{zhcp}" => "zhcp1",
                "{pool}" => "scsipol1",
                "{volume}" => "one0",
                "{wwpn}" => "500507630300c562",
                "{lun}" => "4010403300000000",
                "{host}" => "lnx1",
                part => part,
            })
            .collect();
        let path = path.join("/");
        let mut example = body["example"].clone();
        if route.path.ends_with("/state") && route.method == "PUT" {
            example = door.call("GET", &path, &Value::Null).await.1;
        }
        if !body.is_null() {
            assert_eq!(
                misfit(&body["schema"], &example, &description),
                None,
                "{name}: example"
            );
        }
        let (status, answer) = door.call(route.method, &path, &example).await;
        assert_eq!(status, 200, "{name}: {answer}");
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{name}: answer has no schema");
        assert_eq!(
            misfit(schema, &answer, &description),
            None,
            "{name}: answer"
        );
        // Where the schema knows all fields, the door refuses others.
        if body["schema"]["additionalProperties"] == false {
            example["colour"] = "red".into();
            let (status, refusal) = door.call(route.method, &path, &example).await;
            assert_eq!(status, 400, "{name}: {refusal}");
            assert_eq!(
                misfit(
                    &description["components"]["schemas"]["Error"],
                    &refusal,
                    &description
                ),
                None
            );
        }
    }
}
