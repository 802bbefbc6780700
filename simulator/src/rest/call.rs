//! One HTTP request as the handlers see it (spec: rest-and-xcatd 1.2 to 1.5).

use super::body::{self, Elements, RequestBody};
use super::query::{Params, is_true};
use super::reply::{Format, Stop};
use crate::mn::{Credentials, Request};
use crate::seam::Settings;

/// A request, taken apart.
#[derive(Debug)]
pub(super) struct Call {
    /// Method in upper case.
    pub(super) method: String,
    /// Elements of the path below the base path; the first is the resource.
    pub(super) parts: Vec<String>,
    /// Format of the answer.
    pub(super) format: Format,
    /// Parameters of parser A.
    pub(super) a: Params,
    /// Parameters of parser B.
    pub(super) b: Params,
    /// The body.
    pub(super) body: RequestBody,
    /// Who asks, when both user name and password were given.
    pub(super) credentials: Option<Credentials>,
    /// How the site behaves.
    pub(super) settings: Settings,
}

/// User name and password headers.
#[derive(Debug, Default)]
pub(super) struct HeaderCredentials {
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
}

impl Call {
    /// Element `index` of the path, if it is there (it may be empty).
    pub(super) fn part(&self, index: usize) -> Option<&str> {
        self.parts.get(index).map(String::as_str)
    }

    /// Whether a quirk that is a defect is to be shown.
    pub(super) fn quirk(&self, id: &str) -> bool {
        self.settings.quirk(id)
    }

    /// The 405 of this method on this resource.
    pub(super) fn unsupported(&self) -> Stop {
        Stop::method(&self.method, self.part(0).unwrap_or_default())
    }

    /// A request of this client for a command.
    pub(super) fn request<T: Into<String>>(
        &self,
        command: &str,
        args: impl IntoIterator<Item = T>,
    ) -> Request {
        Request {
            command: Some(command.to_owned()),
            ..self.commandless(args)
        }
    }

    /// A request without a command: xcatd refuses it as unsupported.
    pub(super) fn commandless<T: Into<String>>(
        &self,
        args: impl IntoIterator<Item = T>,
    ) -> Request {
        Request {
            args: args.into_iter().map(Into::into).collect(),
            credentials: self.credentials.clone(),
            client_type: "ws".to_owned(),
            ..Request::default()
        }
    }

    /// A request for a command on nodes.
    pub(super) fn on_nodes<T: Into<String>>(
        &self,
        command: &str,
        nodes: &str,
        args: impl IntoIterator<Item = T>,
    ) -> Request {
        Request {
            noderange: Some(nodes.to_owned()),
            ..self.request(command, args)
        }
    }

    /// The body as a JSON array.
    pub(super) fn decode(&self, text: &str) -> Result<Elements, Stop> {
        // RQ5: the decoder is loaded only when the answer is to be JSON.
        let loaded = self.format == Format::Json || !self.quirk("RQ5");
        body::decode_array(loaded, text)
    }

    /// Values of `putData` in the query that have this key (`field=`), the key cut off.
    pub(super) fn put_data(&self, key: &str) -> Vec<String> {
        self.a
            .all("putData")
            .iter()
            .filter_map(|value| value.strip_prefix(key)?.strip_prefix('='))
            .map(str::to_owned)
            .collect()
    }

    /// Parameters of parser B by name in order of first appearance, each with its first value; a JSON body is one
    /// of them.
    pub(super) fn parameters(&self) -> Vec<(String, String)> {
        let mut parameters: Vec<(String, String)> = self
            .b
            .keys()
            .into_iter()
            .map(|key| {
                let value = self.b.first(key).unwrap_or_default();
                (key.to_owned(), value.to_owned())
            })
            .collect();
        if let Some(data) = self.body.any_data() {
            parameters.push((format!("{}DATA", self.method), data.to_owned()));
        }
        parameters
    }

    /// Arguments of `lsdef` for one type: `-t`, `-o` with the path's name, `-i` with the fields.
    pub(super) fn lsdef_args(&self, kind: &str, name: Option<&str>) -> Vec<String> {
        let mut args = vec!["-t".to_owned(), kind.to_owned()];
        if let Some(name) = name {
            args.extend(["-o".to_owned(), name.to_owned()]);
        }
        let fields = self.b.all("field");
        if !fields.is_empty() {
            args.extend(["-i".to_owned(), fields.join(",")]);
        }
        args
    }
}

/// Resolves user name and password: the query overrides the header, each by itself, and both must be true for Perl
/// (spec: rest-and-xcatd 1.5).
pub(super) fn credentials(a: &Params, headers: HeaderCredentials) -> Option<Credentials> {
    let pick = |key: &str, header: Option<String>| {
        if a.has(key) {
            a.first(key).map(str::to_owned)
        } else {
            header
        }
        .filter(|v| is_true(v))
    };
    Some(Credentials {
        user: pick("userName", headers.user)?,
        password: pick("password", headers.password)?,
    })
}
