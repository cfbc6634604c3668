/** Spark behind the same requests as {@link MillraceEngine}: a client of driver.py. */
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
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

/** SQL expressions, and the positions of those that are expected to fail: a hint that saves time, whatever comes. */
export interface Expressions {
  readonly expressions: readonly string[];
  readonly failing: readonly number[];
}

type Request =
  | ({ readonly op: "evaluate"; readonly plan: Plan; readonly timeZone: string } & Expressions)
  | ({ readonly op: "slt" } & SltSection)
  | ({ readonly op: "types"; readonly columns: readonly string[]; readonly ansi: boolean } & Expressions)
  | { readonly op: "run"; readonly plan: Plan; readonly show?: Show }
  | ({ readonly op: "write" } & WriteJob)
  | ({ readonly op: "stream"; readonly settleSeconds?: number } & StreamJob);

/** A session of Spark, which answers requests one after another. */
interface Connection {
  readonly socket: Socket;
  readonly lines: AsyncIterator<string>;
}

/** Requests that are made at the same time run beside each other, each in a session of its own. */
export class SparkEngine implements Disposable {
  readonly #path: string;
  readonly #all: Connection[] = [];
  readonly #idle: Connection[] = [];

  /** @param path where {@link SparkProcess} listens */
  constructor(path: string) {
    this.#path = path;
  }

  async evaluate(plan: Plan, expressions: Expressions, timeZone: string): Promise<readonly (Table | Failure)[]> {
    return (await this.#ask({ op: "evaluate", plan, timeZone, ...expressions })) as readonly (Table | Failure)[];
  }
  async slt(section: SltSection): Promise<readonly (Table | Failure)[]> {
    return (await this.#ask({ op: "slt", ...section })) as readonly (Table | Failure)[];
  }
  /** The type of each expression over one row of columns, or `! ERROR_CLASS`; nothing is computed. */
  async types(columns: readonly string[], expressions: Expressions, ansi: boolean): Promise<readonly string[]> {
    return (await this.#ask({ op: "types", columns, ansi, ...expressions })) as readonly string[];
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
    const connection = this.#idle.pop() ?? this.#connect();
    connection.socket.write(`${JSON.stringify(request)}\n`);
    const line = await connection.lines.next();
    if (line.done === true) throw new Error("Spark has ended");
    this.#idle.push(connection);
    const answer = JSON.parse(line.value) as { readonly value: unknown } | { readonly crash: string };
    if ("crash" in answer) throw new Error(answer.crash);
    return answer.value;
  }
  #connect(): Connection {
    const socket = connect(this.#path);
    const connection = { socket, lines: createInterface({ input: socket })[Symbol.asyncIterator]() };
    this.#all.push(connection);
    return connection;
  }

  [Symbol.dispose](): void {
    for (const { socket } of this.#all) socket.destroy();
  }
}
