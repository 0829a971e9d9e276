//! The key description: the extension 1.3.6.1.4.1.11129.2.1.17 of an attested key's certificate.
//!
//! Source: "Key and ID attestation", section "Schema" (source.android.com), for attestation
//! versions 1 to 4 (Keymaster) and 100 to 400 (KeyMint). The versions differ in the tags of the
//! authorization list and in the last field of the root of trust alone, so one reader serves all.

use std::collections::BTreeSet;
use std::fmt;

use der::asn1::{AnyRef, Null, OctetString};
use der::oid::ObjectIdentifier;
use der::{Decode, DecodeValue, Enumerated, FixedTag, Reader, SliceReader, Tag, Tagged as _};

/// The extension's identifier.
pub(crate) const KEY_DESCRIPTION: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11129.2.1.17");

/// `SecurityLevel`: who made and holds something. The order is that of trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Enumerated)]
#[asn1(type = "ENUMERATED")]
#[repr(u8)]
pub enum SecurityLevel {
    /// The operating system.
    Software = 0,
    /// A trusted execution environment.
    TrustedEnvironment = 1,
    /// A secure element of its own.
    StrongBox = 2,
}

/// `VerifiedBootState`: which key the system was verified with when the phone started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enumerated)]
#[asn1(type = "ENUMERATED")]
#[repr(u8)]
pub enum BootState {
    /// The manufacturer's.
    Verified = 0,
    /// One that the phone's owner installed.
    SelfSigned = 1,
    /// None: the bootloader is unlocked.
    Unverified = 2,
    /// Verification failed.
    Failed = 3,
}

impl BootState {
    /// In one word, as it is printed and as policies name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::SelfSigned => "self_signed",
            Self::Unverified => "unverified",
            Self::Failed => "failed",
        }
    }
}

/// `KeyDescription`: what was said of the key and of the phone when the key was attested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyDescription {
    /// Version of this structure: 1 to 4, from KeyMint on 100 times the HAL's version.
    pub attestation_version: u32,
    /// Who wrote this description.
    pub attestation_level: SecurityLevel,
    /// Version of Keymaster (41 is 4.1) or KeyMint (100 times the HAL's version).
    pub keymint_version: u32,
    /// Who holds the key.
    pub keymint_level: SecurityLevel,
    /// What the key's owner was asked to put in.
    pub challenge: Vec<u8>,
    /// Names the phone to system applications for a month; empty for all others.
    pub unique_id: Vec<u8>,
    /// What the operating system says and enforces.
    pub software_enforced: AuthorizationList,
    /// What the hardware says and enforces.
    pub hardware_enforced: AuthorizationList,
}

impl KeyDescription {
    /// Reads the extension's value (DER).
    ///
    /// # Errors
    /// When it is not DER of this structure, or something follows it.
    pub fn from_der(bytes: &[u8]) -> Result<Self, der::Error> {
        whole(bytes, |reader| {
            reader.sequence(|reader| {
                Ok(Self {
                    attestation_version: reader.decode()?,
                    attestation_level: reader.decode()?,
                    keymint_version: reader.decode()?,
                    keymint_level: reader.decode()?,
                    challenge: octets(reader)?,
                    unique_id: octets(reader)?,
                    software_enforced: AuthorizationList::read(reader)?,
                    hardware_enforced: AuthorizationList::read(reader)?,
                })
            })
        })
    }
}

