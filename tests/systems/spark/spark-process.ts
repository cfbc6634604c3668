/** PySpark as a process of its own that answers requests one after another; see driver.py. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import { sparkPython } from "../../../scripts/python-environments.ts";
import type { SltSection } from "../../slt/slt-file.ts";
import type { Canonical } from "./canonical.ts";
import type { Plan, Show } from "./plans.ts";

export interface Failure {
  readonly error: string;
  readonly message: string;
}
export interface Table {
  readonly columns: readonly (readonly [name: string, type: string, nullable: boolean])[];
  readonly rows: readonly (readonly Canonical[])[];
}
export interface StreamRun {
  readonly id: string;
  readonly progress: readonly {
    readonly batchId: number;
    readonly numInputRows: number;
    readonly eventTime: Readonly<Record<string, string>>;
    readonly stateOperators: readonly StateCounters[];
  }[];
  readonly batches: readonly { readonly batchId: number; readonly rows: Table["rows"] }[];
  readonly error?: string;
}
/** What progress tells of an operator with state, as far as both engines must count alike. */
export interface StateCounters {
  readonly operatorName: string;
  readonly numRowsTotal: number;
  readonly numRowsUpdated: number;
  readonly numRowsRemoved: number;
  readonly numRowsDroppedByWatermark: number;
  readonly numShufflePartitions: number;
  readonly numStateStoreInstances: number;
  readonly numDroppedDuplicateRows: number;
}
export interface StreamJob {
  readonly plan: Plan;
  readonly checkpoint: string;
  readonly outputMode?: "append" | "update" | "complete";
  /** A file sink; without it the rows of each batch are returned. */
  readonly path?: string;
  readonly format?: string;
  readonly options?: Readonly<Record<string, string>>;
  readonly partitionBy?: readonly string[];
  /** The function over this batch throws after it has seen the rows. */
  readonly failAt?: number;
}

/** A batch write of the rows of a plan. */
export interface WriteJob {
  readonly plan: Plan;
  readonly path: string;
  readonly format: string;
  readonly options?: Readonly<Record<string, string>>;
  readonly partitionBy?: readonly string[];
  /** `overwrite` unless given. */
  readonly mode?: "append" | "overwrite" | "errorifexists" | "ignore";
  /** Settings of the session while it writes. */
  readonly conf?: Readonly<Record<string, string>>;
}

type Request =
  | { readonly op: "version" }
  | { readonly op: "evaluate"; readonly plan: Plan; readonly expressions: readonly string[]; readonly timeZone: string }
  | ({ readonly op: "slt" } & SltSection)
  | {
      readonly op: "types";
      readonly columns: readonly string[];
      readonly expressions: readonly string[];
      readonly ansi: boolean;
    }
  | { readonly op: "run"; readonly plan: Plan; readonly show?: Show }
  | ({ readonly op: "write" } & WriteJob)
  | ({ readonly op: "stream"; readonly settleSeconds?: number } & StreamJob);

export class SparkProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #scratch: string;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;

  private constructor(child: ChildProcess, scratch: string) {
    this.#child = child;
    this.#scratch = scratch;
    this.#reader = createInterface({ input: child.stdout! });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  /** Starts the JVM, which takes some seconds; the first time on a machine PySpark is installed before. */
  static async start(): Promise<SparkProcess> {
    const scratch = mkdtempSync(`${tmpdir()}/millrace-spark-`);
    const driver = fileURLToPath(new URL("./driver.py", import.meta.url));
    const child = spawn(sparkPython(console.log), [driver, scratch], {
      stdio: ["pipe", "pipe", "ignore"],
      env: { ...process.env, PYTHONUTF8: "1", SPARK_LOCAL_IP: "127.0.0.1", SPARK_LOCAL_DIRS: scratch },
    });
    const spark = new SparkProcess(child, scratch);
    await spark.#ask({ op: "version" });
    return spark;
  }

  async evaluate(plan: Plan, expressions: readonly string[], timeZone: string): Promise<readonly (Table | Failure)[]> {
    return (await this.#ask({ op: "evaluate", plan, expressions, timeZone })) as readonly (Table | Failure)[];
  }
  async slt(section: SltSection): Promise<readonly (Table | Failure)[]> {
    return (await this.#ask({ op: "slt", ...section })) as readonly (Table | Failure)[];
  }
  /** The type of each expression over one row of columns, or `! ERROR_CLASS`; nothing is computed. */
  async types(columns: readonly string[], expressions: readonly string[], ansi: boolean): Promise<readonly string[]> {
    return (await this.#ask({ op: "types", columns, expressions, ansi })) as readonly string[];
  }
  async run(plan: Plan): Promise<(Table & { readonly tree: string }) | Failure> {
    return (await this.#ask({ op: "run", plan })) as (Table & { readonly tree: string }) | Failure;
  }
  async show(plan: Plan, show: Show): Promise<string> {
    const answer = (await this.#ask({ op: "run", plan, show })) as { readonly show: string } | Failure;
    if ("error" in answer) throw new Error(answer.message);
    return answer.show;
  }
  async write(job: WriteJob): Promise<Failure | undefined> {
    const answer = (await this.#ask({ op: "write", ...job })) as Failure | Record<string, never>;
    return "error" in answer ? (answer as Failure) : undefined;
  }
  /** Runs a streaming query until it has processed all that is there. */
  async stream(job: StreamJob, settleSeconds = 0): Promise<StreamRun> {
    return (await this.#ask({ op: "stream", ...job, settleSeconds })) as StreamRun;
  }

  async #ask(request: Request): Promise<unknown> {
    this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
    const line = await this.#lines.next();
    if (line.done === true) throw new Error(`Spark ended with ${this.#child.exitCode ?? this.#child.signalCode}`);
    const answer = JSON.parse(line.value) as { readonly value: unknown } | { readonly crash: string };
    if ("crash" in answer) throw new Error(answer.crash);
    return answer.value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.stdin!.end();
    await ended;
    this.#reader.close();
    rmSync(this.#scratch, { recursive: true, force: true });
  }
}
