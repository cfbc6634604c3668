/**
 * Numbers by time, added in batches, the earliest taken first: sorted runs in typed arrays. Runs of which one is not twice as
 * long as the next one are merged. So what a batch adds costs a sort of the batch and, over time, log(all / batch) sequential
 * merges; what is taken costs a step in its run. Nothing else is looked at.
 */
import { sortByTime } from "./time-sort.ts";

interface Run {
  readonly times: Float64Array;
  readonly items: Int32Array;
  /** Those before it have been taken. */
  head: number;
}

export class SortedRuns {
  /** Longest first. */
  #runs: Run[] = [];
  // What has been added since the last seal.
  #times: Float64Array = new Float64Array(64);
  #items: Int32Array = new Int32Array(64);
  #count = 0;

  get memoryBytes(): number {
    return this.#runs.reduce((sum, run) => sum + 12 * run.times.length, 12 * this.#times.length);
  }

  add(time: number, item: number): void {
    const i = this.#count++;
    if (i === this.#times.length) {
      const [times, items] = [new Float64Array(2 * i), new Int32Array(2 * i)];
      times.set(this.#times);
      items.set(this.#items);
      this.#times = times;
      this.#items = items;
    }
    this.#times[i] = time;
    this.#items[i] = item;
  }

  /** Makes what was added a run: only then the other methods see it. */
  seal(): void {
    const count = this.#count;
    if (count === 0) return;
    this.#count = 0;
    sortByTime(this.#times, this.#items, 0, 0, count);
    this.#runs.push({ times: this.#times.slice(0, count), items: this.#items.slice(0, count), head: 0 });
    // A batch much larger than others must not hold its memory for ever.
    if (this.#times.length > 65_536) {
      this.#times = new Float64Array(64);
      this.#items = new Int32Array(64);
    }
    const runs = this.#runs;
    while (runs.length > 1 && left(runs.at(-2)!) <= 2 * left(runs.at(-1)!)) {
      const later = runs.pop()!;
      runs.push(merged(runs.pop()!, later));
    }
  }

  /** The least time; Infinity: there is none. */
  get first(): number {
    return this.#runs.reduce((least, { times, head }) => Math.min(least, times[head]!), Infinity);
  }

  /** Takes from the front of each run for as long as `takes` says so; what it adds meanwhile is not met. */
  takeWhile(takes: (time: number, item: number) => boolean): void {
    for (const run of this.#runs) {
      const { times, items } = run;
      while (run.head < times.length && takes(times[run.head]!, items[run.head]!)) run.head++;
    }
    if (this.#runs.some((run) => left(run) === 0)) this.#runs = this.#runs.filter((run) => left(run) > 0);
  }

  /** Items have other numbers now: `moved[old]` is the new one, −1 when it is gone. */
  renumber(moved: Int32Array): void {
    this.#runs = this.#runs.flatMap(({ times, items, head }) => {
      let count = head;
      for (let i = head; i < items.length; i++) {
        const item = moved[items[i]!]!;
        if (item < 0) continue;
        times[count] = times[i]!;
        items[count++] = item;
      }
      return count === head ? [] : [{ times: times.slice(head, count), items: items.slice(head, count), head: 0 }];
    });
  }

  clear(): void {
    this.#runs = [];
    this.#count = 0;
  }
}

function left(run: Run): number {
  return run.times.length - run.head;
}

/** Of equal times those of the earlier run come first. */
function merged(earlier: Run, later: Run): Run {
  const length = left(earlier) + left(later);
  const [times, items] = [new Float64Array(length), new Int32Array(length)];
  const copy = (run: Run, from: number, to: number, at: number): void => {
    times.set(run.times.subarray(from, to), at);
    items.set(run.items.subarray(from, to), at);
  };
  let [a, b] = [earlier.head, later.head];
  const [aEnd, bEnd] = [earlier.times.length, later.times.length];
  let out = 0;
  // Mostly what comes later has later times.
  if (earlier.times[aEnd - 1]! > later.times[b]!) {
    while (a < aEnd && b < bEnd) {
      const from = earlier.times[a]! <= later.times[b]!;
      times[out] = from ? earlier.times[a]! : later.times[b]!;
      items[out++] = from ? earlier.items[a++]! : later.items[b++]!;
    }
  }
  copy(earlier, a, aEnd, out);
  copy(later, b, bEnd, out + aEnd - a);
  return { times, items, head: 0 };
}
