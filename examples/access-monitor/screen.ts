import { type TableOptions, windowTable } from "./table.ts";
import type { RecentWindows, WindowTraffic } from "./windows.ts";

/** What stands below the tables. */
export interface Footer {
  lines: number;
  lateLines: number;
  unreadableLines: number;
  watermark: string | undefined;
  batchMs: number;
}

export interface Screen extends Disposable {
  draw(windows: RecentWindows, footer: Footer): void;
  /** Shows what was not shown yet. */
  end(windows: RecentWindows, footer: Footer): void;
}

interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
  hasColors?(): boolean;
}

/** A table that is drawn again and again on a terminal, or in a pipe a block of text for each window that is complete. */
export function openScreen(out: Terminal, title: string, hasLatency: boolean): Screen {
  const colours = out.isTTY === true && out.hasColors?.() === true;
  return out.isTTY === true
    ? new LiveScreen(out, title, { hasLatency, colours })
    : new PlainScreen(out, title, { hasLatency, colours, maxRoutes: 50, routeWidth: 32 });
}

const escape = {
  open: "\x1b[?1049h\x1b[?25l",
  close: "\x1b[?25h\x1b[?1049l",
  home: "\x1b[H",
  clearLine: "\x1b[K",
  clearBelow: "\x1b[J",
};

class LiveScreen implements Screen {
  readonly #out: Terminal;
  readonly #title: string;
  readonly #style: Pick<TableOptions, "hasLatency" | "colours">;
  #open = true;

  constructor(out: Terminal, title: string, style: Pick<TableOptions, "hasLatency" | "colours">) {
    this.#out = out;
    this.#title = title;
    this.#style = style;
    out.write(escape.open);
  }

  draw(windows: RecentWindows, footer: Footer): void {
    const height = (this.#out.rows ?? 24) - 1;
    const lines = [this.#title, "", ...this.#tables(windows, height - 4), ...footerLines(footer)];
    const text = lines.slice(0, height).map((line) => `${line}${escape.clearLine}\n`);
    this.#out.write(`${escape.home}${text.join("")}${escape.clearBelow}`);
  }

  end(windows: RecentWindows, footer: Footer): void {
    // Back to the screen with the shell's history, which keeps the last state.
    this[Symbol.dispose]();
    const lines = [this.#title, "", ...this.#tables(windows, 40), ...footerLines(footer)];
    this.#out.write(`${lines.join("\n")}\n`);
  }

  [Symbol.dispose](): void {
    if (this.#open) this.#out.write(escape.close);
    this.#open = false;
  }

  /** The newest window first, and as many older ones as there is room for. */
  #tables(windows: RecentWindows, height: number): readonly string[] {
    const columns = this.#out.columns ?? 80;
    const routeWidth = Math.max(12, Math.min(40, columns - (this.#style.hasLatency ? 54 : 24)));
    const options = { ...this.#style, maxRoutes: Math.max(3, Math.min(20, height - 5)), routeWidth };
    const lines: string[] = [];
    for (const [age, window] of windows.all().toReversed().entries()) {
      const table = windowTable(window, age === 0, options);
      if (age > 0 && lines.length + table.length >= height) break;
      lines.push(...table, "");
    }
    return lines.length > 0 ? lines : ["  waiting for the first lines …", ""];
  }
}

class PlainScreen implements Screen {
  readonly #out: Terminal;
  readonly #options: TableOptions;
  #shownUntil = Number.NEGATIVE_INFINITY;

  constructor(out: Terminal, title: string, options: TableOptions) {
    this.#out = out;
    this.#options = options;
    out.write(`${title}\n\n`);
  }

  draw(windows: RecentWindows, footer: Footer): void {
    const watermark = footer.watermark === undefined ? Number.NaN : Date.parse(footer.watermark);
    // Nothing that a window before the watermark shows can change any more.
    for (const window of this.#notShown(windows)) if (window.endMs <= watermark) this.#show(window, false);
  }

  end(windows: RecentWindows, footer: Footer): void {
    const rest = this.#notShown(windows);
    for (const window of rest) this.#show(window, window === rest.at(-1));
    this.#out.write(`${footerLines(footer).join("\n")}\n`);
  }

  [Symbol.dispose](): void {}

  #notShown(windows: RecentWindows): readonly WindowTraffic[] {
    return windows.all().filter((window) => window.startMs > this.#shownUntil);
  }

  #show(window: WindowTraffic, newest: boolean): void {
    this.#shownUntil = window.startMs;
    this.#out.write(`${windowTable(window, newest, this.#options).join("\n")}\n\n`);
  }
}

function footerLines({ lines, lateLines, unreadableLines, watermark, batchMs }: Footer): readonly string[] {
  const number = (n: number): string => n.toLocaleString("en-US");
  const parts = [
    `${number(lines)} lines read`,
    `${number(unreadableLines)} not readable`,
    `${number(lateLines)} too late`,
    ...(watermark === undefined ? [] : [`complete until ${watermark.slice(11, 19)} UTC`]),
    `last batch ${batchMs} ms`,
  ];
  return [parts.join(" · ")];
}
