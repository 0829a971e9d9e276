import { expect, it } from "vitest";
import type { Fact } from "../core/wire";
import { factName, factValue, grouped } from "./facts";

const fact = (name: string, value: Fact["value"], provenance: Fact["provenance"]): Fact => ({
  name,
  value,
  provenance,
  observed_at: 0,
  evidence: "",
});

it("groups facts by what they are about, the strongest word first", () => {
  const groups = grouped([
    fact("managed", true, "managed"),
    fact("os_version", "16", "claimed"),
    fact("os_version", "16.1", "attested"),
    fact("platform", "android", "claimed"),
  ]);
  expect(groups.map(([group]) => group)).toEqual(["system", "management"]);
  expect(groups[0]?.[1].map(({ name, value }) => [name, value])).toEqual([
    ["platform", "android"],
    ["os_version", "16.1"],
    ["os_version", "16"],
  ]);
});

it("hides no fact whose name it does not know", () => {
  expect(grouped([fact("colour", "red", "claimed")])[0]?.[1]).toHaveLength(1);
  expect(factName("colour")).toBe("colour");
});

it("puts values into words, and a model's name never", () => {
  expect(factValue("rooted", false)).toBe("No");
  expect(factValue("screen_lock_seconds", 120)).toBe("2 minutes");
  expect(factValue("platform", "chromeos")).toBe("ChromeOS");
  expect(factValue("model", "hardware")).toBe("hardware");
});
