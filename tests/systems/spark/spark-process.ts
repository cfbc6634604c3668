/** PySpark as a process of its own that all suites share, each over connections of its own; see driver.py. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { sparkPython } from "../../../scripts/python-environments.ts";

export class SparkProcess implements AsyncDisposable {
  /** Path of the socket that it listens on. */
  readonly socket: string;
  readonly #child: ChildProcess;
  readonly #scratch: string;

  private constructor(child: ChildProcess, scratch: string, socket: string) {
    this.#child = child;
    this.#scratch = scratch;
    this.socket = socket;
  }

  /** Starts the JVM, which takes some seconds; the first time on a machine PySpark is installed before. */
  static async start(): Promise<SparkProcess> {
    const scratch = mkdtempSync(`${tmpdir()}/millrace-spark-`);
    const socket = `${scratch}/socket`;
    const driver = fileURLToPath(new URL("./driver.py", import.meta.url));
    const child = spawn(sparkPython(console.log), [driver, scratch, socket], {
      stdio: ["pipe", "pipe", "ignore"],
      env: { ...process.env, PYTHONUTF8: "1", SPARK_LOCAL_IP: "127.0.0.1", SPARK_LOCAL_DIRS: scratch },
    });
    const spark = new SparkProcess(child, scratch, socket);
    for await (const line of createInterface({ input: child.stdout })) if (line === "listening") return spark;
    throw new Error(`Spark ended with ${child.exitCode ?? child.signalCode}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.stdin!.end();
    await ended;
    rmSync(this.#scratch, { recursive: true, force: true });
  }
}
