/** The officers' page: inviting a person and confirming devices; token cards, and people's codes. */

import { PersonCodes } from "../codes/PersonCodes";
import { TokenCards } from "../codes/TokenCards";
import { useMe } from "../core/queries";
import { PendingDevices } from "../devices/PendingDevices";
import { t } from "../texts";
import { InvitePerson } from "./InvitePerson";
import styles from "./Officer.module.css";

/** The role that invites people and confirms their devices. */
const ENROLS = "enrolling_officer";
/** The roles that look after token cards. */
const CARDS = [ENROLS, "security_officer"];

export default function Officer() {
  const me = useMe();
  const roles = me.data?.roles ?? [];
  const enrols = roles.includes(ENROLS);
  return (
    <div className={styles.screen}>
      <div className={styles.column}>
        <h1>{enrols || !me.data ? t.officer.title : t.officer.security}</h1>
        {enrols ? (
          <>
            <PendingDevices />
            <InvitePerson />
          </>
        ) : null}
        {CARDS.some((role) => roles.includes(role)) ? (
          <>
            <TokenCards />
            <PersonCodes />
          </>
        ) : null}
      </div>
    </div>
  );
}
