/** A file of token cards from their maker. What is in it is secret and kept no longer than needed. */
import { Button, TextInput } from "@mantine/core";
import { useRef, useState } from "react";
import { type Failure, toFailure } from "../core/failure";
import { askUnkept } from "../core/queries";
import type { TokenImport, TokensImported } from "../core/wire";
import dialog from "../shell/Dialog.module.css";
import { FileButton } from "../shell/FileButton";
import { t } from "../texts";
import styles from "./Codes.module.css";
import { formatOf } from "./tokens";
import { told } from "./words";

const LOCKS = ["none", "passphrase", "key"] as const;
type Lock = (typeof LOCKS)[number];

export function ImportCards() {
  const [file, setFile] = useState<{ name: string; text: string } | null>(null);
  const [done, setDone] = useState<TokensImported | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  return (
    <>
      {file ? (
        <Import
          file={file}
          onDone={(imported) => {
            setFile(null);
            setFailure(null);
            setDone(imported);
          }}
          onFailure={setFailure}
          onCancel={() => {
            setFile(null);
            setFailure(null);
          }}
        />
      ) : (
        <FileButton
          text={t.cards.import}
          accept=".csv,.xml,.pskc,.pskcxml,text/csv,text/xml,application/xml"
          busy={false}
          onFile={(text, name) => {
            setDone(null);
            setFailure(null);
            setFile({ name, text });
          }}
        />
      )}
      <div role="status">
        {done ? <p className={styles.done}>{t.cards.imported(done.taken, done.known)}</p> : null}
      </div>
      <div role="alert" className={styles.refused}>
        {failure ? <Refused failure={failure} /> : null}
      </div>
      {file ? null : (
        <details className={styles.more}>
          <summary>{t.cards.formats}</summary>
          <p>{t.cards.csvHint}</p>
          <p>{t.cards.pskcHint}</p>
        </details>
      )}
    </>
  );
}

function Import({
  file,
  onDone,
  onFailure,
  onCancel,
}: {
  file: { name: string; text: string };
  onDone(imported: TokensImported): void;
  onFailure(failure: Failure | null): void;
  onCancel(): void;
}) {
  const format = formatOf(file.text);
  const [lock, setLock] = useState<Lock>("none");
  const [busy, setBusy] = useState(false);
  // Not in the state of React, which keeps a copy of what was typed before.
  const secret = useRef<HTMLInputElement>(null);
  const run = async () => {
    const opens = secret.current?.value ?? "";
    const request: TokenImport = {
      format,
      text: file.text,
      ...(lock === "passphrase" ? { passphrase: opens } : {}),
      ...(lock === "key" ? { key: opens.replace(/\s/g, "") } : {}),
    };
    setBusy(true);
    onFailure(null);
    try {
      onDone(await askUnkept("importTokens", request));
    } catch (thrown) {
      onFailure(toFailure(thrown));
      setBusy(false);
    }
  };
  return (
    <form
      className={styles.form}
      autoComplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        void run();
      }}
    >
      <p className={styles.file}>{t.cards.file(file.name, format)}</p>
      {format === "pskc" ? (
        <fieldset className={styles.fields}>
          <legend>{t.cards.locked}</legend>
          <div className={styles.radios}>
            {LOCKS.map((each) => (
              <label key={each}>
                <input
                  type="radio"
                  name="lock"
                  checked={lock === each}
                  onChange={() => setLock(each)}
                />
                {t.cards.lock[each]}
              </label>
            ))}
          </div>
          {lock === "none" ? null : (
            <TextInput
              key={lock}
              ref={secret}
              type="password"
              label={t.cards.lock[lock]}
              description={lock === "key" ? t.cards.keyHint : t.cards.passphraseHint}
              required
              withAsterisk={false}
            />
          )}
        </fieldset>
      ) : null}
      <div className={dialog.actions}>
        <Button variant="default" onClick={onCancel}>
          {t.cancel}
        </Button>
        <Button type="submit" loading={busy}>
          {t.cards.importAction}
        </Button>
      </div>
    </form>
  );
}

function Refused({ failure }: { failure: Failure }) {
  const reasons = failure.problem?.reasons;
  if (failure.code !== "import-refused" || !Array.isArray(reasons)) {
    return <p>{told(failure)}</p>;
  }
  return (
    <>
      <p>{t.cards.refused}</p>
      <ul>
        {reasons.map(String).map((reason) => (
          <li key={reason}>{reason.charAt(0).toUpperCase() + reason.slice(1)}</li>
        ))}
      </ul>
    </>
  );
}
