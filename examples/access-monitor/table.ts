import { styleText } from "node:util";
import type { RouteTraffic, WindowTraffic } from "./windows.ts";

export interface TableOptions {
  readonly hasLatency: boolean;
  readonly colours: boolean;
  /** Routes shown at most; what the others have together stands in the last line. */
  readonly maxRoutes: number;
  /** Characters for the name of a route. */
  readonly routeWidth: number;
}

type Style = Parameters<typeof styleText>[0];

/** A window as lines of text: a heading, and a line for each route. */
export function windowTable(window: WindowTraffic, newest: boolean, options: TableOptions): readonly string[] {
  const paint = (style: Style, text: string): string =>
    options.colours ? styleText(style, text, { validateStream: false }) : text;
  // The newest window is still filling: rates are over the part of it that the log has reached.
  const seconds = ((newest ? Math.min(window.latestMs + 1000, window.endMs) : window.endMs) - window.startMs) / 1000;
  const shown = window.routes.slice(0, options.maxRoutes);
  const hidden = window.routes.slice(options.maxRoutes);

  const line = (traffic: RouteTraffic): string => {
    const share = traffic.requests === 0 ? 0 : traffic.errors / traffic.requests;
    const rate = errorRate(share).padStart(8);
    const cells = [
      fit(traffic.route, options.routeWidth),
      (traffic.requests / seconds).toFixed(1).padStart(8),
      share >= 0.05 ? paint("red", rate) : share > 0 ? paint("yellow", rate) : rate,
      ...(options.hasLatency ? [0, 1, 2].map((i) => milliseconds(traffic.ms?.[i]).padStart(8)) : []),
    ];
    return `  ${cells.join("  ")}`;
  };
  const titles = ["req/s", "errors", ...(options.hasLatency ? ["p50", "p95", "p99"] : [])];
  const heading = `  ${"route".padEnd(options.routeWidth)}  ${titles.map((title) => title.padStart(8)).join("  ")}`;
  return [
    paint("bold", `${clock(window.startMs)} – ${clock(window.endMs)}`) + (newest ? paint("dim", "  filling") : ""),
    paint("dim", heading),
    ...shown.map(line),
    ...(hidden.length === 0 ? [] : [line(total(`(${hidden.length} more routes)`, hidden))]),
    ...(window.routes.length < 2 ? [] : [paint("bold", line(total("all", window.routes)))]),
  ];
}

/** Requests of several routes together. Their percentiles cannot be computed from the percentiles of each. */
function total(route: string, routes: readonly RouteTraffic[]): RouteTraffic {
  const sum = (of: (traffic: RouteTraffic) => number): number => routes.reduce((all, traffic) => all + of(traffic), 0);
  return { route, requests: sum((r) => r.requests), errors: sum((r) => r.errors), ms: undefined };
}

function errorRate(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function milliseconds(value: number | null | undefined): string {
  if (value === null || value === undefined) return "";
  return value >= 10_000
    ? `${(value / 1000).toFixed(1)} s`
    : value >= 10
      ? `${value.toFixed(0)} ms`
      : `${value.toFixed(1)} ms`;
}

function fit(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width);
}

/** Time of day in UTC, with the day when it is not today's. */
function clock(ms: number): string {
  const iso = new Date(ms).toISOString();
  const time = iso.slice(11, 19);
  return iso.slice(0, 10) === new Date().toISOString().slice(0, 10) ? time : `${iso.slice(0, 10)} ${time}`;
}
