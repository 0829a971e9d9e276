//! Fuzz targets: plain functions over bytes for each decoder of this crate.
//!
//! Each answers whether the bytes were accepted, and panics when something that must always hold
//! does not.

use time::Date;

use crate::attest::{
    Attested, KeyDescription, PatchLevel, Roots, StatusList, Verdict, certificates, verify,
    verify_certified,
};
use crate::patch::{self, Feeds, Installed, Platform};
use crate::webauthn::{Attested as Proven, Object, Trust, Unproven};

/// A chain as PEM, verified.
///
/// # Panics
/// When a chain is accepted for another challenge than its own, or is more than software under
/// Google's roots too: those must not vouch for what is made up.
pub fn chain(pem: &[u8], challenge: &[u8], roots: &Roots, at_ms: u64) -> Option<Attested> {
    let chain = certificates(pem).ok()?;
    let attested = verify(&chain, challenge, roots, None, at_ms);
    let certified = verify_certified(&chain, challenge, roots, None, at_ms);
    if let Ok(certified) = &certified {
        assert_eq!(certified.description.challenge, challenge);
        assert_eq!(attested.is_ok(), certified.certifier.is_none());
    }
    if let Ok(attested) = &attested {
        assert_eq!(certified.as_ref(), Ok(attested));
        assert_eq!(attested.description.challenge, challenge);
        assert_eq!(attested.serials.len(), chain.len());
        if let Ok(elsewhere) = verify(&chain, challenge, &Roots::google(), None, at_ms) {
            assert_eq!(elsewhere.verdict, Verdict::Software);
        }
    }
    attested.ok()
}

/// The value of the key description's extension (DER).
pub fn description(bytes: &[u8]) -> bool {
    KeyDescription::from_der(bytes).is_ok()
}

/// A file of roots.
pub fn roots(bytes: &[u8]) -> bool {
    Roots::from_file(bytes).is_ok()
}

/// A status list.
pub fn status(bytes: &[u8]) -> bool {
    StatusList::from_json(bytes).is_ok()
}

/// An attestation object of a WebAuthn registration, verified.
///
/// # Panics
/// When it counts for another ceremony or without anybody's trust, or what is left without its
/// statement is no object, of another authenticator or proves something.
pub fn authenticator(bytes: &[u8], hash: &[u8; 32], trust: &Trust, at_ms: u64) -> Option<Proven> {
    let object = Object::read(bytes).ok()?;
    let verified = object.verify(hash, trust, &[], at_ms);
    let without = Object::read(&object.without_statement());
    assert!(without.is_ok_and(|without| {
        without.aaguid() == object.aaguid()
            && without.verify(hash, trust, &[], at_ms) == Err(Unproven::None)
    }));
    if verified.is_ok() {
        let nobody = Trust::new();
        assert!(object.verify(hash, &nobody, &[], at_ms).is_err());
        let mut other = *hash;
        other[0] ^= 1;
        assert!(object.verify(&other, trust, &[], at_ms).is_err());
    }
    verified.ok()
}

/// A file of makers' roots.
pub fn makers(bytes: &[u8]) -> bool {
    Trust::new().with_roots(bytes, &[]).is_ok()
}

/// A product of endoflife.date and a catalogue of exploited vulnerabilities, and what they say of a
/// version of every platform on a day.
///
/// # Panics
/// When a verdict does not go with what is told beside it.
pub fn feeds(product: &[u8], catalogue: &[u8], version: &str, at: Date) -> bool {
    let file = format!("{}/product.md", patch::PRODUCTS);
    let Ok(feeds) = Feeds::parse([(file.as_str(), product), (patch::KEV, catalogue)]) else {
        return false;
    };
    for platform in [
        Platform::Android,
        Platform::Ios,
        Platform::MacOs,
        Platform::Windows,
        Platform::Linux,
    ] {
        let installed = Installed {
            platform,
            os_version: version,
            patch_level: None,
            model: Some(version),
        };
        let finding = feeds.verdict(&installed, at);
        let verdict = finding.verdict;
        assert!(verdict == patch::Verdict::Current || !finding.reasons.is_empty());
        assert!(finding.known_exploited.is_empty() || verdict != patch::Verdict::Current);
        assert!(!finding.listed.lacks || verdict != patch::Verdict::Current);
    }
    true
}

/// A list of Android's bulletins beside a product and a catalogue, and what it says of phones with
/// patches of each month around a day.
///
/// # Panics
/// When a phone lacks something that is not published yet, or lacks something with newer patches and
/// not with older ones.
pub fn bulletins(table: &[u8], product: &[u8], catalogue: &[u8], at: Date) -> bool {
    let file = format!("{}/product.md", patch::PRODUCTS);
    let files = [
        (file.as_str(), product),
        (patch::KEV, catalogue),
        (patch::BULLETINS, table),
    ];
    let Ok(feeds) = Feeds::parse(files) else {
        return false;
    };
    let year = u16::try_from(at.year()).unwrap_or_default();
    let levels =
        (year.saturating_sub(1)..=year).flat_map(|year| (1..=12).map(move |month| (year, month)));
    let mut lacked = true;
    for (year, month) in levels {
        let level = PatchLevel {
            year,
            month,
            day: None,
        };
        let installed = Installed {
            platform: Platform::Android,
            os_version: "16",
            patch_level: Some(level),
            model: None,
        };
        let finding = feeds.verdict(&installed, at);
        let lacks = finding.listed.lacks;
        assert!(lacked || !lacks, "{level}");
        assert!(
            !lacks
                || finding
                    .latest
                    .is_some_and(|latest| latest > level.to_month())
        );
        lacked = lacks;
    }
    true
}
