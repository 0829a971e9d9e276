//! Seeds as their maker ships them: the Portable Symmetric Key Container (RFC 6030).
//!
//! Plain values, and values under AES-CBC with a pre-shared key (§6.1) or a key from a passphrase
//! (§6.2, PBKDF2), in which case the MAC over each of them is asked for and checked before it is
//! decrypted (§6.1.1).
//!
//! A key comes with what it may be used for, from when and until when (§5, and §4.3.1 for the card as a
//! whole). Whatever of that is not understood or could not be kept to is a reason to refuse it. Keys
//! under certificates (§6.3) are not read, and signatures (§8) not looked at.

use std::num::NonZeroU32;

use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, Algorithm, DecryptionContext, PaddedBlockDecryptingKey,
    UnboundCipherKey,
};
use aws_lc_rs::{hmac, iv, pbkdf2};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use roxmltree::{Document, Node, ParsingOptions};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zeroize::Zeroizing;

use crate::oath::{Generator, Hash, Moving};
use crate::seeds::{MAX_SEEDS, Seed, SeedError, twice};

/// What opens the values of a container.
#[derive(Clone)]
pub enum Unlock {
    /// Nothing: only plain values are read.
    Plain,
    /// The key that the maker sent by another way.
    Key(Zeroizing<Vec<u8>>),
    /// The passphrase that the maker sent by another way.
    Passphrase(Zeroizing<String>),
}

impl std::fmt::Debug for Unlock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Plain => "Plain",
            Self::Key(_) => "Key",
            Self::Passphrase(_) => "Passphrase",
        })
    }
}

/// Reads a container at a time, unix seconds.
///
/// # Errors
/// What is wrong first, with the serial number or the place of the key; nothing is half read.
pub fn read(text: &str, unlock: &Unlock, now_s: u64) -> Result<Vec<Seed>, SeedError> {
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: MAX_NODES,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options)
        .map_err(|error| SeedError::Malformed(format!("it is not XML: {error}")))?;
    let container = document.root_element();
    if !is(container, "KeyContainer") {
        return Err(SeedError::Malformed(
            "it is not a PSKC file: its first element is not KeyContainer".to_owned(),
        ));
    }
    let keys = Keys::of(container, unlock)?;
    let mut seeds = Vec::new();
    for package in container.children().filter(|node| is(*node, "KeyPackage")) {
        if seeds.len() == MAX_SEEDS {
            return Err(SeedError::TooMany);
        }
        let seed = seed(package, &keys, now_s).map_err(|why| SeedError::Row {
            row: seeds.len() + 1,
            serial: serial(package),
            why,
        })?;
        seeds.push(seed);
    }
    if let Some(row) = twice(&seeds) {
        return Err(SeedError::Row {
            row: row + 1,
            serial: Some(seeds[row].serial.clone()),
            why: "another key has this number".to_owned(),
        });
    }
    if seeds.is_empty() {
        return Err(SeedError::Malformed("it holds no key".to_owned()));
    }
    Ok(seeds)
}

/// The keys that open values and check them.
struct Keys {
    encryption: Option<Zeroizing<Vec<u8>>>,
    mac: Option<(hmac::Algorithm, Zeroizing<Vec<u8>>)>,
}

