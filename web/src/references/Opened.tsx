/** An entry of a chart as it is now, as far as its reader may see it. It is gone when the dialog is closed. */
import { Button, Modal } from "@mantine/core";
import { TriangleAlert } from "lucide-react";
import { Medications } from "../chart/Medications";
import { More } from "../chart/More";
import { Reports } from "../chart/Reports";
import { Values } from "../chart/TrendDialog";
import { trends } from "../chart/trends";
import { at, statusText } from "../chart/words";
import { useLook } from "../core/useLook";
import type { ChartEntry } from "../core/wire";
import { Closed } from "../glass/Closed";
import { byline } from "../notes/Notes";
import { Empty } from "../shell/Empty";
import { address, type Route } from "../shell/routes";
import { useNarrow } from "../shell/useNarrow";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { date } from "../texts/time";
import styles from "./References.module.css";
import type { Reference } from "./reference";

interface Place {
  group: string;
  /** Whom the conversation is about. */
  about: string | null;
}

export default function Opened({
  group,
  about,
  reference,
  sentAt,
  opened,
  onClose,
}: Place & {
  reference: Reference;
  sentAt: number;
  opened: boolean;
  onClose(): void;
}) {
  const narrow = useNarrow();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t.references.label}
      fullScreen={narrow}
      size="lg"
      closeButtonProps={{ "aria-label": t.close, size: "var(--touch)" }}
    >
      {opened ? <Looked group={group} about={about} reference={reference} sentAt={sentAt} /> : null}
    </Modal>
  );
}

function Looked({
  group,
  about,
  reference,
  sentAt,
}: Place & { reference: Reference; sentAt: number }) {
  const [look, again] = useLook("chartEntry", reference);
  switch (look.is) {
    case "asked":
      return <Waiting />;
    case "away":
      return (
        <div className={styles.opened}>
          <Empty title={t.references.away} text={t.references.awayHint} />
          <Button onClick={again}>{t.notes.again}</Button>
        </div>
      );
    case "failed":
      return <Closed patient={reference.patient} failure={look.failure} onAgain={again} />;
    case "shown":
      return <Shown place={{ group, about }} entry={look.answer} sentAt={sentAt} onAgain={again} />;
  }
}

function Shown({
  place: { group, about },
  entry,
  sentAt,
  onAgain,
}: {
  place: Place;
  entry: ChartEntry;
  sentAt: number;
  onAgain(): void;
}) {
  const { patient_id: patient, patient_name: name, state, read_at, changed_at, withheld } = entry;
  const now = Date.now();
  const another = about !== null && patient !== about;
  const chart: Route = patient === about ? { at: "chart", group } : { at: "patient", patient };
  return (
    <div className={styles.opened}>
      {another ? (
        <p className={styles.warned} role="alert">
          <TriangleAlert aria-hidden />
          {name ? t.references.anotherNamed(name) : t.references.another}
        </p>
      ) : name ? (
        <p className={styles.hint}>{t.references.about(name)}</p>
      ) : null}
      {state === "gone" ? (
        <Empty title={t.references.gone} text={t.references.goneHint} />
      ) : state === "withheld" && withheld ? (
        <More patient={patient} withheld={[withheld]} inPart={false} onOpened={onAgain} />
      ) : (
        <Entry entry={entry} group={group} about={about} now={now} />
      )}
      <p className={styles.hint}>
        {t.references.readAt(at(read_at, now))}
        {typeof changed_at === "number" && changed_at > sentAt
          ? ` ${t.references.changedSince(at(changed_at, now))}`
          : null}
      </p>
      <div className={styles.ways}>
        <Button component="a" variant="default" href={address(chart)}>
          {t.references.toChart}
        </Button>
      </div>
    </div>
  );
}

function Entry({
  entry: { patient_id: patient, series, medication, report, note, item },
  group,
  about,
  now,
}: Place & { entry: ChartEntry; now: number }) {
  if (note) {
    const to: Route =
      patient === about
        ? { at: "note", group, note: note.id }
        : { at: "patient-note", patient, note: note.id };
    return (
      <div className={styles.part}>
        <strong>{note.title}</strong>
        <span className={styles.hint}>{byline(note, now)}</span>
        {note.readable === "ask" && note.why ? <p>{note.why}</p> : null}
        <div className={styles.ways}>
          <Button component="a" variant="light" href={address(to)}>
            {t.references.openNote}
          </Button>
        </div>
      </div>
    );
  }
  if (medication) {
    return <Medications medications={[medication]} now={now} />;
  }
  if (report) {
    return <Reports reports={[report]} now={now} />;
  }
  if (item) {
    const facts = [
      statusText(item.status),
      typeof item.at === "number" ? date(item.at, now) : null,
    ].filter(Boolean);
    return (
      <div className={styles.part}>
        <strong>{item.name}</strong>
        {facts.length > 0 ? <span className={styles.hint}>{facts.join(" · ")}</span> : null}
      </div>
    );
  }
  return trends(series).map((trend) => (
    <section key={trend.code} className={styles.part} aria-label={trend.name}>
      <strong>{trend.name}</strong>
      <Values trend={trend} now={now} />
    </section>
  ));
}
