// The report form on a phone: photo, place, what, seen before?, check. The same form works as one long page without this.
import { csrf, el, icon, toast } from "../../lib/dom";
import { findIslands, type Start } from "../../lib/islands";
import { say } from "../../lib/words";
import { placeOf, shrink } from "./photo";
import { drain, later, Refused, send } from "./send";
import { dropDraft, keepDraft, queued, readDraft, type Draft, type Photo } from "./store";

interface Props {
  form: string;
  photo_url: string;
  guess_url?: string;
  duplicates_url?: string;
  max_photos?: number;
}

interface Guess {
  key: string;
  title: string;
  icon?: string;
  confidence: number;
  words?: string[];
}

/** A choice's own words, without its small print. */
function titleOf(radio: HTMLInputElement): string {
  const label = radio.closest("label")?.cloneNode(true) as HTMLElement | undefined;
  for (const small of label?.querySelectorAll("small") ?? []) small.remove();
  return label?.textContent?.trim() ?? "";
}

class ReportForm {
  private readonly steps: HTMLElement[];
  private readonly photos: Photo[] = [];
  private step = 0;
  private key: string = crypto.randomUUID();
  private saving = 0;
  private guessing = 0;
  private chosen = false;
  private readonly bar = el("div", { class: "rf-bar" });
  private readonly foot = el("div", { class: "actionbar rf-foot" });

  constructor(private readonly form: HTMLFormElement, private readonly props: Props) {
    this.steps = [...form.querySelectorAll<HTMLElement>("[data-step]")];
    const given = form.querySelector<HTMLInputElement>("[name=key]");
    if (given?.value) this.key = given.value;
  }

  async begin(): Promise<void> {
    // whatever takes time comes before the form is taken over: between "live" and show() no frame may be drawn,
    // it would hold every step at once
    await this.recover();
    this.form.classList.add("live");
    this.form.noValidate = true;
    this.form.prepend(this.bar);
    this.form.append(this.foot);
    this.listen();
    this.questions();
    this.show(this.firstFault() ?? this.step, false);
    void drain(this.form.action, this.props.photo_url);
    setInterval(() => void drain(this.form.action, this.props.photo_url), 5000);
    addEventListener("online", () => void drain(this.form.action, this.props.photo_url));
    this.waiting();
  }

  private firstFault(): number | undefined {
    const at = this.steps.findIndex((step) => step.querySelector(".field.error, .error-text"));
    return at < 0 ? undefined : at;
  }

  private one<T extends HTMLElement>(selector: string): T | null {
    return this.form.querySelector<T>(selector);
  }

  private value(name: string): string {
    const found = new FormData(this.form).get(name);
    return typeof found === "string" ? found : "";
  }