impl Keys {
    fn of(container: Node<'_, '_>, unlock: &Unlock) -> Result<Self, SeedError> {
        let Some(named) = child(container, "EncryptionKey") else {
            return Ok(Self {
                encryption: None,
                mac: None,
            });
        };
        let fault = |why: &str| SeedError::Malformed(why.to_owned());
        let encryption = match (unlock, child(named, "DerivedKey")) {
            (Unlock::Passphrase(passphrase), Some(derived)) => {
                derive(derived, passphrase).map_err(SeedError::Malformed)?
            }
            (Unlock::Key(key), None) => key.clone(),
            (Unlock::Key(_) | Unlock::Plain, Some(_)) => {
                return Err(fault("its values are under a passphrase: give that"));
            }
            (Unlock::Passphrase(_) | Unlock::Plain, None) => {
                return Err(fault("its values are under a pre-shared key: give that"));
            }
        };
        let method = child(container, "MACMethod")
            .ok_or_else(|| fault("its values are encrypted and have no MAC"))?;
        let algorithm = match method.attribute("Algorithm").unwrap_or_default() {
            name if name.ends_with("#hmac-sha1") => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            name if name.ends_with("#hmac-sha256") => hmac::HMAC_SHA256,
            name if name.ends_with("#hmac-sha512") => hmac::HMAC_SHA512,
            _ => return Err(fault("its MAC is none of HMAC-SHA-1, SHA-256 and SHA-512")),
        };
        // Where there is no key for the MAC, it is made with the encryption key (§6.1.1).
        let mac = match child(method, "MACKey") {
            Some(key) => {
                let (cipher, sealed) = sealed(key).map_err(SeedError::Malformed)?;
                open(cipher, &encryption, &sealed).map_err(SeedError::Malformed)?
            }
            None => encryption.clone(),
        };
        Ok(Self {
            encryption: Some(encryption),
            mac: Some((algorithm, mac)),
        })
    }

    /// A value of a key's data: plain, or sealed under a checked MAC.
    fn value(&self, data: Node<'_, '_>) -> Result<Zeroizing<Vec<u8>>, String> {
        if let Some(plain) = child(data, "PlainValue") {
            return base64(plain);
        }
        let value = child(data, "EncryptedValue").ok_or("a value is missing")?;
        let (Some(key), Some((algorithm, mac_key))) = (&self.encryption, &self.mac) else {
            return Err("a value is encrypted, and the file names no key for it".to_owned());
        };
        let (cipher, sealed) = sealed(value)?;
        let mac = child(data, "ValueMAC").ok_or("an encrypted value has no MAC")?;
        let mac = base64(mac)?;
        hmac::verify(&hmac::Key::new(*algorithm, mac_key), &sealed, &mac).map_err(|_| {
            "its MAC does not fit: the key or passphrase is another, or it was altered".to_owned()
        })?;
        open(cipher, key, &sealed)
    }
}

fn derive(derived: Node<'_, '_>, passphrase: &str) -> Result<Zeroizing<Vec<u8>>, String> {
    let method = child(derived, "KeyDerivationMethod").ok_or("its key derivation is missing")?;
    if !method
        .attribute("Algorithm")
        .is_some_and(|name| name.ends_with("#pbkdf2"))
    {
        return Err("its key derivation is not PBKDF2".to_owned());
    }
    let params = child(method, "PBKDF2-params").ok_or("its key derivation is missing")?;
    let salt = child(params, "Salt")
        .and_then(|salt| child(salt, "Specified"))
        .ok_or("its salt is missing")?;
    let salt = base64(salt)?;
    let iterations = number(params, "IterationCount")?
        .and_then(|count| u32::try_from(count).ok())
        .and_then(NonZeroU32::new)
        .filter(|count| count.get() <= MAX_ITERATIONS)
        .ok_or("its iteration count is not one of 1 to 10,000,000")?;
    let length = number(params, "KeyLength")?.unwrap_or(16);
    let length = usize::try_from(length)
        .ok()
        .filter(|length| matches!(length, 16 | 24 | 32))
        .ok_or("its key length is none of 16, 24 and 32")?;
    let algorithm = match child(params, "PRF").and_then(|prf| prf.attribute("Algorithm")) {
        // RFC 8018, appendix A.2: HMAC-SHA-1 where nothing is said.
        None => pbkdf2::PBKDF2_HMAC_SHA1,
        Some(name) if name.ends_with("#hmac-sha1") => pbkdf2::PBKDF2_HMAC_SHA1,
        Some(name) if name.ends_with("#hmac-sha256") => pbkdf2::PBKDF2_HMAC_SHA256,
        Some(name) if name.ends_with("#hmac-sha512") => pbkdf2::PBKDF2_HMAC_SHA512,
        Some(_) => return Err("its pseudo-random function is not known".to_owned()),
    };
    let mut key = Zeroizing::new(vec![0; length]);
    pbkdf2::derive(
        algorithm,
        iterations,
        &salt,
        passphrase.as_bytes(),
        &mut key,
    );
    Ok(key)
}

