//! DER elements as they came, where reading and writing them again might change them.

use x509_cert::der::{self, Decode as _, Encode as _, Header, Reader as _, SliceReader, Tag};

/// What is within the element that the bytes begin with.
pub(crate) fn contents(bytes: &[u8]) -> der::Result<&[u8]> {
    let mut reader = SliceReader::new(bytes)?;
    let header = Header::decode(&mut reader)?;
    reader.read_slice(header.length)
}

/// The element that the bytes begin with.
pub(crate) fn first(bytes: &[u8]) -> der::Result<&[u8]> {
    SliceReader::new(bytes)?.tlv_bytes()
}

/// A SEQUENCE of these contents.
pub(crate) fn sequence(contents: &[u8]) -> der::Result<Vec<u8>> {
    der::asn1::AnyRef::new(Tag::Sequence, contents)?.to_der()
}
