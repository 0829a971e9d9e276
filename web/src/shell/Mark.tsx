import styles from "./Mark.module.css";

/** The app's mark; the name stands beside it in words. */
export function Mark() {
  return (
    <svg className={styles.mark} viewBox="0 0 512 512" aria-hidden="true">
      <rect width="512" height="512" rx="116" />
      <path
        className={styles.bubble}
        d="M256 104c-97 0-168 62-168 146 0 46 21 85 57 111v61c0 8 9 13 16 8l58-37c12 2 24 3 37 3 97 0 168-62 168-146S353 104 256 104Z"
      />
      <path className={styles.line} d="M146 262h48l28-66 48 120 34-78 14 24h48" />
    </svg>
  );
}