  private listen(): void {
    this.one<HTMLInputElement>("input[type=file]")?.addEventListener("change", (event) => void this.take(event.target as HTMLInputElement));
    const locate = this.one<HTMLButtonElement>("[data-locate]");
    if (locate && "geolocation" in navigator) {
      locate.hidden = false;
      locate.addEventListener("click", () => this.locate());
    }
    this.one<HTMLTextAreaElement>("[name=text]")?.addEventListener("input", () => {
      clearTimeout(this.guessing);
      this.guessing = window.setTimeout(() => void this.guess(), 600);
    });
    this.one<HTMLInputElement>("[name=address]")?.addEventListener("change", () => void this.where());
    this.form.addEventListener("input", () => this.save());
    this.form.addEventListener("change", (event) => {
      if ((event.target as HTMLElement).matches("[name=category]")) {
        this.chosen = true;
        this.questions();
      }
      this.save();
    });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.step < this.steps.length - 1) void this.next();
      else void this.send();
    });
  }

  /** Say which ward an address was understood to mean; old names lead to the ward of today. */
  private async where(): Promise<void> {
    const told = this.one("[data-where]");
    const address = this.value("address").trim();
    if (!told) return;
    told.textContent = "";
    if (address.length < 3) return;
    try {
      const answer = await fetch(`/report/where.json?address=${encodeURIComponent(address)}`, { headers: { Accept: "application/json" } });
      const found = (await answer.json()) as { unit: string | null; before: string };
      if (!found.unit || address !== this.value("address").trim()) return;
      const before = found.before ? say(` (before: ${found.before})`, ` (trước là ${found.before})`) : "";
      told.textContent = say(`Today this is ${found.unit}${before}`, `Nay thuộc ${found.unit}${before}`);
    } catch {
      // without a network the address is read when the report is sent
    }
  }

  private show(step: number, focus = true): void {
    this.step = Math.min(Math.max(step, 0), this.steps.length - 1);
    this.steps.forEach((section, index) => {
      section.hidden = index !== this.step;
    });
    const last = this.step === this.steps.length - 1;
    const back = el("button", { type: "button", class: "btn quiet" }, icon("left"), say("Back", "Quay lại"));
    back.addEventListener("click", () => this.show(this.step - 1));
    back.hidden = this.step === 0;
    const on = el("button", { type: "submit", class: "btn primary grow", "data-send": last },
      last ? say("Send report", "Gửi phản ánh") : say("Continue", "Tiếp tục"), icon(last ? "send" : "arrow"));
    this.foot.replaceChildren(back, on);
    const dots = this.steps.map((_section, index) => el("i", { class: index <= this.step ? "on" : "" }));
    const bar = el("div", { class: "five", "aria-hidden": true }, ...dots);
    bar.style.gridTemplateColumns = `repeat(${this.steps.length}, 1fr)`;
    this.bar.replaceChildren(bar, el("p", { class: "muted t-s num" }, say(`Step ${this.step + 1} of ${this.steps.length}`, `Bước ${this.step + 1} trên ${this.steps.length}`)));
    const section = this.steps[this.step];
    if (!section) return;
    if (section.dataset.step === "review") this.review();
    findIslands(section);
    dispatchEvent(new Event("resize"));
    if (focus) {
      const title = section.querySelector<HTMLElement>("h2");
      title?.setAttribute("tabindex", "-1");
      title?.focus({ preventScroll: true });
      scrollTo({ top: 0 });
    }
    this.save();
  }

  private async next(): Promise<void> {
    const section = this.steps[this.step];
    const invalid = section?.querySelector<HTMLInputElement>(":invalid:not(fieldset)");
    if (invalid && invalid.closest("[hidden]") === null) {
      this.form.noValidate = false;
      invalid.reportValidity();
      this.form.noValidate = true;
      return;
    }
    const following = this.steps[this.step + 1];
    if (following?.dataset.step === "same" && !(await this.twins())) this.show(this.step + 2);
    else this.show(this.step + 1);
  }

  private async take(input: HTMLInputElement): Promise<void> {
    const room = (this.props.max_photos ?? 3) - this.photos.length;
    for (const file of [...(input.files ?? [])].slice(0, Math.max(room, 0))) {
      const place = await placeOf(file).catch(() => null);
      if (place && !this.value("lon")) this.put(place.lon, place.lat);
      this.photos.push({ name: file.name.replace(/\.\w+$/, ".webp"), content: await shrink(file) });
    }
    input.value = "";
    this.thumbs();
    this.save();
  }

  private thumbs(): void {
    const place = this.one("[data-photos]");
    if (!place) return;
    place.className = "rf-photos";
    place.replaceChildren(
      ...this.photos.map((photo, index) => {
        const picture = el("img", { src: URL.createObjectURL(photo.content), alt: say(`Photo ${index + 1}`, `Ảnh ${index + 1}`), class: "photo" });
        picture.addEventListener("load", () => URL.revokeObjectURL(picture.src));
        const remove = el("button", { type: "button", class: "btn icon small", "aria-label": say(`Remove photo ${index + 1}`, `Bỏ ảnh ${index + 1}`) }, icon("x"));
        remove.addEventListener("click", () => {
          this.photos.splice(index, 1);
          this.thumbs();
          this.save();
        });
        return el("div", { class: "pic" }, picture, remove);
      }),
    );
  }

  private put(lon: number, lat: number): void {
    for (const [name, value] of [["lon", lon], ["lat", lat]] as const) {
      const field = this.one<HTMLInputElement>(`[name=${name}]`);
      if (!field) continue;
      field.value = value.toFixed(6);
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }

  private locate(): void {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => this.put(coords.longitude, coords.latitude),
      () => toast(say("Your phone does not tell where it is. Tap the map or write the address.", "Máy chưa cho biết vị trí. Bạn chạm vào bản đồ hoặc ghi địa chỉ."), "bad"),
      { enableHighAccuracy: true, timeout: 8000 },
    );
  }

  private questions(): void {
    const category = this.value("category");
    for (const set of this.form.querySelectorAll<HTMLFieldSetElement>("[data-questions]")) {
      const on = set.dataset.questions === category;
      set.hidden = !on;
      set.disabled = !on;
      // only here: without scripts every category's questions are on the page, and none may stop the others
      for (const field of set.querySelectorAll<HTMLElement>(".field")) {
        if (field.querySelector(":scope > legend .opt, :scope > label .opt")) continue;
        for (const input of field.querySelectorAll<HTMLInputElement>(":scope input[type=radio], :scope > .input")) input.required = on;
      }
    }
  }

  /** Guess the category from the words: shown with its confidence, one tap to correct. */
  private async guess(): Promise<void> {
    const place = this.one("[data-guess]");
    const text = this.value("text").trim();
    if (!place || !this.props.guess_url || text.length < 4) return;
    const answer = await fetch(this.props.guess_url, {
      method: "POST", body: new URLSearchParams({ text }), headers: { Accept: "application/json", "X-CSRFToken": csrf() },
    }).catch(() => null);
    if (!answer?.ok) return;
    const told = (await answer.json()) as { guesses: Guess[]; urgent?: boolean; stopper?: { number: string; text: string } | null };
    const [best, ...others] = told.guesses;
    if (best && !this.chosen) this.choose(best.key);
    const nodes: HTMLElement[] = [];
    if (told.stopper) {
      nodes.push(el("div", { class: "banner bad", role: "alert" }, icon("warn"), el("p", {}, `${told.stopper.text} `, el("a", { href: `tel:${told.stopper.number}`, class: "btn small danger" }, icon("phone", "s"), say(`Call ${told.stopper.number}`, `Gọi ${told.stopper.number}`)))));
    } else if (told.urgent) {
      nodes.push(el("div", { class: "banner warn", role: "status" }, icon("warn"), el("p", {}, say("This sounds dangerous, so it is taken first. If somebody is in danger now, call 114 or 115.", "Nghe có vẻ nguy hiểm nên phản ánh này được xử lý trước. Nếu có người đang gặp nguy hiểm, hãy gọi 114 hoặc 115."))));
    }
    if (best) {
      const share = `${Math.round(best.confidence * 100)}\u00a0%`;
      const words = best.words?.length ? say(` From the words “${best.words.join("”, “")}”.`, ` Theo các chữ “${best.words.join("”, “")}”.`) : "";
      nodes.push(el("div", { class: "guess" },
        el("p", {}, el("b", {}, best.title), " ", el("span", { class: "tag action" }, say(`${share} sure`, `chắc ${share}`))),
        el("p", { class: "muted t-s" }, say("We think it is this.", "Có lẽ là việc này.") + words),
        el("div", { class: "chips" }, ...others.slice(0, 3).map((guess) => {
          const chip = el("button", { type: "button", class: "chip" }, guess.title);
          chip.addEventListener("click", () => {
            this.chosen = true;
            this.choose(guess.key);
          });
          return chip;
        }))));
    }
    place.replaceChildren(...nodes);
  }

  private choose(key: string): void {
    const radio = this.one<HTMLInputElement>(`[name=category][value="${CSS.escape(key)}"]`);
    const list = this.one<HTMLSelectElement>("select[name=category]");
    if (radio) radio.checked = true;
    if (list) list.value = key;
    this.questions();
    this.save();
  }

  /** Ask for reports of the same thing nearby; false when there are none, so that the step is skipped. */
  private async twins(): Promise<boolean> {
    const place = this.one("[data-duplicates]");
    if (!place || !this.props.duplicates_url || !navigator.onLine) return false;
    const body = new URLSearchParams(["lon", "lat", "category", "text"].map((name) => [name, this.value(name)]));
    const answer = await fetch(this.props.duplicates_url, { method: "POST", body, headers: { "X-CSRFToken": csrf(), "HX-Request": "true" } }).catch(() => null);
    if (!answer?.ok) return false;
    const html = (await answer.text()).trim();
    place.innerHTML = html;
    return Boolean(place.querySelector("a, button, input, article, li"));
  }

  private review(): void {
    const place = this.one("[data-review]");
    if (!place) return;
    const stepOf = (name: string): number => this.steps.findIndex((step) => step.dataset.step === name);
    const line = (title: string, value: string, step: string): HTMLElement => {
      const change = el("button", { type: "button", class: "btn quiet small push" }, say("Change", "Sửa"));
      change.addEventListener("click", () => this.show(stepOf(step)));
      return el("div", {}, el("dt", {}, title), el("dd", {}, el("span", { class: "grow" }, value || say("not given", "chưa có")), change));
    };
    const radio = this.one<HTMLInputElement>("[name=category]:checked");
    const list = this.one<HTMLSelectElement>("select[name=category]");
    const category = radio ? titleOf(radio) : list?.selectedOptions[0]?.text ?? "";
    const where = this.value("address") || (this.value("lat") && `${this.value("lat")}, ${this.value("lon")}`) || "";
    place.replaceChildren(el("dl", { class: "review" },
      line(say("Photos", "Ảnh"), this.photos.length ? say(`${this.photos.length} photo(s)`, `${this.photos.length} ảnh`) : "", "photo"),
      line(say("Place", "Ở đâu"), where, "place"), line(say("What", "Việc gì"), category, "what"),
      line(say("Your words", "Lời của bạn"), this.value("text"), "what")));
  }

  private draft(): Draft {
    const fields: [string, string][] = [];
    for (const [name, value] of new FormData(this.form)) if (typeof value === "string") fields.push([name, value]);
    return { key: this.key, fields, photos: this.photos, step: this.step, saved: Date.now() };
  }

  private save(): void {
    clearTimeout(this.saving);
    this.saving = window.setTimeout(() => void keepDraft(this.draft()).catch(() => undefined), 400);
  }

  private async recover(): Promise<void> {
    const draft = await readDraft().catch(() => undefined);
    if (!draft || Date.now() - draft.saved > 7 * 86_400_000) return;
    const told = draft.fields.some(([name, value]) => name === "text" && value) || draft.photos.length;
    if (!told || this.firstFault() !== undefined) return;
    this.key = draft.key;
    this.photos.push(...draft.photos);
    for (const [name, value] of draft.fields) {
      if (name === "csrfmiddlewaretoken") continue;
      for (const field of this.form.querySelectorAll<HTMLInputElement>(`[name="${CSS.escape(name)}"]`)) {
        if (field.type === "radio" || field.type === "checkbox") field.checked ||= field.value === value;
        else if (field.type !== "file") field.value = value;
      }
    }
    this.thumbs();
    this.step = Math.min(draft.step, this.steps.length - 1);
    toast(say("Your draft is still here.", "Bản nháp của bạn vẫn còn đây."), "", {
      text: say("Start anew", "Làm lại từ đầu"), run: () => void dropDraft().then(() => location.reload()),
    });
  }

  private async send(): Promise<void> {
    const button = this.foot.querySelector<HTMLButtonElement>("[type=submit]");
    button?.setAttribute("aria-busy", "true");
    const draft = this.draft();
    try {
      clearTimeout(this.saving);
      const sent = await send(draft, this.form.action, this.props.photo_url);
      await dropDraft();
      location.assign(sent.url);
    } catch (error) {
      if (error instanceof Refused) this.refused(error);
      else await this.wait(draft);
    } finally {
      button?.removeAttribute("aria-busy");
    }
  }

  private refused({ refusal }: Refused): void {
    toast([refusal.detail, ...refusal.faults.map((fault) => fault.text)].join(" "), "bad");
    const field = refusal.faults.map((fault) => this.one(`[name="${CSS.escape(fault.field)}"]`)).find(Boolean);
    const step = field?.closest<HTMLElement>("[data-step]");
    if (step) this.show(this.steps.indexOf(step));
    field?.focus();
  }

  private async wait(draft: Draft): Promise<void> {
    await later(draft);
    await dropDraft();
    clearTimeout(this.saving);
    this.form.replaceChildren(el("div", { class: "empty" }, icon("offline"),
      el("p", { class: "title" }, say("Kept on your phone", "Đã lưu trên máy của bạn")),
      el("p", {}, say("There is no network right now. Your report is sent by itself as soon as there is; keep this page or come back to it.",
        "Hiện chưa có mạng. Phản ánh sẽ tự gửi khi có mạng; bạn để trang này mở hoặc quay lại sau.")),
      el("a", { class: "btn primary", href: "/report/" }, say("Report something else", "Phản ánh việc khác"))));
  }

  private waiting(): void {
    void queued().then((all) => {
      if (all.length) toast(say(`${all.length} report(s) wait for the network.`, `${all.length} phản ánh đang chờ mạng.`));
    }).catch(() => undefined);
  }
}

export const start: Start = async (_place, given) => {
  const props = given as unknown as Props;
  const form = document.querySelector<HTMLFormElement>(props.form);
  if (form) await new ReportForm(form, props).begin();
};
