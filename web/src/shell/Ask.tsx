/** A question before something that cannot be taken back. */
import { Button, Modal } from "@mantine/core";
import { t } from "../texts";
import styles from "./Dialog.module.css";

export function Ask({
  opened,
  title,
  text,
  action,
  busy,
  onYes,
  onNo,
}: {
  opened: boolean;
  title: string;
  text: string;
  action: string;
  busy: boolean;
  onYes(): void;
  onNo(): void;
}) {
  return (
    <Modal
      opened={opened}
      onClose={onNo}
      title={title}
      closeButtonProps={{ "aria-label": t.close }}
    >
      <p>{text}</p>
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
