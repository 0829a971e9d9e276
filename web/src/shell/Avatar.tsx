/** Initials on a quiet colour that stays the same for the same person. */
import { Megaphone, Siren, Stethoscope, Users } from "lucide-react";
import type { GroupKind } from "../core/wire";
import styles from "./Avatar.module.css";

const HUES = 6;

export function Avatar({
  id,
  name,
  kind = "direct",
}: {
  id: string;
  name: string;
  kind?: GroupKind;
}) {
  return (
    <span className={styles.avatar} data-hue={hue(id)} aria-hidden>
      {sign(kind) ?? initials(name)}
    </span>
  );
}

function sign(kind: GroupKind) {
  switch (kind) {
    case "direct":
      return null;
    case "role":
      return <Stethoscope />;
    case "code":
      return <Siren />;
    case "broadcast":
      return <Megaphone />;
    default:
      return <Users />;
  }
}

/** First and last initial, titles such as `Dr.` left out. */
export function initials(name: string): string {
  const words = name.split(/\s+/).filter((word) => word && !word.endsWith("."));
  const first = words[0]?.charAt(0) ?? "";
  const last = words.length > 1 ? (words[words.length - 1]?.charAt(0) ?? "") : "";
  return (first + last).toUpperCase();
}

function hue(id: string): number {
  let sum = 0;
  for (const letter of id) {
    sum = (sum * 31 + letter.charCodeAt(0)) % 65_521;
  }
  return sum % HUES;
}
