//! What the door answers: status, content type, body (spec: rest-and-xcatd 1.6 to 1.8).

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};

use super::pieces::Pieces;
use crate::mn::Document;

/// Encoding of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Format {
    /// The default.
    #[default]
    Html,
    /// JSON.
    Json,
    /// XML fragments.
    Xml,
}

impl Format {
    /// The format's name in the query.
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name {
            "html" => Some(Self::Html),
            "json" => Some(Self::Json),
            "xml" => Some(Self::Xml),
            _ => None,
        }
    }

    /// `Content-Type` of every answer of the program, plain-text errors included (RQ2).
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=ISO-8859-1",
            Self::Json => "application/json; charset=ISO-8859-1",
            Self::Xml => "text/xml; charset=ISO-8859-1",
        }
    }
}

/// Why a handler sends nothing to the daemon.
#[derive(Debug)]
pub(super) enum Stop {
    /// A local answer with this status and text.
    Text(StatusCode, String),
    /// A local answer of documents; the last is dropped as if it came from the daemon.
    Documents(Vec<Document>),
    /// The program dies: Apache answers 500. The text is what the program leaves in the error log.
    Crash(String),
}

impl Stop {
    /// A local error: 400 with this text.
    pub(super) fn bad(text: impl Into<String>) -> Self {
        Self::Text(StatusCode::BAD_REQUEST, text.into())
    }

    /// A handler that gave back nothing where a request was expected.
    pub(super) fn not_a_hash() -> Self {
        Self::Crash("Can't use string (\"\") as a HASH ref while \"strict refs\" in use".to_owned())
    }

    /// 405 for a method that the resource does not know.
    pub(super) fn method(method: &str, resource: &str) -> Self {
        Self::Text(
            StatusCode::METHOD_NOT_ALLOWED,
            format!("request method '{method}' is not supported on resource '{resource}'"),
        )
    }
}

/// A finished answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) content_type: &'static str,
    pub(super) body: Pieces,
    /// Whether Apache closes the connection after it.
    pub(super) close: bool,
}

impl Reply {
    /// An answer of the program.
    pub(super) fn text(status: StatusCode, format: Format, body: impl Into<Pieces>) -> Self {
        Self {
            status,
            content_type: format.content_type(),
            body: body.into(),
            close: status.is_client_error(),
        }
    }

    /// A page of the web server itself: crashes, `%2F` in the path, bodies that are too large.
    pub(super) fn apache(status: StatusCode) -> Self {
        let reason = status.canonical_reason().unwrap_or("Error");
        let text = match status {
            StatusCode::NOT_FOUND => "<p>The requested URL was not found on this server.</p>",
            StatusCode::INTERNAL_SERVER_ERROR => {
                "<p>The server encountered an internal error or\nmisconfiguration and was unable to complete\nyour request.</p>\n\
                 <p>Please contact the server administrator at \n [no address given] to inform them of the time this error occurred,\n \
                 and the actions you performed just before this error.</p>\n\
                 <p>More information about this error may be available\nin the server error log.</p>"
            }
            _ => "<p>The server refused this request.</p>",
        };
        let code = status.as_u16();
        Self {
            status,
            content_type: "text/html; charset=iso-8859-1",
            body: format!(
                "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \"http://www.w3.org/TR/html4/strict.dtd\">\n\
                 <html><head>\n<title>{code} {reason}</title>\n</head><body>\n<h1>{reason}</h1>\n{text}\n</body></html>\n"
            )
            .into(),
            close: true,
        }
    }

    /// The HTTP response.
    pub(super) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(self.body.into_body());
        *response.status_mut() = self.status;
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(self.content_type),
        );
        if self.close {
            response
                .headers_mut()
                .insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}
