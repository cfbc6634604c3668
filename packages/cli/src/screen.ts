/** What `run` shows: a live line per query on a terminal, a line per batch otherwise, progress JSON with `--json`. */
import { onEngineOpened, type StreamingQueryProgress } from "millrace/engine";

const millisecondsPerFrame = 200;

export class Screen {
  readonly #json: boolean;
  readonly #live: boolean;
  readonly #lines = new Map<string, string>();
  readonly #unsubscribe: () => void;
  #drawn = 0;
  #due: NodeJS.Timeout | undefined;

  constructor(json: boolean) {
    this.#json = json;
    this.#live = !json && process.stderr.isTTY === true;
    this.#unsubscribe = onEngineOpened((engine) =>
      engine.streams.addListener({
        onQueryProgress: ({ progress }) => this.#progress(progress),
        onQueryTerminated: (event) => {
          if (json) this.#print(JSON.stringify({ event: "terminated", ...event }));
        },
      }),
    );
  }

  /** A remark of the command itself. */
  note(text: string): void {
    this.#erase();
    process.stderr.write(`millrace: ${text}\n`);
    this.#draw();
  }

  close(): void {
    this.#unsubscribe();
    clearTimeout(this.#due);
    this.#erase();
    this.#draw();
  }

  #progress(progress: StreamingQueryProgress): void {
    if (this.#json) {
      this.#print(JSON.stringify({ event: "progress", ...progress }));
      return;
    }
    const line = describeProgress(progress);
    if (!this.#live) {
      process.stderr.write(`${line}\n`);
      return;
    }
    this.#lines.set(progress.runId, line);
    this.#due ??= setTimeout(() => {
      this.#due = undefined;
      this.#erase();
      this.#draw();
    }, millisecondsPerFrame).unref();
  }

  #print(line: string): void {
    process.stdout.write(`${line}\n`);
  }

  #erase(): void {
    if (this.#drawn > 0) process.stderr.write(`\u001b[${this.#drawn}A\u001b[J`);
    this.#drawn = 0;
  }

  #draw(): void {
    if (!this.#live) return;
    const width = process.stderr.columns ?? 120;
    for (const line of this.#lines.values()) process.stderr.write(`${line.slice(0, width - 1)}\n`);
    this.#drawn = this.#lines.size;
  }
}

/** One query in one line: rows a second, batch time, state rows, watermark, lag behind the source. */
export function describeProgress(progress: StreamingQueryProgress): string {
  const stateRows = progress.stateOperators.reduce((sum, operator) => sum + operator.numRowsTotal, 0);
  const watermark = progress.eventTime?.["watermark"];
  const source = progress.sources[0];
  const behind =
    source !== undefined && JSON.stringify(source.latestOffset) !== JSON.stringify(source.endOffset) ? "behind" : "";
  return [
    progress.name ?? progress.id.slice(0, 8),
    `batch ${progress.batchId}`,
    `${progress.numInputRows} rows`,
    `${Math.round(progress.processedRowsPerSecond ?? 0)} rows/s`,
    `${progress.batchDuration} ms`,
    ...(progress.stateOperators.length === 0 ? [] : [`state ${stateRows}`]),
    ...(watermark === undefined ? [] : [`watermark ${watermark}`]),
    ...(behind === "" ? [] : [behind]),
  ].join("  ");
}
