//! Whether everything at rest is encrypted: each file system that is written to, and swap.
//!
//! A block device is encrypted when its own device-mapper target encrypts (dm-crypt: LUKS, plain,
//! and what cryptsetup opens), or when every device below it is: LVM on LUKS, RAID on LUKS, a file
//! in an encrypted file system. What cannot be followed is not known; one device that is plain
//! decides it.
//!
//! Not looked at: what holds the boot loader and the kernel ([`BOOT`]), which firmware has to read;
//! what is mounted read-only, but for the root; and what lies elsewhere, such as NFS. Not seen:
//! encryption by the file system itself (ZFS, fscrypt) and by the disk (OPAL).

use std::collections::BTreeSet;

use crate::found::{Found, exists, known, known_by, text, unknown, unread};
use crate::system::{System, Unread};

/// Whether all of it is encrypted.
pub(crate) fn encrypted(system: &impl System) -> Found<bool> {
    let text = text(system, MOUNTS)?;
    let Some(mounts) = mounts(&text) else {
        return unknown(format!("{MOUNTS} cannot be understood"));
    };
    // What is mounted last at a place is what is there.
    let Some(root) = mounts.iter().rfind(|mount| mount.point == "/") else {
        return unknown("no root file system is shown");
    };
    if let Kind::Stacked | Kind::Elsewhere = root.kind() {
        let kind = &root.file_system;
        return unknown(format!("the root is {kind}, as in a container"));
    }
    let machine = Machine {
        system,
        mounts: &mounts,
    };
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for mount in &mounts {
        let is_root = std::ptr::eq(mount, root);
        if !is_root && (mount.read_only || BOOT.contains(&mount.point.as_str())) {
            continue;
        }
        if seen.insert((mount.device.clone(), mount.source.clone())) {
            let rest = machine.file_system(mount, DEEPEST);
            all.extend(rest.map(|rest| rest.at(&format!("{} on {}", mount.source, mount.point))));
        }
    }
    all.extend(machine.swap());
    match all.into_iter().reduce(Rest::and) {
        None => unknown("no disk is in use here"),
        Some(Rest::Encrypted) => known(true),
        Some(Rest::Plain(what)) => known_by(false, format!("not encrypted: {what}")),
        Some(Rest::Unclear(why)) => unknown(why),
    }
}

/// How something is at rest, best first.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Rest {
    Encrypted,
    /// It is not known, and why.
    Unclear(String),
    /// What is not encrypted.
    Plain(String),
}

impl Rest {
    fn unclear(why: impl Into<String>) -> Self {
        Self::Unclear(why.into())
    }

    /// Both together are as the worse one is.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Plain(what), _) | (_, Self::Plain(what)) => Self::Plain(what),
            (Self::Unclear(why), _) | (_, Self::Unclear(why)) => Self::Unclear(why),
            (Self::Encrypted, Self::Encrypted) => Self::Encrypted,
        }
    }

    /// With the place that it is about.
    fn at(self, place: &str) -> Self {
        match self {
            Self::Encrypted => Self::Encrypted,
            Self::Unclear(why) => Self::Unclear(format!("{place}: {why}")),
            Self::Plain(_) => Self::Plain(place.to_owned()),
        }
    }
}

/// A file system that is mounted (proc_pid_mountinfo(5)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount {
    /// `MAJOR:MINOR`.
    device: String,
    point: String,
    file_system: String,
    source: String,
    /// Whether the file system itself takes no writes; a mount of it alone may refuse them too.
    read_only: bool,
}

/// What a file system rests on.
enum Kind {
    Memory,
    /// Another machine, or the host of this one.
    Elsewhere,
    /// Other file systems.
    Stacked,
    Btrfs,
    Block,
    /// This crate does not know.
    Other,
}

impl Mount {
    fn kind(&self) -> Kind {
        let name = self.file_system.as_str();
        match name {
            _ if MEMORY.contains(&name) => Kind::Memory,
            _ if ELSEWHERE.contains(&name) => Kind::Elsewhere,
            _ if STACKED.contains(&name) || name.starts_with("fuse.") => Kind::Stacked,
            "btrfs" => Kind::Btrfs,
            // Its members are not those of the one device that is shown.
            "bcachefs" | "zfs" => Kind::Other,
            _ if self.device.starts_with("0:") => Kind::Other,
            _ => Kind::Block,
        }
    }
}

