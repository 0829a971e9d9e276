/** Programs that write messages. */
import type { PersonBrief } from "../core/wire";

/** What a program's account is called, where it is no member any more. */
const TITLE = "Bot";

/** Whether it is a program: it is never off shift, and has no phone. */
export function isBot(person: PersonBrief): boolean {
  return person.role === TITLE;
}
