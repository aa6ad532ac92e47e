// Keys: data-key names the key of a link, button or field; lists marked data-keys-list move with j and k; ? shows them all.
import { el } from "./dom";
import { say } from "./words";

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

function visible(element: Element): boolean {
  return element.getClientRects().length > 0 && !element.closest("[inert]");
}

function rows(): HTMLElement[] {
  const found = document.querySelectorAll<HTMLElement>("[data-keys-list] a[href], .dk-q a[href]");
  return [...found].filter(visible);
}

function move(step: number): void {
  const all = rows();
  if (!all.length) return;
  const here = all.findIndex((row) => row === document.activeElement || row.hasAttribute("aria-current"));
  const focused = all.findIndex((row) => row === document.activeElement);
  const next = all[Math.min(Math.max((focused >= 0 ? focused : here) + step, 0), all.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function press(key: string): boolean {
  for (const target of document.querySelectorAll<HTMLElement>("[data-key]")) {
    if (target.dataset.key?.toLowerCase() !== key || !visible(target)) continue;
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) target.focus();
    else target.click();
    return true;
  }
  return false;
}

function help(): void {
  document.querySelector("dialog.keys")?.remove();
  const list = el("dl");
  const line = (key: string, text: string) => list.append(el("dt", {}, el("kbd", { class: "kbd" }, key)), el("dd", {}, text));
  if (rows().length) {
    line("J", say("next in the list", "việc sau trong danh sách"));
    line("K", say("previous in the list", "việc trước trong danh sách"));
    line("↵", say("open", "mở"));
  }
  for (const target of document.querySelectorAll<HTMLElement>("[data-key]")) {
    if (!visible(target)) continue;
    const text = target.getAttribute("aria-label") ?? target.innerText.replace(/\s+/g, " ").trim();
    const key = target.dataset.key ?? "";
    line(key.toUpperCase(), text.replace(new RegExp(`\\s*${key.replace(/\W/, "\\$&")}$`, "i"), ""));
  }
  line("?", say("these keys", "các phím này"));
  const close = el("button", { class: "btn small quiet", type: "button" }, say("Close", "Đóng"));
  const dialog = el(
    "dialog",
    { class: "keys", "aria-label": say("Keyboard shortcuts", "Phím tắt") },
    el("header", {}, el("h2", {}, say("Keyboard shortcuts", "Phím tắt")), close),
    list,
  );
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

export function listenForKeys(): void {
  document.addEventListener("click", (event) => {
    if ((event.target as Element).closest("[data-keys-help]")) help();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && typing(event.target)) (event.target as HTMLElement).blur();
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    if (key === "j" || key === "k") move(key === "j" ? 1 : -1);
    else if (key === "?") help();
    else if (!press(key)) return;
    event.preventDefault();
  });
}