/// Reads `mountinfo`; `None` when a line is not of it.
pub(crate) fn mounts(text: &str) -> Option<Vec<Mount>> {
    text.lines()
        .filter(|line| !line.is_empty())
        .map(mount)
        .collect()
}

fn mount(line: &str) -> Option<Mount> {
    // Between the two are optional fields; none of them is a hyphen alone.
    let (first, last) = line.split_once(" - ")?;
    let mut first = first.split(' ');
    let device = first.nth(2)?;
    let point = first.nth(1)?;
    let _options = first.next()?;
    let mut last = last.splitn(3, ' ');
    let (file_system, source, options) = (last.next()?, last.next()?, last.next()?);
    let (major, minor) = device.split_once(':')?;
    let number = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    if !number(major) || !number(minor) || !point.starts_with('/') || file_system.is_empty() {
        return None;
    }
    Some(Mount {
        device: device.to_owned(),
        point: unescaped(point),
        file_system: file_system.to_owned(),
        source: unescaped(source),
        read_only: options.split(',').any(|option| option == "ro"),
    })
}

/// The kernel writes white space and backslashes as `\040`.
fn unescaped(text: &str) -> String {
    let mut parts = text.split('\\');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..3);
        match code.and_then(|code| u8::from_str_radix(code, 8).ok()) {
            Some(byte) if byte.is_ascii() => {
                plain.push(char::from(byte));
                plain.push_str(&part[3..]);
            }
            _ => {
                plain.push('\\');
                plain.push_str(part);
            }
        }
    }
    plain
}

/// Swap that is in use: its path, and whether it is a file.
pub(crate) fn swaps(text: &str) -> Vec<(String, bool)> {
    text.lines()
        .skip(1)
        .filter_map(|line| {
            let mut fields = line.split_whitespace();
            let (path, kind) = (fields.next()?, fields.next()?);
            Some((unescaped(path), kind == "file"))
        })
        .collect()
}

/// A machine with its mounts.
struct Machine<'a, S> {
    system: &'a S,
    mounts: &'a [Mount],
}

