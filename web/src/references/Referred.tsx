/** An entry of a chart in a message: that it is one. What it says is asked for when it is opened, each time. */
import { ChevronRight, FileHeart, TriangleAlert } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { t } from "../texts";
import styles from "./References.module.css";
import { isOfAnother, toReference } from "./reference";

const Opened = lazy(() => import("./Opened"));

export function Referred({
  group,
  reference: text,
  about,
  sentAt,
}: {
  group: string;
  reference: string;
  /** Whom the conversation is about. */
  about: string | null;
  sentAt: number;
}) {
  const [opened, setOpened] = useState(false);
  // What it needs comes with the first opening, and stays while the dialog fades.
  const [wanted, setWanted] = useState(false);
  const reference = toReference(text);
  if (!reference) {
    return <p>{t.references.unknown}</p>;
  }
  return (
    <>
      <button
        type="button"
        className={styles.card}
        aria-haspopup="dialog"
        onClick={() => {
          setWanted(true);
          setOpened(true);
        }}
      >
        <FileHeart aria-hidden />
        <span>
          <strong>{t.references.label}</strong>
          <small>{t.references.open}</small>
        </span>
        <ChevronRight aria-hidden />
      </button>
      {isOfAnother(reference, about) ? (
        <span className={styles.other}>
          <TriangleAlert aria-hidden />
          {t.references.another}
        </span>
      ) : null}
      {wanted ? (
        <Suspense fallback={null}>
          <Opened
            group={group}
            reference={reference}
            about={about}
            sentAt={sentAt}
            opened={opened}
            onClose={() => setOpened(false)}
          />
        </Suspense>
      ) : null}
    </>
  );
}
