/** The looks of a dialog that comes from below on a phone, where the thumb is. */
import styles from "./MessageSheet.module.css";

export const sheet = {
  // What a dialog is given takes the place of the theme's.
  title: "dialog-title",
  inner: styles.inner ?? "",
  content: styles.content ?? "",
};
