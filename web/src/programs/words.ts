/** A program's terms as sentences. */
import type { Check, CheckKind, ExportFormat, Program, Provenance, Rule } from "../core/wire";
import { t } from "../texts";
import { duration } from "../texts/time";

export const PROVENANCES: readonly Provenance[] = ["claimed", "agent", "managed", "attested"];
export const PLATFORMS = ["android", "ios", "ipados", "macos", "windows", "linux", "chromeos"];
export const KINDS: readonly CheckKind[] = [
  "patched",
  "os_floor",
  "updates_installed",
  "storage_encrypted",
  "screen_lock",
  "not_rooted",
  "verified_boot",
  "key_in_hardware",
  "secure_boot",
  "tpm",
  "firewall",
  "managed",
  "manager_compliant",
  "authenticator",
  "seen",
];

/** What a rule asks for. */
export function checkWords(check: Check): string {
  const words = t.programs.check;
  switch (check.kind) {
    case "screen_lock":
      return check.max_seconds
        ? words.screen_lock_within(duration(check.max_seconds))
        : words.screen_lock;
    case "key_in_hardware":
      return check.strongbox ? words.key_in_strongbox : words.key_in_hardware;
    case "os_floor":
      return words.os_floors(
        list(
          Object.entries(check.floors).map(
            ([platform, version]) => `${platformName(platform)} ${version}`,
          ),
          t.programs.or,
        ),
      );
    case "seen":
      return words.seen_within(check.days);
    default:
      return words[check.kind];
  }
}

/** Whose word counts, where and how old: one sentence; nothing for what needs nobody's word. */
export function sourceWords(rule: Rule): string {
  const parts = [
    rule.accept.length > 0
      ? t.programs.accepts(
          list(
            PROVENANCES.filter((each) => rule.accept.includes(each)).map(
              (each) => t.programs.who[each],
            ),
            t.programs.or,
          ),
        )
      : "",
    rule.accept.length > 0 && rule.max_age_days ? t.programs.age(rule.max_age_days) : "",
  ].filter(Boolean);
  return sentence(parts.join(" "));
}

/** What follows where it is not met, and where nothing is known. */
export function consequenceWords(rule: Rule): string {
  return `${t.programs.grace(rule.grace_days)} ${t.programs.unknown[rule.unknown]}`;
}

/** On which platforms it holds; nothing for all. */
export function platformWords(rule: Rule): string {
  return rule.platforms.length > 0
    ? t.programs.alone(list(rule.platforms.map(platformName), t.programs.and))
    : "";
}

export function enrolmentWords({ enrolment, platforms }: Program): string[] {
  return [
    platforms.length > 0
      ? `${t.programs.onlyPlatforms(list(platforms.map(platformName), t.programs.and))}.`
      : `${t.programs.anyPlatform}.`,
    t.programs.path[enrolment.path],
    t.programs.approval[enrolment.approval],
    t.programs.attestation[enrolment.attestation],
    ...(enrolment.authenticators.length > 0
      ? [t.programs.authenticators(enrolment.authenticators.length)]
      : []),
    ...(enrolment.revocations_days ? [t.programs.revocations(enrolment.revocations_days)] : []),
    ...(enrolment.privacy_notice ? [t.programs.notice] : []),
  ];
}

export function limitWords({ limits }: Program): string[] {
  return [
    t.programs.locks(duration(limits.lock_seconds)),
    t.programs.offline(limits.offline_hours),
    limits.attachments ? t.programs.attachments : t.programs.noAttachments,
    t.programs.wipe[limits.wipe],
  ];
}

/** What a device manager can be given: nothing for phones that are people's own. */
export function formatsOf({ ownership, platforms }: Program): ExportFormat[] {
  if (ownership === "personal") {
    return [];
  }
  const takes = (...names: string[]) =>
    platforms.length === 0 || names.some((name) => platforms.includes(name));
  return [
    ...(takes("ios", "ipados") ? (["mobileconfig"] as const) : []),
    ...(takes("android") ? (["android", "qr"] as const) : []),
  ];
}

export function platformName(platform: string): string {
  return t.device.value[platform] ?? platform;
}

/** `a`, `a or b`, `a, b or c`. */
function list(items: readonly string[], word: string): string {
  const last = items.at(-1) ?? "";
  return items.length < 2 ? last : `${items.slice(0, -1).join(", ")} ${word} ${last}`;
}

function sentence(text: string): string {
  return text === "" ? "" : `${text}.`;
}
