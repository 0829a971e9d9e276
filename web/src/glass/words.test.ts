import { expect, it } from "vitest";
import { Failure } from "../core/failure";
import type { Glass } from "../core/wire";
import { t } from "../texts";
import { dueText, lookText, opensByGlass, patientText, purposeText } from "./words";

const NOW = new Date(2026, 5, 9, 10, 0).getTime();
const GLASS: Glass = {
  id: "g",
  user: { id: "u", username: "ada", name: "Ada", role: "Nurse", department: "Cardiology" },
  patient_id: "p",
  purpose: "BTG",
  at: NOW,
  until: NOW + 3_600_000,
  open: true,
  outcome: "waiting",
  due_at: NOW + 86_400_000,
};

function refused(status: number, reason?: string): Failure {
  const problem = { type: "urn:wardline:problem:denied", title: "No", status, reason };
  return new Failure("denied", "No", problem);
}

it("offers to break the glass where a reason to look is all that is missing", () => {
  expect(opensByGlass(refused(403, "no_basis"))).toBe(true);
  expect(opensByGlass(refused(403, "missing_permission"))).toBe(false);
  expect(opensByGlass(refused(401, "no_basis"))).toBe(false);
  expect(opensByGlass(new Failure("offline", "Offline"))).toBe(false);
});

it("says when a review is due, and that it is late", () => {
  expect(dueText(GLASS, NOW)).not.toBe(t.glass.overdue);
  expect(dueText(GLASS, NOW + 86_400_001)).toBe(t.glass.overdue);
});

it("has words for what it knows, and the code of what it does not", () => {
  expect(patientText(GLASS)).toBe(t.glass.unknownPatient);
  expect(purposeText(GLASS)).toBe("Care cannot wait");
  expect(lookText("note.read")).toBe("A note");
  expect(lookText("chart.read")).toBe("The chart");
  expect(lookText("chart.other")).toBe("chart.other");
});
