/** Facts about devices in words. */
import type { Fact, FactValue, Provenance } from "../core/wire";
import { t } from "../texts";
import { duration } from "../texts/time";

export type FactGroup = "system" | "protection" | "hardware" | "management";

const GROUPS: Readonly<Record<FactGroup, readonly string[]>> = {
  system: [
    "platform",
    "os_version",
    "patch_level",
    "pending_updates",
    "restart_pending",
    "kernel",
    "model",
    "manufacturer",
    "serial",
  ],
  protection: ["storage_encrypted", "screen_lock", "screen_lock_seconds", "rooted", "firewall"],
  hardware: [
    "verified_boot",
    "bootloader_locked",
    "secure_boot",
    "tpm",
    "key_hardware",
    "authenticator",
  ],
  management: ["managed", "manager_compliant"],
};

const STRENGTH: Readonly<Record<Provenance, number>> = {
  claimed: 0,
  agent: 1,
  managed: 2,
  attested: 3,
};

export function factName(name: string): string {
  return t.device.fact[name] ?? name;
}

export function factValue(name: string, value: FactValue): string {
  if (typeof value === "boolean") {
    return value ? t.device.yes : t.device.no;
  }
  if (name === "screen_lock_seconds" && typeof value === "number") {
    return duration(value);
  }
  const coded = ["platform", "verified_boot", "key_hardware"].includes(name);
  return (coded ? t.device.value[String(value)] : undefined) ?? String(value);
}

/** By what they are about; of the same name the strongest first. */
export function grouped(facts: readonly Fact[]): [FactGroup, Fact[]][] {
  const groups = Object.entries(GROUPS) as [FactGroup, readonly string[]][];
  const known = new Set(groups.flatMap(([, names]) => names));
  return groups
    .map(([group, names]): [FactGroup, Fact[]] => {
      const place = (name: string) => (names.includes(name) ? names.indexOf(name) : names.length);
      const found = facts.filter(
        ({ name }) => names.includes(name) || (group === "system" && !known.has(name)),
      );
      found.sort(
        (a, b) => place(a.name) - place(b.name) || STRENGTH[b.provenance] - STRENGTH[a.provenance],
      );
      return [group, found];
    })
    .filter(([, found]) => found.length > 0);
}
