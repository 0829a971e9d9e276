/**
 * An authenticator app of one's own. Its secret is told once: it stands in this dialog until the
 * first code was right or the dialog is closed, and nowhere else.
 */
import { Button, Modal, TextInput } from "@mantine/core";
import { Smartphone } from "lucide-react";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { toFailure } from "../core/failure";
import { askUnkept } from "../core/queries";
import type { FactorBegun } from "../core/wire";
import { QrCode } from "../devices/QrCode";
import dialog from "../shell/Dialog.module.css";
import { tell } from "../shell/notices";
import { useNarrow } from "../shell/useNarrow";
import { t } from "../texts";
import { CodeForm } from "./CodeForm";
import styles from "./Codes.module.css";
import { LONGEST_NAME } from "./Rename";
import { groups, told } from "./words";

export function AddApp({ opened, onClose }: { opened: boolean; onClose(): void }) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t.codes.addTitle}
      fullScreen={useNarrow()}
      closeButtonProps={{ "aria-label": t.close }}
    >
      {opened ? <Steps onClose={onClose} /> : null}
    </Modal>
  );
}

interface Begun {
  name: string;
  told: FactorBegun;
}

function Steps({ onClose }: { onClose(): void }) {
  const [begun, setBegun] = useState<Begun | null>(null);
  return begun ? (
    <Scan begun={begun} onClose={onClose} />
  ) : (
    <Name onBegun={setBegun} onClose={onClose} />
  );
}

function Name({ onBegun, onClose }: { onBegun(begun: Begun): void; onClose(): void }) {
  const [name, setName] = useState<string>(t.codes.app);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const begin = async () => {
    const called = name.trim();
    setBusy(true);
    setRefused("");
    try {
      onBegun({ name: called, told: await askUnkept("addFactor", { name: called }) });
    } catch (thrown) {
      setRefused(told(toFailure(thrown)));
      setBusy(false);
      field.current?.focus();
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void begin();
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <p>{t.codes.addHint}</p>
      <TextInput
        ref={field}
        label={t.codes.name}
        value={name}
        maxLength={LONGEST_NAME}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <p role="alert" className={styles.refused}>
        {refused}
      </p>
      <div className={dialog.actions}>
        <Button variant="default" onClick={onClose}>
          {t.cancel}
        </Button>
        <Button type="submit" loading={busy} disabled={name.trim() === ""}>
          {t.codes.next}
        </Button>
      </div>
    </form>
  );
}

function Scan({ begun: { name, told: factor }, onClose }: { begun: Begun; onClose(): void }) {
  const narrow = useNarrow();
  const heading = useRef<HTMLHeadingElement>(null);
  // The keyboard of a phone would hide the picture: the field is not what comes first.
  useEffect(() => heading.current?.focus(), []);
  return (
    <div className={styles.scan}>
      <h3 ref={heading} tabIndex={-1}>
        {t.codes.scan}
      </h3>
      <QrCode text={factor.uri} label={t.codes.picture(name)} />
      {narrow ? (
        <Button
          component="a"
          href={factor.uri}
          variant="light"
          fullWidth
          leftSection={<Smartphone aria-hidden />}
        >
          {t.codes.open}
        </Button>
      ) : null}
      <div>
        <p id="secret-label">{t.codes.typed}</p>
        <output className={styles.secret} aria-labelledby="secret-label">
          {groups(factor.secret).map((group, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: groups may repeat and never move
            <span key={at}>{group} </span>
          ))}
        </output>
      </div>
      <p>{t.codes.once}</p>
      <CodeForm
        labels={[t.codes.shown]}
        action={t.codes.confirm}
        onAttempt={async ([code = ""]) => {
          await askUnkept("confirmFactor", { id: factor.factor_id, code });
          onClose();
          tell("done", t.codes.confirmed(name));
        }}
        onCancel={onClose}
      />
    </div>
  );
}