/// The cipher and the sealed bytes (initialisation vector first) of an encrypted value.
fn sealed(value: Node<'_, '_>) -> Result<(&'static Algorithm, Zeroizing<Vec<u8>>), String> {
    let method = child(value, "EncryptionMethod").and_then(|method| method.attribute("Algorithm"));
    let cipher = match method.unwrap_or_default() {
        name if name.ends_with("#aes128-cbc") => &AES_128,
        name if name.ends_with("#aes192-cbc") => &AES_192,
        name if name.ends_with("#aes256-cbc") => &AES_256,
        _ => return Err("a value is encrypted with something else than AES-CBC".to_owned()),
    };
    let bytes = child(value, "CipherData")
        .and_then(|data| child(data, "CipherValue"))
        .ok_or("an encrypted value is empty")?;
    Ok((cipher, base64(bytes)?))
}

fn open(
    cipher: &'static Algorithm,
    key: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, String> {
    let wrong_key = || "the key has another length than its cipher's".to_owned();
    let damaged = || "a value does not decrypt: the key is another, or it was altered".to_owned();
    let (vector, bytes) = sealed.split_first_chunk::<16>().ok_or_else(damaged)?;
    let key = UnboundCipherKey::new(cipher, key).map_err(|_| wrong_key())?;
    let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).map_err(|_| wrong_key())?;
    let context = DecryptionContext::Iv128(iv::FixedLength::from(*vector));
    let mut bytes = Zeroizing::new(bytes.to_vec());
    let plain = key.decrypt(&mut bytes, context).map_err(|_| damaged())?;
    Ok(Zeroizing::new(plain.to_vec()))
}

fn seed(package: Node<'_, '_>, keys: &Keys, now_s: u64) -> Result<Seed, String> {
    let key = child(package, "Key").ok_or("it holds no key")?;
    let ends_s = ends(package, key, now_s)?;
    let algorithm = key.attribute("Algorithm").unwrap_or_default();
    let data = child(key, "Data").ok_or("it has no data")?;
    let moving = match algorithm.rsplit(':').next().unwrap_or_default() {
        "hotp" => Moving::Counter,
        "totp" => {
            let step = value(data, "TimeInterval", keys)?.unwrap_or(30);
            Moving::Time {
                step_s: u32::try_from(step).map_err(|_| "its step is too long")?,
            }
        }
        _ => return Err("it is neither HOTP nor TOTP".to_owned()),
    };
    let parameters = child(key, "AlgorithmParameters");
    let hash = match parameters
        .and_then(|parameters| child(parameters, "Suite"))
        .map(|suite| text(suite).to_ascii_lowercase().replace(['-', '_'], ""))
        .as_deref()
    {
        None | Some("" | "hmacsha1" | "sha1") => Hash::Sha1,
        Some("hmacsha256" | "sha256") => Hash::Sha256,
        Some("hmacsha512" | "sha512") => Hash::Sha512,
        Some(_) => return Err("its hash is none of SHA-1, SHA-256 and SHA-512".to_owned()),
    };
    let format = parameters.and_then(|parameters| child(parameters, "ResponseFormat"));
    if let Some(encoding) = format.and_then(|format| format.attribute("Encoding"))
        && encoding != "DECIMAL"
    {
        return Err("its codes are not decimal".to_owned());
    }
    let digits = match format.and_then(|format| format.attribute("Length")) {
        None => 6,
        Some(length) => length.parse().map_err(|_| "its codes have no length")?,
    };
    let secret = child(data, "Secret").ok_or("it has no secret")?;
    let secret = keys.value(secret)?;
    let seed = Seed {
        serial: serial(package)
            .or_else(|| key.attribute("Id").map(str::to_owned))
            .ok_or("it has no serial number")?,
        maker: info(package, "Manufacturer").unwrap_or_default(),
        model: info(package, "Model").unwrap_or_default(),
        generator: Generator {
            moving,
            hash,
            digits,
            ends_s,
        },
        next: match moving {
            Moving::Counter => value(data, "Counter", keys)?.unwrap_or(0),
            Moving::Time { .. } => 0,
        },
        secret,
    };
    seed.check()?;
    Ok(seed)
}

