/** A STAT message as people see it: who is asked a card, whoever sent it what happens. */
import type { Locator, Page } from "@playwright/test";
import type { Phone } from "./phone.ts";

export function card(page: Page, sender: Phone): Locator {
  return page.getByRole("region", { name: `STAT ${sender.person.name} needs somebody now` });
}

export function happened(phone: Phone, text: string): Locator {
  return phone.message(text).getByRole("group");
}
