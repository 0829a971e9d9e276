import { expect, it } from "vitest";
import type { ConversationView } from "../core/methods";
import { NO_FILTERS, narrowed, patientsIn, peopleIn, wantedOf } from "./wanted";

function person(id: string, name: string) {
  return { id, username: id, name, role: "Nurse", department: "Trauma" };
}

function conversation(id: string, more: Partial<ConversationView>): ConversationView {
  return {
    id,
    kind: "group",
    title: id,
    members: [],
    keepers: [],
    unread: 0,
    mentions_unread: 0,
    removal_pending: false,
    strangers: [],
    pinned: false,
    archived: false,
    muted: false,
    marked_unread: false,
    draft: null,
    at: 0,
    ...more,
  };
}

const zak = { user: person("z", "Tomasz Żak"), verified: true, devices: 1 };
const eze = { user: person("e", "Amara Eze"), verified: true, devices: 1 };
const patient = { id: "p", name: "Hallström, Margareta", allergies: [] };
const all = [
  conversation("old", { members: [zak], at: new Date(2026, 4, 1).getTime() }),
  conversation("new", { members: [zak, eze], patient, at: new Date(2026, 4, 31, 8).getTime() }),
];

it("asks for nothing while there is nothing to ask for", () => {
  expect(wantedOf("  ", NO_FILTERS)).toBeNull();
  expect(wantedOf("", { ...NO_FILTERS, since: "2026-" })).toBeNull();
});

it("asks for words and filters together, a day by its beginning", () => {
  expect(wantedOf(" potassium ", NO_FILTERS)).toEqual({ q: "potassium" });
  const filters = { person: "e", patient: "p", since: "2026-05-30", until: "2026-05-31" };
  expect(wantedOf("", filters)).toEqual({
    q: "",
    from: "e",
    patient_id: "p",
    since: new Date(2026, 4, 30).getTime(),
    // The last day is meant whole.
    until: new Date(2026, 5, 1).getTime(),
  });
  expect(wantedOf("", { ...NO_FILTERS, until: "2026-12-31" })).toEqual({
    q: "",
    until: new Date(2027, 0, 1).getTime(),
  });
});

it("narrows the conversations by the same filters", () => {
  const ids = (filters: object) => narrowed(all, { ...NO_FILTERS, ...filters }).map(({ id }) => id);
  expect(ids({})).toEqual(["old", "new"]);
  expect(ids({ person: "e" })).toEqual(["new"]);
  expect(ids({ patient: "p" })).toEqual(["new"]);
  expect(ids({ since: "2026-05-31" })).toEqual(["new"]);
  expect(ids({ until: "2026-05-01" })).toEqual(["old", "new"]);
  expect(ids({ person: "z", patient: "q" })).toEqual([]);
});

it("offers each person and patient once, by name", () => {
  expect(peopleIn(all).map(({ name }) => name)).toEqual(["Amara Eze", "Tomasz Żak"]);
  expect(patientsIn([...all, ...all])).toEqual([{ id: "p", name: patient.name }]);
});
