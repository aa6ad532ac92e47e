// The script of every page: htmx, theme, keys, times that stay fresh, messages, and the loader of islands.
import htmx from "htmx.org";
import { csrf, toast } from "./lib/dom";
import { findIslands } from "./lib/islands";
import { listenForKeys } from "./lib/keys";
import { now, relative, say, speed, timeOfDay } from "./lib/words";

(window as unknown as { htmx: unknown }).htmx = htmx;

function freshenTimes(): void {
  for (const time of document.querySelectorAll<HTMLTimeElement>("time[data-ago]")) {
    const told = relative(Date.parse(time.dateTime));
    if (time.textContent !== told) time.textContent = told;
  }
  for (const time of document.querySelectorAll<HTMLTimeElement>("time[data-clock]")) {
    const told = timeOfDay(now());
    if (time.textContent !== told) time.textContent = told;
  }
}

/** In a list beside what it opens, mark the link of what is open now (the swapped part says so with data-open). */
function markOpen(): void {
  const open = document.querySelector<HTMLElement>("[data-open]")?.dataset.open;
  if (!open) return;
  for (const link of document.querySelectorAll<HTMLAnchorElement>("[data-keys-list] a[href]")) {
    if (link.pathname === open) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

/** Light, dark or as the device: at once here, kept in the cookie the server reads. */
function listenForTheme(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (!form.matches("[data-theme-switch]")) return;
    event.preventDefault();
    const chosen = (event.submitter as HTMLButtonElement | null)?.value ?? "";
    const age = chosen ? 31536000 : 0;
    document.cookie = `thanglong_theme=${chosen}; path=/; max-age=${age}; samesite=lax`;
    if (chosen) document.documentElement.dataset.theme = chosen;
    else delete document.documentElement.dataset.theme;
    for (const button of form.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.value === chosen));
    }
    document.dispatchEvent(new Event("theme"));
  });
}

interface HtmxDetail {
  ctx?: { request?: { headers?: Record<string, string> | Headers }; status?: string };
  error?: unknown;
}

function listenForHtmx(): void {
  document.addEventListener("htmx:config:request", (event) => {
    const headers = (event as CustomEvent<HtmxDetail>).detail.ctx?.request?.headers;
    if (headers instanceof Headers) headers.set("X-CSRFToken", csrf());
    else if (headers) headers["X-CSRFToken"] = csrf();
  });
  document.addEventListener("htmx:after:swap", () => {
    findIslands();
    freshenTimes();
    markOpen();
  });
  document.addEventListener("list:renewed", markOpen);
  document.addEventListener("htmx:error", (event) => {
    console.warn("htmx:", (event as CustomEvent<HtmxDetail>).detail.error);
    toast(say("No answer from the city. Check your connection and try again.",
      "Chưa liên lạc được với thành phố. Kiểm tra mạng rồi thử lại."), "bad");
  });
  document.addEventListener("toast", (event) => {
    const { text, kind } = (event as CustomEvent<{ text: string; kind?: string }>).detail;
    toast(text, kind);
  });
}

function listenForClicks(): void {
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    target.closest("[data-close]")?.closest(".toast, .banner, [data-closable]")?.remove();
    if (target.closest("[data-print]")) window.print();
    const copied = target.closest<HTMLElement>("[data-copy]");
    if (copied) {
      void navigator.clipboard?.writeText(copied.dataset.copy ?? "").then(() => toast(say("Copied", "Đã chép")));
    }
  });
}

function registerServiceWorker(): void {
  if (!("serviceWorker" in navigator) || !document.body.classList.contains("pt")) return;
  addEventListener("load", () => {
    navigator.serviceWorker.register("/service-worker.js").catch((error: unknown) => console.info("offline shell:", error));
  });
}

/** Home: filter the list and the marks by kind; look around the asker's own position. */
function listenForNear(): void {
  for (const group of document.querySelectorAll<HTMLElement>("[data-filter]")) {
    group.hidden = false;
    group.addEventListener("click", (event) => {
      const chip = (event.target as Element).closest<HTMLButtonElement>("[data-kind]");
      if (!chip) return;
      for (const other of group.querySelectorAll("[data-kind]")) other.setAttribute("aria-pressed", String(other === chip));
      for (const item of document.querySelectorAll<HTMLElement>(`${group.dataset.filter} [data-kind], .map-mark[data-kind]`)) {
        item.hidden = Boolean(chip.dataset.kind) && item.dataset.kind !== chip.dataset.kind;
      }
    });
  }
  const locate = document.querySelector<HTMLButtonElement>("[data-locate-home]");
  if (!locate || !("geolocation" in navigator)) return;
  locate.hidden = false;
  locate.addEventListener("click", () => navigator.geolocation.getCurrentPosition(
    ({ coords }) => location.assign(`/?lon=${coords.longitude.toFixed(5)}&lat=${coords.latitude.toFixed(5)}#near`),
    () => toast(say("Your device does not tell where it is.", "Máy chưa cho biết vị trí."), "bad"),
  ));
}

listenForTheme();
listenForNear();
listenForKeys();
listenForHtmx();
listenForClicks();
registerServiceWorker();
freshenTimes();
setInterval(freshenTimes, Math.max(1000, Math.min(20_000, 20_000 / Math.max(speed, 1))));
findIslands();
document.documentElement.dataset.scripted = "true";
