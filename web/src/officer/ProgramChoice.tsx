/** On whose terms a device will be. */
import { t } from "../texts";
import styles from "./Officer.module.css";

export const PROGRAMS = ["byod", "issued", "shared", "workstation"] as const;
export type ProgramSlug = (typeof PROGRAMS)[number];

export function ProgramChoice({
  legend,
  name,
  of = PROGRAMS,
  chosen,
  onChoose,
}: {
  legend: string;
  /** Of the radio buttons: no two questions on a page have the same. */
  name: string;
  of?: readonly ProgramSlug[];
  chosen: ProgramSlug;
  onChoose(program: ProgramSlug): void;
}) {
  return (
    <fieldset className={styles.programs}>
      <legend>{legend}</legend>
      {of.map((each) => (
        <label key={each}>
          <input
            type="radio"
            name={name}
            checked={chosen === each}
            onChange={() => onChoose(each)}
          />
          {t.officer.programs[each]}
        </label>
      ))}
    </fieldset>
  );
}
