/** Canaries, for privacy officers: which there are, making one, retiring one. */
import { Button, Modal, NativeSelect, SegmentedControl, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { Refused } from "../codes/Refused";
import { told } from "../codes/words";
import { useApi, useCanaries } from "../core/queries";
import type { Canary, CanaryMake } from "../core/wire";
import officer from "../officer/Officer.module.css";
import { tell } from "../shell/notices";
import { Waiting } from "../shell/Waiting";
import { t } from "../texts";
import { moment } from "../texts/time";
import styles from "./Looks.module.css";
import { ReviewsPage } from "./ReviewsPage";

const texts = t.looks.canaries;

export default function Canaries() {
  const canaries = useCanaries();
  const [retiring, setRetiring] = useState<Canary | null>(null);
  const all = canaries.data?.canaries ?? [];
  const live = all.filter(({ retired_at }) => !retired_at);
  const retired = all.filter(({ retired_at }) => retired_at);
  return (
    <ReviewsPage at="canaries" title={texts.title}>
      <p>{texts.hint}</p>
      {canaries.isPending ? <Waiting /> : null}
      {canaries.error ? <p role="alert">{canaries.error.message}</p> : null}
      {canaries.data ? (
        <>
          <section className={officer.card} aria-labelledby="live">
            <h2 id="live">{texts.live}</h2>
            {live.length === 0 ? <p role="status">{texts.none}</p> : null}
            <Rows canaries={live} label="live" onRetire={setRetiring} />
          </section>
          <Make wards={canaries.data.wards} />
        </>
      ) : null}
      {retired.length > 0 ? (
        <section className={officer.card} aria-labelledby="retired">
          <h2 id="retired">{texts.retired}</h2>
          <Rows canaries={retired} label="retired" />
        </section>
      ) : null}
      {retiring ? <Retire canary={retiring} onDone={() => setRetiring(null)} /> : null}
    </ReviewsPage>
  );
}

function Rows({
  canaries,
  label,
  onRetire,
}: {
  canaries: readonly Canary[];
  label: string;
  onRetire?(canary: Canary): void;
}) {
  const now = Date.now();
  return canaries.length > 0 ? (
    <ul className={styles.list} aria-labelledby={label}>
      {canaries.map((each) => (
        <li key={each.id} className={styles.canary}>
          <div className={styles.words}>
            <strong>{each.name}</strong>
            <span>
              {[each.mrn ? t.patient.mrn(each.mrn) : null, each.ward].filter(Boolean).join(" · ")}
            </span>
            <span>
              {texts.made(each.made_by.name, moment(each.made_at, now))}
              {each.made ? null : ` · ${texts.marked}`}
            </span>
            <span>
              {each.looked_at
                ? texts.looks(each.looks, moment(each.looked_at, now))
                : texts.noLooks}
            </span>
          </div>
          {onRetire ? (
            <Button
              variant="default"
              aria-label={texts.retireAsk(each.name)}
              onClick={() => onRetire(each)}
            >
              {texts.retire}
            </Button>
          ) : null}
        </li>
      ))}
    </ul>
  ) : null;
}

function Retire({ canary, onDone }: { canary: Canary; onDone(): void }) {
  const retire = useApi("retireCanary");
  return (
    <Modal
      opened
      onClose={onDone}
      title={texts.retireAsk(canary.name)}
      centered
      closeButtonProps={{ "aria-label": t.close }}
    >
      <p>{canary.made ? texts.retireMade : texts.retireMarked}</p>
      <Refused lines={retire.error ? [told(retire.error)] : []} />
      <div className={officer.does}>
        <Button variant="default" onClick={onDone}>
          {texts.keep}
        </Button>
        <Button
          loading={retire.isPending}
          onClick={() =>
            retire.mutate(
              { id: canary.id },
              {
                onSuccess: () => {
                  tell("done", texts.retiredNow);
                  onDone();
                },
              },
            )
          }
        >
          {texts.retire}
        </Button>
      </div>
    </Modal>
  );
}

const EMPTY = { given: "", family: "", mrn: "" };

function Make({ wards }: { wards: readonly string[] }) {
  const make = useApi("makeCanary");
  const [how, setHow] = useState<"new" | "existing">("new");
  const [fields, setFields] = useState(EMPTY);
  const [sex, setSex] = useState<"female" | "male">("female");
  const [ward, setWard] = useState(wards[0] ?? "");
  const { given, family, mrn } = fields;
  const field = (name: keyof typeof EMPTY) => ({
    value: fields[name],
    autoComplete: "off",
    onChange: (event: { currentTarget: { value: string } }) => {
      const { value } = event.currentTarget;
      setFields((before) => ({ ...before, [name]: value }));
    },
  });
  const isWhole =
    mrn.trim() !== "" &&
    (how === "existing" || (given.trim() !== "" && family.trim() !== "" && ward !== ""));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const asked: CanaryMake =
      how === "new" ? { new: { given, family, sex, mrn, ward } } : { existing: { mrn } };
    make.mutate(asked, {
      onSuccess: ({ name }) => {
        tell("done", texts.madeNow(name));
        setFields(EMPTY);
      },
    });
  };
  return (
    <section className={officer.card} aria-labelledby="make">
      <h2 id="make">{texts.make}</h2>
      <form className={styles.form} onSubmit={submit}>
        <SegmentedControl
          aria-labelledby="make"
          value={how}
          onChange={(value) => setHow(value === "existing" ? "existing" : "new")}
          data={[
            { value: "new", label: texts.makeNew },
            { value: "existing", label: texts.makeExisting },
          ]}
        />
        {how === "new" ? (
          <>
            <div className={styles.names}>
              <TextInput label={texts.given} maxLength={60} {...field("given")} />
              <TextInput
                label={texts.family}
                description={texts.familyHint}
                maxLength={60}
                {...field("family")}
              />
            </div>
            <SegmentedControl
              aria-label={texts.sex}
              value={sex}
              onChange={(value) => setSex(value === "male" ? "male" : "female")}
              data={[
                { value: "female", label: texts.sexes.female },
                { value: "male", label: texts.sexes.male },
              ]}
            />
          </>
        ) : null}
        <TextInput
          label={texts.mrn}
          description={how === "new" ? texts.mrnHint : texts.existingHint}
          maxLength={40}
          {...field("mrn")}
        />
        {how === "new" ? (
          <NativeSelect
            label={texts.ward}
            value={ward}
            onChange={(event) => setWard(event.currentTarget.value)}
            data={[...wards]}
          />
        ) : null}
        <Refused lines={make.error ? [told(make.error)] : []} />
        <Button type="submit" disabled={!isWhole} loading={make.isPending}>
          {texts.make}
        </Button>
      </form>
    </section>
  );
}