/// Until when a key may be used, unix seconds, by its policy and that of its card: refused where that
/// is not now, or where a condition is not one that is kept to here (§5).
fn ends(package: Node<'_, '_>, key: Node<'_, '_>, now_s: u64) -> Result<Option<u64>, String> {
    let policies = || key.children().filter(|node| is(*node, "Policy"));
    let mut usages = Vec::new();
    for condition in policies().flat_map(|policy| policy.children()) {
        if !condition.is_element() {
            continue;
        }
        match condition.tag_name().name() {
            "StartDate" | "ExpiryDate" => {}
            "KeyUsage" => usages.push(text(condition)),
            // The card asks for the PIN itself. Otherwise it would be part of what is typed.
            "PINPolicy" if condition.attribute("PINUsageMode") == Some("Local") => {}
            "PINPolicy" => return Err("its codes need a PIN that is checked here".to_owned()),
            "NumberOfTransactions" => return Err("its uses are limited in number".to_owned()),
            // Not the name: it is whatever somebody wrote.
            _ => return Err("its policy has a condition that is not known".to_owned()),
        }
    }
    if !usages.is_empty() && !usages.iter().any(|usage| usage == "OTP") {
        return Err("its key is not for one-time codes".to_owned());
    }
    let mut ends_s = None;
    for dated in policies().chain(child(package, "DeviceInfo")) {
        if date(dated, "StartDate")?.is_some_and(|start| start > now_s) {
            return Err("its time has not begun".to_owned());
        }
        if let Some(end) = date(dated, "ExpiryDate")? {
            if end <= now_s {
                return Err("its time is over".to_owned());
            }
            ends_s = Some(ends_s.map_or(end, |first: u64| first.min(end)));
        }
    }
    Ok(ends_s)
}

/// A date, unix seconds; one without a zone is of UTC. What is before 1970 is long past.
fn date(node: Node<'_, '_>, name: &str) -> Result<Option<u64>, String> {
    let Some(node) = child(node, name) else {
        return Ok(None);
    };
    let said = text(node);
    let at = OffsetDateTime::parse(&said, &Rfc3339)
        .or_else(|_| OffsetDateTime::parse(&format!("{said}Z"), &Rfc3339))
        .map_err(|_| format!("{name} is no date with a time"))?;
    Ok(Some(u64::try_from(at.unix_timestamp()).unwrap_or(0)))
}

fn serial(package: Node<'_, '_>) -> Option<String> {
    info(package, "SerialNo")
}

fn info(package: Node<'_, '_>, name: &str) -> Option<String> {
    let node = child(child(package, "DeviceInfo")?, name)?;
    Some(text(node)).filter(|text| !text.is_empty())
}

/// A number of a key's data; plain ones stand as text, encrypted ones as big-endian bytes (§4.2).
fn value(data: Node<'_, '_>, name: &str, keys: &Keys) -> Result<Option<u64>, String> {
    let Some(node) = child(data, name) else {
        return Ok(None);
    };
    if let Some(plain) = child(node, "PlainValue") {
        let number = text(plain).parse();
        return number.map(Some).map_err(|_| format!("{name} is no number"));
    }
    let bytes = keys.value(node)?;
    if bytes.len() > 8 {
        return Err(format!("{name} is too large"));
    }
    Ok(Some(
        bytes
            .iter()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
    ))
}

fn number(node: Node<'_, '_>, name: &str) -> Result<Option<u64>, String> {
    let Some(node) = child(node, name) else {
        return Ok(None);
    };
    let number = text(node).parse();
    number.map(Some).map_err(|_| format!("{name} is no number"))
}

