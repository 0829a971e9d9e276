//! Every chain of the public data, and devices over its feeds, against what is expected of them.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use der::Decode as _;
use serde_json::{Map, Value, json};
use time::Date;
use time::format_description::well_known::Iso8601;
use uuid::Uuid;
use wardline_posture::attest::{
    AuthorizationList, BootState, KeyDescription, PatchLevel, Rejected, Roots, SecurityLevel,
    StatusList, Verdict, certificates, verify,
};
use wardline_posture::made;
use wardline_posture::patch::{Feeds, Installed, KEV, PRODUCTS, Platform};
use wardline_posture::webauthn::{Format, Object, Trust, Unproven};
use x509_cert_03::certificate::{CertificateInner, Raw};

const CHALLENGE: &[u8] = b"challenge";

#[test]
fn conformance_android_attestation() {
    let folder = data().join("android-attestation");
    let google = Roots::google();
    let published = Roots::from_file(&fs::read(folder.join("roots.json")).unwrap()).unwrap();
    assert_eq!(published, google, "the roots that are built in");
    let status = StatusList::from_json(&fs::read(folder.join("status-sample.json")).unwrap());
    let status = status.unwrap();

    let mut verdicts = [0; 3];
    for path in chains(&folder) {
        let name = path.display().to_string();
        let chain = certificates(&fs::read(&path).unwrap()).unwrap();
        let expected = expected(&path.with_extension("json"));
        // The moment at which the key was made lies within all the certificates' dates.
        let at = &expected["softwareEnforced"]["creationDateTime"];
        let at: u64 = at.as_str().unwrap().parse().unwrap();

        let attested = verify(&chain, CHALLENGE, &google, Some(&status), at)
            .unwrap_or_else(|rejected| panic!("{name}: {rejected}"));
        assert_eq!(told(&attested.description), expected, "{name}");
        let levels = ["attestationSecurityLevel", "keyMintSecurityLevel"];
        let levels = levels.map(|level| expected[level].as_str().unwrap());
        let verdict = if levels.contains(&"SOFTWARE") {
            Verdict::Software
        } else if levels.contains(&"TRUSTED_ENVIRONMENT") {
            Verdict::Hardware
        } else {
            Verdict::Strongbox
        };
        assert_eq!(attested.verdict, verdict, "{name}");
        verdicts[verdict as usize] += 1;
        // Trust in a root whose private key is public makes it no better.
        let text = fs::read_to_string(&path).unwrap();
        let root = text.rfind("-----BEGIN").unwrap();
        let roots = Roots::from_file(&text.as_bytes()[root..]).unwrap();
        let own = verify(&chain, CHALLENGE, &roots, None, at).unwrap();
        assert_eq!(own.verdict, verdict, "{name}");
        altered(&chain, at, &name);
    }
    assert_eq!(verdicts, [2, 7, 3], "software, hardware, strongbox");

    let alone = fs::read(folder.join("allow_while_on_body.pem")).unwrap();
    let alone = certificates(&alone).unwrap();
    let at = 1_742_000_000_000;
    assert_eq!(
        verify(&alone, CHALLENGE, &google, None, at),
        Err(Rejected::UntrustedRoot)
    );
    let certificate = CertificateInner::<Raw>::from_der(&alone[0]).unwrap();
    let extensions = certificate.tbs_certificate().extensions().unwrap();
    let description = extensions
        .iter()
        .find_map(|extension| KeyDescription::from_der(extension.extn_value.as_bytes()).ok())
        .unwrap();
    assert!(description.software_enforced.allow_while_on_body);
}

