/** This device is out of use, and what was kept on it is gone; the hospital is told so. */
import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import { backoff } from "../core/backoff";
import { call } from "../core/core";
import { toFailure } from "../core/failure";
import { Centered } from "../shell/Centered";
import { dismissAll } from "../shell/notices";
import { t } from "../texts";

export function Wiped() {
  const told = useConfirmation();
  useEffect(dismissAll, []);
  return (
    <Centered title={t.wiped.title} text={t.wiped.text}>
      <p>{t.wiped.found}</p>
      <p role="status">{told ? t.wiped.told : t.wiped.telling}</p>
      <Button size="lg" h="3.25rem" disabled={!told} onClick={() => location.reload()}>
        {t.wiped.action}
      </Button>
    </Centered>
  );
}

/** Tells the hospital until it has heard it. */
function useConfirmation(): boolean {
  const [told, setTold] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let stopped = false;
    const attempt = async (n: number) => {
      const failure = await call("confirm_wipe", {}).then(() => null, toFailure);
      if (stopped) {
        return;
      }
      // The core said it already, and forgot what it was enrolled as.
      if (!failure || failure.code === "not-enrolled") {
        setTold(true);
      } else {
        timer = setTimeout(() => void attempt(n + 1), backoff(n, Math.random()));
      }
    };
    void attempt(0);
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, []);
  return told;
}
