/** A schedule from a file: what it would change is seen before anything does. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { Refused } from "../codes/Refused";
import { refusedLines } from "../codes/words";
import { useApi } from "../core/queries";
import type { ScheduleChange, ScheduleImport } from "../core/wire";
import dialog from "../shell/Dialog.module.css";
import { FileButton } from "../shell/FileButton";
import { Findings } from "../shell/Findings";
import { tell } from "../shell/notices";
import { t } from "../texts";
import { moment } from "../texts/time";
import own from "./OnCall.module.css";
import { formatOf } from "./words";

interface Chosen extends Omit<ScheduleImport, "dry_run"> {
  name: string;
}

export function ImportSchedule() {
  const [file, setFile] = useState<Chosen | null>(null);
  const trial = useApi("importSchedule");
  const real = useApi("importSchedule");
  const close = () => {
    setFile(null);
    trial.reset();
    real.reset();
  };
  const choose = (text: string, name: string) => {
    const chosen = { name, format: formatOf(name, text), text };
    real.reset();
    setFile(chosen);
    trial.mutate({ format: chosen.format, text, dry_run: true });
  };
  const apply = ({ format, text }: Chosen) =>
    real.mutate(
      { format, text, dry_run: false },
      {
        onSuccess: () => {
          tell("done", t.onCall.applied);
          close();
        },
      },
    );
  const failure = real.error ?? trial.error;
  const found = trial.data;
  const nothing = found?.changes.length === 0;
  return (
    <>
      <FileButton
        text={t.onCall.import}
        accept=".csv,.ics,.ical,text/csv,text/calendar"
        busy={trial.isPending}
        onFile={choose}
      />
      <Refused lines={failure ? refusedLines(failure, t.onCall.refused) : []} />
      {file && found ? (
        <section className={own.file} aria-label={t.onCall.file(file.name)}>
          <h3>{t.onCall.file(file.name)}</h3>
          <Findings title={t.onCall.stops} findings={found.findings} stops />
          <Findings title={t.onCall.findings} findings={found.findings} stops={false} />
          <p role="status">
            {nothing ? t.onCall.same : t.onCall.changes(found.added, found.removed, found.changed)}
          </p>
          <ul className={own.rows}>
            {found.changes.map((change) => (
              <Change
                key={`${change.kind} ${change.role} ${change.from} ${change.person}`}
                change={change}
              />
            ))}
          </ul>
          {found.changes.length < found.added + found.removed + found.changed ? (
            <p>{t.onCall.first(found.changes.length)}</p>
          ) : null}
          <div className={dialog.actions}>
            <Button variant="default" onClick={close}>
              {t.cancel}
            </Button>
            <Button
              loading={real.isPending}
              disabled={found.stopped || nothing}
              onClick={() => apply(file)}
            >
              {t.onCall.apply}
            </Button>
          </div>
        </section>
      ) : null}
    </>
  );
}

function Change({ change }: { change: ScheduleChange }) {
  const now = Date.now();
  const { kind, role, from, until, person, before } = change;
  return (
    <li className={own.row}>
      <div className={own.words}>
        <strong>
          {t.onCall.kind[kind]}: {role ?? t.onCall.atWork}, {person}
        </strong>
        <span>{t.onCall.span(moment(from, now), moment(until, now))}</span>
        {before && before !== person ? <span>{t.onCall.before(before)}</span> : null}
      </div>
    </li>
  );
}
