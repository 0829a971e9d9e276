/** A smart card of one's own: named, then presented. In this order, since what is answered to a
 * presented card counts for a short time only. */
import { Button, Modal, TextInput } from "@mantine/core";
import { type FormEvent, useRef, useState } from "react";
import codes from "../codes/Codes.module.css";
import { Refused } from "../codes/Refused";
import { LONGEST_NAME } from "../codes/Rename";
import { toFailure } from "../core/failure";
import { askUnkept } from "../core/queries";
import dialog from "../shell/Dialog.module.css";
import { tell } from "../shell/notices";
import { useNarrow } from "../shell/useNarrow";
import { t } from "../texts";
import { present, refusedWords } from "./present";

export function AddCard({ opened, onClose }: { opened: boolean; onClose(): void }) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t.smartCards.add}
      fullScreen={useNarrow()}
      closeButtonProps={{ "aria-label": t.close }}
    >
      {opened ? <Form onClose={onClose} /> : null}
    </Modal>
  );
}

function Form({ onClose }: { onClose(): void }) {
  const [name, setName] = useState<string>(t.smartCards.badge);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<readonly string[]>([]);
  const button = useRef<HTMLButtonElement>(null);
  const called = name.trim();
  const add = async () => {
    setBusy(true);
    setRefused([]);
    try {
      const shown = await present(await askUnkept("cardChallenge", undefined));
      await askUnkept("addCard", { ...shown, name: called });
      onClose();
      tell("done", t.smartCards.added(called));
    } catch (thrown) {
      setRefused(refusedWords(toFailure(thrown)));
      button.current?.focus();
    }
    setBusy(false);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!busy && called !== "") {
      void add();
    }
  };
  return (
    <form className={codes.form} onSubmit={submit}>
      <p>{t.smartCards.addHint}</p>
      <TextInput
        label={t.smartCards.name}
        description={t.smartCards.nameHint}
        value={name}
        maxLength={LONGEST_NAME}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <p role="status">{busy ? t.smartCards.reading : null}</p>
      <Refused lines={refused} />
      <div className={dialog.actions}>
        <Button variant="default" onClick={onClose}>
          {t.cancel}
        </Button>
        {/* Not disabled while the card is read: the focus comes back to it. */}
        <Button ref={button} type="submit" aria-busy={busy} disabled={called === ""}>
          {t.smartCards.read}
        </Button>
      </div>
    </form>
  );
}
