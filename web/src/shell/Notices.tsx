import { CloseButton } from "@mantine/core";
import { CircleAlert, CircleCheck } from "lucide-react";
import { t } from "../texts";
import styles from "./Notices.module.css";
import { dismiss, useNotices } from "./notices";

export function Notices() {
  const notices = useNotices();
  return (
    <div className={styles.stack} role="status" aria-live="polite">
      {notices.map((notice) => (
        <div key={notice.id} className={styles.notice} data-kind={notice.kind}>
          {notice.kind === "problem" ? <CircleAlert aria-hidden /> : <CircleCheck aria-hidden />}
          <p>{notice.text}</p>
          <CloseButton
            size="var(--touch)"
            aria-label={t.close}
            onClick={() => dismiss(notice.id)}
          />
        </div>
      ))}
    </div>
  );
}
