/** The person who was chosen, and the way back to the search. */
import { Button } from "@mantine/core";
import type { PersonBrief } from "../core/wire";
import { Avatar } from "../shell/Avatar";
import { t } from "../texts";
import styles from "./Codes.module.css";

export function Chosen({ person, onChange }: { person: PersonBrief; onChange(): void }) {
  return (
    <div className={styles.chosen}>
      <Avatar id={person.id} name={person.name} />
      <div className={styles.words}>
        <strong>{person.name}</strong>
        <span>
          {person.role}, {person.department}
        </span>
      </div>
      <Button variant="subtle" onClick={onChange}>
        {t.patient.change}
      </Button>
    </div>
  );
}
