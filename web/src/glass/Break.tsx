/** Opening the chart of a patient who is not one's own: for what, and why. */
import { Button, Modal, Radio, Textarea } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { Refused } from "../codes/Refused";
import { told } from "../codes/words";
import { useApi } from "../core/queries";
import type { GlassPurpose } from "../core/wire";
import dialog from "../shell/Dialog.module.css";
import { tell } from "../shell/notices";
import { useNarrow } from "../shell/useNarrow";
import { t } from "../texts";
import { clock } from "../texts/time";
import styles from "./Glass.module.css";

const PURPOSES: readonly GlassPurpose[] = ["ETREAT", "BTG", "TREAT", "COC"];
const LONGEST = 500;

export function Break({
  patient,
  opened,
  onClose,
  onBroken,
}: {
  patient: string;
  opened: boolean;
  onClose(): void;
  onBroken(): void;
}) {
  const narrow = useNarrow();
  const [purpose, setPurpose] = useState<GlassPurpose | null>(null);
  const [reason, setReason] = useState("");
  const breaking = useApi("breakGlass");
  const whole = purpose !== null && reason.trim() !== "";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (purpose !== null && reason.trim() !== "") {
      breaking.mutate(
        { patient, purpose, reason: reason.trim() },
        {
          onSuccess: ({ until }) => {
            setPurpose(null);
            setReason("");
            tell("done", t.glass.done(clock(until)));
            onBroken();
          },
        },
      );
    }
  };
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t.glass.title}
      fullScreen={narrow}
      closeButtonProps={{ "aria-label": t.close }}
    >
      <form className={styles.form} onSubmit={submit}>
        <p>{t.glass.text}</p>
        <Radio.Group
          label={t.glass.purpose}
          value={purpose}
          onChange={(value) => setPurpose(PURPOSES.find((each) => each === value) ?? null)}
        >
          <div className={styles.purposes}>
            {PURPOSES.map((code) => (
              <Radio
                key={code}
                value={code}
                label={t.glass.purposes[code]?.name ?? code}
                description={t.glass.purposes[code]?.text}
              />
            ))}
          </div>
        </Radio.Group>
        <Textarea
          label={t.glass.reason}
          description={t.glass.reasonHint}
          autosize
          minRows={2}
          maxRows={6}
          maxLength={LONGEST}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <Refused lines={breaking.error ? [told(breaking.error)] : []} />
        <div className={dialog.actions}>
          <Button variant="default" onClick={onClose}>
            {t.cancel}
          </Button>
          <Button type="submit" color="red" loading={breaking.isPending} disabled={!whole}>
            {t.glass.open}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