/// The test vectors of Web Authentication Level 3, §16.
#[test]
fn conformance_webauthn_attestation() {
    let vectors = fs::read(data().join("webauthn/vectors.json")).unwrap();
    let vectors: Vec<Value> = serde_json::from_slice(&vectors).unwrap();
    let bytes = |vector: &Value, name: &str| {
        let text = vector["registration"][name].as_str()?;
        Some(hex::decode(text).unwrap())
    };
    let root = made::pem(&[bytes(&vectors[0], "attestation_ca_cert").unwrap()]).unwrap();
    let android = Roots::from_file(root.as_bytes()).unwrap();

    let mut counted = BTreeMap::new();
    for vector in &vectors {
        let Some(object) = bytes(vector, "attestationObject") else {
            continue;
        };
        let title = vector["title"].as_str().unwrap();
        let client_data = bytes(vector, "clientDataJSON").unwrap();
        let hash = hash(&client_data);
        let read = Object::read(&object).unwrap();
        let aaguid = Uuid::from_slice(&bytes(vector, "aaguid").unwrap()).unwrap();
        assert_eq!(read.aaguid(), aaguid, "{title}");

        let signed_model = if title.contains("U2F") {
            Uuid::nil()
        } else {
            aaguid
        };
        let trust = Trust::new()
            .with_roots(root.as_bytes(), &[signed_model])
            .unwrap()
            .with_android_roots(android.clone())
            .with_android_models(&[aaguid]);
        let verified = read.verify(&hash, &trust, &[], made::AT);
        let expected = match title {
            _ if title.contains("Packed") => Ok((Format::Packed, true)),
            // This TPM would hand the key out: it is neither fixedTPM nor fixedParent.
            _ if title.contains("TPM") => Ok((Format::Tpm, false)),
            // This phone holds the key in software.
            _ if title.contains("Android") => Ok((Format::AndroidKey, false)),
            _ if title.contains("Apple") => Ok((Format::Apple, true)),
            _ if title.contains("U2F") => Ok((Format::FidoU2f, true)),
            _ if title.contains("Self") => Err(Unproven::SelfAttested),
            _ => Err(Unproven::None),
        };
        let told = verified
            .as_ref()
            .map(|attested| (attested.format, attested.bound));
        assert_eq!(told, expected.as_ref().copied(), "{title}");
        *counted
            .entry(expected.map_or("nothing", |(format, _)| format.as_str()))
            .or_insert(0) += 1;

        // Without its statement it says the same of the passkey, and proves nothing.
        let without = Object::read(&read.without_statement()).unwrap();
        assert_eq!(without.aaguid(), aaguid, "{title}");
        assert_eq!(
            without.verify(&hash, &trust, &[], made::AT),
            Err(Unproven::None)
        );

        let Ok(attested) = verified else { continue };
        let elsewhere = read
            .verify(&hash, &Trust::new(), &[], made::AT)
            .unwrap_err();
        assert_eq!(elsewhere.code(), "untrusted", "{title}");
        let other = Uuid::from_bytes([9; 16]);
        assert_eq!(
            read.verify(&hash, &trust, &[other], made::AT),
            Err(Unproven::Model {
                aaguid: signed_model
            }),
            "{title}"
        );
        assert!(
            read.verify(&[0; 32], &trust, &[], made::AT).is_err(),
            "{title}"
        );
        for (byte, _) in object.iter().enumerate() {
            let mut bent = object.clone();
            bent[byte] ^= 0x04;
            let judged =
                Object::read(&bent).and_then(|object| object.verify(&hash, &trust, &[], made::AT));
            // U2F signs neither flags, counter nor model.
            assert!(
                judged.is_err()
                    || (attested.format == Format::FidoU2f && judged == Ok(attested.clone())),
                "{title}: byte {byte}"
            );
        }
    }
    let expected = [
        ("android-key", 1),
        ("apple", 1),
        ("fido-u2f", 1),
        ("nothing", 5),
        ("packed", 6),
        ("tpm", 1),
    ];
    assert_eq!(counted, BTreeMap::from(expected));
}

fn hash(client_data: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, client_data);
    digest.as_ref().try_into().unwrap()
}

