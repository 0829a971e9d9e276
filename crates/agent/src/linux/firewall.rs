//! Whether what comes in unasked is refused.
//!
//! The rules themselves are asked (`nft`, else `iptables`), for IPv4 and IPv6 each: an input chain
//! refuses when its policy or its last word is to drop or reject, and nothing before it lets
//! everything in. Without the right to read rules, the settings of a running ufw or firewalld are
//! told. Which ports the rules leave open is not judged.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::found::{Found, Unknown, exists, known, known_by, text, unknown, unread};
use crate::linux::release::assignments;
use crate::system::{Command, System, Unread};

/// Whether a firewall refuses what comes in unasked.
pub(crate) fn refuses(system: &impl System) -> Found<bool> {
    let without_v6 = without_ipv6(system);
    match by_rules(system) {
        Ok(covered) => judge(covered, without_v6),
        Err(why) => match by_service(system)? {
            Some(covered) => judge(covered, without_v6),
            None => Err(why),
        },
    }
}

fn judge(covered: Covered, without_v6: bool) -> Found<bool> {
    match (covered.v4, covered.v6 || without_v6) {
        (true, true) => known(true),
        (true, false) => known_by(false, "the firewall lets IPv6 in"),
        (false, true) if covered.v6 => known_by(false, "the firewall lets IPv4 in"),
        (false, _) => known_by(false, "no rule refuses what comes in unasked"),
    }
}

/// For which protocols what comes in is refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Covered {
    v4: bool,
    v6: bool,
}

impl Covered {
    fn or(self, other: Self) -> Self {
        Self {
            v4: self.v4 || other.v4,
            v6: self.v6 || other.v6,
        }
    }
}

/// What the kernel's rules do. The newer tool may not see the rules of the older one, so both are
/// asked unless the newer one says enough.
fn by_rules(system: &impl System) -> Result<Covered, Unknown> {
    let nft = ask(system, "nft", &["-j", "list", "ruleset"]).map(|text| ruleset(&text));
    let newer = match nft {
        Ok(Some(covered)) if covered.v4 && covered.v6 => return Ok(covered),
        Ok(Some(covered)) => Ok(covered),
        Ok(None) => unknown("what nft says cannot be understood"),
        Err(why) => Err(why),
    };
    let input = |program| {
        let said = ask(system, program, &["-S", "INPUT"]).map(|text| chain(&text));
        said.and_then(|it| {
            it.ok_or_else(|| Unknown(format!("what {program} says cannot be understood")))
        })
    };
    let older = match (input("iptables"), input("ip6tables")) {
        (Err(why), Err(_)) => Err(why),
        (v4, v6) => Ok(Covered {
            v4: v4.unwrap_or(false),
            v6: v6.unwrap_or(false),
        }),
    };
    match (newer, older) {
        (Ok(newer), Ok(older)) => Ok(newer.or(older)),
        // Where one of the tools is absent, the other one made the rules.
        (Ok(one), Err(_)) | (Err(_), Ok(one)) => Ok(one),
        (Err(why), Err(_)) => Err(why),
    }
}

fn ask(system: &impl System, program: &'static str, args: &[&str]) -> Result<String, Unknown> {
    let command = Command {
        program,
        args,
        person: None,
    };
    let ran = system.run(&command).map_err(|error| match error {
        Unread::Missing => Unknown(format!(
            "{program} is not installed, which would tell the rules"
        )),
        other => unread(program, &other),
    })?;
    ran.text()
        .map(str::to_owned)
        .ok_or_else(|| Unknown("the firewall's rules are for those with CAP_NET_ADMIN".to_owned()))
}

fn without_ipv6(system: &impl System) -> bool {
    let off = text(system, "/proc/sys/net/ipv6/conf/all/disable_ipv6");
    off.is_ok_and(|off| off == "1") || exists(system, "/proc/net/if_inet6") == Ok(false)
}

/// What a ruleset of nftables refuses (libnftables-json(5)); `None` when it is none.
pub(crate) fn ruleset(text: &str) -> Option<Covered> {
    let listed: Listed = serde_json::from_str(text).ok()?;
    let mut rules: BTreeMap<Place, Vec<Rule>> = BTreeMap::new();
    let mut bases = Vec::new();
    for object in listed.nftables {
        if let Some(chain) = object.chain {
            let place = (chain.family, chain.table, chain.name);
            let input = chain.hook.as_deref() == Some("input");
            if input && chain.kind.as_deref() == Some("filter") {
                bases.push((place, chain.policy.as_deref() == Some("drop")));
            }
        } else if let Some(rule) = object.rule {
            let place = (rule.family, rule.table, rule.chain);
            rules.entry(place).or_default().push(Rule(rule.expr));
        }
    }
    // A packet passes every base chain of the hook, and each may refuse it.
    let covered = bases.into_iter().map(|(place, policy)| {
        let refused = match outcome(&rules, &place, DEEPEST) {
            Outcome::Refused => true,
            Outcome::Accepted => false,
            Outcome::Through => policy,
        };
        Covered {
            v4: refused && matches!(place.0.as_str(), "ip" | "inet"),
            v6: refused && matches!(place.0.as_str(), "ip6" | "inet"),
        }
    });
    Some(covered.fold(Covered::default(), Covered::or))
}

