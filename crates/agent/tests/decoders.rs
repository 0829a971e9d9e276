//! No input makes a decoder panic or lose what it must not lose.

use wardline_agent::fuzz;
use wardline_fuzz::corpus;

#[test]
fn an_os_release_names_a_system_or_nothing() {
    corpus!("os-release")
        .words([
            "ID=",
            "VERSION_ID=",
            "VERSION_CODENAME=",
            "\"",
            "'",
            "\\",
            "\n",
            "Stream",
        ])
        .cases(10_000)
        .run(fuzz::os_release);
}

#[test]
fn mountinfo_is_read_whole_or_not_at_all() {
    corpus!("mountinfo")
        .words([
            " - ", " / / ", "0:30", "btrfs", "overlay", "\\040", "\\", "\n", "ro,", " ",
        ])
        .cases(10_000)
        .run(fuzz::mountinfo);
}

#[test]
fn swaps_are_read() {
    corpus!("swaps")
        .words(["/dev/", "file", "\\040", "\t", "\n"])
        .cases(4_000)
        .run(fuzz::swaps);
}

#[test]
fn a_ruleset_is_read_or_refused() {
    corpus!("ruleset")
        .words([
            "input", "jump", "goto", "drop", "accept", "policy", "expr", "null", "{}", "[]",
        ])
        .cases(12_000)
        .run(fuzz::ruleset);
}

#[test]
fn an_input_chain_is_read_or_refused() {
    corpus!("input-chain")
        .words(["-P INPUT ", "-A INPUT ", "-j ", "DROP", "ACCEPT", "\n"])
        .cases(6_000)
        .run(fuzz::input_chain);
}

#[test]
fn what_package_managers_print_is_counted_or_refused() {
    corpus!("updates")
        .words([
            "Inst ",
            "[",
            "] (",
            ")",
            "-security",
            "security",
            "/Sec.",
            "|",
            "needed",
            "Status",
            "\n",
        ])
        .cases(12_000)
        .run(fuzz::updates);
}

#[test]
fn an_archive_has_a_date_or_is_refused() {
    corpus!("archive")
        .words([
            "Date: ",
            "UTC",
            "+0000",
            "Suite: ",
            "-security",
            "Label: ",
            "\n",
            "9999",
        ])
        .cases(8_000)
        .run(fuzz::archive);
}

#[test]
fn a_firmware_variable_is_a_truth_or_refused() {
    corpus!("variable").cases(4_000).run(fuzz::variable);
}

#[test]
fn sessions_and_accounts_are_read_or_refused() {
    corpus!("session")
        .words([
            "User=",
            "Class=user",
            "Type=x11",
            "Seat=",
            "Remote=yes",
            "\n",
            "4294967296",
        ])
        .cases(6_000)
        .run(fuzz::session);
    corpus!("sessions")
        .words(["\n", " ", "-"])
        .cases(2_000)
        .run(fuzz::sessions);
    corpus!("account")
        .words([":", "1000", "/", "\n", "-1"])
        .cases(6_000)
        .run(fuzz::account);
}

#[test]
fn what_desktops_are_set_to_is_read_or_refused() {
    corpus!("screen-locker")
        .words([
            "[Daemon]",
            "[$i]",
            "Timeout=",
            "LockGrace=",
            "Autolock=",
            "\n",
            "18446744073709551615",
        ])
        .cases(8_000)
        .run(fuzz::screen_locker);
    corpus!("setting")
        .words(["uint32 ", "true", "-"])
        .cases(2_000)
        .run(fuzz::setting);
}

#[test]
fn the_version_of_windows_is_read_or_refused() {
    corpus!("windows-version")
        .words(["[", "]", ".", " "])
        .cases(4_000)
        .run(fuzz::windows_version);
}
