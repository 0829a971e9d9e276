/** Which screen stands: by how far this device has come. */
import { Button } from "@mantine/core";
import { type ReactNode, useEffect, useState } from "react";
import { listen, start, takeOver } from "../core/core";
import { problemText, toFailure } from "../core/failure";
import { follow, statusChanged, useStatus } from "../core/queries";
import { Enroll } from "../enroll/Enroll";
import type { Invitation } from "../enroll/link";
import { Lock } from "../lock/Lock";
import { Wiped } from "../lock/Wiped";
import { t } from "../texts";
import { Centered } from "./Centered";
import { Layout } from "./Layout";
import { Notices } from "./Notices";
import { tell } from "./notices";
import { StepUp } from "./StepUp";
import { Waiting } from "./Waiting";

type Boot = "starting" | "ready" | "elsewhere" | { failed: string };

/** The worker is started once for the page, whatever React does with the component. */
let booted: Promise<"ready" | "elsewhere"> | undefined;

export function App({ invitation }: { invitation: Invitation | null }) {
  const [boot, setBoot] = useState<Boot>("starting");

  useEffect(() => {
    const stopFollowing = follow();
    const stopListening = listen((event) => {
      if (event.t === "elsewhere") {
        setBoot("elsewhere");
      } else if (event.t === "broken") {
        setBoot({ failed: t.failure.core });
      } else if (event.t === "ended") {
        tell("problem", problemText(event.problem));
      }
    });
    booted ??= start();
    booted.then(setBoot, (thrown: unknown) => setBoot({ failed: toFailure(thrown).message }));
    return () => {
      stopFollowing();
      stopListening();
    };
  }, []);

  return (
    <>
      {content(boot, setBoot, invitation)}
      <Notices />
      <StepUp />
    </>
  );
}

function content(
  boot: Boot,
  setBoot: (boot: Boot) => void,
  invitation: Invitation | null,
): ReactNode {
  if (boot === "starting") {
    return <Waiting />;
  }
  if (boot === "ready") {
    return <Stage invitation={invitation} />;
  }
  if (boot === "elsewhere") {
    return <Elsewhere onHere={() => setBoot("ready")} />;
  }
  return (
    <Centered title={t.failure.start} text={t.failure.startHint}>
      <p>
        <code>{boot.failed}</code>
      </p>
      <Button onClick={() => location.reload()}>{t.failure.reload}</Button>
    </Centered>
  );
}

function Elsewhere({ onHere }: { onHere(): void }) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const take = async () => {
    setBusy(true);
    try {
      await takeOver();
      await statusChanged();
      onHere();
    } catch (thrown) {
      setFailure(toFailure(thrown).message);
      setBusy(false);
    }
  };
  return (
    <Centered title={t.elsewhere.title} text={t.elsewhere.text}>
      <Button size="lg" loading={busy} onClick={() => void take()}>
        {t.elsewhere.action}
      </Button>
      {failure ? <p role="alert">{failure}</p> : null}
    </Centered>
  );
}

function Stage({ invitation }: { invitation: Invitation | null }) {
  const status = useStatus();
  if (status.isError) {
    return (
      <Centered title={t.failure.title} text={toFailure(status.error).message}>
        <Button onClick={() => void status.refetch()}>{t.retry}</Button>
      </Centered>
    );
  }
  switch (status.data?.stage) {
    case undefined:
      return <Waiting />;
    case "new":
    case "enrolling":
    case "pending":
      return <Enroll status={status.data} invitation={invitation} />;
    case "locked":
      return <Lock status={status.data} />;
    case "wiped":
      return <Wiped />;
    case "open":
      return <Layout />;
  }
}