/// `AuthorizationList`: properties of a key and of the phone. Numbers are those of KeyMint's `Tag`
/// and the enumerations that belong to it (hardware/interfaces/security/keymint in AOSP); times are
/// unix milliseconds. What is absent was not said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuthorizationList {
    /// What the key may be used for (`KeyPurpose`: 2 signs, 7 attests other keys).
    pub purposes: Vec<u64>,
    /// `Algorithm`: 1 is RSA, 3 is EC.
    pub algorithm: Option<u64>,
    /// In bits.
    pub key_size: Option<u64>,
    /// `BlockMode`.
    pub block_modes: Vec<u64>,
    /// `Digest`.
    pub digests: Vec<u64>,
    /// `PaddingMode`.
    pub paddings: Vec<u64>,
    /// `EcCurve`.
    pub ec_curve: Option<u64>,
    /// Of an RSA key.
    pub rsa_public_exponent: Option<u64>,
    /// `Digest`s for the mask of RSA-OAEP.
    pub mgf_digests: Vec<u64>,
    /// The key cannot be rolled back to once it is deleted (from version 3 on).
    pub rollback_resistance: bool,
    /// Usable only while the phone starts.
    pub early_boot_only: bool,
    /// Usable from then on.
    pub active_from: Option<u64>,
    /// No new signatures after this.
    pub originates_until: Option<u64>,
    /// No use after this.
    pub usable_until: Option<u64>,
    /// So often in the life of the key.
    pub usage_count_limit: Option<u64>,
    /// The key works without any authentication of its user.
    pub no_auth_required: bool,
    /// Bits of `HardwareAuthenticatorType`.
    pub user_auth_type: Option<u64>,
    /// Seconds after an authentication for which the key works.
    pub auth_timeout: Option<u64>,
    /// The key works after its timeout while the phone is worn.
    pub allow_while_on_body: bool,
    /// The key works only while somebody presses a button of the phone.
    pub user_presence_required: bool,
    /// The key works only for transactions that the user confirmed on a trusted screen.
    pub confirmation_required: bool,
    /// The key works only while the phone is unlocked.
    pub unlocked_device_required: bool,
    /// Any application may use the key (up to version 2).
    pub all_applications: bool,
    /// When the key was made, by the phone's clock.
    pub created: Option<u64>,
    /// `KeyOrigin`: 0 is made within, 2 is brought from outside.
    pub origin: Option<u64>,
    /// As [`Self::rollback_resistance`], up to version 2.
    pub rollback_resistant: bool,
    /// How the phone started.
    pub root_of_trust: Option<RootOfTrust>,
    /// The system's version as major, minor and sub-minor number in two digits each: 140000 is
    /// Android 14.
    pub os_version: Option<u64>,
    /// Security patches of the system.
    pub os_patch_level: Option<PatchLevel>,
    /// Which application asked for the key.
    pub application_id: Option<ApplicationId>,
    /// Brand of the phone.
    pub brand: Option<String>,
    /// Name of the phone's design.
    pub device: Option<String>,
    /// Name of the product.
    pub product: Option<String>,
    /// Serial number of the phone.
    pub serial: Option<String>,
    /// Its IMEI.
    pub imei: Option<String>,
    /// Its MEID.
    pub meid: Option<String>,
    /// Who made the phone.
    pub manufacturer: Option<String>,
    /// The phone's model.
    pub model: Option<String>,
    /// Security patches of the manufacturer's part.
    pub vendor_patch_level: Option<PatchLevel>,
    /// Security patches of the kernel.
    pub boot_patch_level: Option<PatchLevel>,
    /// The key needs no other proof that it is the phone's own.
    pub device_unique: bool,
    /// The IMEI of a second slot.
    pub second_imei: Option<String>,
    /// SHA-256 over the versions of the system's modules (from version 400 on).
    pub module_hash: Option<Vec<u8>>,
}

