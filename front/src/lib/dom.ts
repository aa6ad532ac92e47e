// Small helpers over the document: elements, icons, theme colours, toasts.
import { say } from "./words";

type Child = Node | string | null | undefined | false;

/** An element with attributes (a false or missing value leaves one out) and children. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | number | boolean | null | undefined> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter((child): child is Node | string => Boolean(child)));
  return made;
}

const sprite = document.querySelector<HTMLMetaElement>("meta[name=icons]")?.content ?? "";

/** A symbol of the sprite. */
export function icon(name: string, kind = ""): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", `i ${kind}`.trim());
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${sprite}#i-${name}`);
  svg.append(use);
  return svg;
}

/** The sprite's address, for drawing symbols on a canvas. */
export const spriteUrl = sprite;

/** The value of a design token at an element (the centre and the portal may differ in theme). */
export function token(name: string, at: Element = document.documentElement): string {
  return getComputedStyle(at).getPropertyValue(`--${name}`).trim();
}

export function isDark(): boolean {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Call back whenever the page turns light or dark. */
export function onTheme(changed: () => void): void {
  document.addEventListener("theme", changed);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
}

/** A short message at the foot of the page; it leaves by itself unless it is an error. */
export function toast(text: string, kind = "", action?: { text: string; run: () => void }): void {
  const close = el("button", { type: "button", "data-close": true }, say("Close", "Đóng"));
  const shown = el("div", { class: `toast ${kind}`.trim(), role: kind === "bad" ? "alert" : null }, el("span", {}, text));
  if (action) {
    const button = el("button", { type: "button" }, action.text);
    button.addEventListener("click", () => {
      action.run();
      shown.remove();
    });
    shown.append(button);
  }
  shown.append(close);
  document.getElementById("toasts")?.append(shown);
  if (kind !== "bad") setTimeout(() => shown.remove(), 8000);
}

/** The token that Django wants with every post. */
export function csrf(): string {
  return document.querySelector<HTMLMetaElement>("meta[name=csrf]")?.content ?? "";
}

export const reducedMotion = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;
