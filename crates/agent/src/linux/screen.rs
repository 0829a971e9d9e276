//! Whether the screen locks by itself, and after how long: for each person who is signed in at this
//! machine's own screen, what their desktop is set to.
//!
//! GNOME and Cinnamon answer through `gsettings`, which reads what the person chose, what an
//! administrator set, and what an administrator locked. KDE's files are read. What lies below a
//! person's home is read by a program with that person's rights. Of other desktops it is not known;
//! that the account has a password is not looked at.

use std::collections::BTreeMap;

use crate::found::{Found, Unknown, known, known_by, text, unknown, unread};
use crate::linux::release::assignments;
use crate::system::{Command, Person, System, Unread, own_uid};

/// Whether the screen locks, and after how many seconds without use.
pub(crate) fn lock(system: &impl System) -> (Found<bool>, Found<u64>) {
    let all = match everyone(system) {
        Ok(all) => all,
        Err(why) => return (Err(why.clone()), Err(why)),
    };
    if let Some((who, _)) = all.iter().find(|(_, lock)| *lock == Lock::Never) {
        let never = format!("the screen of {who} does not lock by itself");
        return (known_by(false, never.clone()), unknown(never));
    }
    let seconds = all.iter().filter_map(|(_, lock)| match lock {
        Lock::After(seconds) => Some(*seconds),
        Lock::Never => None,
    });
    match seconds.max() {
        Some(longest) => (known(true), known(longest)),
        None => (unknown(NOBODY), unknown(NOBODY)),
    }
}

/// When a screen locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lock {
    /// Not by itself.
    Never,
    /// After so many seconds without use.
    After(u64),
}

/// Each person at a screen of this machine.
fn everyone(system: &impl System) -> Result<Vec<(String, Lock)>, Unknown> {
    let list = ask(
        system,
        "loginctl",
        &["list-sessions", "--no-legend", "--no-pager"],
        None,
    )?;
    let accounts = text(system, "/etc/passwd").unwrap_or_default();
    let mut all = Vec::new();
    for id in sessions(&list) {
        let said = ask(
            system,
            "loginctl",
            &["show-session", &id, "--no-pager"],
            None,
        )?;
        let Some(session) = session(&said) else {
            continue;
        };
        let Some(person) = account(&accounts, session.uid) else {
            return unknown(format!(
                "nothing is known of the account of {}",
                session.name
            ));
        };
        // Only root asks in the name of others.
        if !own_uid(system).is_some_and(|uid| uid == 0 || uid == person.uid) {
            return unknown(format!(
                "the agent may not read the settings of {}",
                session.name
            ));
        }
        let lock = of(system, &session.desktop, &person)?;
        all.push((session.name, lock));
    }
    Ok(all)
}

/// The ids of `loginctl list-sessions --no-legend`.
pub(crate) fn sessions(list: &str) -> Vec<String> {
    list.lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|id| id.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        .map(str::to_owned)
        .collect()
}

/// A person's session at a screen of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    name: String,
    uid: u32,
    desktop: String,
}

/// Reads `loginctl show-session`; `None` for what is no session of a person at a screen: services,
/// the sign-in screen itself, a text console, a session over the network.
pub(crate) fn session(text: &str) -> Option<Session> {
    let said = assignments(text);
    let is = |name: &str, wanted: &[&str]| {
        let value = said.get(name).map(String::as_str);
        value.is_some_and(|value| wanted.contains(&value))
    };
    let at_screen = is("Class", &["user"])
        && is("Type", &["x11", "wayland", "mir"])
        && said.get("Seat").is_some_and(|seat| !seat.is_empty())
        && !is("Remote", &["yes"])
        && !is("State", &["closing"]);
    at_screen.then_some(())?;
    Some(Session {
        name: said.get("Name")?.clone(),
        uid: said.get("User")?.parse().ok()?,
        desktop: said.get("Desktop").cloned().unwrap_or_default(),
    })
}

/// Reads an account of `passwd` (passwd(5)).
pub(crate) fn account(text: &str, uid: u32) -> Option<Person> {
    text.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let [_, _, number, group, _, home, _] = fields[..] else {
            return None;
        };
        let found = number.parse() == Ok(uid) && home.starts_with('/');
        let gid = group.parse().ok()?;
        found.then(|| Person {
            uid,
            gid,
            home: home.to_owned(),
        })
    })
}

