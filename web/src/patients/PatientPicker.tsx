/** Choosing the patient that a conversation is about, with enough to tell namesakes apart. */
import { Modal, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { Search, UsersRound } from "lucide-react";
import { useState } from "react";
import { usePatients } from "../core/queries";
import type { PatientBanner } from "../core/wire";
import { Empty } from "../shell/Empty";
import { useNarrow } from "../shell/useNarrow";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { likenesses } from "./alike";
import styles from "./PatientPicker.module.css";
import { useOthers } from "./useOthers";
import { identity } from "./words";

const PAUSE_MS = 200;

export function PatientPicker({
  opened,
  onClose,
  onChoose,
}: {
  opened: boolean;
  onClose(): void;
  onChoose(patient: PatientBanner): void;
}) {
  const narrow = useNarrow();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t.patient.pick}
      fullScreen={narrow}
      size="lg"
      closeButtonProps={{ "aria-label": t.close }}
    >
      <PatientSearch onChoose={onChoose} />
    </Modal>
  );
}

/** The search alone, for a page of its own. */
export function PatientSearch({ onChoose }: { onChoose(patient: PatientBanner): void }) {
  const [typed, setTyped] = useState("");
  const [q] = useDebouncedValue(typed.trim(), PAUSE_MS);
  const patients = usePatients(q);
  const others = useOthers();
  const found = patients.data?.patients;
  const known = [...(found ?? []), ...others];
  return (
    <div className={styles.picker}>
      <TextInput
        type="search"
        label={t.patient.search}
        description={t.patient.hint}
        leftSection={<Search aria-hidden />}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        data-autofocus
      />
      {patients.isPending && q.length !== 1 ? <Waiting /> : null}
      {patients.error ? <Empty title={t.failure.title} text={patients.error.message} /> : null}
      {found?.length === 0 ? (
        <Empty
          title={q === "" ? t.patient.searchHint : t.patient.none(q)}
          {...(patients.data?.record_system_away ? { text: t.patient.recordSystemAway } : {})}
        />
      ) : null}
      {found && found.length > 0 ? (
        <ul className={styles.items} aria-label={q === "" ? t.patient.own : t.patient.found}>
          {found.map((patient) => (
            <li key={patient.id}>
              <button type="button" className={styles.item} onClick={() => onChoose(patient)}>
                <strong>{patient.name}</strong>
                <span>{identity(patient)}</span>
                {likenesses(patient, known).length > 0 ? (
                  <span className={styles.alike}>
                    <UsersRound aria-hidden />
                    {t.patient.alikeTag}
                  </span>
                ) : null}
                <span className={styles.ids}>
                  {[patient.mrn ? t.patient.mrn(patient.mrn) : null, patient.location]
                    .filter(Boolean)
                    .join(" · ")}
                </span>
              </button>
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  );
}
