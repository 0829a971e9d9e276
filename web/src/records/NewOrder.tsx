/** A new hold or export: the case, why, and what it covers. */
import { Button, Modal, Textarea, TextInput } from "@mantine/core";
import { X } from "lucide-react";
import { useState } from "react";
import { Refused } from "../codes/Refused";
import { told } from "../codes/words";
import { useApi } from "../core/queries";
import type { PersonBrief } from "../core/wire";
import officer from "../officer/Officer.module.css";
import { PeopleSearch } from "../people/PeopleSearch";
import { tell } from "../shell/notices";
import { useNarrow } from "../shell/useNarrow";
import { t } from "../texts";
import styles from "./Records.module.css";
import { ordered } from "./words";

const LONGEST = 500;
const NOTHING = { case: "", reason: "", conversations: "", patients: "", from: "", until: "" };

export function NewOrder({ type, onClose }: { type: "hold" | "export" | null; onClose(): void }) {
  const narrow = useNarrow();
  return (
    <Modal
      opened={type !== null}
      onClose={onClose}
      title={type === "export" ? t.records.newExport : t.records.newHold}
      fullScreen={narrow}
      size="lg"
      closeButtonProps={{ "aria-label": t.close }}
    >
      {type ? <Form type={type} onDone={onClose} /> : null}
    </Modal>
  );
}

function Form({ type, onDone }: { type: "hold" | "export"; onDone(): void }) {
  const hand = useApi("handInStatement");
  const [typed, setTyped] = useState(NOTHING);
  const [people, setPeople] = useState<readonly PersonBrief[]>([]);
  const set = (name: keyof typeof NOTHING) => (event: { currentTarget: { value: string } }) => {
    const { value } = event.currentTarget;
    setTyped((before) => ({ ...before, [name]: value }));
  };
  const toggle = (person: PersonBrief) =>
    setPeople((before) =>
      before.some(({ id }) => id === person.id)
        ? before.filter(({ id }) => id !== person.id)
        : [...before, person],
    );
  const send = () =>
    hand.mutate(
      { statement: ordered(type, { ...typed, people: people.map(({ id }) => id) }) },
      {
        onSuccess: () => {
          tell("done", t.records.handedIn);
          onDone();
        },
      },
    );
  const whole = typed.case.trim() !== "" && typed.reason.trim() !== "";
  return (
    <form
      className={officer.form}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <p>{type === "hold" ? t.records.holdText : t.records.exportText}</p>
      <TextInput
        label={t.records.case}
        maxLength={LONGEST}
        value={typed.case}
        onChange={set("case")}
        data-autofocus
      />
      <Textarea
        label={t.records.reason}
        description={t.records.reasonHint}
        autosize
        minRows={2}
        maxLength={LONGEST}
        value={typed.reason}
        onChange={set("reason")}
      />
      <h2>{t.records.scope}</h2>
      <p>{t.records.scopeHint}</p>
      {people.length > 0 ? (
        <ul className={styles.people} aria-label={t.records.chosen}>
          {people.map((person) => (
            <li key={person.id}>
              <Button
                variant="default"
                rightSection={<X aria-hidden size={16} />}
                aria-label={t.records.without(person.name)}
                onClick={() => toggle(person)}
              >
                {person.name}
              </Button>
            </li>
          ))}
        </ul>
      ) : null}
      <div className={officer.search}>
        <PeopleSearch anyone chosen={people} onToggle={toggle} />
      </div>
      <div className={styles.days}>
        <TextInput type="date" label={t.records.from} value={typed.from} onChange={set("from")} />
        <TextInput type="date" label={t.records.to} value={typed.until} onChange={set("until")} />
      </div>
      <TextInput
        label={t.records.conversations}
        description={t.records.idsHint}
        value={typed.conversations}
        onChange={set("conversations")}
      />
      <TextInput
        label={t.records.patients}
        description={t.records.idsHint}
        value={typed.patients}
        onChange={set("patients")}
      />
      <Refused lines={hand.error ? [told(hand.error)] : []} />
      <Button type="submit" disabled={!whole} loading={hand.isPending}>
        {type === "hold" ? t.records.orderHold : t.records.orderExport}
      </Button>
    </form>
  );
}
