/** Tells when directories change, a moment after the last of several changes: a file that is being written gets its end. */
import type { Runtime } from "../../runtime/runtime.ts";

/** Changes that follow each other as fast are one. */
const quietMs = 2;
/** Each watch takes a place in a table of the system's; whoever has more directories is told of some only by looking. */
const mostWatches = 100;

export class DirectoryWatches {
  readonly #runtime: Runtime;
  readonly #signal: AbortSignal;
  readonly #changed: () => void;
  readonly #watches = new Map<string, () => void>();
  #lastChangeAt = 0;
  #isWaiting = false;

  /** @param signal ends a wait */
  constructor(runtime: Runtime, signal: AbortSignal, changed: () => void) {
    this.#runtime = runtime;
    this.#signal = signal;
    this.#changed = changed;
  }

  /** Watches these directories and no others. */
  keep(directories: readonly string[]): void {
    const wanted = new Set(directories.slice(0, mostWatches));
    for (const [directory, end] of this.#watches) {
      if (wanted.has(directory)) continue;
      end();
      this.#watches.delete(directory);
    }
    const { fs } = this.#runtime;
    for (const directory of wanted) {
      if (this.#watches.has(directory) || fs.watch === undefined) continue;
      this.#watches.set(
        directory,
        fs.watch(directory, () => void this.#change()),
      );
    }
  }

  async #change(): Promise<void> {
    const { clock } = this.#runtime;
    this.#lastChangeAt = clock.monotonicMs();
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    try {
      for (let rest = quietMs; rest > 0; rest = this.#lastChangeAt + quietMs - clock.monotonicMs()) {
        await clock.sleep(rest, this.#signal);
      }
      this.#changed();
    } catch (error) {
      if (!this.#signal.aborted) throw error;
    } finally {
      this.#isWaiting = false;
    }
  }
}
