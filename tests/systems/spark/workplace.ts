/** A directory with input, output and checkpoint that two engines work on in turn. */
import { mkdtempSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { verifyCheckpoint } from "../../../packages/core/src/checkpoint/index.ts";
import { createNodeRuntime } from "../../../packages/core/src/runtime/node/index.ts";

const { fs } = createNodeRuntime();
let second = 0;

export class Workplace implements Disposable {
  readonly directory: string = mkdtempSync(`${tmpdir()}/millrace-handover-`);
  readonly input: string = `${this.directory}/in`;
  readonly output: string = `${this.directory}/out`;
  readonly checkpoint: string = `${this.directory}/checkpoint`;

  constructor() {
    mkdirSync(this.input);
  }

  /** Adds an input file; each is a second younger than the one before, so that the order of reading is certain. */
  put(name: string, text: string): void {
    const path = `${this.input}/${name}`;
    writeFileSync(path, text);
    const time = Math.floor(Date.now() / 1000) - 10_000 + second++;
    utimesSync(path, time, time);
  }

  /** Takes the mark of a batch away, as if its writer had died before it: `commits`, and with `sink` the sink's manifest. */
  uncommit(batchId: number, how: { readonly sink: boolean }): void {
    for (const log of [`${this.checkpoint}/commits`, ...(how.sink ? [`${this.output}/_spark_metadata`] : [])]) {
      const names = readdirSync(log).filter((name) => new RegExp(`^\\.?${batchId}(\\.compact)?(\\.crc)?$`).test(name));
      for (const name of names) rmSync(`${log}/${name}`);
    }
  }

  /** Names of the files beneath a directory of the checkpoint or output. */
  files(path: string): readonly string[] {
    return readdirSync(`${this.directory}/${path}`, { recursive: true, encoding: "utf8" });
  }

  /** What `millrace checkpoint verify` finds wrong. */
  async findings(): Promise<readonly string[]> {
    const found = await verifyCheckpoint(fs, this.checkpoint);
    return found.map(({ severity, path, message }) => `${severity} ${path}: ${message}`);
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
