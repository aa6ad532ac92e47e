// Words, numbers and times in the page's language. The city's clock may run faster than the wall's.

export const language = document.documentElement.lang === "en" ? "en" : "vi";

/** The English or the Vietnamese text, by the page's language. */
export function say(en: string, vi: string): string {
  return language === "en" ? en : vi;
}

/** A number with the language's separators. */
export function number(value: number, digits?: number): string {
  const decimals = digits ?? (Number.isInteger(value) ? 0 : 1);
  const text = new Intl.NumberFormat("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }).format(value);
  return language === "en" ? text : text.replace(/[.,]/g, (sign) => (sign === "." ? "," : "."));
}

const [cityStart, speedText] = (document.querySelector<HTMLMetaElement>("meta[name=clock]")?.content ?? "").split(" ");
const wallStart = Date.now();
const startMs = cityStart ? Date.parse(cityStart) : wallStart;
export const speed = Number(speedText ?? "1");
const zone = /([+-]\d\d):?(\d\d)$/.exec(cityStart ?? "");
const offsetMinutes = zone ? Number(zone[1]) * 60 + Math.sign(Number(zone[1])) * Number(zone[2]) : 420;

/** The city's present moment in milliseconds since 1970. */
export function now(): number {
  return startMs + (Date.now() - wallStart) * speed;
}

/** A moment shifted so that its UTC fields read the city's local time. */
export function local(ms: number): Date {
  return new Date(ms + offsetMinutes * 60_000);
}

const two = (value: number): string => String(value).padStart(2, "0");

export function timeOfDay(ms: number): string {
  const date = local(ms);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
}

export function dayOf(ms: number): string {
  const date = local(ms);
  const text = `${date.getUTCDate()}/${date.getUTCMonth() + 1}`;
  return date.getUTCFullYear() === local(now()).getUTCFullYear() ? text : `${text}/${date.getUTCFullYear()}`;
}

function unit(value: number, one: string, many: string, vi: string): string {
  return language === "en" ? `${number(value)} ${value === 1 ? one : many}` : `${number(value)} ${vi}`;
}

/** A length of time in one unit, as people say it. */
export function span(ms: number): string {
  const minutes = Math.floor(Math.abs(ms) / 60_000);
  if (minutes >= 1440) return unit(Math.floor(minutes / 1440), "day", "days", "ngày");
  if (minutes >= 60) return unit(Math.floor(minutes / 60), "hour", "hours", "giờ");
  return unit(Math.max(minutes, 1), "minute", "minutes", "phút");
}

/** A moment told relative to the city's now; the same rules as the server's. */
export function relative(ms: number): string {
  const distance = now() - ms;
  const size = Math.abs(distance);
  if (size < 45_000) return say("just now", "vừa xong");
  const days = Math.floor(local(now()).getTime() / 86_400_000) - Math.floor(local(ms).getTime() / 86_400_000);
  const told = (text: string) => (distance >= 0 ? say(`${text} ago`, `${text} trước`) : say(`in ${text}`, `${text} nữa`));
  if (size < 72_000_000 || days === 0) return told(span(size));
  if (days === 1) return say(`yesterday ${timeOfDay(ms)}`, `hôm qua ${timeOfDay(ms)}`);
  if (days === -1) return say(`tomorrow ${timeOfDay(ms)}`, `ngày mai ${timeOfDay(ms)}`);
  if (size < 7 * 86_400_000) return told(span(Math.abs(days) * 86_400_000));
  return dayOf(ms);
}
