import { Button, Modal, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useApi } from "../core/queries";
import type { FactorInfo } from "../core/wire";
import dialog from "../shell/Dialog.module.css";
import { useLast } from "../shell/useLast";
import { t } from "../texts";
import styles from "./Codes.module.css";

/** The longest name that the hospital takes. */
export const LONGEST_NAME = 40;

export function Rename({
  factor: asked,
  onClose,
}: {
  factor: FactorInfo | undefined;
  onClose(): void;
}) {
  const factor = useLast(asked);
  return (
    <Modal
      opened={asked !== undefined}
      onClose={onClose}
      title={t.codes.renameTitle(factor?.name ?? "")}
      closeButtonProps={{ "aria-label": t.close }}
    >
      {factor ? <Form factor={factor} onClose={onClose} /> : null}
    </Modal>
  );
}

function Form({ factor, onClose }: { factor: FactorInfo; onClose(): void }) {
  const [name, setName] = useState(factor.name);
  const rename = useApi("renameFactor");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    rename.mutate({ id: factor.factor_id, name: name.trim() }, { onSuccess: onClose });
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <TextInput
        label={t.codes.name}
        value={name}
        maxLength={LONGEST_NAME}
        error={rename.error?.message}
        errorProps={{ role: "alert" }}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <div className={dialog.actions}>
        <Button variant="default" onClick={onClose}>
          {t.cancel}
        </Button>
        <Button type="submit" loading={rename.isPending} disabled={name.trim() === ""}>
          {t.codes.renameAction}
        </Button>
      </div>
    </form>
  );
}
