/** What `run` shows: a live line per query on a terminal, a line per batch otherwise, progress JSON with `--json`. */
import { onEngineOpened, type StreamingQueryProgress } from "millrace/engine";

const millisecondsPerFrame = 200;
/** Over how long rows a second are counted. */
const rateMs = 5_000;

export class Screen {
  readonly #json: boolean;
  readonly #live: boolean;
  readonly #lines = new Map<string, string>();
  /** By run: the batches of the last seconds, for the rate. */
  readonly #recent = new Map<string, RecentBatch[]>();
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
    const recent = [...(this.#recent.get(progress.runId) ?? []), recentBatchOf(progress)];
    while (recent.length > 1 && recent.at(-1)!.endMs - recent[0]!.endMs > rateMs) recent.shift();
    this.#recent.set(progress.runId, recent);
    const line = describeProgress(progress, rateOf(recent));
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

interface RecentBatch {
  readonly endMs: number;
  readonly durationMs: number;
  readonly rows: number;
}

function recentBatchOf(progress: StreamingQueryProgress): RecentBatch {
  const durationMs = progress.batchDuration;
  return { endMs: Date.parse(progress.timestamp) + durationMs, durationMs, rows: progress.numInputRows };
}

/** Rows a second over some batches, from the begin of the first to the end of the last. */
function rateOf(batches: readonly RecentBatch[]): number {
  const [first] = batches;
  if (first === undefined) return 0;
  const spanMs = batches.at(-1)!.endMs - (first.endMs - first.durationMs);
  return batches.reduce((sum, { rows }) => sum + rows, 0) / (Math.max(1, spanMs) / 1000);
}

/** One query in one line: rows a second, batch time, state rows, watermark, lag behind the source. */
export function describeProgress(progress: StreamingQueryProgress, rowsPerSecond: number): string {
  const stateRows = progress.stateOperators.reduce((sum, operator) => sum + operator.numRowsTotal, 0);
  const watermark = progress.eventTime?.["watermark"];
  const source = progress.sources[0];
  const behind =
    source !== undefined && JSON.stringify(source.latestOffset) !== JSON.stringify(source.endOffset) ? "behind" : "";
  return [
    progress.name ?? progress.id.slice(0, 8),
    `batch ${progress.batchId}`,
    `${progress.numInputRows} rows`,
    `${Math.round(rowsPerSecond)} rows/s`,
    `${progress.batchDuration} ms`,
    ...(progress.stateOperators.length === 0 ? [] : [`state ${stateRows}`]),
    ...(watermark === undefined ? [] : [`watermark ${Date.parse(watermark) === 0 ? "none yet" : watermark}`]),
    ...(behind === "" ? [] : [behind]),
  ].join("  ");
}
