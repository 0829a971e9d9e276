/** A question before something that cannot be taken back. */
import { Button, Modal } from "@mantine/core";
import { type ReactNode, useRef } from "react";
import { t } from "../texts";
import styles from "./Dialog.module.css";

export function Ask({
  opened,
  title,
  text,
  action,
  busy,
  children,
  onYes,
  onNo,
}: {
  opened: boolean;
  title: string;
  text: string;
  action: string;
  busy: boolean;
  children?: ReactNode;
  onYes(): void;
  onNo(): void;
}) {
  // What was asked stays while the dialog fades, when its subject is gone already.
  const asked = useRef({ title, text });
  if (opened) {
    asked.current = { title, text };
  }
  return (
    <Modal
      opened={opened}
      onClose={onNo}
      title={asked.current.title}
      closeButtonProps={{ "aria-label": t.close }}
    >
      <p>{asked.current.text}</p>
      {children}
      <div className={styles.actions}>
        <Button variant="default" onClick={onNo} data-autofocus>
          {t.cancel}
        </Button>
        <Button color="red" loading={busy} onClick={onYes}>
          {action}
        </Button>
      </div>
    </Modal>
  );
}
