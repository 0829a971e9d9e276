/** Warns while somebody writes about a patient and names another one of theirs. */
import { UsersRound } from "lucide-react";
import type { PatientBanner, PersonBrief } from "../core/wire";
import { t } from "../texts";
import { otherNamed } from "./alike";
import styles from "./Banner.module.css";
import { useOthers } from "./useOthers";

export function OtherLine({
  text,
  about,
  people,
}: {
  text: string;
  about: PatientBanner;
  /** Whom it is written to: their names are meant for them. */
  people: readonly PersonBrief[];
}) {
  const others = useOthers();
  const written = people.map(({ name }) => name);
  const other = text ? otherNamed(text, about, others, written) : null;
  return other ? (
    <p className={styles.alike} role="status">
      <UsersRound aria-hidden />
      <span>{t.patient.other(other.name, about.name)}</span>
    </p>
  ) : null;
}
