/** Care teams from a file: what it would change is seen before anything does. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { Refused } from "../codes/Refused";
import { refusedLines } from "../codes/words";
import { useApi } from "../core/queries";
import type { CareTeamMemberChange } from "../core/wire";
import dialog from "../shell/Dialog.module.css";
import { FileButton } from "../shell/FileButton";
import { Findings } from "../shell/Findings";
import { tell } from "../shell/notices";
import { t } from "../texts";
import own from "./CareTeams.module.css";
import styles from "./Officer.module.css";

export function CareTeams() {
  const [file, setFile] = useState<{ text: string; name: string } | null>(null);
  const trial = useApi("importCareTeams");
  const real = useApi("importCareTeams");
  const close = () => {
    setFile(null);
    trial.reset();
    real.reset();
  };
  const choose = (text: string, name: string) => {
    real.reset();
    setFile({ text, name });
    trial.mutate({ text, dry_run: true });
  };
  const apply = (text: string) =>
    real.mutate(
      { text, dry_run: false },
      {
        onSuccess: () => {
          tell("done", t.careTeams.applied);
          close();
        },
      },
    );
  const failure = real.error ?? trial.error;
  const found = trial.data;
  const nothing = found?.changed === 0;
  return (
    <section className={styles.card} aria-labelledby="care-teams">
      <h2 id="care-teams">{t.careTeams.title}</h2>
      <p>{t.careTeams.hint}</p>
      <FileButton
        text={t.careTeams.import}
        accept=".csv,text/csv"
        busy={trial.isPending}
        onFile={choose}
      />
      <Refused lines={failure ? refusedLines(failure, t.careTeams.refused) : []} />
      {file && found ? (
        <section className={own.file} aria-label={t.careTeams.file(file.name)}>
          <h3>{t.careTeams.file(file.name)}</h3>
          <Findings title={t.careTeams.stops} findings={found.findings} stops />
          <Findings title={t.careTeams.findings} findings={found.findings} stops={false} />
          <p role="status">
            {nothing
              ? t.careTeams.same
              : t.careTeams.changes(found.added, found.removed, found.changed, found.patients)}
          </p>
          <ul className={own.rows}>
            {found.changes.map((change, place) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: two people of a team may have one name, and the list never changes
              <Change key={place} change={change} />
            ))}
          </ul>
          {found.changes.length < found.added + found.removed ? (
            <p>{t.careTeams.first(found.changes.length)}</p>
          ) : null}
          <div className={dialog.actions}>
            <Button variant="default" onClick={close}>
              {t.cancel}
            </Button>
            <Button
              loading={real.isPending}
              disabled={found.stopped || nothing}
              onClick={() => apply(file.text)}
            >
              {t.careTeams.apply}
            </Button>
          </div>
        </section>
      ) : null}
    </section>
  );
}

function Change({ change: { kind, patient, person } }: { change: CareTeamMemberChange }) {
  return (
    <li>
      <strong>
        {t.careTeams.kind[kind]}: {person}
      </strong>
      <span>{t.careTeams.patient(patient)}</span>
    </li>
  );
}
