/** The notes of a patient's chart; of those that are sensitive no more than that they are there. */
import { Button } from "@mantine/core";
import { ChevronRight, Fingerprint, Lock } from "lucide-react";
import { toFailure } from "../core/failure";
import { useNotes } from "../core/queries";
import type { NoteInfo } from "../core/wire";
import { BreakButton } from "../glass/BreakButton";
import { opensByGlass } from "../glass/words";
import { SendButton } from "../references/SendButton";
import { SendingTo } from "../references/SendingTo";
import { Empty } from "../shell/Empty";
import { address, type Route } from "../shell/routes";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { moment } from "../texts/time";
import { newestFirst } from "./arrange";
import { Labels } from "./Labels";
import styles from "./Notes.module.css";
import { Page } from "./Page";

export default function Notes({ group }: { group: string }) {
  return (
    <Page
      group={group}
      title={t.notes.title}
      back={{ to: { at: "conversation", group }, text: t.notes.toConversation }}
    >
      {(patient) => (
        <SendingTo group={group} patient={patient}>
          <List patient={patient.id} to={(note) => ({ at: "note", group, note })} />
        </SendingTo>
      )}
    </Page>
  );
}

/** `to` is where a note of it opens. */
export function List({ patient, to }: { patient: string; to(note: string): Route }) {
  const notes = useNotes(patient);
  const now = Date.now();
  // What is shown stays where only the older ones did not come.
  if (notes.error && !notes.isFetchNextPageError) {
    return (
      <div className={styles.closed}>
        <Empty title={t.notes.listClosed} text={notes.error.message} />
        {opensByGlass(toFailure(notes.error)) ? (
          <BreakButton patient={patient} />
        ) : (
          <Button variant="light" loading={notes.isFetching} onClick={() => void notes.refetch()}>
            {t.retry}
          </Button>
        )}
      </div>
    );
  }
  if (!notes.data) {
    return <Waiting />;
  }
  const listed = newestFirst(notes.data.pages);
  if (listed.length === 0) {
    return <Empty title={t.notes.none} />;
  }
  return (
    <>
      <ul className={styles.notes} aria-label={t.notes.title}>
        {listed.map((info) => (
          <li key={info.id}>
            {info.readable === "no" ? (
              <div className={styles.note} data-closed>
                <Words info={info} now={now} />
              </div>
            ) : (
              <div className={styles.row}>
                <a className={styles.note} href={address(to(info.id))}>
                  <Words info={info} now={now} />
                  <ChevronRight aria-hidden />
                </a>
                <SendButton
                  what={{ kind: "DocumentReference", id: info.id, view: "value", name: info.title }}
                />
              </div>
            )}
          </li>
        ))}
      </ul>
      {listed.some(({ readable }) => readable === "no") ? (
        <div className={styles.older}>
          <BreakButton patient={patient} />
        </div>
      ) : null}
      {notes.hasNextPage ? (
        <div className={styles.older}>
          {notes.error ? <p role="alert">{notes.error.message}</p> : null}
          <Button
            variant="light"
            loading={notes.isFetchingNextPage}
            onClick={() => void notes.fetchNextPage()}
          >
            {t.notes.older}
          </Button>
        </div>
      ) : null}
    </>
  );
}

function Words({ info, now }: { info: NoteInfo; now: number }) {
  const open = info.readable === "yes";
  return (
    <div className={styles.words}>
      <strong>{open ? info.title : info.kind}</strong>
      <span>{open ? byline(info, now) : when(info, now)}</span>
      <Labels labels={info.labels} />
      {info.readable === "ask" ? (
        <span className={styles.more}>
          <Fingerprint aria-hidden />
          {t.notes.more}
        </span>
      ) : null}
      {info.readable === "no" ? (
        <span className={styles.more}>
          <Lock aria-hidden />
          {info.why ?? t.notes.closed}
        </span>
      ) : null}
    </div>
  );
}

/** Kind, author and time; the kind only where the title says something else. */
export function byline(info: NoteInfo, now: number): string {
  const { title, kind, author } = info;
  return [kind === title ? null : kind, author, when(info, now)].filter(Boolean).join(" · ");
}

function when({ at }: NoteInfo, now: number): string {
  return at ? moment(at, now) : "";
}