/// Family, table, chain.
type Place = (String, String, String);

/// What becomes of a packet that no condition fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Accepted,
    Refused,
    /// It comes out at the chain's end.
    Through,
}

fn outcome(rules: &BTreeMap<Place, Vec<Rule>>, place: &Place, depth: u32) -> Outcome {
    let Some(depth) = depth.checked_sub(1) else {
        return Outcome::Through;
    };
    let (family, table, _) = place;
    for rule in rules.get(place).into_iter().flatten() {
        let chain = |target: &str| {
            let place = (family.clone(), table.clone(), target.to_owned());
            outcome(rules, &place, depth)
        };
        match rule.word() {
            Word::Conditional => {}
            Word::Accept => return Outcome::Accepted,
            Word::Refuse => return Outcome::Refused,
            Word::Return => return Outcome::Through,
            // No rule after it is reached.
            Word::Goto(target) => return chain(target),
            Word::Jump(target) => match chain(target) {
                Outcome::Through => {}
                end => return end,
            },
        }
    }
    Outcome::Through
}

/// The statements of a rule, in their order.
struct Rule(Vec<Map<String, Value>>);

enum Word<'a> {
    /// It has a condition, or says nothing of the packet's way.
    Conditional,
    Accept,
    Refuse,
    Return,
    Jump(&'a str),
    Goto(&'a str),
}

impl Rule {
    fn word(&self) -> Word<'_> {
        for statement in &self.0 {
            let Some((name, value)) = statement.iter().next() else {
                return Word::Conditional;
            };
            let target = value.get("target").and_then(Value::as_str);
            match (name.as_str(), target) {
                // These only watch.
                ("counter" | "log" | "notrack" | "meta_set", _) => {}
                ("accept", _) => return Word::Accept,
                ("drop" | "reject", _) => return Word::Refuse,
                ("return", _) => return Word::Return,
                ("jump", Some(target)) => return Word::Jump(target),
                ("goto", Some(target)) => return Word::Goto(target),
                _ => return Word::Conditional,
            }
        }
        Word::Conditional
    }
}

#[derive(Deserialize)]
struct Listed {
    nftables: Vec<Object>,
}

/// One of the things that are listed; others are left unread.
#[derive(Deserialize)]
struct Object {
    chain: Option<Chain>,
    rule: Option<ListedRule>,
}

#[derive(Deserialize)]
struct Chain {
    family: String,
    table: String,
    name: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    hook: Option<String>,
    policy: Option<String>,
}

#[derive(Deserialize)]
struct ListedRule {
    family: String,
    table: String,
    chain: String,
    #[serde(default)]
    expr: Vec<Map<String, Value>>,
}

/// Whether the input chain of `iptables -S INPUT` refuses; `None` when it is none.
pub(crate) fn chain(text: &str) -> Option<bool> {
    let policy = text
        .lines()
        .find_map(|line| line.strip_prefix("-P INPUT "))?;
    for line in text.lines() {
        let Some(rule) = line.strip_prefix("-A INPUT ") else {
            continue;
        };
        // A rule without a condition begins with its target.
        let target = rule
            .strip_prefix("-j ")
            .or_else(|| rule.strip_prefix("-g "));
        match target.and_then(|it| it.split_whitespace().next()) {
            Some("ACCEPT") => return Some(false),
            Some("DROP" | "REJECT") => return Some(true),
            _ => {}
        }
    }
    Some(policy.trim() == "DROP")
}

/// What ufw or firewalld is set to do, where one of them runs.
fn by_service(system: &impl System) -> Result<Option<Covered>, Unknown> {
    let runs = |name: &str| {
        let command = Command {
            program: "systemctl",
            args: &["is-active", name],
            person: None,
        };
        let ran = system.run(&command).ok();
        ran.is_some_and(|ran| ran.text().is_some_and(|text| text.trim() == "active"))
    };
    if runs("ufw.service") {
        let set = assignments(&text(system, "/etc/ufw/ufw.conf")?);
        let default = assignments(&text(system, "/etc/default/ufw")?);
        return Ok(Some(ufw(&set, &default)));
    }
    if runs("firewalld.service") {
        let set = assignments(&text(system, "/etc/firewalld/firewalld.conf")?);
        // The zone that lets everything in by design; others have to be changed for that.
        let refused = set.get("DefaultZone").is_some_and(|zone| zone != "trusted");
        return Ok(Some(Covered {
            v4: refused,
            v6: refused,
        }));
    }
    Ok(None)
}

