import { expect, it } from "vitest";
import { initials } from "./Avatar";
import { address, parse, type Route } from "./routes";

it("finds the way back from every address that it makes", () => {
  const routes: Route[] = [
    { at: "conversations" },
    { at: "conversation", group: "0198c7aa-0000-7000-8000-000000000001" },
    { at: "conversation", group: "0198c7aa-0000-7000-8000-000000000001", message: 17 },
    { at: "chart", group: "0198c7aa-0000-7000-8000-000000000001" },
    { at: "notes", group: "0198c7aa-0000-7000-8000-000000000001" },
    {
      at: "note",
      group: "0198c7aa-0000-7000-8000-000000000001",
      note: "0198c7aa-0000-7000-8000-000000000004",
    },
    { at: "new" },
    { at: "patients" },
    { at: "patient", patient: "0198c7aa-0000-7000-8000-000000000005" },
    { at: "patient-notes", patient: "0198c7aa-0000-7000-8000-000000000005" },
    { at: "patient-note", patient: "0198c7aa-0000-7000-8000-000000000005", note: "note-1" },
    { at: "glass" },
    { at: "glass-one", id: "0198c7aa-0000-7000-8000-000000000006" },
    { at: "looks" },
    { at: "look", id: "0198c7aa-0000-7000-8000-000000000007" },
    { at: "canaries" },
    { at: "records" },
    { at: "security" },
    { at: "device", id: "0198c7aa-0000-7000-8000-000000000002" },
    { at: "officer" },
    { at: "risk" },
    { at: "interruptions" },
    { at: "fleet" },
    { at: "fleet-device", id: "0198c7aa-0000-7000-8000-000000000003" },
    { at: "programs" },
    { at: "program", slug: "byod" },
    { at: "planner" },
    { at: "policies" },
    { at: "policy", version: 0 },
    { at: "policy-draft", version: 12 },
  ];
  for (const route of routes) {
    expect(parse(address(route))).toEqual(route);
  }
});

it("shows the list for an address that it does not know", () => {
  for (const hash of ["", "#", "#/", "#/c", "#/c/", "#/elsewhere", "#/enroll?c=X"]) {
    expect(parse(hash)).toEqual({ at: "conversations" });
  }
});

it("shows the list of policies for a version that is no number", () => {
  for (const hash of ["#/policies", "#/policies/", "#/policies/last", "#/policies/-1/draft"]) {
    expect(parse(hash)).toEqual({ at: "policies" });
  }
});

it("makes initials without titles", () => {
  expect(initials("Dr. Amara Lindqvist")).toBe("AL");
  expect(initials("Mei-Ling Tanaka")).toBe("MT");
  expect(initials("Cher")).toBe("C");
  expect(initials("")).toBe("");
});
