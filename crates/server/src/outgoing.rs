//! Requests that the server makes by itself, for public lists, for what is known of cards, to push services
//! and to pagers: no redirects, a time limit, and no more bytes than are wanted.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Certificate, Client, ClientBuilder, RequestBuilder, Response};
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
    Ok(builder(limit).build()?)
}

/// The same for addresses that others named: whatever a name resolves to at the moment of the request,
/// only public addresses are reached, but for these hosts. An address in the place of a name is not
/// looked at here.
pub(crate) fn public_client(
    limit: Duration,
    exempt: HashSet<String>,
) -> Result<Client, FetchError> {
    let resolver = Arc::new(PublicOnly { exempt });
    // A proxy would resolve the name instead, and reach whatever it likes.
    Ok(builder(limit).no_proxy().dns_resolver(resolver).build()?)
}

/// A client for a server that the operator names, wherever it is: with a CA in PEM only what that one
/// vouches for is trusted.
pub(crate) fn house_client(limit: Duration, ca: Option<&[u8]>) -> Result<Client, FetchError> {
    let builder = match ca {
        Some(pem) => builder(limit).tls_certs_only(Certificate::from_pem_bundle(pem)?),
        None => builder(limit),
    };
    Ok(builder.no_proxy().build()?)
}

fn builder(limit: Duration) -> ClientBuilder {
    Client::builder()
        .timeout(limit)
        .connect_timeout(limit.min(CONNECT))
        .redirect(reqwest::redirect::Policy::none())
}

/// Resolves as the system does, and leaves out what is not on the public internet.
#[derive(Debug)]
struct PublicOnly {
    exempt: HashSet<String>,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let exempt = self.exempt.contains(name.as_str());
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found
                .filter(|address| exempt || is_public(address.ip()))
                .collect();
            if public.is_empty() {
                return Err("the name has no public address".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is one of the public internet (IANA's registries of special-purpose addresses).
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

const fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    !(v4.is_private()
        || v4.is_loopback()
        || v4.is_link_local()
        || v4.is_documentation()
        || a == 0
        || (a == 100 && b & 0xc0 == 64)
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && b & 0xfe == 18)
        || a >= 224)
}

/// Global unicast, without what has an IPv4 address in it (6to4, Teredo) and what is for books.
const fn is_public_v6(v6: Ipv6Addr) -> bool {
    let [a, b, ..] = v6.segments();
    a & 0xe000 == 0x2000
        && a != 0x2002
        && !(a == 0x2001 && (b < 0x0200 || b == 0x0db8))
        && !(a == 0x3fff && b < 0x1000)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_public_internet_are_public() {
        for (address, public) in [
            ("8.8.8.8", true),
            ("172.15.0.1", true),
            ("100.128.0.1", true),
            ("198.20.0.1", true),
            ("2a00:1450:4001::1", true),
            ("2001:4860::8888", true),
            ("127.0.0.1", false),
            ("0.0.0.0", false),
            ("10.1.2.3", false),
            ("172.16.0.1", false),
            ("192.168.1.1", false),
            ("169.254.169.254", false),
            ("100.64.0.1", false),
            ("192.0.0.8", false),
            ("198.19.255.255", false),
            ("203.0.113.9", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("::1", false),
            ("::", false),
            ("::ffff:10.0.0.1", false),
            ("64:ff9b::a00:1", false),
            ("fd00::1", false),
            ("fe80::1", false),
            ("2002:a00:1::", false),
            ("2001::1", false),
            ("2001:db8::1", false),
            ("ff02::1", false),
        ] {
            assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_into_the_house_leads_nowhere_unless_it_is_exempt() {
        let of = |exempt: &[&str]| PublicOnly {
            exempt: exempt.iter().map(|host| (*host).to_owned()).collect(),
        };
        let name = || "localhost".parse::<Name>().unwrap();
        assert!(of(&[]).resolve(name()).await.is_err());
        let mut found = of(&["localhost"]).resolve(name()).await.unwrap();
        assert!(found.all(|address| address.ip().is_loopback()));
    }
}