/// What a person's desktop is set to.
fn of(system: &impl System, desktop: &str, person: &Person) -> Result<Lock, Unknown> {
    let lower = desktop.to_lowercase();
    let is = |names: &[&str]| names.iter().any(|name| lower.contains(name));
    if is(&["gnome", "ubuntu", "budgie", "pop"]) {
        gnome(system, person)
    } else if is(&["cinnamon"]) {
        cinnamon(system, person)
    } else if is(&["kde", "plasma"]) {
        kde(system, person)
    } else if desktop.is_empty() {
        unknown("the session does not say which desktop it is")
    } else {
        unknown(format!("the agent cannot ask the desktop {desktop}"))
    }
}

fn gnome(system: &impl System, person: &Person) -> Result<Lock, Unknown> {
    let get = |schema, key| setting(system, person, schema, key);
    if get("org.gnome.desktop.lockdown", "disable-lock-screen")? == Setting::Truth(true) {
        return Ok(Lock::Never);
    }
    by_settings(
        get("org.gnome.desktop.screensaver", "lock-enabled")?,
        get("org.gnome.desktop.session", "idle-delay")?,
        get("org.gnome.desktop.screensaver", "lock-delay")?,
    )
}

fn cinnamon(system: &impl System, person: &Person) -> Result<Lock, Unknown> {
    let get = |schema, key| setting(system, person, schema, key);
    by_settings(
        get("org.cinnamon.desktop.screensaver", "lock-enabled")?,
        get("org.cinnamon.desktop.session", "idle-delay")?,
        get("org.cinnamon.desktop.screensaver", "lock-delay")?,
    )
}

/// An idle time of 0 is none at all.
fn by_settings(enabled: Setting, idle: Setting, delay: Setting) -> Result<Lock, Unknown> {
    match (enabled, idle, delay) {
        (Setting::Truth(false), _, _) | (_, Setting::Number(0), _) => Ok(Lock::Never),
        (Setting::Truth(true), Setting::Number(idle), Setting::Number(delay)) => {
            Ok(Lock::After(u64::from(idle) + u64::from(delay)))
        }
        _ => unknown("the desktop's settings are not of the expected kind"),
    }
}

/// A value as `gsettings get` prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setting {
    Truth(bool),
    Number(u32),
}

/// Reads what `gsettings get` prints: `true`, `uint32 300` or `300`.
pub(crate) fn printed(text: &str) -> Option<Setting> {
    match text.trim() {
        "true" => Some(Setting::Truth(true)),
        "false" => Some(Setting::Truth(false)),
        number => {
            let number = number.strip_prefix("uint32 ").unwrap_or(number);
            number.parse().ok().map(Setting::Number)
        }
    }
}

fn setting(
    system: &impl System,
    person: &Person,
    schema: &str,
    key: &str,
) -> Result<Setting, Unknown> {
    let said = ask(system, "gsettings", &["get", schema, key], Some(person))?;
    printed(&said).ok_or_else(|| Unknown(format!("{schema} {key} is not of the expected kind")))
}

/// KDE's screen locker: what the person chose over what the system sets. Without either it locks
/// after five minutes and five seconds (kscreenlocker, `settings/kscreensaversettings.kcfg`).
fn kde(system: &impl System, person: &Person) -> Result<Lock, Unknown> {
    const SYSTEM: &str = "/etc/xdg/kscreenlockerrc";
    let shared = match system.read(SYSTEM) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(Unread::Missing) => String::new(),
        Err(error) => return Err(unread(SYSTEM, &error)),
    };
    let path = format!("{}/.config/kscreenlockerrc", person.home);
    // `test` tells an absent file from one that cannot be read.
    let args = [
        "-c",
        "if test -e \"$1\"; then head -c 65536 -- \"$1\"; fi",
        "sh",
        &path,
    ];
    let own = ask(system, "sh", &args, Some(person))?;
    screen_locker(&shared, &own)
        .ok_or_else(|| Unknown("kscreenlockerrc is not as it should be".to_owned()))
}

/// Reads the two files of KDE's screen locker, the system's and the person's; `None` when a value
/// is not of its kind.
pub(crate) fn screen_locker(shared: &str, own: &str) -> Option<Lock> {
    let (shared, own) = (daemon(shared), daemon(own));
    let value = |name: &str| {
        let set = shared.get(name);
        let fixed = set.filter(|set| set.fixed);
        let chosen = fixed.or_else(|| own.get(name)).or(set);
        chosen.map(|set| set.value.as_str())
    };
    let number = |name: &str, otherwise: u64| {
        let number = value(name).map_or(Some(otherwise), |text| text.parse().ok());
        number.filter(|number| *number <= MOST_MINUTES)
    };
    let on = match value("Autolock") {
        None | Some("true") => true,
        Some("false") => false,
        Some(_) => return None,
    };
    let (minutes, grace) = (number("Timeout", 5)?, number("LockGrace", 5)?);
    if !on || minutes == 0 {
        return Some(Lock::Never);
    }
    Some(Lock::After(minutes * 60 + grace))
}

