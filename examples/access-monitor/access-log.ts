import { appendFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";

const flushMs = 100;

/**
 * Writes access.log in a directory as web servers do: lines are buffered for a moment, and a file that has grown to
 * `maxBytes` is rotated to access.log.1, the one before it to access.log.2 and so on; the oldest is deleted.
 */
export class AccessLog implements AsyncDisposable {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #keep: number;
  readonly #timer: NodeJS.Timeout;
  #lines: string[] = [];
  #size = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(directory: string, maxBytes: number, keep = 4) {
    this.#path = join(directory, "access.log");
    this.#maxBytes = maxBytes;
    this.#keep = keep;
    this.#timer = setInterval(() => this.#flush(), flushMs);
  }

  append(line: string): void {
    this.#lines.push(`${line}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#flush();
    await this.#writing;
  }

  #flush(): void {
    if (this.#lines.length === 0) return;
    const text = this.#lines.join("");
    this.#lines = [];
    this.#writing = this.#writing.then(() => this.#write(text));
  }

  async #write(text: string): Promise<void> {
    await appendFile(this.#path, text);
    this.#size += Buffer.byteLength(text);
    if (this.#size >= this.#maxBytes) await this.#rotate();
  }

  async #rotate(): Promise<void> {
    for (let age = this.#keep; age >= 1; age--) {
      const newer = age === 1 ? this.#path : `${this.#path}.${age - 1}`;
      if (await exists(newer)) await rename(newer, `${this.#path}.${age}`);
    }
    // The new file is made before the oldest goes, so that it cannot get the inode of a file that was just deleted.
    await appendFile(this.#path, "");
    await rm(`${this.#path}.${this.#keep}`, { force: true });
    this.#size = 0;
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
