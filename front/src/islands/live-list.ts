// A list that renews itself: from the live stream when it says something changed, else by asking now and then.
import type { Start } from "../lib/islands";
import { findIslands } from "../lib/islands";

interface Props {
  /** address of the fragment */
  url: string;
  /** element whose content is replaced; the list's own place when missing */
  target?: string;
  /** seconds between questions (0: never) */
  poll?: number;
  /** address of the event stream whose events mean "ask again" */
  stream?: string;
}

export const start: Start = (place, given) => {
  const props = given as unknown as Props;
  const target = props.target ? document.querySelector<HTMLElement>(props.target) : place;
  if (!target) return;
  let waiting = 0;
  let tag = "";

  async function renew(): Promise<void> {
    waiting = 0;
    if (document.hidden || target?.contains(document.activeElement)) return;
    const answer = await fetch(props.url, { headers: { "HX-Request": "true", ...(tag ? { "If-None-Match": tag } : {}) } }).catch(() => null);
    if (!answer?.ok || !target) return;
    tag = answer.headers.get("ETag") ?? "";
    const html = await answer.text();
    if (html === target.innerHTML) return;
    const scrolled = target.querySelector("[data-keys-list]")?.scrollTop ?? 0;
    target.innerHTML = html;
    const list = target.querySelector("[data-keys-list]");
    if (list) list.scrollTop = scrolled;
    (window as unknown as { htmx?: { process(node: Element): void } }).htmx?.process(target);
    findIslands(target);
    target.dispatchEvent(new CustomEvent("list:renewed", { bubbles: true }));
  }
  const soon = (): void => {
    waiting ||= window.setTimeout(() => void renew(), 600);
  };
  if (props.poll) setInterval(() => void renew(), props.poll * 1000);
  if (props.stream) {
    const source = new EventSource(props.stream);
    for (const kind of ["message", "change", "cases"]) source.addEventListener(kind, soon);
    addEventListener("pagehide", () => source.close());
  }
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) soon();
  });
};