fn ufw(set: &BTreeMap<String, String>, default: &BTreeMap<String, String>) -> Covered {
    let is = |from: &BTreeMap<String, String>, name: &str, wanted: &[&str]| {
        let said = from.get(name).map(|it| it.to_ascii_lowercase());
        said.is_some_and(|it| wanted.contains(&it.as_str()))
    };
    let refused =
        is(set, "ENABLED", &["yes"]) && is(default, "DEFAULT_INPUT_POLICY", &["drop", "reject"]);
    Covered {
        v4: refused,
        v6: refused && is(default, "IPV6", &["yes"]),
    }
}

/// Chains do not call one another deeper (the kernel's limit is 16).
const DEEPEST: u32 = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::tests::Made;

    const BOTH: Covered = Covered { v4: true, v6: true };
    const NONE: Covered = Covered {
        v4: false,
        v6: false,
    };

    fn chain_of(family: &str, name: &str, base: &str) -> String {
        format!(
            r#"{{"chain":{{"family":"{family}","table":"filter","name":"{name}","handle":1{base}}}}}"#
        )
    }

    fn input(family: &str, policy: &str) -> String {
        let base = format!(r#","type":"filter","hook":"input","prio":0,"policy":"{policy}""#);
        chain_of(family, "input", &base)
    }

    fn rule(chain: &str, expr: &str) -> String {
        format!(
            r#"{{"rule":{{"family":"inet","table":"filter","chain":"{chain}","handle":2,"expr":[{expr}]}}}}"#
        )
    }

    #[track_caller]
    fn covers(objects: &[String], expected: Covered) {
        let text = format!(
            r#"{{"nftables":[{{"metainfo":{{"version":"1.0.9"}}}},{}]}}"#,
            objects.join(",")
        );
        assert_eq!(ruleset(&text), Some(expected), "{text}");
    }

    const MATCH: &str = r#"{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"lo"}}"#;

    #[test]
    fn a_policy_to_drop_refuses_for_its_family() {
        let lo = rule("input", &format!(r#"{MATCH},{{"accept":null}}"#));
        covers(&[input("inet", "drop"), lo.clone()], BOTH);
        covers(&[input("inet", "accept"), lo], NONE);
        covers(
            &[input("ip", "drop")],
            Covered {
                v4: true,
                v6: false,
            },
        );
        covers(
            &[input("ip6", "drop")],
            Covered {
                v4: false,
                v6: true,
            },
        );
        covers(&[input("ip", "drop"), input("ip6", "drop")], BOTH);
        covers(&[input("bridge", "drop"), input("arp", "drop")], NONE);
    }

    #[test]
    fn chains_of_other_hooks_and_kinds_refuse_nothing_that_comes_in() {
        let forward = r#","type":"filter","hook":"forward","prio":0,"policy":"drop""#;
        let nat = r#","type":"nat","hook":"input","prio":0,"policy":"drop""#;
        covers(
            &[
                chain_of("inet", "forward", forward),
                chain_of("inet", "nat", nat),
            ],
            NONE,
        );
        covers(&[chain_of("inet", "input", "")], NONE);
    }

    #[test]
    fn a_last_word_to_reject_refuses() {
        let established = rule("input", &format!(r#"{MATCH},{{"accept":null}}"#));
        let last = rule(
            "input",
            r#"{"counter":{"packets":1,"bytes":2}},{"log":null},{"reject":{"type":"icmpx","expr":"admin-prohibited"}}"#,
        );
        covers(&[input("inet", "accept"), established, last], BOTH);
        let limited = rule(
            "input",
            r#"{"limit":{"rate":1,"per":"second"}},{"drop":null}"#,
        );
        covers(&[input("inet", "accept"), limited], NONE);
    }

    #[test]
    fn whoever_lets_everything_in_first_refuses_nothing() {
        let open = rule("input", r#"{"counter":null},{"accept":null}"#);
        covers(&[input("inet", "drop"), open], NONE);
    }

    #[test]
    fn chains_that_are_called_count() {
        let calls = |how: &str| rule("input", &format!(r#"{{"{how}":{{"target":"more"}}}}"#));
        let more = |expr: &str| rule("more", expr);
        let base = input("inet", "accept");
        covers(
            &[base.clone(), calls("jump"), more(r#"{"drop":null}"#)],
            BOTH,
        );
        let after = rule("input", r#"{"drop":null}"#);
        let returns = more(r#"{"return":null}"#);
        covers(
            &[base.clone(), calls("jump"), returns.clone(), after.clone()],
            BOTH,
        );
        covers(&[base.clone(), calls("goto"), returns, after], NONE);
        let open = more(r#"{"accept":null}"#);
        covers(&[input("inet", "drop"), calls("jump"), open], NONE);
        // The kernel refuses circles; whoever makes one up gets an answer all the same.
        let circle = more(r#"{"jump":{"target":"more"}}"#);
        covers(&[base, calls("jump"), circle], NONE);
    }

    #[test]
    fn the_older_tool_is_read() {
        for (text, expected) in [
            ("-P INPUT DROP\n-A INPUT -i lo -j ACCEPT\n", Some(true)),
            ("-P INPUT ACCEPT\n", Some(false)),
            (
                "-P INPUT ACCEPT\n-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n-A INPUT -j REJECT --reject-with icmp-port-unreachable\n",
                Some(true),
            ),
            ("-P INPUT DROP\n-A INPUT -j ACCEPT\n", Some(false)),
            (
                "-P INPUT ACCEPT\n-A INPUT -s 10.0.0.0/8 -j DROP\n",
                Some(false),
            ),
            (
                "-P INPUT ACCEPT\n-A INPUT -j ufw-before-input\n",
                Some(false),
            ),
            ("iptables: Permission denied\n", None),
        ] {
            assert_eq!(chain(text), expected, "{text}");
        }
    }

    const NFT: &str = "nft -j list ruleset";
    const V4: &str = "iptables -S INPUT";
    const V6: &str = "ip6tables -S INPUT";

    fn dropping(family: &str) -> String {
        format!(r#"{{"nftables":[{}]}}"#, input(family, "drop"))
    }

    fn with_ipv6() -> Made {
        Made::default().file("/proc/net/if_inet6", "fe80 02 40 20 80 eth0")
    }

    #[test]
    fn both_protocols_have_to_be_refused_that_are_in_use() {
        let half = with_ipv6().program(NFT, 0, &dropping("ip"));
        assert!(!refuses(&half).unwrap().value);
        let off = half.file("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1\n");
        assert_eq!(refuses(&off), known(true));
        let both = with_ipv6().program(NFT, 0, &dropping("inet"));
        assert_eq!(refuses(&both), known(true));
    }

    #[test]
    fn rules_of_the_older_kind_are_seen_beside_empty_ones_of_the_newer() {
        let older = with_ipv6()
            .program(NFT, 0, r#"{"nftables":[]}"#)
            .program(V4, 0, "-P INPUT DROP\n")
            .program(V6, 0, "-P INPUT DROP\n");
        assert_eq!(refuses(&older), known(true));
        let open = older.program(V6, 0, "-P INPUT ACCEPT\n");
        assert!(!refuses(&open).unwrap().value);
    }

    #[test]
    fn without_the_right_to_read_rules_a_running_service_tells() {
        let ufw = |policy: &str| {
            with_ipv6()
                .program(NFT, 1, "")
                .program("systemctl is-active ufw.service", 0, "active\n")
                .file("/etc/ufw/ufw.conf", "# on\nENABLED=yes\n")
                .file(
                    "/etc/default/ufw",
                    format!("IPV6=yes\nDEFAULT_INPUT_POLICY=\"{policy}\"\n"),
                )
        };
        assert_eq!(refuses(&ufw("DROP")), known(true));
        assert!(!refuses(&ufw("ACCEPT")).unwrap().value);
        let off = ufw("DROP").file("/etc/ufw/ufw.conf", "ENABLED=no\n");
        assert!(!refuses(&off).unwrap().value);
        let firewalld = |zone: &str| {
            with_ipv6()
                .program(NFT, 1, "")
                .program("systemctl is-active firewalld.service", 0, "active\n")
                .file(
                    "/etc/firewalld/firewalld.conf",
                    format!("DefaultZone={zone}\n"),
                )
        };
        assert_eq!(refuses(&firewalld("public")), known(true));
        assert!(!refuses(&firewalld("trusted")).unwrap().value);
    }

    #[test]
    fn rules_that_may_not_be_read_are_not_known() {
        for machine in [
            with_ipv6(),
            with_ipv6().program(NFT, 1, "Operation not permitted"),
            with_ipv6().program(NFT, 0, "no JSON"),
            with_ipv6().program(V4, 4, ""),
            with_ipv6().program(NFT, 1, "").program(
                "systemctl is-active nftables.service",
                0,
                "active\n",
            ),
            with_ipv6()
                .program("systemctl is-active firewalld.service", 0, "active\n")
                .denied("/etc/firewalld/firewalld.conf"),
        ] {
            let found = refuses(&machine);
            assert!(found.is_err(), "{found:?}");
        }
    }
}
