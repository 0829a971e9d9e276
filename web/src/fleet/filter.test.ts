import { expect, it } from "vitest";
import type { DeviceInfo } from "../core/wire";
import { counts, fitting, ordered } from "./filter";

const device = (id: string, more: Partial<DeviceInfo>): DeviceInfo => ({
  id,
  user: { id: "u", username: "ines", name: "Ines Moreau", role: "Nurse", department: "ICU" },
  name: "Phone",
  platform: "browser",
  program: "byod",
  state: "active",
  duty: "none",
  passkey: "platform",
  created_at: 0,
  current: false,
  ...more,
});

const FLEET = [
  device("a", { model: "Pixel 42", system: "Android 16", last_seen_at: 10 }),
  device("b", { program: "issued", state: "grace", deadline: 20, serial: "SN-77" }),
  device("c", { state: "grace", deadline: 10 }),
  device("d", { state: "quarantined", name: "Old tablet" }),
];

const ids = (devices: readonly DeviceInfo[]) => devices.map(({ id }) => id);

it("finds by every word in any order", () => {
  const found = (text: string) => ids(fitting(FLEET, { state: null, program: null, text }));
  expect(found("pixel ines")).toEqual(["a"]);
  expect(found("sn-77")).toEqual(["b"]);
  expect(found("  ")).toHaveLength(4);
  expect(found("nobody")).toEqual([]);
});

it("keeps the counts of the other states when one is chosen", () => {
  const filter = { state: "grace", program: "byod", text: "" } as const;
  expect([...counts(fitting(FLEET, filter))]).toEqual([
    ["active", 1],
    ["grace", 1],
    ["quarantined", 1],
  ]);
});

it("puts first what asks for attention first", () => {
  expect(ids(ordered(FLEET))).toEqual(["d", "c", "b", "a"]);
});
