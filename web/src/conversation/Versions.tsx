/** What a message said before it was edited. */
import { Modal } from "@mantine/core";
import { useRef } from "react";
import type { MessageView } from "../core/methods";
import { t } from "../texts";
import { clock } from "../texts/time";
import styles from "./Versions.module.css";

export function Versions({
  message,
  onClose,
}: {
  /** None while it is closed. */
  message: MessageView | null;
  onClose(): void;
}) {
  // What it was about stays while it fades.
  const shown = useRef<MessageView | null>(null);
  shown.current = message ?? shown.current;
  const about = shown.current;
  return (
    <Modal
      opened={message !== null}
      onClose={onClose}
      title={t.conversation.versions}
      closeButtonProps={{ "aria-label": t.close }}
    >
      {about ? (
        <ol className={styles.versions}>
          {about.earlier.map(({ text, at }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two may have the same time and text, and none moves
            <li key={index}>
              <time dateTime={new Date(at).toISOString()}>{clock(at)}</time>
              <p>{text}</p>
            </li>
          ))}
          <li>
            <strong>{t.conversation.versionNow}</strong>
            <p>{about.text}</p>
          </li>
        </ol>
      ) : null}
    </Modal>
  );
}
