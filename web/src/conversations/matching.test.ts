import { expect, it } from "vitest";
import type { ConversationView } from "../core/methods";
import { matching } from "./matching";

const person = {
  id: "1",
  username: "t",
  name: "Tomasz Żak",
  role: "Surgeon",
  department: "Trauma",
};
const conversation: ConversationView = {
  id: "g",
  kind: "direct",
  title: "Tomasz Żak",
  members: [{ user: person, verified: true, devices: 1 }],
  keepers: [],
  patient: { id: "p", name: "Hallström, Margareta", mrn: "0045 8812", allergies: [] },
  unread: 0,
  mentions_unread: 0,
  last: {
    text: "Potassium is 4.8",
    burns: false,
    recalled: false,
    expired: false,
    from: "Tomasz Żak",
    sent_at: 0,
    mine: false,
    state: "read",
  },
  removal_pending: false,
  strangers: [],
  pinned: false,
  archived: false,
  muted: false,
  marked_unread: false,
  draft: null,
  at: 0,
};

it("finds by person, role, patient, number and words, whatever the accents", () => {
  for (const search of ["zak", "surgeon trauma", "HALLSTROM", "8812", "potassium zak", "  "]) {
    expect(matching([conversation], search)).toEqual([conversation]);
  }
});

it("needs every word", () => {
  expect(matching([conversation], "potassium sodium")).toEqual([]);
});
