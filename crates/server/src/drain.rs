//! Bodies of requests that are answered before they are read.
//!
//! A request can be refused by its headers, such as one whose proof lacks a nonce. HTTP/1.1 then closes
//! the connection while the client still sends, and a large body (policies, a list of devices) fails
//! there instead of being sent again with the nonce. So what is left of a body is read before the
//! answer goes out.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};

/// A body that leaves what nobody read of it.
#[derive(Debug)]
pub(crate) struct Watched {
    body: Option<Incoming>,
    left: Left,
}

/// Where a body is left.
#[derive(Debug, Clone, Default)]
pub(crate) struct Left(Arc<Mutex<Option<Incoming>>>);

impl Watched {
    pub(crate) const fn new(body: Incoming, left: Left) -> Self {
        Self {
            body: Some(body),
            left,
        }
    }
}

impl Body for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let hint = self.body.as_ref().map(Body::size_hint);
        hint.unwrap_or_default()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let body = self.body.take().filter(|body| !body.is_end_stream());
        // The value is put whole, so a poisoned lock holds no half state.
        *self.left.0.lock().unwrap_or_else(PoisonError::into_inner) = body;
    }
}

impl Left {
    /// Reads what is left, as far and as long as is reasonable.
    pub(crate) async fn read(&self) {
        let left = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(body) = left {
            // Whoever sends no further is not waited for.
            let _ = tokio::time::timeout(PATIENCE, read_on(body)).await;
        }
    }
}

async fn read_on(mut body: Incoming) {
    let mut read = 0;
    while let Some(Ok(frame)) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        read += frame.data_ref().map_or(0, Bytes::len);
        if read > MOST {
            return;
        }
    }
}

/// As much as any route takes.
const MOST: usize = 16 << 20;
const PATIENCE: Duration = Duration::from_secs(10);