/// A setting of one of KDE's files.
struct Set {
    value: String,
    /// Whether it is marked as immutable: `[$i]` at the setting, its group, or the whole file.
    fixed: bool,
}

/// The settings of the group `[Daemon]`.
fn daemon(text: &str) -> BTreeMap<String, Set> {
    const FIXED: &str = "[$i]";
    let all_fixed = text.lines().any(|line| line.trim() == FIXED);
    let mut group = "";
    let mut settings = BTreeMap::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') && line.ends_with(']') {
            group = line;
            continue;
        }
        let (Some((name, value)), "[Daemon]" | "[Daemon][$i]") = (line.split_once('='), group)
        else {
            continue;
        };
        let name = name.trim();
        let marked = name.strip_suffix(FIXED);
        let set = Set {
            value: value.trim().to_owned(),
            fixed: all_fixed || marked.is_some() || group.ends_with(FIXED),
        };
        settings.insert(marked.unwrap_or(name).to_owned(), set);
    }
    settings
}

fn ask(
    system: &impl System,
    program: &'static str,
    args: &[&str],
    person: Option<&Person>,
) -> Result<String, Unknown> {
    let command = Command {
        program,
        args,
        person,
    };
    let ran = system
        .run(&command)
        .map_err(|error| unread(program, &error))?;
    ran.text()
        .map(str::to_owned)
        .ok_or_else(|| Unknown(format!("{program} does not answer here")))
}

