/** The numbers that the planner reckons with, each with its source; to be replaced by one's own. */
import { Button, Modal, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { ChangedAssumptions } from "../core/api";
import type { Comparison, Estimate } from "../core/wire";
import { useNarrow } from "../shell/useNarrow";
import { t } from "../texts";
import { birth } from "../texts/time";
import { readRange } from "./estimate";
import { quantity } from "./money";
import styles from "./Planner.module.css";

type Assumed = Comparison["assumptions"][number];

export function Assumptions({
  assumptions,
  changed,
  onChange,
}: {
  assumptions: readonly Assumed[];
  changed: ChangedAssumptions;
  onChange(changed: ChangedAssumptions): void;
}) {
  const [editing, setEditing] = useState<Assumed | null>(null);
  return (
    <section className={styles.card} aria-labelledby="assumptions">
      <h2 id="assumptions">{t.planner.assumptions}</h2>
      <p>{t.planner.assumptionsHint}</p>
      {Object.keys(changed).length > 0 ? (
        <Button variant="light" onClick={() => onChange({})}>
          {t.planner.reset}
        </Button>
      ) : null}
      <ul className={styles.assumptions}>
        {assumptions.map((assumed) => (
          <Row
            key={assumed.name}
            assumed={assumed}
            isChanged={assumed.name in changed}
            onEdit={() => setEditing(assumed)}
          />
        ))}
      </ul>
      {editing ? (
        <Edit
          assumed={editing}
          onClose={() => setEditing(null)}
          onApply={(estimate) => {
            onChange({ ...changed, [editing.name]: estimate });
            setEditing(null);
          }}
        />
      ) : null}
    </section>
  );
}

function Row({
  assumed: { name, estimate },
  isChanged,
  onEdit,
}: {
  assumed: Assumed;
  isChanged: boolean;
  onEdit(): void;
}) {
  return (
    <li>
      <div>
        <p>
          <strong>{readable(name)}</strong>
          {isChanged ? <span className={styles.changed}>{t.planner.changed}</span> : null}
        </p>
        <p className={styles.number}>
          {quantity(estimate.likely)} {estimate.unit}
          {estimate.low === estimate.high ? null : (
            <span> ({t.planner.range(quantity(estimate.low), quantity(estimate.high))})</span>
          )}
        </p>
        <p className={styles.source}>
          {estimate.source}, {t.planner.of(birth(estimate.date))}
        </p>
      </div>
      <Button variant="subtle" aria-label={t.planner.changeTitle(readable(name))} onClick={onEdit}>
        {t.planner.change}
      </Button>
    </li>
  );
}

function Edit({
  assumed: { name, estimate },
  onClose,
  onApply,
}: {
  assumed: Assumed;
  onClose(): void;
  onApply(estimate: Estimate): void;
}) {
  const narrow = useNarrow();
  const [low, setLow] = useState(String(estimate.low));
  const [likely, setLikely] = useState(String(estimate.likely));
  const [high, setHigh] = useState(String(estimate.high));
  const [source, setSource] = useState("");
  const range = readRange(low, likely, high);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (range) {
      onApply({
        ...range,
        unit: estimate.unit,
        source: source.trim() || t.planner.own,
        date: new Date().toISOString().slice(0, 10),
      });
    }
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.planner.changeTitle(readable(name))}
      fullScreen={narrow}
      closeButtonProps={{ "aria-label": t.close }}
    >
      <form className={styles.edit} onSubmit={submit}>
        <p>
          {t.planner.unit}: {estimate.unit}
        </p>
        <div className={styles.numbers}>
          <Decimal label={t.planner.low} value={low} onChange={setLow} />
          <Decimal label={t.planner.likely} value={likely} onChange={setLikely} />
          <Decimal label={t.planner.high} value={high} onChange={setHigh} />
        </div>
        {range ? null : <p role="alert">{t.planner.ordered}</p>}
        <TextInput
          label={t.planner.source}
          placeholder={t.planner.own}
          value={source}
          maxLength={400}
          onChange={(event) => setSource(event.currentTarget.value)}
        />
        <Button type="submit" disabled={!range}>
          {t.planner.apply}
        </Button>
      </form>
    </Modal>
  );
}

function Decimal({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange(value: string): void;
}) {
  return (
    <TextInput
      label={label}
      inputMode="decimal"
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

/** `phone_price` is `phone price`: the name as it stands in formulas, without its underscores. */
function readable(name: string): string {
  return name.replaceAll("_", " ");
}
