/** The way around a closed chart: a button, and the dialog behind it. */
import { Button } from "@mantine/core";
import { LockOpen } from "lucide-react";
import { useState } from "react";
import { t } from "../texts";
import { Break } from "./Break";

export function BreakButton({ patient, onBroken }: { patient: string; onBroken?(): void }) {
  const [asking, setAsking] = useState(false);
  const close = () => setAsking(false);
  const broken = () => {
    close();
    onBroken?.();
  };
  return (
    <>
      <Button color="red" leftSection={<LockOpen aria-hidden />} onClick={() => setAsking(true)}>
        {t.glass.open}
      </Button>
      <Break patient={patient} opened={asking} onClose={close} onBroken={broken} />
    </>
  );
}
