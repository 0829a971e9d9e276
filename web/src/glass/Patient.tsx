/** A patient's chart outside of any conversation; where it is closed, how it opens. */
import { Button } from "@mantine/core";
import { LockOpen } from "lucide-react";
import { toFailure } from "../core/failure";
import { sentences } from "../core/proof";
import { useApi, useOwnGlass, usePatient } from "../core/queries";
import { List } from "../notes/Notes";
import notes from "../notes/Notes.module.css";
import { Banner } from "../patients/Banner";
import { Empty } from "../shell/Empty";
import { tell, tellFailure } from "../shell/notices";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { clock } from "../texts/time";
import { BreakButton } from "./BreakButton";
import { Frame } from "./Frame";
import styles from "./Glass.module.css";
import { opensByGlass } from "./words";

export default function Patient({ patient: id }: { patient: string }) {
  const patient = usePatient(id);
  const failure = patient.error ? toFailure(patient.error) : null;
  return (
    <Frame
      title={t.glass.chart}
      back={{ to: { at: "patients" }, text: t.glass.back }}
      above={
        patient.data && !failure ? (
          <>
            <Banner patient={patient.data} />
            <Opened patient={id} />
          </>
        ) : null
      }
    >
      {patient.isPending ? <Waiting /> : null}
      {failure ? (
        <div className={notes.closed} role="alert">
          <Empty title={t.glass.closed} />
          {sentences([failure.message]).map((line) => (
            <p key={line}>{line}</p>
          ))}
          {opensByGlass(failure) ? (
            <BreakButton patient={id} />
          ) : (
            <Button variant="light" onClick={() => void patient.refetch()}>
              {t.retry}
            </Button>
          )}
        </div>
      ) : null}
      {patient.data && !failure ? (
        <List patient={id} to={(note) => ({ at: "patient-note", patient: id, note })} />
      ) : null}
    </Frame>
  );
}

/** That the chart is open because the person broke the glass, and how to shut it. */
function Opened({ patient }: { patient: string }) {
  const own = useOwnGlass();
  const end = useApi("endGlass");
  const open = own.data?.grants.find((each) => each.open && each.patient_id === patient);
  return open ? (
    <p className={styles.opened} role="status">
      <LockOpen aria-hidden />
      <span>{t.glass.openUntil(clock(open.until))}</span>
      <Button
        variant="subtle"
        loading={end.isPending}
        onClick={() =>
          end.mutate(
            { id: open.id },
            { onSuccess: () => tell("done", t.glass.ended), onError: tellFailure },
          )
        }
      >
        {t.glass.end}
      </Button>
    </p>
  ) : null;
}
