import { expect, it } from "vitest";
import type { LookAtChart } from "../core/wire";
import { patientText, reasonText, weightText, whenText } from "./words";

const look: LookAtChart = {
  id: "0198c7aa-0000-7000-8000-000000000007",
  user: {
    id: "u",
    username: "mary.nakato",
    name: "Mary Nakato",
    role: "Nurse",
    department: "Surgery",
  },
  patient_id: "p",
  canary: false,
  at: 1_700_000_000_000,
  last_at: 1_700_000_000_000,
  times: 1,
  percent: 34,
  signs: [{ name: "same_surname", sentence: "Person and patient have the same surname." }],
  ways: ["opened", "refused"],
  outcome: "waiting",
};

it("says how likely a look is snooping, and of a canary that it is one", () => {
  expect(weightText(look)).toBe("34 % likely");
  expect(weightText({ ...look, canary: true })).toBe("Canary");
});

it("gives the strongest sign, and of a canary what was done", () => {
  expect(reasonText(look)).toBe("Person and patient have the same surname.");
  expect(reasonText({ ...look, canary: true })).toBe("Opened the chart, or part of it");
  expect(reasonText({ ...look, signs: [], ways: ["refused"] })).toBe(
    "Asked for it, and was refused",
  );
  expect(reasonText({ ...look, signs: [], ways: [] })).toBe("");
});

it("says when a look was, once or over a time", () => {
  const now = look.at + 60_000;
  expect(whenText(look, now)).not.toContain(" to ");
  const again = { ...look, last_at: look.at + 3_600_000, times: 3 };
  expect(whenText(again, now + 3_600_000)).toContain("3 times");
});

it("has a word for a patient whose record is gone", () => {
  expect(patientText(look)).toBe("A patient");
  expect(patientText({ ...look, patient_name: "Helen Zabriskie" })).toBe("Helen Zabriskie");
});
