/** What the hospital sees of the device, before the person decides to set it up. */
import { Button } from "@mantine/core";
import { useEffect, useRef } from "react";
import type { PrivacyNotice } from "../core/wire";
import { Notice } from "../devices/Notice";
import { t } from "../texts";
import styles from "./Enroll.module.css";

export function NoticeStep({ notice, onRead }: { notice: PrivacyNotice; onRead(): void }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <section className={styles.form}>
      <h2 ref={heading} tabIndex={-1}>
        {t.enroll.noticeTitle}
      </h2>
      <Notice notice={notice} />
      <div className={styles.actions}>
        <Button size="lg" h="3.25rem" onClick={onRead}>
          {t.enroll.noticeRead}
        </Button>
      </div>
    </section>
  );
}