impl<S: System> Machine<'_, S> {
    /// What a file system rests on; `None` when nothing of it is at rest here.
    fn file_system(&self, mount: &Mount, depth: u32) -> Option<Rest> {
        match mount.kind() {
            Kind::Memory | Kind::Elsewhere | Kind::Stacked => None,
            Kind::Other => {
                let kind = &mount.file_system;
                Some(Rest::unclear(format!("it is not known of {kind}")))
            }
            Kind::Btrfs => Some(self.btrfs(&mount.source, depth)),
            Kind::Block => self.block(&mount.device, depth),
        }
    }

    fn swap(&self) -> Vec<Rest> {
        const SWAPS: &str = "/proc/swaps";
        let text = match self.system.read(SWAPS) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(Unread::Missing) => return Vec::new(),
            Err(error) => return vec![Rest::Unclear(unread(SWAPS, &error).0)],
        };
        let rest = |(path, file): (String, bool)| {
            let rest = if file {
                self.file(&path, DEEPEST)
            } else {
                match self.node(&path) {
                    Some((_, device)) => self.block(&device, DEEPEST),
                    None => Some(Rest::unclear("it cannot be followed")),
                }
            };
            rest.map(|rest| rest.at(&format!("swap on {path}")))
        };
        swaps(&text).into_iter().filter_map(rest).collect()
    }

    /// A file is as the file system that it lies in.
    fn file(&self, path: &str, depth: u32) -> Option<Rest> {
        let holds = |mount: &&Mount| {
            let below = path.strip_prefix(mount.point.trim_end_matches('/'));
            below.is_some_and(|below| below.starts_with('/'))
        };
        // Of mounts at the same place the last one counts, as `max_by_key` has it.
        let deepest = self.mounts.iter().filter(holds);
        match deepest.max_by_key(|mount| mount.point.len()) {
            Some(mount) => self.file_system(mount, depth.checked_sub(1)?),
            None => Some(Rest::unclear("its file system is not shown")),
        }
    }

    /// A device by its number, and all that lies below it.
    fn block(&self, device: &str, depth: u32) -> Option<Rest> {
        let Some(depth) = depth.checked_sub(1) else {
            return Some(Rest::unclear("too much lies below it"));
        };
        // Disks in memory (Documentation/admin-guide/devices.txt).
        if device.starts_with("1:") {
            return None;
        }
        let folder = format!("/sys/dev/block/{device}");
        let Ok(within) = self.system.list(&folder) else {
            return Some(Rest::unclear(format!("{folder} is not shown")));
        };
        let has = |name: &str| within.iter().any(|it| it == name);
        let said = |name: &str| text(self.system, &format!("{folder}/{name}")).ok();
        if has("dm") {
            match said("dm/uuid") {
                Some(uuid) if encrypts(&uuid) => return Some(Rest::Encrypted),
                Some(_) => {}
                None => return Some(Rest::unclear(format!("{folder}/dm is not shown"))),
            }
        }
        // Compressed memory, unless it may write to a disk.
        if has("comp_algorithm") {
            let backing = said("backing_dev").unwrap_or_default();
            return (!backing.is_empty() && backing != "none")
                .then(|| Rest::unclear("it writes to a disk behind it"));
        }
        if has("loop") {
            return match said("loop/backing_file") {
                Some(path) if !path.ends_with(" (deleted)") => self.file(&path, depth),
                _ => Some(Rest::unclear("the file behind it is not shown")),
            };
        }
        let below = match self.system.list(&format!("{folder}/slaves")) {
            Ok(below) => below,
            Err(Unread::Missing) => Vec::new(),
            Err(_) => return Some(Rest::unclear(format!("{folder}/slaves is not shown"))),
        };
        let devices: Vec<Option<String>> = if !below.is_empty() {
            let below = below.iter();
            below
                .map(|name| said(&format!("slaves/{name}/dev")))
                .collect()
        } else if has("partition") {
            vec![said("../dev")]
        } else if has("dm") {
            // What is mapped to no device.
            return Some(Rest::unclear("what lies below it is not shown"));
        } else {
            return Some(Rest::Plain(device.to_owned()));
        };
        devices
            .into_iter()
            .map(|device| match device {
                Some(device) => self.block(&device, depth),
                None => Some(Rest::unclear("what lies below it is not shown")),
            })
            .map(|rest| rest.unwrap_or(Rest::Encrypted))
            .reduce(Rest::and)
    }

    /// All members of a btrfs file system; `mountinfo` shows one of them.
    fn btrfs(&self, source: &str, depth: u32) -> Rest {
        const VOLUMES: &str = "/sys/fs/btrfs";
        let lost = || Rest::unclear("the members of the file system are not shown");
        let Some((name, _)) = self.node(source) else {
            return lost();
        };
        let members = |volume: &String| {
            let folder = format!("{VOLUMES}/{volume}/devices");
            let members = self.system.list(&folder).ok()?;
            members.contains(&name).then_some(members)
        };
        let volumes = self.system.list(VOLUMES).unwrap_or_default();
        let Some(members) = volumes.iter().find_map(members) else {
            return lost();
        };
        let rest =
            |member: String| match text(self.system, &format!("/sys/class/block/{member}/dev")) {
                Ok(device) => self.block(&device, depth).unwrap_or(Rest::Encrypted),
                Err(_) => lost(),
            };
        members
            .into_iter()
            .map(rest)
            .reduce(Rest::and)
            .unwrap_or_else(lost)
    }

    /// The kernel's name of a device file, and its number; told by `sysfs`, so that it does not
    /// matter which device files this process can see.
    fn node(&self, path: &str) -> Option<(String, String)> {
        const BLOCK: &str = "/sys/class/block";
        let name = path.strip_prefix("/dev/")?;
        let name = if let Some(mapped) = name.strip_prefix("mapper/") {
            let names = self.system.list(BLOCK).ok()?;
            names.into_iter().find(|name| {
                let said = text(self.system, &format!("{BLOCK}/{name}/dm/name"));
                said.is_ok_and(|said| said == mapped)
            })?
        } else {
            name.to_owned()
        };
        if name.contains('/') || !exists(self.system, &format!("{BLOCK}/{name}")).ok()? {
            return None;
        }
        let device = text(self.system, &format!("{BLOCK}/{name}/dev")).ok()?;
        Some((name, device))
    }
}

