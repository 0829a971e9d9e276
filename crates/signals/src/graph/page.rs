//! A page of devices.

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;
use url::Url;

use super::{Graph, device};
use crate::managed::ManagedDevice;

/// A page of `managedDevice`s.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The devices of which something is told.
    pub devices: Vec<ManagedDevice>,
    /// The others. One device that cannot be read does not hide the rest.
    pub left_out: Vec<LeftOut>,
    /// Where the next page is; always at the Graph that was asked.
    pub next: Option<Url>,
}

/// A device of which nothing is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its id, where it has one.
    pub manager_id: Option<String>,
    /// Why.
    pub why: Why,
}

/// Why nothing is told of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It has not spoken with Intune yet.
    NeverSynced,
    /// It is not written as Microsoft documents it.
    Malformed,
}

/// Why a page cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PageError {
    /// Not a page of devices.
    #[error("the answer is not a page of devices")]
    Malformed,
    /// The next page is said to be at another address: the token must not go there.
    #[error("the next page is said to be on another server")]
    Elsewhere,
}

impl Graph {
    /// Reads a page. `now_ms` is the time of the answer, unix milliseconds: nothing was observed
    /// after it, whatever the page says.
    ///
    /// # Errors
    /// [`PageError`]. Nothing of such a page counts.
    pub fn page(&self, bytes: &[u8], now_ms: u64) -> Result<Page, PageError> {
        let answer: Answer = serde_json::from_slice(bytes).map_err(|_| PageError::Malformed)?;
        let next = answer.next.map(|next| self.next(&next)).transpose()?;
        let mut page = Page {
            devices: Vec::new(),
            left_out: Vec::new(),
            next,
        };
        for value in answer.value {
            match device::read(value, now_ms) {
                Ok(device) => page.devices.push(device),
                Err(left_out) => page.left_out.push(left_out),
            }
        }
        Ok(page)
    }

    fn next(&self, next: &str) -> Result<Url, PageError> {
        let url = Url::parse(next).map_err(|_| PageError::Malformed)?;
        self.is_own(&url).then_some(url).ok_or(PageError::Elsewhere)
    }
}

#[derive(Deserialize)]
struct Answer {
    value: Vec<Value>,
    #[serde(rename = "@odata.nextLink")]
    next: Option<String>,
}
