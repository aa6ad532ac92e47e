// Charts in the house's look: direct labels, zero line, the target as a line, uncertainty as a band, a table behind.
import { BarChart, CustomChart, LineChart, ScatterChart } from "echarts/charts";
import { AriaComponent, GridComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { init, use, type EChartsCoreOption } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { el, onTheme, reducedMotion, token } from "../lib/dom";
import type { Start } from "../lib/islands";
import { number, say } from "../lib/words";

use([LineChart, BarChart, ScatterChart, CustomChart, GridComponent, TooltipComponent, MarkLineComponent, MarkAreaComponent, AriaComponent, CanvasRenderer]);

interface Series {
  name: string;
  data: (number | null)[];
  /** ok warn bad info action brand; the first series is action, the others quiet */
  colour?: string;
}

interface Props {
  kind?: "line" | "bar" | "strip";
  title?: string;
  unit?: string;
  x?: (string | number)[];
  series: Series[];
  target?: number | null;
  target_text?: string;
  band?: { low: (number | null)[]; high: (number | null)[] };
  /** strip: the value of "us" and the best, marked among the dots */
  mine?: number;
  best?: number;
  table?: string;
  height?: number;
  zero?: boolean;
  /** the last x is still running: drawn hollow and dotted, and said so */
  open?: boolean;
}

/** The chart's options for the colours at its place. */
function options(props: Props, place: HTMLElement): EChartsCoreOption {
  const colour = (name: string): string => token(name, place);
  const colours = props.series.map((series, index) => colour(series.colour ?? (index === 0 ? "action" : index === 1 ? "info" : "ink-3")));
  const text = { color: colour("ink-2"), fontFamily: "Be Vietnam Pro, sans-serif", fontSize: 12 };
  const unit = props.unit ? `${props.unit === "%" ? "\u00a0%" : ` ${props.unit}`}` : "";
  const target = props.target ?? undefined;
  const mark = target === undefined ? undefined : {
    silent: true, symbol: "none",
    lineStyle: { color: colour("brand"), type: "solid", width: 1.5 },
    label: { formatter: props.target_text ?? say(`target ${number(target)}`, `mục tiêu ${number(target)}`), position: "insideStartTop", color: colour("brand"), fontFamily: text.fontFamily, fontSize: 11.5, fontWeight: 600 },
    data: [{ yAxis: target }],
  };
  const last = (data: (number | null)[]): number => data.reduce<number>((found, value, index) => (value === null ? found : index), -1);
  // labels of two lines that end close together: the higher one stands above its point, the lower one below
  const ending = (series: Series | undefined): number => series?.data[last(series.data)] ?? 0;
  const above = (index: number): boolean => props.series.every((other, at) => at === index || ending(props.series[index]) > ending(other) || (at > index && ending(props.series[index]) === ending(other)));
  const running = say("running", "đang chạy");
  const end = (props.x?.length ?? 0) - 1;
  const hollow = (at: number): boolean => props.open === true && at === end;
  const drawn = props.series.map((series, index) => ({
    name: series.name,
    type: props.kind === "bar" ? "bar" : "line",
    data: series.data.map((value, at) => ({
      value,
      ...(hollow(at) ? { symbol: "emptyCircle", symbolSize: 8, itemStyle: props.kind === "bar" ? { opacity: 0.45 } : { color: colours[index], borderWidth: 2 } } : {}),
      label: props.kind !== "bar" && at === last(series.data)
        ? { show: true, position: "right", distance: 6, formatter: `${number(value ?? 0)}${unit}${props.series.length > 1 ? ` ${series.name}` : ""}${hollow(at) && index === 0 ? `\n${running}` : ""}`, color: colours[index], fontWeight: 600, fontFamily: text.fontFamily, lineHeight: 16, ...(props.series.length > 1 ? { width: 104, overflow: "truncate", verticalAlign: above(index) ? "bottom" : "top" } : {}) }
        : { show: props.kind === "bar" && series.data.length <= 14, position: "top", formatter: value === null ? "" : number(value), color: colour("ink-2"), fontFamily: text.fontFamily, fontSize: 11 },
    })),
    symbol: "circle", symbolSize: (_value: unknown, { dataIndex }: { dataIndex: number }) => (dataIndex === last(series.data) || (props.open && dataIndex === end - 1) ? 7 : 0),
    showSymbol: true, connectNulls: false, barMaxWidth: 28,
    itemStyle: { color: colours[index], borderRadius: props.kind === "bar" ? [3, 3, 0, 0] : 0 },
    lineStyle: { width: index === 0 ? 2.25 : 1.5, color: colours[index] },
    emphasis: { disabled: true },
    ...(index === 0 && mark ? { markLine: mark } : {}),
  }));
  // a line cannot be dotted in part: the way to the running point is a series of its own over the solid one
  const dotted = props.open && props.kind !== "bar"
    ? drawn.map((series, index) => {
        const { markLine: _mark, ...rest } = series as typeof series & { markLine?: unknown };
        const values = series.data.map((point, at) => (at >= end - 1 ? point : { ...point, value: null }));
        series.data = series.data.map((point, at) => (at === end ? { ...point, value: null } : { ...point, label: { ...point.label, show: false } }));
        return { ...rest, data: values, lineStyle: { ...series.lineStyle, type: "dotted", color: colours[index] } };
      })
    : [];
  const bands = props.band
    ? [
        { type: "line", data: props.band.low, stack: "band", symbol: "none", lineStyle: { opacity: 0 }, silent: true, tooltip: { show: false } },
        {
          type: "line", stack: "band", symbol: "none", lineStyle: { opacity: 0 }, silent: true, tooltip: { show: false },
          data: props.band.high.map((high, at) => (high === null ? null : high - (props.band?.low[at] ?? 0))),
          areaStyle: { color: colours[0], opacity: 0.14 },
        },
      ]
    : [];
  return {
    animation: !reducedMotion(), animationDuration: 350,
    aria: { enabled: true, label: { description: `${props.title ?? ""}. ${say("A table with the same figures is on the page.", "Trang có bảng số liệu tương ứng.")}` } },
    textStyle: { fontFamily: text.fontFamily },
    grid: { left: 4, right: props.kind === "bar" ? 8 : props.series.length > 1 ? 114 : 76, top: 22, bottom: 2, containLabel: true },
    tooltip: {
      trigger: "axis", confine: true, backgroundColor: colour("surface"), borderColor: colour("line-strong"), padding: [6, 10],
      textStyle: { ...text, color: colour("ink") }, axisPointer: { lineStyle: { color: colour("line-strong") } },
      ...(dotted.length ? { formatter: (points: unknown) => tip(points as Point[], props, unit, hollow, running) } : {}),
      valueFormatter: (value: unknown) => (typeof value === "number" ? `${number(value)}${unit}` : "–"),
    },
    xAxis: {
      type: "category", data: props.x ?? [], boundaryGap: props.kind === "bar",
      axisLine: { lineStyle: { color: colour("line-strong") } }, axisTick: { show: false }, axisLabel: { ...text, hideOverlap: true },
    },
    yAxis: {
      type: "value", scale: props.zero === false, min: props.zero === false ? undefined : (range: { min: number }) => Math.min(0, range.min),
      ...(props.unit === "%" && props.zero !== false ? { max: 100 } : {}), splitNumber: 4,
      axisLabel: { ...text, formatter: (value: number) => number(value) }, splitLine: { lineStyle: { color: colour("line") } },
    },
    series: [...bands, ...drawn, ...dotted],
  };
}

interface Point {
  seriesName?: string;
  value: unknown;
  dataIndex: number;
  axisValueLabel?: string;
}

/** What is said over an x of a chart whose last period is running: each series once. */
function tip(points: Point[], props: Props, unit: string, hollow: (at: number) => boolean, running: string): HTMLElement {
  const box = el("div", {});
  const first = points[0];
  if (!first) return box;
  box.append(el("b", {}, `${first.axisValueLabel ?? ""}${hollow(first.dataIndex) ? `, ${running}` : ""}`));
  for (const series of props.series) {
    const value = series.data[first.dataIndex] ?? null;
    box.append(el("div", {}, `${series.name}: ${value === null ? "–" : `${number(value)}${unit}`}`));
  }
  return box;
}

/** Dots of similar units on one line, ours as a diamond, the median as a stroke. */
function strip(place: HTMLElement, props: Props): void {
  const values = (props.series[0]?.data ?? []).filter((value): value is number => value !== null).sort((a, b) => a - b);
  const low = values[0] ?? 0;
  const high = values.at(-1) ?? 1;
  const at = (value: number): string => `${(100 * (value - low)) / (high - low || 1)}%`;
  const line = el("div", { class: "u-strip", role: "img", "aria-label": props.title ?? "" });
  const dot = (value: number, css: string): void => {
    const made = el("i", { class: css, title: number(value) });
    made.style.left = at(value);
    line.append(made);
  };
  for (const value of values) dot(value, "d");
  const median = values[Math.floor(values.length / 2)];
  if (median !== undefined) dot(median, "m");
  if (props.mine !== undefined) dot(props.mine, "me");
  place.append(line);
}

export const start: Start = async (place, given) => {
  const props = given as unknown as Props;
  if (props.kind === "strip") return strip(place, props);
  await document.fonts.ready;
  const frame = el("div", { class: "chart" });
  frame.style.height = `${props.height ?? 256}px`;
  place.append(frame);
  const chart = init(frame, undefined, { renderer: "canvas" });
  chart.setOption(options(props, place));
  new ResizeObserver(() => chart.resize()).observe(frame);
  onTheme(() => chart.setOption(options(props, place), true));
  if (props.table) {
    const table = document.querySelector<HTMLElement>(props.table);
    if (table && !table.closest("details")) frame.setAttribute("aria-describedby", table.id);
  }
};
