//! The machine under the measurements, as Linux tells it.

use std::fs;
use std::path::Path;

use serde::Serialize;

/// What a reader has to know to compare.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Machine {
    cores: usize,
    cpu: String,
    memory_mib: u64,
    kernel: String,
    /// Of the disk that was measured.
    filesystem: String,
    /// Load averages over 1, 5 and 15 minutes before the first measurement.
    load: String,
}

impl Machine {
    /// Reads what `/proc` has; `scratch` is on the disk that is measured.
    pub(crate) fn read(scratch: &Path) -> Self {
        let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let memory = value_of(&text("/proc/meminfo"), "MemTotal");
        let memory = memory.and_then(|m| m.split(' ').next()?.parse::<u64>().ok());
        let load = text("/proc/loadavg");
        Self {
            cores: std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
            cpu: value_of(&text("/proc/cpuinfo"), "model name").unwrap_or_else(unknown),
            memory_mib: memory.unwrap_or_default() / 1024,
            kernel: text("/proc/sys/kernel/osrelease").trim().to_owned(),
            filesystem: filesystem(&text("/proc/self/mountinfo"), scratch).unwrap_or_else(unknown),
            load: load.split(' ').take(3).collect::<Vec<_>>().join(" "),
        }
    }

    /// As a list.
    pub(crate) fn markdown(&self) -> String {
        format!(
            "- {} cores, {}\n- {} MiB of memory\n- Linux {}\n- disk: {}\n- load averages at the start: {}\n",
            self.cores, self.cpu, self.memory_mib, self.kernel, self.filesystem, self.load
        )
    }
}

/// `name : value`, as `/proc` writes it; the first of them.
fn value_of(text: &str, name: &str) -> Option<String> {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.trim().to_owned())
}

/// The kind of file system that holds a path: the mount with the longest matching place.
fn filesystem(mounts: &str, path: &Path) -> Option<String> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    mounts
        .lines()
        .filter_map(|line| {
            // proc_pid_mountinfo(5): the mount point is the fifth field, the type follows ` - `.
            let (fields, rest) = line.split_once(" - ")?;
            Some((fields.split(' ').nth(4)?, rest.split(' ').next()?))
        })
        .filter(|(place, _)| path.starts_with(place))
        .max_by_key(|(place, _)| place.len())
        .map(|(_, kind)| kind.to_owned())
}

fn unknown() -> String {
    "unknown".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_mount_counts() {
        let mounts = "1 0 0:1 / / rw shared:1 - overlay o rw\n\
                      2 1 0:2 / /tmp rw - tmpfs t rw\n\
                      3 2 8:1 / /tmp/disk rw shared:3 master:1 - ext4 /dev/sda rw\n";
        let of = |path: &str| filesystem(mounts, Path::new(path)).unwrap();
        assert_eq!(of("/srv/x"), "overlay");
        assert_eq!(of("/tmp/nowhere"), "tmpfs");
        assert_eq!(of("/tmp/disk/nowhere"), "ext4");
        assert_eq!(of("/tmp/diskette"), "tmpfs");
    }

    #[test]
    fn values_are_found_by_their_whole_name() {
        let text = "model\t\t: 6\nmodel name\t: A CPU: fast\n";
        assert_eq!(value_of(text, "model name").unwrap(), "A CPU: fast");
        assert!(value_of(text, "name").is_none());
    }
}