impl AuthorizationList {
    /// Reads the list. Its fields may stand in any order, since phones that misplace one are in
    /// use; the same field twice would have two meanings and is refused.
    fn read<'a>(reader: &mut SliceReader<'a>) -> der::Result<Self> {
        reader.sequence(|reader| {
            let mut list = Self::default();
            let mut seen = BTreeSet::new();
            while !reader.is_finished() {
                let field: AnyRef<'a> = reader.decode()?;
                let Tag::ContextSpecific {
                    constructed: true,
                    number,
                } = field.tag()
                else {
                    return Err(field.tag().unexpected_error(None).into());
                };
                if !seen.insert(number) {
                    return Err(field.tag().value_error().into());
                }
                list.set(number.value(), field.value())?;
            }
            Ok(list)
        })
    }

    fn set(&mut self, number: u32, value: &[u8]) -> der::Result<()> {
        match number {
            1 => self.purposes = integers(value)?,
            2 => self.algorithm = integer(value)?,
            3 => self.key_size = integer(value)?,
            4 => self.block_modes = integers(value)?,
            5 => self.digests = integers(value)?,
            6 => self.paddings = integers(value)?,
            10 => self.ec_curve = integer(value)?,
            200 => self.rsa_public_exponent = integer(value)?,
            203 => self.mgf_digests = integers(value)?,
            303 => self.rollback_resistance = flag(value)?,
            305 => self.early_boot_only = flag(value)?,
            400 => self.active_from = integer(value)?,
            401 => self.originates_until = integer(value)?,
            402 => self.usable_until = integer(value)?,
            405 => self.usage_count_limit = integer(value)?,
            503 => self.no_auth_required = flag(value)?,
            504 => self.user_auth_type = integer(value)?,
            505 => self.auth_timeout = integer(value)?,
            506 => self.allow_while_on_body = flag(value)?,
            507 => self.user_presence_required = flag(value)?,
            508 => self.confirmation_required = flag(value)?,
            509 => self.unlocked_device_required = flag(value)?,
            600 => self.all_applications = flag(value)?,
            701 => self.created = integer(value)?,
            702 => self.origin = integer(value)?,
            703 => self.rollback_resistant = flag(value)?,
            704 => self.root_of_trust = Some(RootOfTrust::read(value)?),
            705 => self.os_version = integer(value)?,
            706 => self.os_patch_level = PatchLevel::read(value)?,
            709 => self.application_id = Some(ApplicationId::read(value)?),
            710 => self.brand = Some(text(value)?),
            711 => self.device = Some(text(value)?),
            712 => self.product = Some(text(value)?),
            713 => self.serial = Some(text(value)?),
            714 => self.imei = Some(text(value)?),
            715 => self.meid = Some(text(value)?),
            716 => self.manufacturer = Some(text(value)?),
            717 => self.model = Some(text(value)?),
            718 => self.vendor_patch_level = PatchLevel::read(value)?,
            719 => self.boot_patch_level = PatchLevel::read(value)?,
            720 => self.device_unique = flag(value)?,
            723 => self.second_imei = Some(text(value)?),
            724 => self.module_hash = Some(whole(value, octets)?),
            // Each KeyMint version adds tags. What they say is not known here, so nothing rests
            // on it; that the value is one element keeps it from being read in two ways.
            _ => {
                AnyRef::from_der(value)?;
            }
        }
        Ok(())
    }
}

/// `RootOfTrust`: how the phone started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootOfTrust {
    /// SHA-256 of the key that the system was verified with; zeros where there was none.
    pub key: Vec<u8>,
    /// Whether the bootloader is locked.
    pub locked: bool,
    /// With whose key.
    pub state: BootState,
    /// Digest over all that was verified (from version 3 on).
    pub hash: Option<Vec<u8>>,
}

impl RootOfTrust {
    fn read(value: &[u8]) -> der::Result<Self> {
        whole(value, |reader| {
            reader.sequence(|reader| {
                Ok(Self {
                    key: octets(reader)?,
                    locked: reader.decode()?,
                    state: reader.decode()?,
                    hash: if reader.is_finished() {
                        None
                    } else {
                        Some(octets(reader)?)
                    },
                })
            })
        })
    }
}

/// The month, and sometimes the day, of the newest security patches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PatchLevel {
    /// Of the Gregorian calendar.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31, where it is said.
    pub day: Option<u8>,
}

impl PatchLevel {
    /// A level as KeyMint writes it: `YYYYMM` or `YYYYMMDD`. `None` for a number that is no date,
    /// such as the 0 of a system that does not know.
    pub fn from_number(number: u64) -> Option<Self> {
        let (months, day) = match number {
            100_000..=999_999 => (number, None),
            10_000_000..=99_999_999 => (number / 100, Some(number % 100)),
            _ => return None,
        };
        let month = u8::try_from(months % 100).ok()?;
        let day = day
            .and_then(|day| u8::try_from(day).ok())
            .filter(|day| (1..=31).contains(day));
        (1..=12).contains(&month).then_some(Self {
            year: u16::try_from(months / 100).ok()?,
            month,
            day,
        })
    }

