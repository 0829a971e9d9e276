/** What to attach, a look at it, and a word to go with it. */
import { Button, Modal, Textarea } from "@mantine/core";
import { Camera, FileText, Image, Mic, Square, Trash2 } from "lucide-react";
import { type ChangeEvent, type FormEvent, useEffect, useId, useState } from "react";
import { sheet } from "../conversation/sheet";
import { PriorityTag } from "../conversations/PriorityTag";
import type { Expiry } from "../core/methods";
import { useCall } from "../core/queries";
import type { Priority } from "../core/wire";
import { tellFailure } from "../shell/notices";
import { useNarrow } from "../shell/useNarrow";
import { t } from "../texts";
import styles from "./AttachSheet.module.css";
import { type Prepared, prepare, spoken } from "./prepare";
import { bytesText, playTime } from "./size";
import { useRecorder } from "./useRecorder";

const TAKEN = "image/jpeg,image/png,image/webp,image/heic,image/heif,application/pdf";

export function AttachSheet({
  group,
  opened,
  maxBytes,
  priority,
  replyTo,
  expires,
  onClose,
  onSent,
}: {
  group: string;
  opened: boolean;
  /** The largest file that the hospital takes. */
  maxBytes: number;
  priority: Priority;
  replyTo: string | null;
  /** When it is to go by itself. */
  expires: Expiry | null;
  onClose(): void;
  onSent(): void;
}) {
  const narrow = useNarrow();
  const attach = useCall("attach");
  const [prepared, setPrepared] = useState<Prepared | null>(null);
  const [preparing, setPreparing] = useState(false);
  const [caption, setCaption] = useState("");
  const [problem, setProblem] = useState<string | null>(null);

  const take = async (making: Promise<Prepared>) => {
    setPreparing(true);
    setProblem(null);
    try {
      const made = await making;
      if (made.blob.size > maxBytes) {
        throw new Error(t.attachments.tooLarge(bytesText(maxBytes)));
      }
      setPrepared(made);
    } catch (thrown) {
      setProblem(thrown instanceof Error ? thrown.message : t.attachments.unreadable);
    } finally {
      setPreparing(false);
    }
  };
  const recorder = useRecorder(
    ({ blob, seconds }) => void take(spoken(blob, seconds)),
    (text) => setProblem(text),
  );

  const clear = () => {
    setPrepared(null);
    setCaption("");
    setProblem(null);
  };
  const close = () => {
    recorder.end(false);
    clear();
    onClose();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!prepared || attach.isPending) {
      return;
    }
    attach.mutate(
      {
        group,
        file: prepared.file,
        text: caption.trim(),
        priority,
        ...(replyTo ? { reply_to: replyTo } : {}),
        ...(expires ? { expires } : {}),
      },
      {
        onSuccess: () => {
          clear();
          onSent();
        },
        onError: tellFailure,
      },
    );
  };

  return (
    <Modal
      opened={opened}
      onClose={close}
      title={t.attachments.title}
      centered={!narrow}
      classNames={sheet}
      closeButtonProps={{ "aria-label": t.close, size: "var(--touch)" }}
    >
      {problem ? (
        <p className={styles.problem} role="alert">
          {problem}
        </p>
      ) : null}
      {prepared ? (
        <form className={styles.form} onSubmit={submit}>
          <Preview prepared={prepared} />
          <Textarea
            label={t.attachments.caption}
            description={prepared.kind === "photo" ? t.attachments.captionHint : undefined}
            autosize
            minRows={1}
            maxRows={4}
            maxLength={4_000}
            value={caption}
            onChange={(event) => setCaption(event.currentTarget.value)}
          />
          <PriorityTag priority={priority} />
          {priority === "stat" ? <p>{t.attachments.statNote}</p> : null}
          <div className={styles.buttons}>
            <Button
              variant="default"
              leftSection={<Trash2 aria-hidden />}
              onClick={clear}
              disabled={attach.isPending}
            >
              {t.attachments.other}
            </Button>
            <Button type="submit" loading={attach.isPending}>
              {t.attachments.send}
            </Button>
          </div>
        </form>
      ) : recorder.running ? (
        <div className={styles.recording}>
          <p role="timer" aria-label={t.attachments.recording}>
            <span className={styles.dot} aria-hidden />
            {playTime(recorder.seconds)}
          </p>
          <Button leftSection={<Square aria-hidden />} onClick={() => recorder.end(true)}>
            {t.attachments.stop}
          </Button>
        </div>
      ) : (
        <>
          <ul className={styles.ways}>
            <li>
              <Choose
                label={t.attachments.camera}
                hint={t.attachments.cameraHint}
                Icon={Camera}
                accept="image/*"
                capture
                disabled={preparing}
                onChosen={(file) => void take(prepare(file, true))}
              />
            </li>
            <li>
              <Choose
                label={t.attachments.choose}
                hint={t.attachments.chooseHint(bytesText(maxBytes))}
                Icon={Image}
                accept={TAKEN}
                disabled={preparing}
                onChosen={(file) => void take(prepare(file, false))}
              />
            </li>
            <li>
              <button type="button" disabled={preparing} onClick={() => void recorder.start()}>
                <Mic aria-hidden />
                <span>
                  <strong>{t.attachments.record}</strong>
                  <small>{t.attachments.recordHint}</small>
                </span>
              </button>
            </li>
          </ul>
          {preparing ? <p role="status">{t.attachments.preparing}</p> : null}
        </>
      )}
    </Modal>
  );
}

/** A way that leads to a file of this phone, or to its camera. */
function Choose({
  label,
  hint,
  Icon,
  accept,
  capture,
  disabled,
  onChosen,
}: {
  label: string;
  hint: string;
  Icon: typeof Camera;
  accept: string;
  capture?: boolean;
  disabled: boolean;
  onChosen(file: File): void;
}) {
  const id = useId();
  const changed = (event: ChangeEvent<HTMLInputElement>) => {
    const file = event.currentTarget.files?.[0];
    // The same one can be chosen again.
    event.currentTarget.value = "";
    if (file) {
      onChosen(file);
    }
  };
  return (
    <label htmlFor={id} className={styles.way} data-disabled={disabled || undefined}>
      <Icon aria-hidden />
      <span>
        <strong>{label}</strong>
        <small>{hint}</small>
      </span>
      <input
        id={id}
        type="file"
        className="visually-hidden"
        aria-label={label}
        accept={accept}
        disabled={disabled}
        // The browser hands the photo to this page, and no other app keeps it.
        {...(capture ? { capture: "environment" as const } : {})}
        onChange={changed}
      />
    </label>
  );
}

function Preview({ prepared: { kind, file, blob } }: { prepared: Prepared }) {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    const made = URL.createObjectURL(blob);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  if (kind === "photo") {
    return url ? <img className={styles.preview} src={url} alt={t.attachments.preview} /> : null;
  }
  if (kind === "voice") {
    return (
      // biome-ignore lint/a11y/useMediaCaption: it was said just now, and has no text
      <audio className={styles.audio} controls src={url ?? undefined} aria-label={file.name} />
    );
  }
  return (
    <p className={styles.document}>
      <FileText aria-hidden />
      <span>
        <strong>{file.name}</strong>
        <small>{bytesText(blob.size)}</small>
      </span>
    </p>
  );
}
