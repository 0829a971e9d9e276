import { Button, TextInput } from "@mantine/core";
import { CircleAlert, CircleCheck } from "lucide-react";
import { type FormEvent, useState } from "react";
import { passkeysPossible } from "../core/passkey";
import { useCall } from "../core/queries";
import type { EnrollStarted } from "../core/wire";
import { t } from "../texts";
import { guessDeviceName } from "./deviceName";
import styles from "./Enroll.module.css";
import { type Invitation, tidyCode } from "./link";

export function CodeStep({
  invitation,
  onStarted,
}: {
  invitation: Invitation | null;
  onStarted(started: EnrollStarted): void;
}) {
  const [fromLink, setFromLink] = useState(invitation);
  const [code, setCode] = useState("");
  const [name, setName] = useState(() => guessDeviceName(navigator.userAgent));
  const [checked, setChecked] = useState(false);
  const start = useCall("enroll_start");
  const codeMissing = !fromLink && tidyCode(code) === "";
  const nameMissing = name.trim() === "";

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setChecked(true);
    if (codeMissing || nameMissing) {
      return;
    }
    start.mutate(
      {
        code: fromLink?.code ?? tidyCode(code),
        device_name: name.trim(),
        ...(fromLink?.pins ? { pins: fromLink.pins } : {}),
      },
      { onSuccess: onStarted },
    );
  };

  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <p>{t.enroll.intro}</p>
      {passkeysPossible() ? null : (
        <p className={styles.failure} role="alert">
          <CircleAlert aria-hidden />
          {t.enroll.noPasskeys}
        </p>
      )}
      {fromLink ? (
        <p className={styles.found}>
          <CircleCheck aria-hidden />
          {t.enroll.linkFound}
        </p>
      ) : (
        <TextInput
          label={t.enroll.code}
          description={t.enroll.codeHint}
          error={checked && codeMissing ? t.enroll.codeMissing : null}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
          classNames={{ label: "field-label", input: `field-input ${styles.code}` }}
          autoCapitalize="characters"
          autoCorrect="off"
          spellCheck={false}
          enterKeyHint="next"
        />
      )}
      <TextInput
        label={t.enroll.deviceName}
        description={t.enroll.deviceHint}
        error={checked && nameMissing ? t.enroll.deviceMissing : null}
        value={name}
        maxLength={60}
        onChange={(event) => setName(event.currentTarget.value)}
        enterKeyHint="go"
      />
      {start.error ? (
        <p className={styles.failure} role="alert">
          <CircleAlert aria-hidden />
          {start.error.message}
        </p>
      ) : null}
      <div className={styles.actions}>
        <Button type="submit" size="lg" h="3.25rem" loading={start.isPending}>
          {t.enroll.start}
        </Button>
        {fromLink ? (
          <Button variant="subtle" onClick={() => setFromLink(null)}>
            {t.enroll.otherCode}
          </Button>
        ) : null}
      </div>
    </form>
  );
}
