/** Everyone's devices: found by state, program or name, looked at, and dealt with many at once. */
import { Button, TextInput } from "@mantine/core";
import { Download, Search } from "lucide-react";
import { useDeferredValue, useMemo, useState } from "react";
import { useFleet, useMe } from "../core/queries";
import type { DeviceInfo } from "../core/wire";
import { programName } from "../devices/State";
import { Empty } from "../shell/Empty";
import { useWide } from "../shell/useNarrow";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { Bulk } from "./Bulk";
import { Cards } from "./Cards";
import { toCsv } from "./csv";
import styles from "./Fleet.module.css";
import { FleetPage } from "./FleetPage";
import { downloadCsv } from "./files";
import { counts, type Filter, fitting, ordered, STATES } from "./filter";
import { Invitations } from "./Invitations";
import { deviceRows } from "./rows";
import { Table } from "./Table";

/** More are listed when asked for: a list that nobody reads is not drawn. */
const PAGE = 60;
/** The roles that may do something to others' devices. */
const MANAGERS = ["security_officer", "operator"];
/** The role that invites people to enrol a device. */
const INVITES = "enrolling_officer";

export default function Fleet() {
  const fleet = useFleet();
  const me = useMe();
  const [filter, setFilter] = useState<Filter>({ state: null, program: null, text: "" });
  const [listed, setListed] = useState(PAGE);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const looked = useDeferredValue(filter);
  const all = fleet.data;
  const fit = useMemo(() => ordered(fitting(all ?? [], looked)), [all, looked]);
  const shown = fit.filter(({ state }) => looked.state === null || state === looked.state);
  const page = shown.slice(0, listed);
  const manages = MANAGERS.some((role) => me.data?.roles.includes(role));
  const change = (next: Partial<Filter>) => {
    setFilter({ ...filter, ...next });
    setListed(PAGE);
    setChosen(new Set());
  };
  const toggle = (ids: readonly string[], on: boolean) => {
    const next = new Set(chosen);
    for (const id of ids) {
      if (on) {
        next.add(id);
      } else {
        next.delete(id);
      }
    }
    setChosen(next);
  };

  const List = useWide() ? Table : Cards;
  return (
    <FleetPage at="fleet" title={t.fleet.title}>
      {fleet.isPending ? <Waiting /> : null}
      {fleet.error ? <Empty title={t.failure.title} text={fleet.error.message} /> : null}
      {all ? (
        <>
          <div className={styles.filters}>
            <TextInput
              type="search"
              aria-label={t.fleet.search}
              placeholder={t.fleet.search}
              leftSection={<Search aria-hidden />}
              value={filter.text}
              onChange={(event) => change({ text: event.currentTarget.value })}
            />
            <Programs devices={all} chosen={filter.program} onChoose={change} />
          </div>
          <States devices={fit} chosen={filter.state} onChoose={change} />
          <Invitations withdraws={me.data?.roles.includes(INVITES) ?? false} />
          <div className={styles.above}>
            <p role="status">{t.fleet.shown(shown.length, all.length)}</p>
            <Button
              variant="default"
              leftSection={<Download aria-hidden />}
              disabled={shown.length === 0}
              onClick={() => downloadCsv("devices.csv", toCsv(deviceRows(shown)))}
            >
              {t.fleet.export}
            </Button>
          </div>
          {shown.length === 0 ? (
            <Empty title={all.length === 0 ? t.fleet.noneAtAll : t.fleet.none} />
          ) : (
            <List devices={page} chosen={chosen} selectable={manages} onToggle={toggle} />
          )}
          {shown.length > page.length ? (
            <Button variant="light" fullWidth onClick={() => setListed(listed + PAGE)}>
              {t.fleet.more(Math.min(PAGE, shown.length - page.length))}
            </Button>
          ) : null}
          <Bulk
            chosen={shown.filter(({ id }) => chosen.has(id))}
            onDone={() => setChosen(new Set())}
          />
        </>
      ) : null}
    </FleetPage>
  );
}

/** What a list of devices is given, whatever its form. */
export interface ListProps {
  devices: readonly DeviceInfo[];
  chosen: ReadonlySet<string>;
  selectable: boolean;
  onToggle(ids: readonly string[], on: boolean): void;
}

function States({
  devices,
  chosen,
  onChoose,
}: {
  devices: readonly DeviceInfo[];
  chosen: Filter["state"];
  onChoose(change: Partial<Filter>): void;
}) {
  const found = counts(devices);
  return (
    <fieldset className={styles.states}>
      <legend className="visually-hidden">{t.fleet.states}</legend>
      <button
        type="button"
        aria-pressed={chosen === null}
        onClick={() => onChoose({ state: null })}
      >
        {t.fleet.all} <strong>{devices.length}</strong>
      </button>
      {STATES.filter((state) => found.has(state) || state === chosen).map((state) => (
        <button
          key={state}
          type="button"
          data-state={state}
          aria-pressed={chosen === state}
          onClick={() => onChoose({ state: chosen === state ? null : state })}
        >
          {t.device.state[state]} <strong>{found.get(state) ?? 0}</strong>
        </button>
      ))}
    </fieldset>
  );
}

function Programs({
  devices,
  chosen,
  onChoose,
}: {
  devices: readonly DeviceInfo[];
  chosen: string | null;
  onChoose(change: Partial<Filter>): void;
}) {
  const slugs = [...new Set(devices.map(({ program }) => program))].sort();
  return (
    <select
      className={styles.select}
      aria-label={t.fleet.program}
      value={chosen ?? ""}
      onChange={(event) => onChoose({ program: event.currentTarget.value || null })}
    >
      <option value="">{t.fleet.allPrograms}</option>
      {slugs.map((slug) => (
        <option key={slug} value={slug}>
          {programName(slug)}
        </option>
      ))}
    </select>
  );
}