/// Whether a device-mapper device is one of cryptsetup's that encrypt, by the beginning of its
/// UUID. `CRYPT-VERITY-` and `CRYPT-INTEGRITY-` are cryptsetup's too, and encrypt nothing.
fn encrypts(uuid: &str) -> bool {
    let kind = uuid
        .strip_prefix("CRYPT-")
        .and_then(|rest| rest.split('-').next());
    kind.is_some_and(|kind| CIPHERS.contains(&kind))
}

const MOUNTS: &str = "/proc/self/mountinfo";
const CIPHERS: [&str; 7] = [
    "BITLK", "FVAULT2", "LOOPAES", "LUKS1", "LUKS2", "PLAIN", "TCRYPT",
];
/// Where boot loader and kernel lie.
const BOOT: [&str; 4] = ["/boot", "/boot/efi", "/boot/firmware", "/efi"];
/// More devices than that do not lie below one another.
const DEEPEST: u32 = 16;

const MEMORY: [&str; 27] = [
    "autofs",
    "binder",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "fusectl",
    "hugetlbfs",
    "mqueue",
    "nfsd",
    "nsfs",
    "proc",
    "pstore",
    "ramfs",
    "resctrl",
    "rootfs",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "sysfs",
    "tmpfs",
    "tracefs",
];
const ELSEWHERE: [&str; 12] = [
    "9p",
    "afs",
    "ceph",
    "cifs",
    "glusterfs",
    "lustre",
    "nfs",
    "nfs4",
    "smb3",
    "vboxsf",
    "virtiofs",
    "vmhgfs",
];
const STACKED: [&str; 4] = ["aufs", "ecryptfs", "fuse", "overlay"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::tests::Made;

    /// Block devices, told one by one: name, number, and what `sysfs` has of it.
    fn device(made: Made, name: &str, number: &str) -> Made {
        made.file(&format!("/sys/class/block/{name}/dev"), number)
            .file(&format!("/sys/dev/block/{number}/dev"), number)
    }

    fn below(made: Made, number: &str, name: &str, lower: &str) -> Made {
        made.file(&format!("/sys/dev/block/{number}/slaves/{name}/dev"), lower)
    }

    fn mapped(made: Made, name: &str, number: &str, mapped: &str, uuid: &str) -> Made {
        device(made, name, number)
            .file(&format!("/sys/dev/block/{number}/dm/uuid"), uuid)
            .file(&format!("/sys/class/block/{name}/dm/name"), mapped)
    }

    fn partition(made: Made, name: &str, number: &str, disk: &str) -> Made {
        device(made, name, number)
            .file(&format!("/sys/dev/block/{number}/partition"), "1")
            .file(&format!("/sys/dev/block/{number}/../dev"), disk)
    }

    /// A disk `sda` with the partitions `sda1` (8:1) to `sda3` (8:3).
    fn disk() -> Made {
        let made = device(Made::default(), "sda", "8:0");
        let made = partition(made, "sda1", "8:1", "8:0");
        let made = partition(made, "sda2", "8:2", "8:0");
        partition(made, "sda3", "8:3", "8:0")
    }

    /// LUKS on `sda3` as `dm-0` (254:0), mapped as `sda3_crypt`.
    fn luks() -> Made {
        let made = mapped(
            disk(),
            "dm-0",
            "254:0",
            "sda3_crypt",
            "CRYPT-LUKS2-0a1b-sda3_crypt",
        );
        below(made, "254:0", "sda3", "8:3")
    }

    /// LVM on that: `dm-1` (254:1) the root, `dm-2` (254:2) swap.
    fn lvm_on_luks() -> Made {
        let made = mapped(luks(), "dm-1", "254:1", "vg-root", "LVM-aB3");
        let made = below(made, "254:1", "dm-0", "254:0");
        let made = mapped(made, "dm-2", "254:2", "vg-swap", "LVM-cD4");
        below(made, "254:2", "dm-0", "254:0")
    }

    const SYSTEM: &str = "\
22 27 0:21 / /proc rw,nosuid - proc proc rw
23 27 0:22 / /sys rw - sysfs sysfs rw
24 27 0:6 / /dev rw - devtmpfs udev rw,size=1k
25 27 0:23 / /run rw shared:5 - tmpfs tmpfs rw
";

    fn mounted(made: Made, mounts: &[&str]) -> Made {
        let lines = mounts
            .iter()
            .enumerate()
            .map(|(id, mount)| format!("{} 27 {mount}\n", id + 40))
            .collect::<Vec<String>>()
            .concat();
        made.file(MOUNTS, format!("{SYSTEM}{lines}"))
    }

    fn swapping(made: Made, lines: &str) -> Made {
        made.file(
            "/proc/swaps",
            format!("Filename\tType\tSize\tUsed\tPriority\n{lines}"),
        )
    }

    #[track_caller]
    fn is(made: &Made, expected: bool) {
        let found = encrypted(made).unwrap();
        assert_eq!(found.value, expected, "{found:?}");
        assert_eq!(found.note.is_none(), expected, "what is plain is named");
    }

    #[track_caller]
    fn not_known(made: &Made, why: &str) {
        let reason = encrypted(made).unwrap_err().0;
        assert!(reason.contains(why), "{reason}");
    }

    const BOOT_PARTITIONS: [&str; 2] = [
        "8:1 / /boot/efi rw - vfat /dev/sda1 rw,fmask=0077",
        "8:2 / /boot rw - ext4 /dev/sda2 rw",
    ];
    const LVM_ROOT: &str =
        "254:1 / / rw,relatime shared:1 - ext4 /dev/mapper/vg-root rw,errors=remount-ro";

    #[test]
    fn a_plain_disk_is_not_encrypted() {
        is(&mounted(disk(), &["8:3 / / rw - ext4 /dev/sda3 rw"]), false);
        let virtual_disk = device(Made::default(), "vda", "254:0");
        is(
            &mounted(virtual_disk, &["254:0 / / rw - ext4 /dev/vda rw"]),
            false,
        );
    }

    #[test]
    fn lvm_on_luks_with_a_plain_boot_partition_is_encrypted() {
        let [efi, boot] = BOOT_PARTITIONS;
        let made = swapping(lvm_on_luks(), "/dev/dm-2 partition 8 0 -2\n");
        is(&mounted(made, &[LVM_ROOT, efi, boot]), true);
    }

    #[test]
    fn one_plain_file_system_decides_it() {
        let data = "8:2 / /srv rw - ext4 /dev/sda2 rw";
        let made = mounted(lvm_on_luks(), &[LVM_ROOT, data]);
        is(&made, false);
        assert_eq!(
            encrypted(&made).unwrap().note.unwrap(),
            "not encrypted: /dev/sda2 on /srv"
        );
        let read_only = "8:2 / /srv ro - iso9660 /dev/sda2 ro";
        is(&mounted(lvm_on_luks(), &[LVM_ROOT, read_only]), true);
        // A hardened service sees its mounts read-only; the file system still takes writes.
        let hardened = "8:2 / /srv ro,relatime - ext4 /dev/sda2 rw";
        is(&mounted(lvm_on_luks(), &[LVM_ROOT, hardened]), false);
        is(&mounted(disk(), &["8:3 / / ro - ext4 /dev/sda3 ro"]), false);
    }

    #[test]
    fn plain_swap_decides_it_and_compressed_memory_does_not() {
        let root = || mounted(lvm_on_luks(), &[LVM_ROOT]);
        is(&swapping(root(), "/dev/sda2 partition 8 0 -2\n"), false);
        is(&swapping(root(), "/swap\\040file file 8 0 -2\n"), true);
        let zram = |backing: &str| {
            let made = device(root(), "zram0", "253:0")
                .file("/sys/dev/block/253:0/comp_algorithm", "lzo [zstd]")
                .file("/sys/dev/block/253:0/backing_dev", backing);
            swapping(made, "/dev/zram0 partition 8 0 100\n")
        };
        is(&zram("none\n"), true);
        not_known(&zram("/dev/sda2\n"), "disk behind it");
        not_known(
            &swapping(root(), "/dev/gone partition 8 0 -2\n"),
            "followed",
        );
        not_known(&root().denied("/proc/swaps"), "/proc/swaps");
        let data = mounted(
            lvm_on_luks(),
            &[LVM_ROOT, "8:2 / /plain rw - ext4 /dev/sda2 ro"],
        );
        is(&swapping(data, "/plain/swap file 8 0 -2\n"), false);
    }

    #[test]
    fn every_disk_of_a_raid_has_to_be_encrypted() {
        // LUKS on RAID: the RAID is below.
        let made = device(disk(), "md0", "9:0");
        let made = below(below(made, "9:0", "sda2", "8:2"), "9:0", "sda3", "8:3");
        let made = mapped(made, "dm-0", "254:0", "root", "CRYPT-LUKS1-0a-root");
        let on_raid = below(made, "254:0", "md0", "9:0");
        is(
            &mounted(on_raid, &["254:0 / / rw - xfs /dev/mapper/root rw"]),
            true,
        );
        // RAID on LUKS, and on one plain disk.
        let raid = |second: (&str, &str)| {
            let made = device(luks(), "md0", "9:0");
            let made = below(made, "9:0", "dm-0", "254:0");
            let made = below(made, "9:0", second.0, second.1);
            let made = mapped(made, "dm-5", "254:5", "other", "CRYPT-PLAIN-other");
            mounted(made, &["9:0 / / rw - xfs /dev/md0 rw"])
        };
        is(&raid(("dm-5", "254:5")), true);
        is(&raid(("sda2", "8:2")), false);
    }

    #[test]
    fn a_partition_of_something_encrypted_is_encrypted() {
        let made = device(luks(), "md0", "9:0");
        let made = below(made, "9:0", "dm-0", "254:0");
        let made = partition(made, "md0p1", "259:1", "9:0");
        is(&mounted(made, &["259:1 / / rw - ext4 /dev/md0p1 rw"]), true);
    }

    #[test]
    fn what_cryptsetup_verifies_is_not_thereby_encrypted() {
        for uuid in [
            "CRYPT-VERITY-0a-root",
            "CRYPT-INTEGRITY-root",
            "LVM-CRYPT-LUKS2",
            "CRYPT-",
            "",
        ] {
            let made = mapped(disk(), "dm-0", "254:0", "root", uuid);
            let made = below(made, "254:0", "sda3", "8:3");
            is(
                &mounted(made, &["254:0 / / rw - ext4 /dev/mapper/root rw"]),
                false,
            );
        }
    }

    #[test]
    fn every_member_of_a_btrfs_has_to_be_encrypted() {
        let members = |more: &[&str]| {
            let mut made = mapped(luks(), "dm-5", "254:5", "second", "CRYPT-LUKS2-0c-second");
            for name in [&["dm-0"], more].concat() {
                made = made.file(&format!("/sys/fs/btrfs/0a-1b/devices/{name}"), "");
            }
            let made = made.folder("/sys/fs/btrfs/features/raid1c34");
            mounted(
                made,
                &[
                    "0:30 /@ / rw - btrfs /dev/mapper/sda3_crypt rw,subvol=/@",
                    "0:30 /@home /srv rw - btrfs /dev/mapper/sda3_crypt rw,subvol=/@home",
                ],
            )
        };
        is(&members(&[]), true);
        is(&members(&["dm-5"]), true);
        is(&members(&["sda2"]), false);
        not_known(&members(&["sdz"]), "members");
        not_known(
            &mounted(luks(), &["0:30 / / rw - btrfs /dev/mapper/sda3_crypt rw"]),
            "members",
        );
        not_known(
            &mounted(luks(), &["0:30 / / rw - btrfs /dev/root rw"]),
            "members",
        );
    }

    #[test]
    fn a_file_is_as_the_disk_that_it_lies_on() {
        let image = |path: &str| {
            let made = device(lvm_on_luks(), "loop0", "7:0")
                .file("/sys/dev/block/7:0/loop/backing_file", path);
            mounted(
                made,
                &[
                    LVM_ROOT,
                    "8:2 / /plain rw - ext4 /dev/sda2 ro",
                    "7:0 / /image rw - ext4 /dev/loop0 rw",
                ],
            )
        };
        is(&image("/var/image\n"), true);
        is(&image("/plainer/image\n"), true);
        is(&image("/plain/image\n"), false);
        not_known(&image("/gone (deleted)\n"), "behind it");
        not_known(&image("/image/of/itself\n"), "too much");
    }

    #[test]
    fn a_container_knows_nothing_of_its_disks() {
        let overlay = "0:50 / / rw - overlay overlay rw,lowerdir=/a,upperdir=/b";
        let hosts = "8:3 /x/hosts /etc/hosts rw - ext4 /dev/sda3 rw";
        not_known(&mounted(disk(), &[overlay, hosts]), "container");
        not_known(&mounted(disk(), &["0:50 / / rw - 9p host rw"]), "container");
        not_known(
            &mounted(disk(), &["0:50 / / rw - virtiofs host rw"]),
            "container",
        );
        // On the container's host it rests on what is mounted there.
        let host = "0:50 / /var/lib/x/merged rw - overlay overlay rw,upperdir=/b";
        is(&mounted(lvm_on_luks(), &[LVM_ROOT, host]), true);
    }

    #[test]
    fn what_cannot_be_followed_is_not_known() {
        not_known(
            &mounted(disk(), &["0:40 / / rw - zfs rpool/ROOT rw"]),
            "zfs",
        );
        not_known(
            &mounted(lvm_on_luks(), &[LVM_ROOT, "0:40 / /tank rw - zfs tank rw"]),
            "zfs",
        );
        not_known(
            &mounted(lvm_on_luks(), &[LVM_ROOT, "0:41 / /new rw - newfs x rw"]),
            "newfs",
        );
        not_known(
            &mounted(Made::default(), &["8:3 / / rw - ext4 /dev/sda3 rw"]),
            "/sys/dev/block",
        );
        not_known(&mounted(disk(), &[]), "no root");
        not_known(&Made::default(), "not there");
        not_known(
            &Made::default().file(MOUNTS, "22 27 0:21 / /proc\n"),
            "understood",
        );
        let hidden = luks().denied("/sys/dev/block/254:0/dm/uuid");
        not_known(
            &mounted(hidden, &["254:0 / / rw - ext4 /dev/mapper/sda3_crypt rw"]),
            "dm",
        );
        not_known(
            &mounted(Made::default(), &["0:2 / / rw - tmpfs tmpfs rw"]),
            "no disk",
        );
        // Once something is known to be plain, what is not known beside it changes nothing.
        is(
            &mounted(
                disk(),
                &[
                    "8:3 / / rw - ext4 /dev/sda3 rw",
                    "0:40 / /tank rw - zfs tank rw",
                ],
            ),
            false,
        );
    }

    #[test]
    fn network_and_memory_are_not_at_rest_here() {
        let others = [
            LVM_ROOT,
            "0:60 / /net rw - nfs4 server:/x rw",
            "0:61 / /tmp rw - tmpfs tmpfs rw",
            "0:62 / /run/user/1/gvfs rw - fuse.gvfsd-fuse gvfsd-fuse rw",
        ];
        is(&mounted(lvm_on_luks(), &others), true);
        let stick = device(
            mounted(
                lvm_on_luks(),
                &[LVM_ROOT, "8:16 / /media/stick rw - fuseblk /dev/sdb rw"],
            ),
            "sdb",
            "8:16",
        );
        is(&stick, false);
    }

    #[test]
    fn the_root_that_was_mounted_last_counts() {
        let covered = ["8:3 / / rw - ext4 /dev/sda3 ro", LVM_ROOT];
        is(&mounted(lvm_on_luks(), &covered), true);
    }

    #[test]
    fn lines_of_mountinfo_are_read_with_their_escapes() {
        let line = "36 35 98:0 /mnt1 /mnt\\0402\\134 rw,noatime master:1 shared:7 - ext3 /dev/a\\040b rw,errors=continue\n";
        let mounts = mounts(line).unwrap();
        assert_eq!(
            (mounts[0].point.as_str(), mounts[0].source.as_str()),
            ("/mnt 2\\", "/dev/a b")
        );
        assert!(!mounts[0].read_only);
        for bad in [
            "36 35 98:0 /mnt1 /mnt2 rw ext3 /dev/root rw",
            "36 35 98 / /x rw - ext3 x rw",
            "36 35 98:0 / x rw - ext3 x rw",
            "36 35 98:0 / /x rw - ext3 x",
            "x",
        ] {
            assert_eq!(super::mounts(bad), None, "{bad}");
        }
        assert_eq!(unescaped("a\\1\\999\\"), "a\\1\\999\\");
    }
}
