/** What the hospital keeps of a device, what it never collects, and what a wipe takes. */
import { Eraser, EyeOff, Landmark } from "lucide-react";
import type { PrivacyNotice } from "../core/wire";
import { t } from "../texts";
import styles from "./Notice.module.css";

export function Notice({ notice }: { notice: PrivacyNotice }) {
  return (
    <div className={styles.notice}>
      <div data-part="never">
        <h3>
          <EyeOff aria-hidden />
          {t.enroll.noticeNever}
        </h3>
        <ul>
          {notice.never.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </div>
      <div>
        <h3>
          <Landmark aria-hidden />
          {t.enroll.noticeKept}
        </h3>
        <ul>
          {notice.kept.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </div>
      <div>
        <h3>
          <Eraser aria-hidden />
          {t.enroll.noticeWipe}
        </h3>
        <p>{notice.wipe}</p>
      </div>
    </div>
  );
}
