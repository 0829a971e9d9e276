/** What a message carries: a photo, a PDF, a voice note. */
import { Button, Loader, Modal } from "@mantine/core";
import { CircleAlert, CloudUpload, Download, FileText, Gauge } from "lucide-react";
import { type RefObject, useEffect, useRef, useState } from "react";
import { decode } from "../core/b64";
import type { AttachmentView, MessageView } from "../core/methods";
import { useCall } from "../core/queries";
import { tellFailure } from "../shell/notices";
import { t } from "../texts";
import styles from "./Attached.module.css";
import { bytesText, playTime } from "./size";
import { type FileState, useFile } from "./useFile";

const SPEEDS = [1, 1.5, 2] as const;

interface Shown {
  group: string;
  message: MessageView;
  file: AttachmentView;
}

export function Attached(shown: Shown) {
  const { file, message } = shown;
  return (
    <div className={styles.attached} data-kind={file.kind}>
      {file.kind === "photo" ? <Photo {...shown} /> : null}
      {file.kind === "document" ? <Document {...shown} /> : null}
      {file.kind === "voice" ? <Voice {...shown} /> : null}
      {file.uploading && !message.problem ? <Uploading file={file} id={message.id} /> : null}
    </div>
  );
}

/** How far it went out, and the way to give it up. */
function Uploading({ file: { done, chunks }, id }: { file: AttachmentView; id: string }) {
  const discard = useCall("discard");
  return (
    <div className={styles.uploading}>
      <CloudUpload aria-hidden />
      <progress value={done} max={chunks} aria-label={t.attachments.uploading} />
      <Button
        size="compact-sm"
        variant="subtle"
        loading={discard.isPending}
        onClick={() => discard.mutate({ id }, { onError: tellFailure })}
      >
        {t.attachments.cancel}
      </Button>
    </div>
  );
}

function Photo({ group, message, file }: Shown) {
  const place = useRef<HTMLButtonElement>(null);
  const { state, fetch } = useFile(group, message.id, file, useSeen(place));
  const [open, setOpen] = useState(false);
  const small = useSmall(file.thumbnail ?? null);
  const name = message.from?.name ?? t.conversation.unknownSender;
  // What its sender says of it tells those who do not see it best.
  const alt = message.text || t.attachments.photoOf(message.mine ? null : name);
  const [width, height] = file.pixels ?? [4, 3];
  const url = state.at === "here" ? state.url : null;
  return (
    <>
      <button
        ref={place}
        type="button"
        className={styles.photo}
        aria-label={t.attachments.enlarge(alt)}
        style={{ aspectRatio: `${width} / ${height}` }}
        onClick={() => (url ? setOpen(true) : void fetch())}
      >
        {url || small ? (
          <img src={url ?? small ?? undefined} alt={alt} data-small={url ? undefined : true} />
        ) : null}
        <Progress state={state} />
      </button>
      <Modal
        opened={open}
        onClose={() => setOpen(false)}
        title={message.mine ? t.attachments.photo : t.attachments.photoOf(name)}
        fullScreen
        classNames={{ title: "dialog-title", body: styles.box ?? "" }}
        closeButtonProps={{ "aria-label": t.close, size: "var(--touch)" }}
      >
        {url ? <Large url={url} alt={alt} /> : null}
      </Modal>
    </>
  );
}

/** The picture as large as it is; a tap goes between that and the whole of it. */
function Large({ url, alt }: { url: string; alt: string }) {
  const [near, setNear] = useState(false);
  return (
    <button
      type="button"
      className={styles.large}
      data-near={near || undefined}
      aria-pressed={near}
      aria-label={t.attachments.zoom(alt)}
      onClick={() => setNear(!near)}
    >
      <img src={url} alt={alt} />
    </button>
  );
}

/** Whether something has come into sight: no photo is fetched that nobody scrolls to. */
function useSeen(place: RefObject<HTMLElement | null>): boolean {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const element = place.current;
    if (!element || seen) {
      return;
    }
    const watch = new IntersectionObserver(
      (entries) => setSeen(entries.some(({ isIntersecting }) => isIntersecting)),
      { rootMargin: "200px" },
    );
    watch.observe(element);
    return () => watch.disconnect();
  }, [place, seen]);
  return seen;
}