    /// A level as systems show it and as [`Self`] is printed: `YYYY-MM` or `YYYY-MM-DD`.
    pub fn from_text(text: &str) -> Option<Self> {
        let digits: String = text.split('-').collect();
        let level = Self::from_number(digits.parse().ok()?)?;
        (level.to_string() == text).then_some(level)
    }

    /// The month alone, as `YYYY-MM`.
    pub fn to_month(self) -> String {
        format!("{:04}-{:02}", self.year, self.month)
    }

    fn read(value: &[u8]) -> der::Result<Option<Self>> {
        Ok(integer(value)?.and_then(Self::from_number))
    }
}

impl fmt::Display for PatchLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_month())?;
        self.day.map_or(Ok(()), |day| write!(f, "-{day:02}"))
    }
}

/// `AttestationApplicationId`: the applications that share the user id which asked for the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationId {
    /// Their packages.
    pub packages: Vec<Package>,
    /// SHA-256 of each certificate that they are signed with.
    pub signatures: Vec<Vec<u8>>,
}

/// `AttestationPackageInfo`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Such as `org.example.app`.
    pub name: String,
    /// Its version code.
    pub version: u64,
}

impl ApplicationId {
    fn read(value: &[u8]) -> der::Result<Self> {
        whole(&whole(value, octets)?, |reader| {
            reader.sequence(|reader| {
                Ok(Self {
                    packages: set(reader, Package::read)?,
                    signatures: set(reader, octets)?,
                })
            })
        })
    }
}

impl Package {
    fn read(reader: &mut SliceReader<'_>) -> der::Result<Self> {
        reader.sequence(|reader| {
            Ok(Self {
                name: utf8(octets(reader)?)?,
                version: reader.decode()?,
            })
        })
    }
}

/// Reads bytes to their end.
fn whole<'a, T>(
    bytes: &'a [u8],
    read: impl FnOnce(&mut SliceReader<'a>) -> der::Result<T>,
) -> der::Result<T> {
    let mut reader = SliceReader::new(bytes)?;
    let value = read(&mut reader)?;
    reader.finish()?;
    Ok(value)
}

/// A `SET OF`. Its members may stand in any order, unlike in DER (X.690 §11.6): phones in use write
/// the purposes as they were asked for them.
fn set<'a, T>(
    reader: &mut SliceReader<'a>,
    mut read: impl FnMut(&mut SliceReader<'a>) -> der::Result<T>,
) -> der::Result<Vec<T>> {
    let members: AnyRef<'a> = reader.decode()?;
    members.tag().assert_eq(Tag::Set)?;
    let mut members = SliceReader::new(members.value())?;
    let mut values = Vec::new();
    while !members.is_finished() {
        values.push(read(&mut members)?);
    }
    Ok(values)
}

fn octets(reader: &mut SliceReader<'_>) -> der::Result<Vec<u8>> {
    Ok(reader.decode::<OctetString>()?.into_bytes().into_vec())
}

fn utf8(bytes: Vec<u8>) -> der::Result<String> {
    String::from_utf8(bytes).map_err(|_| Tag::OctetString.value_error().into())
}

fn text(value: &[u8]) -> der::Result<String> {
    utf8(whole(value, octets)?)
}

fn decoded<'a, T: DecodeValue<'a, Error = der::Error> + FixedTag + 'a>(
    value: &'a [u8],
) -> der::Result<T> {
    T::from_der(value)
}

fn integer(value: &[u8]) -> der::Result<Option<u64>> {
    decoded(value).map(Some)
}

fn integers(value: &[u8]) -> der::Result<Vec<u64>> {
    whole(value, |reader| set(reader, Reader::decode))
}

fn flag(value: &[u8]) -> der::Result<bool> {
    decoded::<Null>(value).map(|Null| true)
}
