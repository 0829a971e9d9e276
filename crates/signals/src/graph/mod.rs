//! Microsoft Intune through Microsoft Graph v1.0: addresses, questions and answers as values.
//!
//! - [`Graph`]: where to ask. [`Page`]: a page of `managedDevice`s, and where the next one is.
//! - [`Login`], [`Token`]: how to get a token with a client's secret.
//! - [`Action`]: what can be asked of a device. [`ActionResult`]: what became of it.
//! - [`Fault`]: what an error answer says, without what must not be logged.
//!
//! Sources: Microsoft Graph REST v1.0, `managedDevice` and its actions, `deviceActionResult` and
//! `actionState`; OAuth 2.0 client credentials on the Microsoft identity platform (RFC 6749 §4.4).

mod action;
mod device;
mod fault;
mod page;
mod result;
mod token;

pub use action::Action;
pub use device::SOURCE;
pub use fault::Fault;
pub use page::{LeftOut, Page, PageError, Why};
pub use result::{ActionResult, Ending, ResultsError};
pub use token::{Login, Token, TokenError};

use thiserror::Error;
use url::{Host, Url};

/// Microsoft Graph at one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    /// The origin, with the path `/`.
    origin: Url,
}

/// An address that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AddressError {
    /// Not an origin such as `https://graph.microsoft.com`.
    #[error("must look like https://graph.microsoft.com, without a path")]
    Origin,
    /// Plain HTTP to another machine: tokens would travel in the clear.
    #[error("must begin with https://; plain http is for this machine only")]
    Plain,
    /// A tenant that is neither a GUID nor a domain.
    #[error("must be the directory's id or one of its domains")]
    Tenant,
    /// A device's id that Intune cannot have given.
    #[error("is no id of a device in Intune")]
    Device,
}

/// Microsoft's worldwide service. National clouds have others.
pub const GRAPH: &str = "https://graph.microsoft.com";

/// Microsoft's worldwide service. National clouds have others.
pub const LOGIN: &str = "https://login.microsoftonline.com";

/// Devices on a page, as they are asked for; Graph may give fewer.
const TOP: usize = 500;

impl Graph {
    /// Graph at an origin, such as [`GRAPH`].
    ///
    /// # Errors
    /// [`AddressError::Origin`] and [`AddressError::Plain`].
    pub fn new(origin: &str) -> Result<Self, AddressError> {
        self::origin(origin).map(|origin| Self { origin })
    }

    /// What a token has to be for.
    pub fn scope(&self) -> String {
        format!("{}/.default", self.origin.origin().ascii_serialization())
    }

    /// Where the first page of devices is; with no more columns than are read.
    pub fn devices(&self) -> Url {
        let mut url = self.path(&["managedDevices"]);
        url.set_query(Some(&format!("$select={}&$top={TOP}", device::SELECT)));
        url
    }

    /// Where an action is asked of a device, by `POST` with [`Action::body`].
    ///
    /// # Errors
    /// [`AddressError::Device`]: the id would lead elsewhere.
    pub fn action(&self, manager_id: &str, action: Action) -> Result<Url, AddressError> {
        if !device::is_id(manager_id) {
            return Err(AddressError::Device);
        }
        Ok(self.path(&["managedDevices", manager_id, action.segment()]))
    }

    /// Where it is told what became of a device's actions; see [`ActionResult::read`].
    ///
    /// # Errors
    /// [`AddressError::Device`]: the id would lead elsewhere.
    pub fn results(&self, manager_id: &str) -> Result<Url, AddressError> {
        if !device::is_id(manager_id) {
            return Err(AddressError::Device);
        }
        let mut url = self.path(&["managedDevices", manager_id]);
        url.set_query(Some(&format!("$select={}", result::SELECT)));
        Ok(url)
    }

    /// Whether an address is Graph's own, so that a token may be sent to it.
    fn is_own(&self, url: &Url) -> bool {
        url.origin() == self.origin.origin()
            && url.username().is_empty()
            && url.password().is_none()
    }

    fn path(&self, segments: &[&str]) -> Url {
        let mut url = self.origin.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear()
                .extend(["v1.0", "deviceManagement"])
                .extend(segments);
        }
        url
    }
}

/// An origin: https anywhere, http to this machine only.
fn origin(text: &str) -> Result<Url, AddressError> {
    let url = Url::parse(text).map_err(|_| AddressError::Origin)?;
    let bare = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" | "http" if !bare => Err(AddressError::Origin),
        "https" => Ok(url),
        "http" if loopback => Ok(url),
        "http" => Err(AddressError::Plain),
        _ => Err(AddressError::Origin),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graph_is_asked_where_microsoft_documents_it() {
        let graph = Graph::new(GRAPH).unwrap();
        let devices = graph.devices();
        assert_eq!(devices.path(), "/v1.0/deviceManagement/managedDevices");
        let query = devices.query().unwrap();
        assert!(query.starts_with("$select=id,deviceName,"), "{query}");
        assert!(query.ends_with("&$top=500"), "{query}");
        assert_eq!(graph.scope(), "https://graph.microsoft.com/.default");
        let id = "705c034c-034c-705c-4c03-5c704c035c70";
        assert_eq!(
            graph.action(id, Action::Lock).unwrap().as_str(),
            format!("{GRAPH}/v1.0/deviceManagement/managedDevices/{id}/remoteLock")
        );
        assert_eq!(
            graph.results(id).unwrap().as_str(),
            format!(
                "{GRAPH}/v1.0/deviceManagement/managedDevices/{id}?$select=id,deviceActionResults"
            )
        );
    }

    #[test]
    fn an_id_cannot_lead_elsewhere() {
        let graph = Graph::new(GRAPH).unwrap();
        for id in ["", "..", "a/b", "a?b", "a%2fb", "ä", &"a".repeat(65)] {
            let outcome = graph.action(id, Action::Wipe);
            assert_eq!(outcome, Err(AddressError::Device), "{id}");
            assert_eq!(graph.results(id), Err(AddressError::Device), "{id}");
        }
    }

    #[test]
    fn tokens_travel_encrypted_or_stay_on_the_machine() {
        for good in [
            "https://graph.microsoft.us",
            "https://graph.microsoft.com/",
            "http://127.0.0.1:8080",
            "http://localhost:1",
            "http://[::1]:80",
        ] {
            Graph::new(good).unwrap();
        }
        for (bad, why) in [
            ("http://graph.microsoft.com", AddressError::Plain),
            ("http://10.0.0.1", AddressError::Plain),
            ("http://localhost.example", AddressError::Plain),
            ("https://graph.microsoft.com/v1.0", AddressError::Origin),
            ("https://user:pw@graph.microsoft.com", AddressError::Origin),
            ("https://graph.microsoft.com?x=1", AddressError::Origin),
            ("ftp://localhost", AddressError::Origin),
            ("graph.microsoft.com", AddressError::Origin),
        ] {
            assert_eq!(Graph::new(bad), Err(why), "{bad}");
        }
    }
}
