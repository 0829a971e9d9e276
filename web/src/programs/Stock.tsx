/** Devices that wait to be handed out, and device managers: what they know, and files from them. */
import { TextInput } from "@mantine/core";
import { useState } from "react";
import { useApi, useMe, useStock } from "../core/queries";
import type { Registered } from "../core/wire";
import { programName } from "../devices/State";
import { FileButton } from "../shell/FileButton";
import { tell, tellFailure } from "../shell/notices";
import { t } from "../texts";
import { age } from "../texts/time";
import styles from "./Programs.module.css";
import { Warnings } from "./Warnings";

/** The roles that register devices and import what managers say. */
const IMPORTERS = ["security_officer", "operator"];

export function Stock() {
  const stock = useStock();
  const me = useMe();
  const register = useApi("register");
  const imported = useApi("importManaged");
  const [source, setSource] = useState("");
  if (!stock.data) {
    return stock.error ? <p role="alert">{stock.error.message}</p> : null;
  }
  const { registered, managers } = stock.data;
  const imports = IMPORTERS.some((role) => me.data?.roles.includes(role));
  return (
    <>
      <section className={styles.card} aria-labelledby="registered">
        <h2 id="registered">{t.stock.registered}</h2>
        <p>{t.stock.waiting(registered.length)}</p>
        {registered.length > 0 ? <List registered={registered} /> : null}
        {imports ? (
          <FileButton
            text={t.stock.register}
            accept=".csv,text/csv"
            busy={register.isPending}
            onFile={(text) =>
              register.mutate(
                { format: "csv", text },
                {
                  onSuccess: ({ devices }) => tell("done", t.stock.isRegistered(devices)),
                  onError: tellFailure,
                },
              )
            }
          />
        ) : null}
        <p className={styles.small}>{t.stock.registerHint}</p>
      </section>
      <section className={styles.card} aria-labelledby="managers">
        <h2 id="managers">{t.stock.managers}</h2>
        <p>{t.stock.known(managers.known, managers.unmatched)}</p>
        <p>
          {managers.intune
            ? managers.pulled_at
              ? t.stock.intuneAt(age(managers.pulled_at, Date.now()))
              : t.stock.intuneNever
            : t.stock.noIntune}
        </p>
        {managers.problem && managers.tried_at ? (
          <p>{t.stock.intuneFailed(age(managers.tried_at, Date.now()))}</p>
        ) : null}
        {managers.problem ? <Warnings texts={[managers.problem]} /> : null}
        {managers.waiting_since ? (
          <p>{t.fleet.ordersWait(managers.waiting, age(managers.waiting_since, Date.now()))}</p>
        ) : null}
        {managers.waiting_problem ? (
          <Warnings texts={[t.fleet.orderFailed(managers.waiting_problem)]} />
        ) : null}
        {imports ? (
          <>
            <TextInput
              label={t.stock.source}
              description={t.stock.sourceHint}
              value={source}
              maxLength={60}
              onChange={(event) => setSource(event.currentTarget.value)}
            />
            <FileButton
              text={t.stock.import}
              accept=".csv,.json,text/csv,application/json"
              busy={imported.isPending}
              disabled={source.trim() === ""}
              onFile={(text, name) =>
                imported.mutate(
                  {
                    source: source.trim(),
                    format: name.toLowerCase().endsWith(".json") ? "json" : "csv",
                    text,
                  },
                  {
                    onSuccess: ({ devices, matched }) =>
                      tell("done", t.stock.isImported(devices, matched)),
                    onError: tellFailure,
                  },
                )
              }
            />
          </>
        ) : null}
      </section>
    </>
  );
}

function List({ registered }: { registered: readonly Registered[] }) {
  return (
    <details className={styles.more}>
      <summary>{t.stock.list}</summary>
      <ul>
        {registered.map((device) => (
          <li key={device.serial}>
            <strong>{device.serial}</strong>{" "}
            <span>
              {[programName(device.program), device.model, device.note].filter(Boolean).join(" · ")}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
