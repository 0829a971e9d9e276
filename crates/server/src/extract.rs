//! Extractors whose rejections are problem documents.

use std::convert::Infallible;
use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::header;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

use crate::app::{App, Peer};
use crate::problem::Refusal;

/// A JSON body.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"));
        if !json {
            return Err(Refusal::UnsupportedMediaType);
        }
        let limit = request
            .extensions()
            .get()
            .map_or(app.config.server.max_body_bytes, |Largest(bytes)| *bytes);
        let bytes =
            Bytes::from_request(request, app)
                .await
                .map_err(|rejection| match rejection {
                    BytesRejection::FailedToBufferBody(_) if rejection.status().as_u16() == 413 => {
                        Refusal::PayloadTooLarge { limit }
                    }
                    _ => Refusal::InvalidBody {
                        field: "$".to_owned(),
                        expected: "the whole body".to_owned(),
                    },
                })?;
        parse(&bytes).map(Self)
    }
}

/// The bytes of a body, on a route that takes larger ones than others do; its layer says so to
/// axum too.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Largest(pub(crate) usize);

/// Reads JSON. The error names the field and what was expected there, never what was found.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let message = error.inner().to_string();
        let mut path: Vec<_> = error.path().iter().collect();
        if message.starts_with("unknown field") {
            // The last step is the sender's word.
            path.pop();
        }
        let field = if path.is_empty() || !error.inner().is_data() {
            // A text that breaks off may do so within free JSON, whose names are the sender's too.
            "$".to_owned()
        } else {
            written(&path)
        };
        Refusal::InvalidBody {
            field,
            expected: expected(error.inner()),
        }
    })?;
    reader.end().map_err(|error| Refusal::InvalidBody {
        field: "$".to_owned(),
        expected: expected(&error),
    })?;
    Ok(value)
}

/// A JSON path of our own names: `lines[0].count`.
fn written(path: &[&Segment]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Segment::Seq { index } => text.extend(["[", &index.to_string(), "]"]),
            Segment::Map { key: name } | Segment::Enum { variant: name } => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
            Segment::Unknown => text.push('?'),
        }
    }
    text
}

/// What serde expected. Its messages quote what it found in front of that, so only the part
/// behind the last `expected ` is taken, and `missing field` messages, which name our fields.
fn expected(error: &serde_json::Error) -> String {
    if !error.is_data() {
        return format!(
            "JSON; it breaks off at line {} column {}",
            error.line(),
            error.column()
        );
    }
    let message = error.to_string();
    if message.starts_with("missing field") {
        return message
            .split(" at line")
            .next()
            .unwrap_or("a missing field")
            .to_owned();
    }
    match message.rsplit_once("expected ") {
        Some((_, rest)) => rest.split(" at line").next().unwrap_or(rest).to_owned(),
        None => "a value of the documented form".to_owned(),
    }
}

/// The `{id}` of the path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Id<T>(pub(crate) T);

impl<T: FromStr + Send> FromRequestParts<App> for Id<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let params = RawPathParams::from_request_parts(parts, app)
            .await
            .map_err(|_| Refusal::InvalidParameter("id"))?;
        let id = params.iter().find(|(name, _)| *name == "id");
        id.and_then(|(_, text)| text.parse().ok())
            .map(Self)
            .ok_or(Refusal::InvalidParameter("id"))
    }
}

/// The `{id}` and the `{n}` of the path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numbered<T> {
    /// Of which thing.
    pub(crate) id: T,
    /// Which part of it.
    pub(crate) n: u32,
}

impl<T: FromStr + Send> FromRequestParts<App> for Numbered<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let Id(id) = Id::from_request_parts(parts, app).await?;
        let params = RawPathParams::from_request_parts(parts, app)
            .await
            .map_err(|_| Refusal::InvalidParameter("n"))?;
        let n = params.iter().find(|(name, _)| *name == "n");
        n.and_then(|(_, text)| text.parse().ok())
            .map(|n| Self { id, n })
            .ok_or(Refusal::InvalidParameter("n"))
    }
}

/// Where the request comes from.
impl FromRequestParts<App> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

/// The query string.
#[derive(Debug)]
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Params<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        axum::extract::Query::from_request_parts(parts, app)
            .await
            .map(|axum::extract::Query(value)| Self(value))
            .map_err(|_| Refusal::InvalidParameter("query"))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use wardline_model::UserId;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its parsing is tested")]
    struct Order {
        lines: Vec<Line>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only its parsing is tested")]
    struct Line {
        count: u8,
        by: UserId,
    }

    fn refused(json: &str) -> (String, String) {
        match parse::<Order>(json.as_bytes()).unwrap_err() {
            Refusal::InvalidBody { field, expected } => (field, expected),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn an_error_names_the_field_and_never_the_content() {
        let (field, expected) = refused(r#"{"lines":[{"count":"SECRET"}]}"#);
        assert_eq!(
            (field.as_str(), expected.as_str()),
            ("lines[0].count", "u8")
        );
        let (field, expected) = refused(r#"{"lines":[{"count":1,"by":"SECRET"}]}"#);
        assert_eq!(field, "lines[0].by");
        assert!(!expected.contains("SECRET"), "{expected}");
        let (_, expected) = refused(r#"{"lines":[{"count":1}]}"#);
        assert_eq!(expected, "missing field `by`");
        let (field, expected) = refused(r#"{"lines":[],"SECRET":1}"#);
        assert_eq!((field.as_str(), expected.as_str()), ("$", "`lines`"));
        let (field, expected) = refused("{\"lines\":[SECRET");
        assert!(!expected.contains("SECRET"), "{expected}");
        assert_eq!(field, "$");
        let (field, expected) = refused(r#"{"lines":[{"count":1,"free":{"SECRET":nul"#);
        assert!(!expected.contains("SECRET"), "{expected}");
        assert_eq!(field, "$");
        assert!(parse::<Order>(b"{\"lines\":[]} x").is_err());
    }
}
