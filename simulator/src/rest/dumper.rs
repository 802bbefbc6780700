//! A request as Perl's `Data::Dumper` prints it: two resources print it before their answer, password included
//! (RQ9). The real order of keys is random; here `arg`, `becomeuser`, `clienttype`, `command`, `noderange`.

use std::fmt::Write as _;

use crate::mn::Request;

/// A Perl value.
enum Value<'a> {
    Text(&'a str),
    List(Vec<Value<'a>>),
    Hash(Vec<(&'static str, Value<'a>)>),
}

/// The dump, with its final newline.
pub(super) fn dump(request: &Request) -> String {
    let args = request.args.iter().map(|arg| Value::Text(arg)).collect();
    let mut keys = vec![("arg", Value::List(args))];
    if let Some(credentials) = &request.credentials {
        let one = |text| Value::List(vec![Value::Text(text)]);
        let user = Value::Hash(vec![
            ("password", one(&credentials.password)),
            ("username", one(&credentials.user)),
        ]);
        keys.push(("becomeuser", Value::List(vec![user])));
    }
    keys.push(("clienttype", Value::Text(&request.client_type)));
    if let Some(command) = &request.command {
        keys.push(("command", Value::Text(command)));
    }
    if let Some(range) = &request.noderange {
        keys.push(("noderange", Value::Text(range)));
    }
    let mut out = String::from("$VAR1 = ");
    write(&mut out, &Value::Hash(keys), 8);
    out.push_str(";\n");
    out
}

/// Writes a value that starts in this column.
fn write(out: &mut String, value: &Value<'_>, column: usize) {
    let inner = column + 2;
    match value {
        Value::Text(text) => quote(out, text),
        Value::List(items) if items.is_empty() => out.push_str("[]"),
        Value::List(items) => {
            out.push('[');
            for (nth, item) in items.iter().enumerate() {
                let comma = if nth > 0 { "," } else { "" };
                let _ = write!(out, "{comma}\n{:inner$}", "");
                write(out, item, inner);
            }
            let _ = write!(out, "\n{:column$}]", "");
        }
        Value::Hash(pairs) => {
            out.push('{');
            for (nth, (key, item)) in pairs.iter().enumerate() {
                let comma = if nth > 0 { "," } else { "" };
                let _ = write!(out, "{comma}\n{:inner$}'{key}' => ", "");
                write(out, item, inner + key.len() + 6);
            }
            let _ = write!(out, "\n{:column$}}}", "");
        }
    }
}

fn quote(out: &mut String, text: &str) {
    out.push('\'');
    for c in text.chars() {
        if matches!(c, '\'' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('\'');
}

#[cfg(test)]
mod tests {
    use super::dump;
    use crate::mn::{Credentials, Request};

    #[test]
    fn rq9_the_password_is_shown() {
        let request = Request {
            command: Some("tabdump".to_owned()),
            args: vec!["policy".to_owned()],
            credentials: Some(Credentials {
                user: "admin".to_owned(),
                password: "it's".to_owned(),
            }),
            client_type: "ws".to_owned(),
            ..Request::default()
        };
        assert_eq!(
            dump(&request),
            "$VAR1 = {\n          'arg' => [\n                     'policy'\n                   ],\n          \
             'becomeuser' => [\n                            {\n                              'password' => [\n                                              \
             'it\\'s'\n                                            ],\n                              'username' => [\n                                              \
             'admin'\n                                            ]\n                            }\n                          ],\n          \
             'clienttype' => 'ws',\n          'command' => 'tabdump'\n        };\n"
        );
    }
}
