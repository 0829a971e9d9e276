/** Every text that people read. Another language is another file of the same shape. */
import { en } from "./en";

export const t = en;
