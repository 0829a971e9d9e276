/** A system of the hospital that sends HL7 v2 over MLLP to the demo's feed. */
import { connect } from "node:net";
import { expect } from "@playwright/test";

const [START, END] = ["\x0b", "\x1c\r"];

/** Sends one message, lines as segments, and waits until it is accepted. */
export async function send(feed: string, message: string): Promise<void> {
  const { hostname, port } = new URL(feed.replace(/^mllp:/, "http:"));
  const answer = await new Promise<string>((resolve, reject) => {
    let said = "";
    const socket = connect(Number(port), hostname, () => {
      socket.write(`${START}${message.trim().replaceAll("\n", "\r")}\r${END}`);
    });
    socket.setTimeout(20_000, () => socket.destroy(new Error("the feed does not answer")));
    socket.once("error", reject);
    socket.on("data", (bytes) => {
      said += bytes.toString();
      if (said.includes(END)) {
        socket.end();
        resolve(said);
      }
    });
  });
  expect(answer).toContain("\rMSA|AA|");
}

/** A potassium of a patient by their record number; the same `result` again is the same result, later. */
export function potassium(
  mrn: string,
  result: string,
  { value, status, at }: { value: string; status: "F" | "C"; at: Date },
): string {
  const time = `${at.toISOString().replace(/[-:T]/g, "").slice(0, 14)}+0000`;
  return `
MSH|^~\\&|LAB|MAIN|||${time}||ORU^R01^ORU_R01|${result}${status}|P|2.5.1
PID|1||${mrn}^^^HOSP^MR
OBR|1|P${result}|F${result}|24323-8^CMP^LN|||${time}||||||||||||||||||${status}
OBX|1|NM|2823-3^Potassium^LN||${value}|mmol/L^^UCUM|3.5-5.1||||${status}|||${time}
`;
}
