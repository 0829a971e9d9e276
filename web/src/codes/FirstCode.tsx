/** The first code of a generator shows that its person has it and can read it. */
import { Modal } from "@mantine/core";
import { askUnkept } from "../core/queries";
import type { FactorInfo } from "../core/wire";
import { tell } from "../shell/notices";
import { useLast } from "../shell/useLast";
import { t } from "../texts";
import { CodeForm } from "./CodeForm";

export function FirstCode({
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
      title={t.codes.firstCode}
      closeButtonProps={{ "aria-label": t.close }}
    >
      {factor ? (
        <>
          <p>{t.codes.firstCodeOf(factor.name)}</p>
          <CodeForm
            labels={[t.codes.code]}
            action={t.codes.confirm}
            onAttempt={async ([code = ""]) => {
              await askUnkept("confirmFactor", { id: factor.factor_id, code });
              onClose();
              tell("done", t.codes.confirmed(factor.name));
            }}
            onCancel={onClose}
          />
        </>
      ) : null}
    </Modal>
  );
}