/// Elements are known by their names alone: makers disagree on prefixes and namespaces.
fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| is(*child, name))
}

fn is(node: Node<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name
}

fn text(node: Node<'_, '_>) -> String {
    node.text().unwrap_or_default().trim().to_owned()
}

fn base64(node: Node<'_, '_>) -> Result<Zeroizing<Vec<u8>>, String> {
    let text: Zeroizing<String> = Zeroizing::new(
        node.text()
            .unwrap_or_default()
            .chars()
            .filter(|c| !c.is_ascii_whitespace())
            .collect(),
    );
    STANDARD
        .decode(text.as_bytes())
        .map(Zeroizing::new)
        .map_err(|_| {
            format!(
                "{} is not Base64",
                node.parent_element().unwrap_or(node).tag_name().name()
            )
        })
}

/// Of a container with ten thousand keys of some twenty elements each.
const MAX_NODES: u32 = 1_000_000;
/// PBKDF2 with more of them would keep a server busy for longer than anybody waits.
const MAX_ITERATIONS: u32 = 10_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6030 §6.1, figure 6, in another layout.
    const UNDER_A_KEY: &str = include_str!("../corpus/pskc/under-a-key.xml");

    /// RFC 6030 §6.2, figure 7, in another layout.
    const UNDER_A_PASSPHRASE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<pskc:KeyContainer xmlns:pskc="urn:ietf:params:xml:ns:keyprov:pskc"
 xmlns:xenc11="http://www.w3.org/2009/xmlenc11#" xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"
 xmlns:pkcs5="http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#" Version="1.0">
<pskc:EncryptionKey><xenc11:DerivedKey><xenc11:KeyDerivationMethod
 Algorithm="http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#pbkdf2"><pkcs5:PBKDF2-params>
