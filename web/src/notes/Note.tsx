/**
 * One note. Its text is asked for each time it is opened and lives in this page alone: it is gone
 * when the page is left, when the app goes to the background, and when the store is locked.
 */
import { Button } from "@mantine/core";
import { Eye } from "lucide-react";
import { useEffect, useRef } from "react";
import type { Failure } from "../core/failure";
import { sentences } from "../core/proof";
import { useLook } from "../core/useLook";
import type { Note as NoteText } from "../core/wire";
import { Empty } from "../shell/Empty";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { paragraphs } from "./arrange";
import { Labels } from "./Labels";
import { byline } from "./Notes";
import styles from "./Notes.module.css";
import { Page } from "./Page";

export default function Note({ group, note }: { group: string; note: string }) {
  return (
    <Page
      group={group}
      title={t.notes.one}
      back={{ to: { at: "notes", group }, text: t.notes.toList }}
    >
      {({ id }) => <Opened patient={id} note={note} />}
    </Page>
  );
}

/** The note itself, wherever it is opened from. */
export function Opened({ patient, note }: { patient: string; note: string }) {
  const [look, again] = useLook("note", { patient, note });
  switch (look.is) {
    case "asked":
      return <Waiting />;
    case "shown":
      return <Text note={look.answer} />;
    case "away":
      return (
        <div className={styles.closed}>
          <Empty title={t.notes.away} text={t.notes.awayHint} />
          <Button onClick={again}>{t.notes.again}</Button>
        </div>
      );
    case "failed":
      return <Closed failure={look.failure} onAgain={again} />;
  }
}

function Text({ note: { info, text, why_no_text } }: { note: NoteText }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <article className={styles.text}>
      <h2 ref={heading} tabIndex={-1}>
        {info.title}
      </h2>
      <p className={styles.byline}>{byline(info, Date.now())}</p>
      <Labels labels={info.labels} />
      <p className={styles.recorded}>
        <Eye aria-hidden />
        {t.notes.recorded}
      </p>
      <div className={styles.paragraphs}>
        {paragraphs(text ?? why_no_text ?? t.notes.noText).map((paragraph, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: paragraphs may repeat and never move
          <p key={at}>{paragraph}</p>
        ))}
      </div>
    </article>
  );
}

/** Why it stays closed. What a policy refuses is asked for again in vain. */
function Closed({ failure, onAgain }: { failure: Failure; onAgain(): void }) {
  return (
    <div className={styles.closed} role="alert">
      <Empty title={t.notes.staysClosed} />
      {sentences([failure.message]).map((line) => (
        <p key={line}>{line}</p>
      ))}
      {failure.problem?.status === 403 ? null : <Button onClick={onAgain}>{t.notes.again}</Button>}
    </div>
  );
}