/// Nothing of a real chain can be changed, and of its certificates only the root may be absent.
fn altered(chain: &[Vec<u8>], at: u64, name: &str) {
    let roots = Roots::google();
    let judge = |chain: &[Vec<u8>]| verify(chain, CHALLENGE, &roots, None, at);
    assert!(
        judge(&chain[..chain.len() - 1]).is_ok(),
        "{name}: without its root"
    );
    assert!(judge(&chain[1..]).is_err(), "{name}: without its leaf");
    let mut without = chain.to_vec();
    without.remove(1);
    assert!(judge(&without).is_err(), "{name}: without an intermediate");
    let mut turned = chain.to_vec();
    turned.reverse();
    assert!(judge(&turned).is_err(), "{name}: in reverse");
    for (index, certificate) in chain.iter().enumerate() {
        for byte in (0..certificate.len()).step_by(7) {
            let mut chain = chain.to_vec();
            chain[index][byte] ^= 1 << (byte % 8);
            assert!(judge(&chain).is_err(), "{name}: {index}, byte {byte}");
        }
        let parsed = CertificateInner::<Raw>::from_der(certificate).unwrap();
        let serial = parsed.tbs_certificate().serial_number().as_bytes();
        let serial = hex::encode(serial);
        let list = json!({"entries": {serial.trim_start_matches('0'): {"status": "REVOKED"}}});
        let list = StatusList::from_json(list.to_string().as_bytes()).unwrap();
        let rejected = verify(chain, CHALLENGE, &roots, Some(&list), at).unwrap_err();
        assert_eq!(rejected.code(), "revoked", "{name}");
    }
}

