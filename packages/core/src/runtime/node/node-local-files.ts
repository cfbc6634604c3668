import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, readSync, rmSync, writeSync } from "node:fs";
import type { LocalFile, LocalFiles } from "../local-files.ts";
import { fileSystemError } from "./file-program.ts";

class NodeLocalFile implements LocalFile {
  readonly #descriptor: number;
  readonly #path: string;
  constructor(descriptor: number, path: string) {
    this.#descriptor = descriptor;
    this.#path = path;
  }
  size(): number {
    return this.#named("stat", () => fstatSync(this.#descriptor).size);
  }
  read(target: Uint8Array, offset: number, length: number, position: number): number {
    // Without a closure: this is called for single keys.
    try {
      return readSync(this.#descriptor, target, offset, length, position);
    } catch (error) {
      throw fileSystemError(error, "read", this.#path);
    }
  }
  write(source: Uint8Array, offset: number, length: number, position: number): void {
    this.#named("write", () => {
      for (let written = 0; written < length;) {
        written += writeSync(this.#descriptor, source, offset + written, length - written, position + written);
      }
    });
  }
  close(): void {
    this.#named("close", () => closeSync(this.#descriptor));
  }
  #named<T>(operation: string, action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw fileSystemError(error, operation, this.#path);
    }
  }
}

export class NodeLocalFiles implements LocalFiles {
  list(directory: string): readonly string[] {
    try {
      return readdirSync(directory);
    } catch (error) {
      const failure = fileSystemError(error, "list", directory);
      if (failure.code === "ENOENT") return [];
      throw failure;
    }
  }
  makeDirectory(path: string): void {
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw fileSystemError(error, "makeDirectory", path);
    }
  }
  open(path: string, how: "create" | "read"): LocalFile {
    try {
      return new NodeLocalFile(openSync(path, how === "create" ? "wx+" : "r", 0o600), path);
    } catch (error) {
      throw fileSystemError(error, "open", path);
    }
  }
  remove(path: string): void {
    try {
      rmSync(path, { force: true });
    } catch (error) {
      throw fileSystemError(error, "remove", path);
    }
  }
}
