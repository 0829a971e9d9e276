//! Whether what a path consists of is revoked, by lists and by OCSP.

use webpki::{
    CertRevocationList, ExpirationPolicy, RevocationCheckDepth, RevocationOptions,
    RevocationOptionsBuilder, UnknownStatusPolicy,
};

use crate::config::{Depth, Revocation};
use crate::crl::Crl;
use crate::ocsp::{self, OcspError};
use crate::path::{Chain, Path, Trust};
use crate::refused::Refused;

/// The lists that a card is held against.
pub(crate) struct Lists<'a> {
    /// The latest first: webpki takes the first that is an issuer's.
    crls: Vec<&'a Crl>,
    webpki: Vec<&'a CertRevocationList<'a>>,
    revocation: &'a Revocation,
}

impl<'a> Lists<'a> {
    /// Those that were made by now.
    pub(crate) fn new(crls: &[&'a Crl], revocation: &'a Revocation, at_ms: u64) -> Self {
        let latest = at_ms.saturating_add(u64::from(revocation.skew_seconds) * 1000);
        let mut crls: Vec<&Crl> = crls
            .iter()
            .copied()
            .filter(|crl| crl.this_update_ms() <= latest)
            .collect();
        crls.sort_by_key(|crl| std::cmp::Reverse(crl.this_update_ms()));
        let webpki = crls.iter().map(|crl| crl.list()).collect();
        Self {
            crls,
            webpki,
            revocation,
        }
    }

    /// For webpki: refuses what is on a list, and lets pass what no list is about.
    pub(crate) fn refusing_listed(&self) -> Option<RevocationOptions<'_>> {
        self.options(UnknownStatusPolicy::Allow, self.depth())
    }

    fn depth(&self) -> RevocationCheckDepth {
        match self.revocation.depth {
            Depth::Card => RevocationCheckDepth::EndEntity,
            Depth::Chain => RevocationCheckDepth::Chain,
        }
    }

    /// `None` without a list.
    fn options(
        &self,
        unknown: UnknownStatusPolicy,
        depth: RevocationCheckDepth,
    ) -> Option<RevocationOptions<'_>> {
        // A stale list proves who is revoked, and no more who is not.
        let expiration = if self.revocation.accept_unknown {
            ExpirationPolicy::Ignore
        } else {
            ExpirationPolicy::Enforce
        };
        let builder = RevocationOptionsBuilder::new(&self.webpki).ok()?;
        Some(
            builder
                .with_depth(depth)
                .with_status_policy(unknown)
                .with_expiration_policy(expiration)
                .build(),
        )
    }

    /// Verifies what is to be known beyond the lists, once a path held with
    /// [`Self::refusing_listed`].
    pub(crate) fn check(
        &self,
        chain: &Chain<'_>,
        path: &Path,
        trust: &Trust,
        response: Option<&[u8]>,
        at_ms: u64,
    ) -> Result<(), Refused> {
        let answer = response.map(|response| {
            let lists = self.options(UnknownStatusPolicy::Deny, RevocationCheckDepth::EndEntity);
            ocsp::check(
                response,
                &chain.card,
                &path.issuer,
                lists,
                self.revocation,
                at_ms,
            )
        });
        match answer {
            Some(Err(OcspError::Revoked)) => return Err(Refused::Revoked),
            Some(Err(error)) if !error.is_silence() => return Err(error.into()),
            _ => {}
        }
        if self.revocation.accept_unknown {
            return Ok(());
        }
        let known = match answer {
            Some(Ok(())) => self.tell_of_authorities(path),
            _ => false,
        };
        if known {
            return Ok(());
        }
        // Lists alone have to do.
        let told = match self.options(UnknownStatusPolicy::Deny, self.depth()) {
            Some(options) => chain.verify(trust, Some(options), at_ms).map(|_| ()),
            None => Err(Refused::RevocationUnknown),
        };
        match (told, answer) {
            // The responder's silence is the better reason.
            (Err(Refused::RevocationUnknown), Some(Err(silence))) => Err(silence.into()),
            (told, _) => told,
        }
    }

    /// Whether each authority below the anchor stands under a whole list of its issuer's. That it is
    /// fresh, signed and does not name the authority was seen before.
    fn tell_of_authorities(&self, path: &Path) -> bool {
        self.revocation.depth == Depth::Card
            || path.authorities.iter().all(|authority| {
                self.crls
                    .iter()
                    .any(|crl| crl.is_all_of(&authority.issuer.subject))
            })
    }
}
