//! Requests that the server makes by itself, for public lists and for what is known of cards: no
//! redirects, a time limit, and no more bytes than are wanted.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response};
use thiserror::Error;

/// Why nothing was fetched.
#[derive(Debug, Error)]
pub(crate) enum FetchError {
    /// The other side does not answer, or not well. The text has no URL in it.
    #[error("{0}")]
    Http(String),
    /// It sends more bytes than are wanted.
    #[error("too many bytes")]
    Size,
}

impl From<reqwest::Error> for FetchError {
    fn from(error: reqwest::Error) -> Self {
        Self::Http(error.without_url().to_string())
    }
}

/// A client whose requests end after this time.
pub(crate) fn client(limit: Duration) -> Result<Client, FetchError> {
    Ok(Client::builder()
        .timeout(limit)
        .connect_timeout(limit.min(CONNECT))
        .redirect(reqwest::redirect::Policy::none())
        .build()?)
}

/// The body of a good answer, of `most` bytes at most.
pub(crate) async fn fetch(request: RequestBuilder, most: usize) -> Result<Vec<u8>, FetchError> {
    let mut response = request.send().await.and_then(Response::error_for_status)?;
    let most = most as u64;
    // What says that it is too large need not be read; what does not say so is cut off.
    let mut length = response.content_length().unwrap_or_default();
    let mut bytes = Vec::new();
    while length <= most {
        let Some(chunk) = response.chunk().await? else {
            return Ok(bytes);
        };
        bytes.extend_from_slice(&chunk);
        length = bytes.len() as u64;
    }
    Err(FetchError::Size)
}

const CONNECT: Duration = Duration::from_secs(5);
