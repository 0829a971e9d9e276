//! What a conversation is for, bound to its id.
//!
//! The server says that a conversation is a role's, and could say so of any other. The record keeper
//! lets whoever is on call into a role's conversations, so it goes by the id instead: its maker
//! derives that from the role and from 16 random bytes, and the id stands in every epoch of the MLS
//! group. Finding bytes that make another conversation's id a role's takes 2^122 attempts.

use sha2::{Digest, Sha256};

use crate::{GroupId, RoleSlug};

/// Length of the random bytes.
pub const NONCE: usize = 16;

/// The id of a role's conversation that was made with these random bytes.
pub fn role_group(role: &RoleSlug, nonce: &[u8; NONCE]) -> GroupId {
    let mut hash = Sha256::new();
    hash.update(b"wardline role conversation v1\0");
    hash.update(nonce);
    hash.update(role.as_str().as_bytes());
    let digest: [u8; 32] = hash.finalize().into();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    GroupId::from_random(id)
}

/// Whether a conversation is this role's, by the random bytes that are said to be behind its id.
pub fn is_role_group(group: GroupId, role: &RoleSlug, nonce: &[u8]) -> bool {
    <[u8; NONCE]>::try_from(nonce).is_ok_and(|nonce| role_group(role, &nonce) == group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_of_one_role_and_its_bytes_alone() {
        let role: RoleSlug = "cardiology-on-call".parse().unwrap();
        let other: RoleSlug = "cardiology-on-cal".parse().unwrap();
        let id = role_group(&role, &[7; NONCE]);
        assert!(is_role_group(id, &role, &[7; NONCE]));
        assert!(!is_role_group(id, &other, &[7; NONCE]));
        assert!(!is_role_group(id, &role, &[8; NONCE]));
        assert!(!is_role_group(id, &role, &[7; NONCE - 1]));
        assert!(!is_role_group(
            GroupId::from_bytes([1; 16]),
            &role,
            &[7; NONCE]
        ));
    }
}