/** The small picture within the message. */
function useSmall(thumbnail: string | null): string | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (!thumbnail) {
      return;
    }
    const made = URL.createObjectURL(new Blob([decode(thumbnail)], { type: "image/jpeg" }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [thumbnail]);
  return url;
}

function Progress({ state }: { state: FileState }) {
  if (state.at === "fetching") {
    return (
      <progress
        className={styles.fetching}
        value={state.done}
        max={state.of}
        aria-label={t.attachments.fetching}
      />
    );
  }
  if (state.at === "failed") {
    return (
      <span className={styles.failed} role="status">
        <CircleAlert aria-hidden />
        {state.failure.message}
      </span>
    );
  }
  return null;
}

function Document({ group, message, file }: Shown) {
  const [open, setOpen] = useState(false);
  const { state, fetch } = useFile(group, message.id, file, open);
  return (
    <>
      <button
        type="button"
        className={styles.document}
        aria-haspopup="dialog"
        onClick={() => {
          setOpen(true);
          void fetch();
        }}
      >
        <FileText aria-hidden />
        <span>
          <strong>{file.name}</strong>
          <small>{t.attachments.pdf(bytesText(file.bytes))}</small>
        </span>
      </button>
      <Modal
        opened={open}
        onClose={() => setOpen(false)}
        title={file.name}
        fullScreen
        classNames={{ title: "dialog-title", body: styles.box ?? "" }}
        closeButtonProps={{ "aria-label": t.close, size: "var(--touch)" }}
      >
        {state.at === "here" ? <Viewer url={state.url} name={file.name} /> : null}
        {state.at === "failed" ? (
          <div className={styles.outside}>
            <Progress state={state} />
            <Button onClick={() => void fetch()}>{t.retry}</Button>
          </div>
        ) : null}
        {state.at === "away" || state.at === "fetching" ? (
          <div className={styles.outside}>
            <Loader aria-hidden />
            <p role="status">{t.attachments.fetching}</p>
          </div>
        ) : null}
      </Modal>
    </>
  );
}

/**
 * A PDF in the browser's own viewer, which runs nothing of this page's and gives it nothing. A phone
 * without one would hand the file to another app: that is for the person to say, and they are told that
 * it leaves this one. Only devices whose program lets files be kept get this far.
 */
function Viewer({ url, name }: { url: string; name: string }) {
  if (navigator.pdfViewerEnabled) {
    return <iframe className={styles.viewer} src={url} title={name} />;
  }
  return (
    <div className={styles.outside}>
      <p>{t.attachments.noViewer}</p>
      <Button
        component="a"
        href={url}
        download={name}
        leftSection={<Download aria-hidden />}
        variant="default"
      >
        {t.attachments.openOutside}
      </Button>
    </div>
  );
}

function Voice({ group, message, file }: Shown) {
  const { state, fetch } = useFile(group, message.id, file, false);
  const audio = useRef<HTMLAudioElement>(null);
  const [speed, setSpeed] = useState<number>(SPEEDS[0]);
  const name = message.from?.name ?? t.conversation.unknownSender;
  const label = t.attachments.voiceOf(message.mine ? null : name);
  const faster = () => {
    const next = SPEEDS.find((each) => each > speed) ?? SPEEDS[0];
    setSpeed(next);
    if (audio.current) {
      audio.current.playbackRate = next;
    }
  };
  if (state.at !== "here") {
    return (
      <div className={styles.voice}>
        <Button
          variant="default"
          loading={state.at === "fetching"}
          onClick={() => void fetch()}
          aria-label={t.attachments.load(label)}
        >
          {t.attachments.voiceNote(playTime(file.seconds ?? 0))}
        </Button>
        {state.at === "failed" ? <Progress state={state} /> : null}
      </div>
    );
  }
  return (
    <div className={styles.voice}>
      {/* biome-ignore lint/a11y/useMediaCaption: nobody wrote down what was said */}
      <audio
        ref={audio}
        controls
        controlsList="nodownload"
        preload="metadata"
        src={state.url}
        aria-label={label}
        onPlay={(event) => {
          event.currentTarget.playbackRate = speed;
        }}
      />
      <button
        type="button"
        className={styles.speed}
        aria-label={t.attachments.speed(speed)}
        onClick={faster}
      >
        <Gauge aria-hidden />
        {speed}×
      </button>
    </div>
  );
}
