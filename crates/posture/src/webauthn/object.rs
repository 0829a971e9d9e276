//! The attestation object (§6.5): CBOR of a format, its statement and the authenticator data.

use ciborium::Value;
use uuid::Uuid;

use super::cose::Key;
use super::{MAX_OBJECT, Unproven};

/// Flags of the authenticator data (§6.1): attested credential data and extensions follow.
const ATTESTED: u8 = 0x40;
const EXTENSIONS: u8 = 0x80;

/// The longest credential id (§6.5.1), in bytes.
const MAX_CREDENTIAL_ID: usize = 1023;

/// How deep CBOR may be nested; real objects need four levels.
const MAX_DEPTH: usize = 16;

/// An attestation object, read and not yet believed.
#[derive(Debug, Clone)]
pub struct Object {
    format: String,
    statement: Vec<(Value, Value)>,
    data: Vec<u8>,
    aaguid: Uuid,
    credential_id: Vec<u8>,
    key: Key,
}

impl Object {
    /// Reads an object of a registration.
    ///
    /// # Errors
    /// [`Unproven::Size`] or [`Unproven::Malformed`].
    pub fn read(bytes: &[u8]) -> Result<Self, Unproven> {
        if bytes.len() > MAX_OBJECT {
            return Err(Unproven::Size);
        }
        let mut rest = bytes;
        let Value::Map(mut object) = cbor(&mut rest)? else {
            return Err(Unproven::Malformed("the object is no map"));
        };
        if !rest.is_empty() {
            return Err(Unproven::Malformed("something follows the object"));
        }
        refuse_twice(&object)?;
        let (Some(Value::Text(format)), Some(Value::Map(statement)), Some(Value::Bytes(data))) = (
            take(&mut object, "fmt"),
            take(&mut object, "attStmt"),
            take(&mut object, "authData"),
        ) else {
            return Err(Unproven::Malformed("format, statement or data is missing"));
        };
        refuse_twice(&statement)?;
        let (aaguid, credential_id, key) = credential(&data)?;
        Ok(Self {
            format,
            statement,
            data,
            aaguid,
            credential_id,
            key,
        })
    }

    /// The same object with the statement left out, as a client hands it in that was asked for no
    /// attestation (§5.1.3, step 22): format `none`, the authenticator data unchanged.
    pub fn without_statement(&self) -> Vec<u8> {
        let object = Value::Map(vec![
            (Value::from("fmt"), Value::from("none")),
            (Value::from("attStmt"), Value::Map(Vec::new())),
            (Value::from("authData"), Value::Bytes(self.data.clone())),
        ]);
        let mut bytes = Vec::new();
        // Writing to memory does not fail; if it did, what is left is no object.
        if ciborium::into_writer(&object, &mut bytes).is_err() {
            bytes.clear();
        }
        bytes
    }

    /// Which model the authenticator says to be (AAGUID).
    pub const fn aaguid(&self) -> Uuid {
        self.aaguid
    }

    pub(super) fn format(&self) -> &str {
        &self.format
    }

    /// The authenticator data (§6.1) as it came.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    pub(super) fn rp_id_hash(&self) -> &[u8] {
        &self.data[..32]
    }

    pub(super) fn credential_id(&self) -> &[u8] {
        &self.credential_id
    }

    /// The passkey's public key.
    pub(super) const fn key(&self) -> &Key {
        &self.key
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.field(name).is_some()
    }

    /// A byte string of the statement.
    pub(super) fn bytes(&self, name: &'static str) -> Result<&[u8], Unproven> {
        match self.field(name) {
            Some(Value::Bytes(bytes)) => Ok(bytes),
            _ => Err(Unproven::Malformed(name)),
        }
    }

    /// A text of the statement.
    pub(super) fn text(&self, name: &'static str) -> Result<&str, Unproven> {
        match self.field(name) {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(Unproven::Malformed(name)),
        }
    }

    /// The statement's `alg`: a COSEAlgorithmIdentifier (§5.8.5).
    pub(super) fn algorithm(&self) -> Result<i64, Unproven> {
        match self.field("alg") {
            Some(Value::Integer(alg)) => {
                i64::try_from(*alg).map_err(|_| Unproven::Malformed("alg"))
            }
            _ => Err(Unproven::Malformed("alg")),
        }
    }

    /// The statement's `x5c`: certificates, leaf first.
    pub(super) fn certificates(&self) -> Result<Vec<&[u8]>, Unproven> {
        let Some(Value::Array(certificates)) = self.field("x5c") else {
            return Err(Unproven::Malformed("x5c"));
        };
        certificates
            .iter()
            .map(|certificate| {
                let bytes = certificate.as_bytes().map(Vec::as_slice);
                bytes.ok_or(Unproven::Malformed("x5c"))
            })
            .collect()
    }

    fn field(&self, name: &str) -> Option<&Value> {
        self.statement
            .iter()
            .find_map(|(key, value)| (key.as_text() == Some(name)).then_some(value))
    }
}

/// Authenticator data with an attested credential (§6.1, §6.5.1), to the last byte.
fn credential(data: &[u8]) -> Result<(Uuid, Vec<u8>, Key), Unproven> {
    let short = || Unproven::Malformed("the authenticator data is too short");
    let (head, rest) = data.split_at_checked(37).ok_or_else(short)?;
    let flags = head[32];
    if flags & ATTESTED == 0 {
        return Err(Unproven::Malformed("there is no credential"));
    }
    let (aaguid, rest) = rest.split_first_chunk::<16>().ok_or_else(short)?;
    let (length, rest) = rest.split_first_chunk::<2>().ok_or_else(short)?;
    let length = usize::from(u16::from_be_bytes(*length));
    if length > MAX_CREDENTIAL_ID {
        return Err(Unproven::Malformed("the credential's id is too long"));
    }
    let (id, mut rest) = rest.split_at_checked(length).ok_or_else(short)?;
    let key = Key::from_cbor(&cbor(&mut rest)?)?;
    if flags & EXTENSIONS != 0 && !cbor(&mut rest)?.is_map() {
        return Err(Unproven::Malformed("the extensions are no map"));
    }
    if !rest.is_empty() {
        return Err(Unproven::Malformed("something follows the credential"));
    }
    Ok((Uuid::from_bytes(*aaguid), id.to_vec(), key))
}

/// One item; what follows it is left.
fn cbor(bytes: &mut &[u8]) -> Result<Value, Unproven> {
    ciborium::de::from_reader_with_recursion_limit(bytes, MAX_DEPTH)
        .map_err(|_| Unproven::Malformed("it is no CBOR"))
}

fn take(map: &mut Vec<(Value, Value)>, name: &str) -> Option<Value> {
    let index = map
        .iter()
        .position(|(key, _)| key.as_text() == Some(name))?;
    Some(map.swap_remove(index).1)
}

/// A key that stands twice has two meanings.
pub(super) fn refuse_twice(map: &[(Value, Value)]) -> Result<(), Unproven> {
    // Real maps have seven entries at most; nobody shall have long ones compared.
    if map.len() > 32 {
        return Err(Unproven::Size);
    }
    let twice = |(index, (key, _)): (usize, &(Value, Value))| {
        map[..index].iter().any(|(other, _)| other == key)
    };
    if map.iter().enumerate().any(twice) {
        return Err(Unproven::Malformed("a name stands twice"));
    }
    Ok(())
}
