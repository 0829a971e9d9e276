//! The privacy notice: what the hospital keeps of a device, what it never collects, and what a wipe
//! takes. It is made from the program's terms, so it cannot promise what they do not hold.

use sha2::{Digest, Sha256};
use wardline_model::B64;
use wardline_model::wire::enroll::PrivacyNotice;
use wardline_model::wire::posture::Provenance;
use wardline_model::wire::programs::{Check, Ownership, Program, Wipe};

/// The notice of a program.
pub(crate) fn of(program: &Program) -> PrivacyNotice {
    let mut kept = vec![
        "Whose device it is, the name you gave it, and when it was last used with Wardline"
            .to_owned(),
        "The keys and the certificate by which the hospital knows it".to_owned(),
        "Its platform, model and version, as far as its browser says".to_owned(),
        "Where its key lives, which kind of authenticator holds its passkey, and the serial numbers of \
         the certificates that prove it, where hardware says so when it is set up"
            .to_owned(),
        "Which network a request came from: the hospital's or another, and its address".to_owned(),
        "Since when you let it tell its rough position as you sign in, if you do".to_owned(),
        "Where to send it a notification, and when one was sent and arrived last, if you switch those on"
            .to_owned(),
    ];
    for rule in &program.rules {
        let attested = rule.accept.contains(&Provenance::Attested);
        let managed = rule.accept.contains(&Provenance::Managed);
        let about = match &rule.check {
            Check::StorageEncrypted => "Whether what it stores is encrypted",
            Check::ScreenLock { .. } => "Whether its screen locks, and after how long",
            Check::VerifiedBoot => "Whether its maker's own system was started",
            Check::NotRooted => "Whether its system's protection was broken",
            Check::SecureBoot => "Whether Secure Boot is on",
            Check::Tpm => "Whether it has a TPM",
            Check::Firewall => "Whether its firewall is on",
            Check::UpdatesInstalled => "How many security updates wait",
            Check::Managed | Check::ManagerCompliant => "What its device manager says of it",
            Check::Patched
            | Check::OsFloor { .. }
            | Check::KeyInHardware { .. }
            | Check::Authenticator
            | Check::Seen { .. } => continue,
        };
        let source = match (attested, managed) {
            (true, true) => ", where its hardware or a device manager says so",
            (true, false) => ", where its hardware says so",
            (false, true) if program.ownership == Ownership::Personal => {
                ", only where you put it under a device manager yourself"
            }
            _ => "",
        };
        kept.push(format!("{about}{source}"));
    }
    let mut never: Vec<String> = [
        "Messages, calls, photos, contacts and files outside Wardline",
        "Other apps and what you do in them",
        "Websites that you visit",
        "What Wardline's own messages say: they are encrypted from end to end",
        "Fingerprints and faces: they never leave the device",
    ]
    .map(str::to_owned)
    .into();
    if program.ownership == Ownership::Personal {
        never.insert(
            0,
            "Where you are: no location is asked for unless you switch that on yourself; then a rough \
             position is compared with the network as you sign in, and not kept"
                .to_owned(),
        );
        never.push(
            "Anything while Wardline is closed, but that a notification arrived, if you switch those \
             on"
            .to_owned(),
        );
    }
    let wipe = match program.limits.wipe {
        Wipe::App => {
            "A wipe takes what Wardline keeps on the device, and nothing else: it cannot reach \
             anything else."
        }
        Wipe::Device => {
            "A wipe takes what Wardline keeps on the device; the hospital's device manager may erase \
             all of it."
        }
    }
    .to_owned();
    let hash = hash(&kept, &never, &wipe);
    PrivacyNotice {
        kept,
        never,
        wipe,
        hash,
    }
}

fn hash(kept: &[String], never: &[String], wipe: &str) -> B64 {
    let mut hash = Sha256::new();
    for line in kept.iter().chain(never).map(String::as_str).chain([wipe]) {
        hash.update((line.len() as u64).to_be_bytes());
        hash.update(line);
    }
    B64::from(<[u8; 32]>::from(hash.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wardline_programs::Terms;

    fn notice(slug: &str) -> PrivacyNotice {
        let terms = Terms::baseline()
            .into_iter()
            .find(|terms| terms.slug == slug)
            .unwrap();
        of(&terms)
    }

    #[test]
    fn a_notice_is_that_of_its_programs_terms() {
        let own = notice("byod");
        assert!(own.wipe.contains("nothing else"), "{}", own.wipe);
        assert!(own.never.iter().any(|line| line.contains("location")));
        let issued = notice("issued");
        assert!(issued.wipe.contains("all of it"), "{}", issued.wipe);
        assert!(issued.kept.iter().any(|line| line.contains("encrypted")));
        assert_ne!(own.hash, issued.hash);
        assert_eq!(own, notice("byod"));
    }
}