const NOBODY: &str = "nobody is signed in at this machine's screen";
/// More minutes, or seconds of grace, are no setting that anyone chose.
const MOST_MINUTES: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::tests::Made;

    const LIST: &str = "loginctl list-sessions --no-legend --no-pager";

    fn at_screen(name: &str, uid: u32, desktop: &str) -> String {
        format!(
            "Id=2\nUser={uid}\nName={name}\nSeat=seat0\nRemote=no\nType=wayland\nClass=user\nDesktop={desktop}\nState=active\nLockedHint=no\n"
        )
    }

    /// A machine with a person signed in, asked by root.
    fn machine(desktop: &str) -> Made {
        Made::default()
            .file("/proc/self/status", "Uid:\t0\t0\t0\t0\n")
            .file("/etc/passwd", "root:x:0:0:root:/rooty:/bin/sh\nada:x:1000:1001:Ada,,,:/srv/ada:/bin/bash\nben:x:1002:1002::/srv/ben:/bin/sh\n")
            .program(LIST, 0, "      2 1000 ada  seat0 tty2\n     c1  120 gdm  seat0 tty1\n")
            .program("loginctl show-session 2 --no-pager", 0, &at_screen("ada", 1000, desktop))
            .program("loginctl show-session c1 --no-pager", 0, "User=120\nName=gdm\nType=wayland\nClass=greeter\nRemote=no\n")
    }

    fn gnome_set(made: Made, uid: u32, [off, on, idle, delay]: [&str; 4]) -> Made {
        let key = |schema: &str, key: &str| {
            format!("{uid}: gsettings get org.gnome.desktop.{schema} {key}")
        };
        made.program(&key("lockdown", "disable-lock-screen"), 0, off)
            .program(&key("screensaver", "lock-enabled"), 0, on)
            .program(&key("session", "idle-delay"), 0, idle)
            .program(&key("screensaver", "lock-delay"), 0, delay)
    }

    #[test]
    fn gnome_locks_after_its_idle_time_and_delay() {
        let set = |values| lock(&gnome_set(machine("ubuntu"), 1000, values));
        assert_eq!(
            set(["false\n", "true\n", "uint32 300\n", "uint32 30\n"]),
            (known(true), known(330))
        );
        let never = |values| {
            let (locks, seconds) = set(values);
            assert!(!locks.unwrap().value);
            assert!(seconds.is_err());
        };
        never(["true\n", "true\n", "uint32 300\n", "uint32 0\n"]);
        never(["false\n", "false\n", "uint32 300\n", "uint32 0\n"]);
        never(["false\n", "true\n", "uint32 0\n", "uint32 0\n"]);
        assert!(
            set(["false\n", "'x'\n", "uint32 300\n", "uint32 0\n"])
                .0
                .is_err()
        );
    }

    #[test]
    fn the_most_careless_of_several_people_counts() {
        let two = machine("gnome")
            .program(LIST, 0, "2 1000 ada seat0\n3 1002 ben seat0\n")
            .program(
                "loginctl show-session 3 --no-pager",
                0,
                &at_screen("ben", 1002, "GNOME"),
            );
        let two = gnome_set(two, 1000, ["false", "true", "uint32 300", "uint32 0"]);
        let slow = gnome_set(two, 1002, ["false", "true", "uint32 900", "uint32 0"]);
        assert_eq!(lock(&slow), (known(true), known(900)));
        let open = gnome_set(slow, 1002, ["false", "false", "uint32 900", "uint32 0"]);
        let (locks, _) = lock(&open);
        let locks = locks.unwrap();
        assert!(!locks.value && locks.note.unwrap().contains("ben"));
    }

    #[test]
    fn kde_locks_as_its_files_say() {
        for (shared, own, expected) in [
            ("", "", Some(Lock::After(305))),
            (
                "",
                "[Daemon]\nTimeout=10\nLockGrace=0\n",
                Some(Lock::After(600)),
            ),
            ("", "[Daemon]\nAutolock=false\n", Some(Lock::Never)),
            ("", "[Daemon]\nTimeout=0\n", Some(Lock::Never)),
            ("", "[Greeter]\nAutolock=false\n", Some(Lock::After(305))),
            ("[Daemon]\nTimeout=2\n", "", Some(Lock::After(125))),
            (
                "[Daemon]\nTimeout=2\n",
                "[Daemon]\nTimeout=60\n",
                Some(Lock::After(3605)),
            ),
            (
                "[Daemon]\nTimeout[$i]=2\n",
                "[Daemon]\nTimeout=60\n",
                Some(Lock::After(125)),
            ),
            (
                "[Daemon][$i]\nAutolock=true\nTimeout=2\n",
                "[Daemon]\nAutolock=false\n",
                Some(Lock::After(125)),
            ),
            (
                "[$i]\n[Daemon]\nTimeout=2\n",
                "[Daemon]\nTimeout=60\n",
                Some(Lock::After(125)),
            ),
            ("", "[Daemon]\nTimeout=soon\n", None),
            ("", "[Daemon]\nTimeout=99999999999999999999\n", None),
            ("", "[Daemon]\nAutolock=perhaps\n", None),
        ] {
            assert_eq!(screen_locker(shared, own), expected, "{shared}{own}");
        }
        let read = "1000: sh -c if test -e \"$1\"; then head -c 65536 -- \"$1\"; fi sh /srv/ada/.config/kscreenlockerrc";
        let kde = machine("KDE").program(read, 0, "[Daemon]\nTimeout=5\n");
        assert_eq!(lock(&kde), (known(true), known(305)));
        let unreadable = machine("plasma").program(read, 1, "");
        assert!(lock(&unreadable).0.is_err());
    }

    #[test]
    fn cinnamon_has_settings_of_its_own() {
        let key = |schema: &str, key: &str| {
            format!("1000: gsettings get org.cinnamon.desktop.{schema} {key}")
        };
        let made = machine("cinnamon")
            .program(&key("screensaver", "lock-enabled"), 0, "true")
            .program(&key("session", "idle-delay"), 0, "uint32 600")
            .program(&key("screensaver", "lock-delay"), 0, "uint32 2");
        assert_eq!(lock(&made), (known(true), known(602)));
    }

    #[test]
    fn what_cannot_be_asked_is_not_known() {
        let set = |made| gnome_set(made, 1000, ["false", "true", "uint32 300", "uint32 0"]);
        for made in [
            Made::default(),
            Made::default().program(LIST, 1, ""),
            Made::default().silent(LIST, Unread::Late),
            Made::default().program(LIST, 0, ""),
            machine("sway"),
            machine(""),
            machine("gnome"),
            set(machine("gnome")).file("/proc/self/status", "Uid:\t998\t998\t998\t998\n"),
            set(machine("gnome")).file("/etc/passwd", ""),
        ] {
            let (locks, seconds) = lock(&made);
            assert!(locks.is_err() && seconds.is_err(), "{locks:?}");
        }
        let own = set(machine("gnome")).file("/proc/self/status", "Uid:\t1000\t1000\t1000\t1000\n");
        assert_eq!(lock(&own), (known(true), known(300)));
    }

    #[test]
    fn only_people_at_a_screen_of_the_machine_count() {
        let said = at_screen("ada", 1000, "gnome");
        assert!(session(&said).is_some());
        for (from, to) in [
            ("Class=user", "Class=greeter"),
            ("Class=user", "Class=manager"),
            ("Type=wayland", "Type=tty"),
            ("Remote=no", "Remote=yes"),
            ("Seat=seat0", "Seat="),
            ("State=active", "State=closing"),
            ("User=1000", "User=x"),
        ] {
            assert_eq!(session(&said.replace(from, to)), None, "{to}");
        }
        assert_eq!(sessions("  2 1000 ada\nc1 120 gdm\n-- x\n\n"), ["2", "c1"]);
    }
}
