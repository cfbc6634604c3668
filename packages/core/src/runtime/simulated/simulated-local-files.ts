import { FileSystemError } from "../file-system.ts";
import type { LocalFile, LocalFiles } from "../local-files.ts";
import type { Random } from "../random.ts";

/** The content of a file; who has it open keeps it when its name is gone. */
class Content {
  bytes: Uint8Array = new Uint8Array(0);
  length = 0;

  write(source: Uint8Array, offset: number, length: number, position: number): void {
    const end = position + length;
    if (end > this.bytes.length) {
      const grown = new Uint8Array(Math.max(end, 2 * this.bytes.length));
      grown.set(this.bytes.subarray(0, this.length));
      this.bytes = grown;
    }
    this.bytes.set(source.subarray(offset, offset + length), position);
    this.length = Math.max(this.length, end);
  }
}

const pageBytes = 512;

/** Local files in memory. A fault can be set for any write, and loss of power leaves of each file what chance wants. */
export class SimulatedLocalFiles implements LocalFiles {
  readonly #files = new Map<string, Content>();
  /** Called before each write with its path and number; throws what the write is to fail with. */
  beforeWrite: ((path: string, write: number) => void) | null = null;
  /** Writes so far. */
  writes = 0;

  /** Names and lengths of all files. */
  lengths(): ReadonlyMap<string, number> {
    return new Map(Array.from(this.#files, ([path, { length }]) => [path, length]));
  }
  /** Changes a byte of a file, as a bad disk would. */
  damage(path: string, at: number): void {
    const { bytes } = this.#existing("damage", path);
    bytes[at] = bytes[at]! ^ 0x55;
  }
  removeAll(): void {
    this.#files.clear();
  }
  /** Nothing is synced, so anything may be missing: files, their ends, pages in the middle. */
  losePower(random: Random): void {
    for (const [path, content] of this.#files) {
      const chance = random.int32() & 7;
      if (chance === 0) this.#files.delete(path);
      else if (chance < 3) content.length = (random.int32() >>> 1) % (content.length + 1);
      else if (chance < 5 && content.length > 0) {
        const page = ((random.int32() >>> 1) % content.length) & -pageBytes;
        content.bytes.fill(0, page, Math.min(page + pageBytes, content.length));
      }
    }
  }

  list(directory: string): readonly string[] {
    const prefix = `${directory}/`;
    const names = Array.from(this.#files.keys(), (path) => (path.startsWith(prefix) ? path.slice(prefix.length) : ""));
    return [...new Set(names.filter((name) => name !== "").map((name) => name.split("/")[0]!))];
  }
  makeDirectory(): void {}
  open(path: string, how: "create" | "read"): LocalFile {
    if (how === "create") {
      if (this.#files.has(path)) throw new FileSystemError("EEXIST", "open", path);
      this.#files.set(path, new Content());
    }
    const content = this.#existing("open", path);
    return {
      size: () => content.length,
      read(target, offset, length, position) {
        const count = Math.max(0, Math.min(length, content.length - position));
        target.set(content.bytes.subarray(position, position + count), offset);
        return count;
      },
      write: (source, offset, length, position) => {
        this.beforeWrite?.(path, this.writes++);
        content.write(source, offset, length, position);
      },
      close() {},
    };
  }
  remove(path: string): void {
    this.#files.delete(path);
  }
  #existing(operation: string, path: string): Content {
    const content = this.#files.get(path);
    if (content === undefined) throw new FileSystemError("ENOENT", operation, path);
    return content;
  }
}
