/** Devices and security: what the hospital sees, which sign-ins were unusual, which devices, codes,
 * cards and sessions there are, the way out. */
import { Button } from "@mantine/core";
import { Check, EyeOff, Landmark, Lock, LogOut } from "lucide-react";
import { useState } from "react";
import { MyCards } from "../cards/MyCards";
import { MyCodes } from "../codes/MyCodes";
import { toFailure } from "../core/failure";
import { statusChanged, useCall, useStatus } from "../core/queries";
import { Notifications } from "../ringing/Notifications";
import { Quiet } from "../ringing/Quiet";
import { Rings } from "../ringing/Rings";
import { MySignIns } from "../risk/MySignIns";
import { Ask } from "../shell/Ask";
import { Avatar } from "../shell/Avatar";
import { dismissAll, tellFailure } from "../shell/notices";
import { t } from "../texts";
import { MyDevices } from "./MyDevices";
import { PendingDevices } from "./PendingDevices";
import { Position } from "./Position";
import styles from "./Security.module.css";
import { Sessions } from "./Sessions";

export default function Security() {
  const status = useStatus();
  const user = status.data?.user;
  return (
    <div className={styles.screen}>
      <div className={styles.column}>
        <h1>{t.security.title}</h1>
        {user ? (
          <section className={styles.me} aria-label={t.security.me}>
            <Avatar id={user.id} name={user.name} />
            <div>
              <strong>{user.name}</strong>
              <span>
                {user.role}, {user.department}
              </span>
            </div>
            <LockNow />
          </section>
        ) : null}
        <Privacy />
        <PendingDevices quiet />
        <Notifications />
        <Quiet />
        <Rings />
        <MySignIns />
        <Position />
        <MyDevices />
        <MyCodes />
        <MyCards />
        <Sessions />
        <SignOut />
      </div>
    </div>
  );
}

function LockNow() {
  const lock = useCall("lock");
  return (
    <Button
      variant="light"
      leftSection={<Lock aria-hidden />}
      loading={lock.isPending}
      onClick={() => lock.mutate({}, { onSuccess: statusChanged, onError: tellFailure })}
    >
      {t.security.lock}
    </Button>
  );
}

function Privacy() {
  return (
    <section className={styles.card} aria-labelledby="privacy">
      <h2 id="privacy">{t.security.privacyTitle}</h2>
      <div className={styles.sees}>
        <div>
          <h3>
            <EyeOff aria-hidden />
            {t.security.privacyCannot}
          </h3>
          <ul data-sees="no">
            {t.security.cannot.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </div>
        <div>
          <h3>
            <Landmark aria-hidden />
            {t.security.privacyCan}
          </h3>
          <ul>
            {t.security.can.map((text) => (
              <li key={text}>
                <Check aria-hidden />
                {text}
              </li>
            ))}
          </ul>
        </div>
      </div>
      <p>{t.security.keeper}</p>
    </section>
  );
}

function SignOut() {
  const [asking, setAsking] = useState(false);
  const out = useCall("sign_out");
  const everywhere = useCall("end_all_sessions");
  return (
    <section className={styles.out}>
      <Button
        variant="default"
        leftSection={<LogOut aria-hidden />}
        loading={out.isPending}
        onClick={() => out.mutate({}, { onSuccess: signedOut, onError: tellUnlessEnded })}
      >
        {t.security.signOut}
      </Button>
      <Button variant="subtle" color="red" onClick={() => setAsking(true)}>
        {t.security.signOutAll}
      </Button>
      <Ask
        opened={asking}
        title={t.security.signOutAllTitle}
        text={t.security.signOutAllText}
        action={t.security.signOutAll}
        busy={everywhere.isPending}
        onNo={() => setAsking(false)}
        onYes={() =>
          everywhere.mutate(
            {},
            {
              onSuccess: signedOut,
              onError: tellFailure,
              onSettled: () => setAsking(false),
            },
          )
        }
      />
    </section>
  );
}

async function signedOut(): Promise<void> {
  dismissAll();
  await statusChanged();
}

/** A session that had ended before is signed out all the same. */
function tellUnlessEnded(thrown: unknown): void {
  if (toFailure(thrown).code === "session-ended") {
    void signedOut();
  } else {
    tellFailure(thrown);
  }
}