<Salt><Specified>Ej7/PEpyEpw=</Specified></Salt><IterationCount>1000</IterationCount>
<KeyLength>16</KeyLength><PRF/></pkcs5:PBKDF2-params></xenc11:KeyDerivationMethod>
<xenc11:MasterKeyName>My Password 1</xenc11:MasterKeyName></xenc11:DerivedKey></pskc:EncryptionKey>
<pskc:MACMethod Algorithm="http://www.w3.org/2000/09/xmldsig#hmac-sha1"><pskc:MACKey>
<xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/>
<xenc:CipherData><xenc:CipherValue>2GTTnLwM3I4e5IO5FkufoOEiOhNj91fhKRQBtBJYluUDsPOLTfUvoU2dStyOwYZx</xenc:CipherValue></xenc:CipherData>
</pskc:MACKey></pskc:MACMethod>
<pskc:KeyPackage><pskc:DeviceInfo><pskc:Manufacturer>TokenVendorAcme</pskc:Manufacturer>
<pskc:SerialNo>987654321</pskc:SerialNo></pskc:DeviceInfo>
<pskc:Key Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:hotp" Id="123456">
<pskc:AlgorithmParameters><pskc:ResponseFormat Length="8" Encoding="DECIMAL"/></pskc:AlgorithmParameters>
<pskc:Data><pskc:Secret><pskc:EncryptedValue Id="ED">
<xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/>
<xenc:CipherData><xenc:CipherValue>oTvo+S22nsmS2Z/RtcoF8Hfh+jzMe0RkiafpoDpnoZTjPYZu6V+A4aEn032yCr4f</xenc:CipherValue></xenc:CipherData>
</pskc:EncryptedValue><pskc:ValueMAC>LP6xMvjtypbfT9PdkJhBZ+D6O4w=</pskc:ValueMAC></pskc:Secret>
</pskc:Data></pskc:Key></pskc:KeyPackage></pskc:KeyContainer>"#;

    const PLAIN: &str = include_str!("../corpus/pskc/plain.xml");

    /// 2026-01-05T08:00:00Z.
    const NOW: u64 = 1_767_600_000;

    fn key() -> Unlock {
        let key = hex::decode("12345678901234567890123456789012").unwrap();
        Unlock::Key(Zeroizing::new(key))
    }

    fn passphrase(text: &str) -> Unlock {
        Unlock::Passphrase(Zeroizing::new(text.to_owned()))
    }

    fn refused(text: &str, unlock: &Unlock) -> String {
        read(text, unlock, NOW).unwrap_err().to_string()
    }

    #[test]
    fn the_containers_of_the_rfc_are_read() {
        for (text, unlock) in [
            (UNDER_A_KEY, key()),
            (UNDER_A_PASSPHRASE, passphrase("qwerty")),
        ] {
            let seeds = read(text, &unlock, NOW).unwrap();
            assert_eq!(seeds.len(), 1);
            assert_eq!(seeds[0].serial, "987654321");
            assert_eq!(**seeds[0].secret, *b"12345678901234567890");
            assert_eq!(seeds[0].generator.moving, Moving::Counter);
            assert_eq!((seeds[0].generator.digits, seeds[0].next), (8, 0));
        }
        let seeds = read(PLAIN, &Unlock::Plain, NOW).unwrap();
        assert_eq!(
            (seeds[0].maker.as_str(), seeds[0].model.as_str()),
            ("Acme", "Card 7")
        );
        assert_eq!(seeds[0].generator.moving, Moving::Time { step_s: 60 });
        assert_eq!(seeds[0].generator.hash, Hash::Sha256);
    }

    #[test]
    fn a_wrong_key_or_an_altered_value_is_told_and_nothing_is_read() {
        let altered = UNDER_A_KEY.replace("AAECAwQF", "BAECAwQF");
        assert!(refused(&altered, &key()).contains("987654321: its MAC does not fit"));
        let other = Unlock::Key(Zeroizing::new(vec![7; 16]));
        assert!(read(UNDER_A_KEY, &other, NOW).is_err());
        let short = Unlock::Key(Zeroizing::new(vec![7; 5]));
        assert!(refused(UNDER_A_KEY, &short).contains("length"));
        assert!(read(UNDER_A_PASSPHRASE, &passphrase("qwertz"), NOW).is_err());
        let no_mac = UNDER_A_KEY.replace("ValueMAC", "ValueMac");
        assert!(refused(&no_mac, &key()).contains("has no MAC"));
        for (text, unlock, hint) in [
            (UNDER_A_KEY, Unlock::Plain, "pre-shared key"),
            (UNDER_A_KEY, passphrase("x"), "pre-shared key"),
            (UNDER_A_PASSPHRASE, Unlock::Plain, "passphrase"),
            (UNDER_A_PASSPHRASE, key(), "passphrase"),
        ] {
            assert!(refused(text, &unlock).contains(hint));
        }
        let long = UNDER_A_PASSPHRASE.replace(">1000<", ">4000000000<");
        assert!(refused(&long, &passphrase("qwerty")).contains("iteration count"));
    }

    #[test]
    fn what_is_no_container_is_told_with_the_reason() {
        let plain = |from: &str, to: &str| refused(&PLAIN.replace(from, to), &Unlock::Plain);
        assert!(refused("", &Unlock::Plain).contains("not XML"));
        assert!(refused("<a/>", &Unlock::Plain).contains("not a PSKC file"));
        assert!(refused("<KeyContainer/>", &Unlock::Plain).contains("no key"));
        let bomb = "<!DOCTYPE a [<!ENTITY b \"c\">]><KeyContainer>&b;</KeyContainer>";
        assert!(refused(bomb, &Unlock::Plain).contains("not XML"));
        assert!(plain("pskc:totp", "pskc:ocra").contains("A-1: it is neither HOTP nor TOTP"));
        assert!(plain("HMAC-SHA256", "MD5").contains("its hash is none"));
        assert!(plain("DECIMAL", "HEXADECIMAL").contains("not decimal"));
        assert!(plain("Length=\"6\"", "Length=\"10\"").contains("6 to 8 digits"));
        assert!(plain("MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=", "MTIz").contains("24 bits"));
        assert!(plain("MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=", "!").contains("Secret is not Base64"));
        assert!(plain(">60<", ">0<").contains("a step of 0 seconds"));
        let both =
            PLAIN.replace("</KeyContainer>", "") + &PLAIN[PLAIN.find("<KeyPackage>").unwrap()..];
        assert!(refused(&both, &Unlock::Plain).contains("row 2, A-1: another key"));
        assert!(plain(">60<", ">soon<").contains("TimeInterval is no number"));
    }

    /// The plain container with such a policy of its key.
    fn under(policy: &str) -> String {
        PLAIN.replace("</Data>", &format!("</Data><Policy>{policy}</Policy>"))
    }

    #[test]
    fn a_policy_that_is_not_understood_or_cannot_be_kept_refuses_the_key() {
        for (policy, why) in [
            ("<KeyUsage>CR</KeyUsage>", "not for one-time codes"),
            (
                "<KeyUsage>Encrypt</KeyUsage><KeyUsage>CR</KeyUsage>",
                "not for one-time codes",
            ),
            ("<PINPolicy PINUsageMode=\"Prepend\"/>", "need a PIN"),
            ("<PINPolicy PINUsageMode=\"Algorithmic\"/>", "need a PIN"),
            ("<PINPolicy MinLength=\"4\"/>", "need a PIN"),
            (
                "<NumberOfTransactions>50</NumberOfTransactions>",
                "limited in number",
            ),
            ("<Region>EU</Region>", "a condition that is not known"),
            (
                "<StartDate>2026-01-05T08:00:01Z</StartDate>",
                "has not begun",
            ),
            (
                "<ExpiryDate>2026-01-05T08:00:00Z</ExpiryDate>",
                "its time is over",
            ),
            (
                "<ExpiryDate>2026-01-05T09:00:00+02:00</ExpiryDate>",
                "its time is over",
            ),
            ("<ExpiryDate>soon</ExpiryDate>", "ExpiryDate is no date"),
            ("<StartDate>2026-01-05</StartDate>", "StartDate is no date"),
        ] {
            let told = refused(&under(policy), &Unlock::Plain);
            assert!(
                told.contains("row 1, A-1: ") && told.contains(why),
                "{policy}: {told}"
            );
        }
        // What the card as a whole says counts, too.
        let card = |dates: &str| PLAIN.replace("</DeviceInfo>", &format!("{dates}</DeviceInfo>"));
        let over = card("<ExpiryDate>2025-12-31T00:00:00Z</ExpiryDate>");
        assert!(refused(&over, &Unlock::Plain).contains("its time is over"));
        // Of two policies both hold.
        let second = under("").replace("</Policy>", "</Policy><Policy><Region/></Policy>");
        assert!(refused(&second, &Unlock::Plain).contains("not known"));
    }

    #[test]
    fn a_policy_that_is_kept_to_says_until_when() {
        let ends = |text: &str| read(text, &Unlock::Plain, NOW).unwrap()[0].generator.ends_s;
        assert_eq!(ends(PLAIN), None);
        let usual = "<PINPolicy PINUsageMode=\"Local\" MinLength=\"4\"/>\
            <KeyUsage>CR</KeyUsage><KeyUsage>OTP</KeyUsage>\
            <StartDate>2026-01-05T08:00:00Z</StartDate>";
        assert_eq!(ends(&under(usual)), None);
        let dated = under("<ExpiryDate>2026-01-05T08:00:01</ExpiryDate>");
        assert_eq!(ends(&dated), Some(NOW + 1));
        // The earlier one of two.
        let both = dated.replace(
            "</DeviceInfo>",
            "<ExpiryDate>2030-01-01T00:00:00Z</ExpiryDate></DeviceInfo>",
        );
        assert_eq!(ends(&both), Some(NOW + 1));
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = format!(
            "{:?} {:?}",
            read(PLAIN, &Unlock::Plain, NOW),
            passphrase("qwerty")
        );
        assert!(!shown.contains("qwerty") && !shown.contains("MTIz") && !shown.contains("[49, 50"));
    }
}
