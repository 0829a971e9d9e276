//! [`BlindIndex`]: finding sealed values without storing what they say.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac;

/// A blind token: what is stored and compared instead of a value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub [u8; Token::LEN]);

impl Token {
    /// Length in bytes. Half of HMAC-SHA-256: enough that two values never share a token by
    /// chance, and half the index.
    pub const LEN: usize = 16;

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// Reads a token from storage; `None` when it is not 16 bytes long.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Makes blind tokens: HMAC-SHA-256 (RFC 2104) over kind and value under a key of its own.
///
/// Equal values of a kind have equal tokens, so whoever holds the database sees how often a value
/// occurs, but not which it is.
#[derive(Clone)]
pub struct BlindIndex {
    key: Arc<hmac::Key>,
}

impl BlindIndex {
    /// An index under this key.
    pub fn new(key: &[u8; 32]) -> Self {
        Self {
            key: Arc::new(hmac::Key::new(hmac::HMAC_SHA256, key)),
        }
    }

    /// The token of a value; kinds keep equal values of different fields apart.
    pub fn token(&self, kind: &str, value: &[u8]) -> Token {
        let whole = self.hash(kind, value);
        let mut token = [0; Token::LEN];
        token.copy_from_slice(&whole[..Token::LEN]);
        Token(token)
    }

    /// The full keyed hash, for one-time secrets that are compared rather than searched.
    pub fn hash(&self, kind: &str, value: &[u8]) -> [u8; 32] {
        let mut mac = hmac::Context::with_key(&self.key);
        // The length keeps ("ab", "c") and ("a", "bc") apart.
        mac.update(&u64::try_from(kind.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(kind.as_bytes());
        mac.update(value);
        let tag = mac.sign();
        let mut hash = [0; 32];
        hash.copy_from_slice(tag.as_ref());
        hash
    }

    /// Whether two keyed hashes are equal, in time that does not tell where they differ.
    pub fn same(a: &[u8; 32], b: &[u8; 32]) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok()
    }

    /// Tokens of each word of a name, for every prefix of 2 to 8 characters: what is stored.
    pub fn name_tokens(&self, kind: &str, name: &str) -> Vec<Token> {
        let mut tokens: Vec<Token> = words(name)
            .flat_map(|word| {
                let chars: Vec<char> = word.chars().collect();
                (MIN_PREFIX..=chars.len().min(MAX_PREFIX))
                    .map(|n| chars[..n].iter().collect::<String>())
                    .collect::<Vec<_>>()
            })
            .map(|prefix| self.token(kind, prefix.as_bytes()))
            .collect();
        tokens.sort_unstable();
        tokens.dedup();
        tokens
    }

    /// Tokens that all have to be there for a typed text to match: one for each of its words,
    /// cut to 8 characters. Words of one character are too common and are left out.
    pub fn query_tokens(&self, kind: &str, typed: &str) -> Vec<Token> {
        let mut tokens: Vec<Token> = words(typed)
            .map(|word| word.chars().take(MAX_PREFIX).collect::<String>())
            .filter(|word| word.chars().count() >= MIN_PREFIX)
            .map(|word| self.token(kind, word.as_bytes()))
            .collect();
        tokens.sort_unstable();
        tokens.dedup();
        tokens
    }
}

impl fmt::Debug for BlindIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlindIndex(…)")
    }
}

/// The words of a name, lower case, split at everything that is neither letter nor digit.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(str::to_lowercase)
}

const MIN_PREFIX: usize = 2;
const MAX_PREFIX: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_the_first_half_of_hmac_sha_256() {
        // printf '\0\0\0\0\0\0\0\3mrn12345' | openssl dgst -sha256 -mac HMAC -macopt hexkey:07…07
        let index = BlindIndex::new(&[7; 32]);
        let whole = index.hash("mrn", b"12345");
        let expected = [
            0xce, 0x5b, 0xcb, 0xb2, 0x07, 0x81, 0x26, 0xf0, 0xba, 0x78, 0x85, 0x58, 0xda, 0xae,
            0xb7, 0xff, 0x5a, 0x8f, 0xda, 0x19, 0x2b, 0x43, 0x15, 0x6b, 0x58, 0xb2, 0xaf, 0xc8,
            0xf4, 0x16, 0xd0, 0x56,
        ];
        assert_eq!(whole, expected);
        assert_eq!(&index.token("mrn", b"12345").0, &whole[..16]);
        assert_ne!(index.token("mrn", b"12345"), index.token("mr", b"n12345"));
        assert_ne!(
            index.token("mrn", b"12345"),
            BlindIndex::new(&[8; 32]).token("mrn", b"12345")
        );
    }

    #[test]
    fn a_name_is_found_by_the_first_letters_of_its_words() {
        let index = BlindIndex::new(&[7; 32]);
        let stored = index.name_tokens("name", "Müller-Lüdenscheidt, Anna B");
        let found = |typed: &str| {
            let query = index.query_tokens("name", typed);
            !query.is_empty() && query.iter().all(|t| stored.contains(t))
        };
        assert!(found("ann"));
        assert!(found("mül ANNA"));
        assert!(found("lüdenscheidt"));
        assert!(!found("ula"));
        assert!(!found("b"));
        assert!(!found("anna schmidt"));
    }
}
