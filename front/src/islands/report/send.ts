// Sending: photos first, then the report under its own key; without a network it waits and tries again, ever slower.
import { csrf, toast } from "../../lib/dom";
import { say } from "../../lib/words";
import { dequeue, keepDraft, queue, queued, type Draft, type Waiting } from "./store";

export interface Sent {
  number: string;
  url: string;
}

export interface Refusal {
  detail: string;
  faults: { field: string; text: string }[];
}

export class Refused extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.detail);
  }
}

const headers = (): Record<string, string> => ({ Accept: "application/json", "X-CSRFToken": csrf() });

async function photoIds(draft: Draft, photoUrl: string): Promise<string[]> {
  const ids: string[] = [];
  for (const photo of draft.photos) {
    if (!photo.id) {
      const body = new FormData();
      body.append("photo", photo.content, photo.name);
      const answer = await fetch(photoUrl, { method: "POST", body, headers: headers() });
      if (!answer.ok) await refuse(answer);
      photo.id = String(((await answer.json()) as { id: string }).id);
    }
    ids.push(photo.id);
  }
  return ids;
}

async function refuse(answer: Response): Promise<never> {
  if (answer.status >= 500 || answer.status === 429) throw new Error(String(answer.status));
  const told = (await answer.json().catch(() => ({}))) as Partial<Refusal>;
  throw new Refused({ detail: told.detail ?? say("The city did not take this report.", "Thành phố chưa nhận được phản ánh này."), faults: told.faults ?? [] });
}

/** Send once. Throws Refused when the city says what is wrong, another error when it should be tried again. */
export async function send(draft: Draft, url: string, photoUrl: string): Promise<Sent> {
  const body = new URLSearchParams(draft.fields.filter(([name]) => name !== "photo" && name !== "csrfmiddlewaretoken"));
  body.set("key", draft.key);
  for (const id of await photoIds(draft, photoUrl)) body.append("photo", id);
  const answer = await fetch(url, { method: "POST", body, headers: headers() });
  if (!answer.ok) await refuse(answer);
  return (await answer.json()) as Sent;
}

/** Put a report in the outbox; it is sent when the network is back. */
export async function later(draft: Draft): Promise<void> {
  await queue({ ...draft, tries: 0, next: Date.now() + 5000 });
}

let running = false;

/** Try what waits in the outbox; the pause grows from 5 seconds to 10 minutes. */
export async function drain(url: string, photoUrl: string): Promise<void> {
  if (running) return;
  running = true;
  try {
    for (const waiting of await queued()) {
      if (waiting.next > Date.now() || !navigator.onLine) continue;
      await tryOne(waiting, url, photoUrl);
    }
  } finally {
    running = false;
  }
}

async function tryOne(waiting: Waiting, url: string, photoUrl: string): Promise<void> {
  try {
    const sent = await send(waiting, url, photoUrl);
    await dequeue(waiting.key);
    toast(say(`Your report was sent: ${sent.number}`, `Đã gửi phản ánh của bạn: ${sent.number}`), "ok",
      { text: say("Open", "Xem"), run: () => location.assign(sent.url) });
  } catch (error) {
    if (error instanceof Refused) {
      // what somebody wrote is never thrown away: it becomes the draft again, to be corrected
      await dequeue(waiting.key);
      await keepDraft({ key: waiting.key, fields: waiting.fields, photos: waiting.photos, step: waiting.step, saved: Date.now() });
      const faults = error.refusal.faults.map((fault) => fault.text).join(" ");
      toast(`${say("A waiting report needs another look:", "Một phản ánh đang chờ cần xem lại:")} ${faults || error.refusal.detail}`, "bad",
        { text: say("Open it", "Mở lại"), run: () => location.assign("/report/") });
      return;
    }
    const pause = Math.min(600_000, 5000 * 2 ** waiting.tries) * (0.8 + 0.4 * Math.random());
    await queue({ ...waiting, tries: waiting.tries + 1, next: Date.now() + pause });
  }
}
