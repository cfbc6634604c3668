/** What must hold of a checkpoint whenever nobody writes it: the invariants of the micro-batch protocol. */
import type { BatchFacts, History } from "./history.ts";
import type { Event } from "./script.ts";

/** Files of a checkpoint and of an output directory; anything else is a leftover. */
const known: readonly RegExp[] = [
  /^\/in\//,
  /^\/checkpoint\/metadata$/,
  /^\/checkpoint\/(offsets|commits)\/\d+$/,
  /^\/checkpoint\/sources\/\d+\/\d+(\.compact)?$/,
  /^\/checkpoint\/state\/\d+\/_metadata\/metadata$/,
  /^\/checkpoint\/state\/\d+\/\d+(\/[\w$%-]+)?\/_metadata\/schema$/,
  /^\/checkpoint\/state\/\d+\/\d+(\/[\w$%-]+)?\/\d+\.(delta|snapshot)$/,
  /^\/checkpoint\/_engine\/facts$/,
  /^\/checkpoint\/_engine\/lease\/\d+$/,
  /^\/checkpoint\/_engine\/sources\/\d+\/\d+$/,
  /^\/out\/_spark_metadata\/\d+(\.compact)?$/,
  /^\/out\/_spark_metadata\/[._]\w*(owner|query)\w*$/,
  /^\/out\/.*part-/,
];

interface Logged {
  readonly watermarkMs: number;
  readonly timestampMs: number;
  readonly offset: string;
}

export class CheckpointWatch {
  /** Entries of the offset log, by batch, as they were first seen with their commit. */
  readonly #logged = new Map<number, Logged>();
  /** Which life of the process committed a batch. */
  readonly #lives = new Map<number, number>();
  /** Changes of the state by path: a batch that is repeated writes the same ones. */
  readonly #deltas = new Map<string, Uint8Array>();

  look(files: ReadonlyMap<string, Uint8Array>, life: number): void {
    const idsOf = (log: string): number[] =>
      [...files.keys()]
        .filter((path) => new RegExp(`^/checkpoint/${log}/\\d+$`).test(path))
        .map((path) => Number(path.split("/").at(-1)))
        .sort((a, b) => a - b);
    const offsets = idsOf("offsets");
    const commits = idsOf("commits");
    requireThat(contiguous(offsets), `the batches ${offsets.join()} of the offset log are not contiguous`);
    requireThat(
      commits.every((id) => offsets.includes(id) || id < offsets[0]!),
      `the batches ${commits.join()} are committed, ${offsets.join()} have offsets`,
    );
    requireThat(contiguous(commits), `the batches ${commits.join()} of the commit log are not contiguous`);
    const [lastOffset = -1, lastCommit = -1] = [offsets.at(-1), commits.at(-1)];
    requireThat(
      lastOffset - lastCommit <= 1 && lastCommit <= lastOffset,
      `offsets end at ${lastOffset}, commits at ${lastCommit}`,
    );
    for (const id of offsets)
      this.#lookAt(id, new TextDecoder().decode(files.get(`/checkpoint/offsets/${id}`)), lastCommit);
    for (const id of commits) if (!this.#lives.has(id)) this.#lives.set(id, life);
    this.#requireOrder();
    this.#requireSameState(files);
  }

  /** A file that power loss has cut says nothing. */
  #requireSameState(files: ReadonlyMap<string, Uint8Array>): void {
    for (const [path, bytes] of files) {
      if (!/^\/checkpoint\/state\/.*\.delta$/.test(path)) continue;
      const before = this.#deltas.get(path);
      if (before === undefined || before.length < bytes.length) this.#deltas.set(path, bytes);
      const common = Math.min(bytes.length, before?.length ?? 0);
      requireThat(
        before === undefined || before.subarray(0, common).every((byte, i) => byte === bytes[i]),
        `${path} was written again with other changes`,
      );
    }
  }

  requireLayout(files: ReadonlyMap<string, Uint8Array>): void {
    for (const path of files.keys()) {
      requireThat(
        known.some((pattern) => pattern.test(path)),
        `${path} is no file of the layout`,
      );
    }
  }

  #lookAt(id: number, text: string, lastCommit: number): void {
    const [version, json = "{}", ...ends] = text.split("\n");
    requireThat(version === "v1" && ends.length >= 1, `offsets/${id} is ${JSON.stringify(text)}`);
    const { batchWatermarkMs, batchTimestampMs } = JSON.parse(json) as Readonly<Record<string, number>>;
    const entry: Logged = { watermarkMs: batchWatermarkMs!, timestampMs: batchTimestampMs!, offset: ends.join("\n") };
    const before = this.#logged.get(id);
    if (before !== undefined && JSON.stringify(before) !== JSON.stringify(entry)) {
      throw new Error(
        `offsets/${id} was ${JSON.stringify(before)} when it was committed, and is ${JSON.stringify(entry)}`,
      );
    }
    if (id <= lastCommit) this.#logged.set(id, entry);
  }

  #requireOrder(): void {
    const entries = [...this.#logged].sort(([a], [b]) => a - b);
    for (const [i, [id, entry]] of entries.entries()) {
      const before = entries[i - 1]?.[1];
      if (before === undefined) continue;
      requireThat(entry.watermarkMs >= before.watermarkMs, `the watermark of batch ${id} steps back`);
      requireThat(entry.timestampMs >= before.timestampMs, `the time of batch ${id} steps back`);
    }
  }

  /** The committed batches, with the units of each memory stream that they took. */
  history(streams: readonly (readonly (readonly Event[])[])[]): History {
    const taken = streams.map(() => -1);
    return Array.from({ length: this.#logged.size }, (_, id): BatchFacts => {
      const { offset, timestampMs: nowMs, watermarkMs } = this.#logged.get(id)!;
      const ends = offset.split("\n");
      const rows = streams.map((units, i) => {
        // A stream of which nothing has been taken has no offset.
        const end = ends[i] === "-" ? -1 : Number(ends[i]);
        const own = units.slice(taken[i]! + 1, end + 1).flat();
        taken[i] = end;
        return own;
      });
      return { streams: rows, nowMs, watermarkMs, life: this.#lives.get(id)! };
    });
  }
}

function contiguous(ids: readonly number[]): boolean {
  return ids.every((id, i) => i === 0 || id === ids[i - 1]! + 1);
}

function requireThat(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}