/// All PEM files with an expectation beside them.
fn chains(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(chains(&path));
        } else if path.extension().is_some_and(|it| it == "pem")
            && path.with_extension("json").exists()
        {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// JSON that may begin with lines of comment.
fn expected(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    serde_json::from_str(&lines.join("\n")).unwrap()
}

/// A description in the form of the expectations.
fn told(description: &KeyDescription) -> Value {
    let level = |level: SecurityLevel| match level {
        SecurityLevel::Software => "SOFTWARE",
        SecurityLevel::TrustedEnvironment => "TRUSTED_ENVIRONMENT",
        SecurityLevel::StrongBox => "STRONG_BOX",
    };
    json!({
        "attestationVersion": description.attestation_version.to_string(),
        "attestationSecurityLevel": level(description.attestation_level),
        "keyMintVersion": description.keymint_version.to_string(),
        "keyMintSecurityLevel": level(description.keymint_level),
        "attestationChallenge": STANDARD.encode(&description.challenge),
        "uniqueId": STANDARD.encode(&description.unique_id),
        "softwareEnforced": list(&description.software_enforced),
        "hardwareEnforced": list(&description.hardware_enforced),
    })
}

fn list(list: &AuthorizationList) -> Value {
    let number = |number: Option<u64>| number.map(|number| json!(number.to_string()));
    let numbers = |numbers: &[u64]| {
        let texts: Vec<_> = numbers.iter().map(u64::to_string).collect();
        (!texts.is_empty()).then(|| json!(texts))
    };
    let flag = |flag: bool| flag.then_some(Value::Bool(true));
    let text = |text: &Option<String>| text.as_ref().map(|text| json!(text));
    let bytes = |bytes: &[u8]| json!(STANDARD.encode(bytes));
    let level =
        |level: Option<PatchLevel>| level.map(|level| json!(level.to_string().replace('-', "")));
    let origin = list.origin.map(|origin| {
        let names = [
            "GENERATED",
            "DERIVED",
            "IMPORTED",
            "RESERVED",
            "SECURELY_IMPORTED",
        ];
        json!(names[usize::try_from(origin).unwrap()])
    });
    let root = list.root_of_trust.as_ref().map(|root| {
        let state = match root.state {
            BootState::Verified => "VERIFIED",
            BootState::SelfSigned => "SELF_SIGNED",
            BootState::Unverified => "UNVERIFIED",
            BootState::Failed => "FAILED",
        };
        let mut told = json!({
            "verifiedBootKey": bytes(&root.key),
            "deviceLocked": root.locked,
            "verifiedBootState": state,
        });
        if let Some(hash) = &root.hash {
            told["verifiedBootHash"] = bytes(hash);
        }
        told
    });
    let application = list.application_id.as_ref().map(|id| {
        let packages = id.packages.iter();
        let packages = packages
            .map(|package| json!({"name": package.name, "version": package.version.to_string()}));
        json!({
            "packages": packages.collect::<Vec<_>>(),
            "signatures": id.signatures.iter().map(|it| bytes(it)).collect::<Vec<_>>(),
        })
    });
    let fields = [
        ("purposes", numbers(&list.purposes)),
        ("algorithms", number(list.algorithm)),
        ("keySize", number(list.key_size)),
        ("blockModes", numbers(&list.block_modes)),
        ("digests", numbers(&list.digests)),
        ("paddings", numbers(&list.paddings)),
        ("ecCurve", number(list.ec_curve)),
        ("rsaPublicExponent", number(list.rsa_public_exponent)),
        ("rsaOaepMgfDigests", numbers(&list.mgf_digests)),
        ("activeDateTime", number(list.active_from)),
        ("originationExpireDateTime", number(list.originates_until)),
        ("usageExpireDateTime", number(list.usable_until)),
        ("noAuthRequired", flag(list.no_auth_required)),
        ("userAuthType", number(list.user_auth_type)),
        ("authTimeout", number(list.auth_timeout)),
        (
            "trustedUserPresenceRequired",
            flag(list.user_presence_required),
        ),
        (
            "unlockedDeviceRequired",
            flag(list.unlocked_device_required),
        ),
        ("creationDateTime", number(list.created)),
        ("origin", origin),
        ("rollbackResistant", flag(list.rollback_resistant)),
        ("rootOfTrust", root),
        ("osVersion", number(list.os_version)),
        ("osPatchLevel", level(list.os_patch_level)),
        ("attestationApplicationId", application),
        ("attestationIdBrand", text(&list.brand)),
        ("attestationIdDevice", text(&list.device)),
        ("attestationIdProduct", text(&list.product)),
        ("attestationIdSerial", text(&list.serial)),
        ("attestationIdImei", text(&list.imei)),
        ("attestationIdMeid", text(&list.meid)),
        ("attestationIdManufacturer", text(&list.manufacturer)),
        ("attestationIdModel", text(&list.model)),
        ("vendorPatchLevel", level(list.vendor_patch_level)),
        ("bootPatchLevel", level(list.boot_patch_level)),
        ("attestationIdSecondImei", text(&list.second_imei)),
        ("moduleHash", list.module_hash.as_deref().map(bytes)),
    ];
    let told = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(told.collect::<Map<_, _>>())
}

/// Devices over the real feeds, and what is to be said of each on a day.
#[test]
fn conformance_patch_verdicts() {
    let feeds = feeds();
    let mut wrong = Vec::new();
    for row in DEVICES.lines().skip(1) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [platform, version, level, model, at, verdict, code] = cells[..] else {
            panic!("{row}");
        };
        let installed = Installed {
            platform: match platform {
                "android" => Platform::Android,
                "ios" => Platform::Ios,
                "macos" => Platform::MacOs,
                "windows" => Platform::Windows,
                "linux" => Platform::Linux,
                other => panic!("{other}"),
            },
            os_version: version,
            patch_level: PatchLevel::from_number(level.replace('-', "").parse().unwrap_or(0)),
            model: Some(model),
        };
        let finding = feeds.verdict(&installed, Date::parse(at, &Iso8601::DATE).unwrap());
        let told = |code| finding.reasons.iter().any(|it| it.code.as_str() == code);
        if finding.verdict.as_str() != verdict || !(code.is_empty() || told(code)) {
            wrong.push(format!("{row}\n{finding:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Devices, the day, and what is to be said: the verdict, and a reason that must be among those
/// given.
const DEVICES: &str = "\
platform | version         | level   | model              | at         | verdict     | reason
ios      | 26.6.1          |         | iPhone 16 Pro      | 2026-08-20 | current     |
ios      | 26.6            |         | iPhone 15          | 2026-08-20 | grace       | behind
ios      | 26.5            |         |                    | 2026-08-31 | grace       | behind
ios      | 26.6            |         |                    | 2026-09-01 | outdated    | behind
ios      | 18.7.10         |         |                    | 2026-08-20 | current     |
ios      | 18.7.10         |         | iPhone XR          | 2026-08-20 | unsupported | model-eol
ios      | 18.7.9          |         |                    | 2026-08-20 | grace       | behind
ios      | 18.0            |         |                    | 2026-08-20 | outdated    | kev
ios      | 14.4            |         |                    | 2026-08-20 | unsupported | os-eol
ios      | iPadOS 26.6.1   |         |                    | 2026-08-20 | current     |
ios      | 27.0            |         |                    | 2026-08-20 | outdated    | os-unknown
ios      | 26.6.1          |         |                    | 2026-11-25 | grace       | feed-stale
macos    | 26.6.2          |         |                    | 2026-08-20 | current     |
macos    | Tahoe           |         |                    | 2026-08-20 | grace       | behind
macos    | 15.7.8          |         |                    | 2026-08-20 | grace       | behind
macos    | 15.7.8          |         |                    | 2026-08-21 | outdated    | behind
macos    | 12.7.6          |         |                    | 2026-08-20 | unsupported | os-eol
macos    | 10.15.7         |         |                    | 2026-08-20 | unsupported | os-eol
android  | 16              | 2026-08 | Pixel 9            | 2026-08-20 | current     |
android  | 16              | 2026-07 | Pixel 9            | 2026-08-15 | grace       | behind
android  | 16              | 2026-07 | Pixel 9            | 2026-08-16 | outdated    | behind
android  | 16              |         |                    | 2026-08-20 | outdated    | patch-level-unknown
android  | 15              | 2024-10 |                    | 2025-08-20 | outdated    | kev
android  | 9               | 2021-12 |                    | 2026-08-20 | unsupported | os-eol
android  | 13              | 2022-10 | Pixel 4            | 2026-08-20 | unsupported | model-eol
android  | 16              | 2026-08 | Pixel 4            | 2026-08-20 | unsupported | model-eol
android  | 16              | 2026-08 | Galaxy S10         | 2026-08-20 | unsupported | model-eol
android  | 16              | 2026-08 | Samsung Galaxy S25 | 2026-08-20 | current     |
android  | 16              | 2026-08 | Fairphone 5        | 2026-08-20 | current     |
android  | 16              | 2026-08 | SM-X000            | 2026-08-20 | current     | model-unknown
windows  | 10 22H2         |         |                    | 2026-08-20 | unsupported | os-eol
windows  | 10.0.19045      |         |                    | 2025-10-15 | unsupported | os-eol
windows  | 10              |         |                    | 2026-08-20 | unsupported | os-eol
windows  | 11 25H2         |         |                    | 2026-08-20 | current     | os-edition
windows  | 11 24H2         | 2026-08 |                    | 2026-08-20 | current     | os-edition
windows  | 11 24H2         | 2026-07 |                    | 2026-08-20 | grace       | behind
windows  | 11 24H2         |         |                    | 2026-08-20 | outdated    | kev
windows  | 11 23H2 Pro     |         |                    | 2026-08-20 | unsupported | os-eol
windows  | 10-21h2-iot-lts | 2026-08 |                    | 2026-08-20 | current     |
linux    | debian 12       |         |                    | 2026-08-20 | outdated    | os-unknown";

/// The folder of feeds of the public data.
fn feeds() -> Feeds {
    let folder = data().join("feeds");
    let products = fs::read_dir(folder.join(PRODUCTS)).unwrap().map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        format!("{PRODUCTS}/{name}")
    });
    let files = products.chain([KEV.to_owned()]).map(|file| {
        let bytes = fs::read(folder.join(&file)).unwrap();
        (file, bytes)
    });
    Feeds::parse(files).unwrap()
}

/// The folder of the public data.
fn data() -> PathBuf {
    std::env::var_os("WARDLINE_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    )
}
