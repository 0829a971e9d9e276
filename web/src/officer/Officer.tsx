/** The security officer's page: inviting a person, confirming devices. */

import { PendingDevices } from "../devices/PendingDevices";
import { t } from "../texts";
import { InvitePerson } from "./InvitePerson";
import styles from "./Officer.module.css";

export default function Officer() {
  return (
    <div className={styles.screen}>
      <div className={styles.column}>
        <h1>{t.officer.title}</h1>
        <PendingDevices />
        <InvitePerson />
      </div>
    </div>
  );
}
