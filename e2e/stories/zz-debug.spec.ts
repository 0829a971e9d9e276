import { test } from "../support/story.ts";
test("debug", async ({ hospital, phone }) => {
  const log: string[] = [];
  const nurse = await phone(hospital.person(({ role }) => /nurse/i.test(role)));
  const doctor = await phone(hospital.person(({ role }) => /physician|cardio/i.test(role)));
  const t0 = Date.now();
  for (const [n, p] of [["nurse", nurse], ["doctor", doctor]] as const) {
    p.page.on("response", async (r) => { if (r.url().includes("/v1/")) log.push(`${Date.now() - t0} ${n} ${r.request().method()} ${new URL(r.url()).pathname} ${r.status()} ${r.status()>=400 ? (await r.text().catch(()=>"")).slice(0,300) : ""}`); });
    p.page.on("websocket", (ws) => { log.push(`${Date.now() - t0} ${n} WS open`); ws.on("framereceived", (f) => log.push(`${Date.now() - t0} ${n} WS < ${String(f.payload).slice(0, 160)}`)); ws.on("framesent", (f) => log.push(`${Date.now() - t0} ${n} WS > ${String(f.payload).slice(0, 60)}`)); ws.on("close", () => log.push(`${Date.now() - t0} ${n} WS close`)); });
  }
  try {
    await nurse.enroll();
    await doctor.enroll();
    await nurse.start([doctor.person], "an");
    log.push(`${Date.now() - t0} ---- start done`);
    await nurse.write("hello one");
    await nurse.sees("hello one");
    log.push(`${Date.now() - t0} ---- sees`);
    await doctor.open(nurse.person.name);
    log.push(`${Date.now() - t0} ---- doctor opened`);
    await doctor.sees("hello one");
    await doctor.write("hello two");
    await nurse.sees("hello two");
    log.push(`${Date.now() - t0} ---- nurse sees two`);
    await nurse.page.waitForTimeout(5000);
  } finally { console.log(log.join("\n")); }
});
