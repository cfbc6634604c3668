import { nameOf } from "./paths.ts";

/**
 * Which files a stream has taken, bounded in memory: files older than `maxAgeMs` before the newest seen are forgotten,
 * and files that old are never taken (Spark's SeenFilesMap).
 */
export class SeenFiles {
  readonly #times = new Map<string, number>();
  readonly #maxAgeMs: number;
  readonly #nameOnly: boolean;
  #newestMs = 0;
  #oldestMs = 0;

  /** @param nameOnly two files of one name in different directories are the same file */
  constructor(maxAgeMs: number, nameOnly: boolean) {
    this.#maxAgeMs = maxAgeMs;
    this.#nameOnly = nameOnly;
  }

  get size(): number {
    return this.#times.size;
  }

  #key(path: string): string {
    return this.#nameOnly ? nameOf(path) : path;
  }

  add(path: string, modifiedMs: number): void {
    this.#times.set(this.#key(path), modifiedMs);
    if (modifiedMs > this.#newestMs) this.#newestMs = modifiedMs;
  }

  has(path: string): boolean {
    return this.#times.has(this.#key(path));
  }

  isTooOld(modifiedMs: number): boolean {
    return modifiedMs < this.#oldestMs;
  }

  /** Forgets files that have become too old. */
  purge(): void {
    const oldest = this.#newestMs - this.#maxAgeMs;
    if (!(oldest > this.#oldestMs)) return;
    this.#oldestMs = oldest;
    // In the order in which they were added, mostly that of their times: what is too old behind one that is not goes with it.
    for (const [key, time] of this.#times) {
      if (time >= oldest) break;
      this.#times.delete(key);
    }
  }
}
