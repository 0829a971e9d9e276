/** Everyone's devices: found by state, program or name, looked at, and dealt with many at once. */
import { Button, TextInput } from "@mantine/core";
import { Download, Search } from "lucide-react";
import { useDeferredValue, useMemo, useState } from "react";
import { useApi, useFleet, useMe } from "../core/queries";
import type { DeviceInfo } from "../core/wire";
import { programName } from "../devices/State";
import { Empty } from "../shell/Empty";
import { tellFailure } from "../shell/notices";
import { useWide } from "../shell/useNarrow";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { Bulk } from "./Bulk";
import { Cards } from "./Cards";
import styles from "./Fleet.module.css";
import { FleetPage } from "./FleetPage";
import { downloadCsv } from "./files";
import { counts, DRAWN, drawn, type Filter, fitting, ordered, STATES } from "./filter";
import { Invitations } from "./Invitations";
import { Table } from "./Table";

/** The roles that may do something to others' devices. */
const MANAGERS = ["security_officer", "operator"];
/** The role that invites people to enrol a device. */
const INVITES = "enrolling_officer";

export default function Fleet() {
  const fleet = useFleet();
  const me = useMe();
  const [filter, setFilter] = useState<Filter>({ state: null, program: null, text: "" });
  const [most, setMost] = useState(DRAWN);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const looked = useDeferredValue(filter);
  // The hospital makes the file: it asks for a proof first, and records how many devices leave.
  const exporting = useApi("exportDevices");
  const all = fleet.data;
  const whole = !fleet.hasNextPage;
  const fit = useMemo(() => ordered(fitting(all ?? [], looked)), [all, looked]);
  const shown = fit.filter(({ state }) => looked.state === null || state === looked.state);
  const { page, next, left } = drawn(shown, most);
  const selected = shown.filter(({ id }) => chosen.has(id));
  const manages = MANAGERS.some((role) => me.data?.roles.includes(role));
  const change = (next: Partial<Filter>) => {
    setFilter({ ...filter, ...next });
    setMost(DRAWN);
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
            <p role="status">
              {howMany(t.fleet.shown(shown.length, all.length), whole, fleet.isError)}
            </p>
            {!whole && fleet.isError ? (
              <Button
                variant="light"
                loading={fleet.isFetching}
                onClick={() => void fleet.fetchNextPage()}
              >
                {t.fleet.others}
              </Button>
            ) : null}
            <Button
              variant="default"
              leftSection={<Download aria-hidden />}
              loading={(!whole && !fleet.isError) || exporting.isPending}
              disabled={!whole || shown.length === 0}
              onClick={() =>
                exporting.mutate(
                  { ids: shown.map(({ id }) => id) },
                  {
                    onSuccess: ({ file, text }) => downloadCsv(file, text),
                    onError: tellFailure,
                  },
                )
              }
            >
              {t.fleet.export}
            </Button>
          </div>
          {shown.length === 0 ? (
            <Empty title={whyNothing(all.length === 0, whole)} />
          ) : (
            <List
              devices={page}
              listed={shown}
              chosen={chosen}
              selectable={manages}
              onToggle={toggle}
            />
          )}
          {left > 0 ? (
            <Button
              variant="light"
              fullWidth
              aria-label={t.fleet.moreOf(next, left)}
              onClick={() => setMost(most + DRAWN)}
            >
              {t.fleet.more(next)}
            </Button>
          ) : null}
          <Bulk
            chosen={selected}
            unseen={selected.length - page.filter(({ id }) => chosen.has(id)).length}
            onDone={() => setChosen(new Set())}
          />
        </>
      ) : null}
    </FleetPage>
  );
}

/** How many are listed, and whether others are still to come. */
function howMany(shown: string, whole: boolean, broken: boolean): string {
  if (whole) {
    return shown;
  }
  return broken ? t.fleet.cutOff(shown) : t.fleet.soFar(shown);
}

/** Why nothing is listed. */
function whyNothing(atAll: boolean, whole: boolean): string {
  if (!whole) {
    return t.fleet.noneSoFar;
  }
  return atAll ? t.fleet.noneAtAll : t.fleet.none;
}

/** What a list of devices is given, whatever its form. */
export interface ListProps {
  /** Those that are drawn. */
  devices: readonly DeviceInfo[];
  /** All that fit the filter. */
  listed: readonly DeviceInfo[];
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
