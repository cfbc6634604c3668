/** A thread's side: compiles the fragments it is sent, and computes one task of each execution at a time. */
import { decodeBatch, encodeBatch } from "../../columnar/block-format.ts";
import { MillraceError } from "../../errors/index.ts";
import type { UserFunction } from "../../expressions/expression.ts";
import type { PhysicalPlan, ScanExec } from "../../physical-plan/physical-plan.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { WorkerPort } from "../../runtime/workers.ts";
import type { SplitReader, ScanRequest } from "../../sources/contract.ts";
import { compilePlan } from "../compile-plan.ts";
import type { BatchContext, CompiledPlan, EventTimeStats } from "../context.ts";
import type { OperatorMemory } from "../memory/operator-memory.ts";
import type { Partition } from "../operators/operator.ts";
import { Turns } from "../turns.ts";
import { withClosures } from "./fragment.ts";
import { type FromWorker, type OpenFragment, type ToWorker, windowBytes } from "./messages.ts";
import { toRemoteError } from "./remote-error.ts";

/** What the thread is given by the session's side of it. */
export interface TaskHost {
  readonly clock: Clock;
  openReader(scan: ScanExec, request: ScanRequest, open: OpenFragment, signal: AbortSignal): SplitReader;
  openMemory(limitBytes: number): OperatorMemory;
  loadFunction(fn: UserFunction): Promise<UserFunction["closure"]>;
}

/** Why what an execution still does is to end. */
const closed = new Error("the execution is closed");

/** Compiled fragments that are kept for their next execution. */
const keptFragments = 32;
interface CompiledFragment {
  readonly compiled: CompiledPlan;
  /** Where the rows of the build sides are put. */
  readonly inputs: Partition[][];
}

interface Task {
  readonly partition: number;
  cancelled: boolean;
  unacknowledged: number;
  wake: () => void;
}

interface Run {
  readonly open: OpenFragment;
  readonly abort: AbortController;
  readonly partitions: Promise<readonly Partition[]>;
  readonly context: TaskContext;
  readonly memory: OperatorMemory;
}

export class TaskServer {
  readonly #port: WorkerPort;
  readonly #host: TaskHost;
  readonly #fragments = new Map<number, Promise<CompiledFragment>>();
  readonly #runs = new Map<number, Run>();
  /** By execution. */
  readonly #tasks = new Map<number, Task>();

  constructor(port: WorkerPort, host: TaskHost) {
    this.#port = port;
    this.#host = host;
  }

  receive(message: ToWorker): void {
    switch (message.kind) {
      case "open":
        this.#runs.set(message.run, this.#open(message));
        return;
      case "task":
        void this.#compute(message.run, message.partition, message.skip);
        return;
      case "taken":
      case "cancel": {
        const task = this.#tasks.get(message.run);
        if (task?.partition !== message.partition) return;
        if (message.kind === "taken") task.unacknowledged -= message.bytes;
        else task.cancelled = true;
        task.wake();
        return;
      }
      case "close": {
        const run = this.#runs.get(message.run);
        this.#runs.delete(message.run);
        run?.abort.abort(closed);
        void run?.memory.spill.close().catch(() => undefined);
      }
    }
  }

  #post(message: FromWorker, transfer: readonly ArrayBuffer[] = []): void {
    this.#port.post(message, transfer);
  }

  #open(open: OpenFragment): Run {
    const abort = new AbortController();
    const memory = this.#host.openMemory(open.memoryLimitBytes);
    const context = new TaskContext(open, abort.signal, memory, this.#host);
    const partitions = this.#fragment(open).then(async ({ compiled, inputs }) => {
      inputs.length = 0;
      for (const [i, input] of open.inputs.entries()) inputs.push([decoded(inputSchemas(open.plan)[i]!, input)]);
      return compiled.execute(context);
    });
    partitions.catch(() => undefined);
    return { open, abort, partitions, context, memory };
  }

  #fragment(open: OpenFragment): Promise<CompiledFragment> {
    let found = this.#fragments.get(open.fragment);
    this.#fragments.delete(open.fragment);
    found ??= (async () => {
      const plan = await withClosures(open.plan, (fn) => this.#host.loadFunction(fn));
      const inputs: Partition[][] = [];
      return { compiled: compilePlan(plan, open.options, inputs), inputs };
    })();
    this.#fragments.set(open.fragment, found);
    const [oldest] = this.#fragments.keys();
    if (this.#fragments.size > keptFragments) this.#fragments.delete(oldest!);
    return found;
  }

  async #compute(runId: number, partition: number, skip: number): Promise<void> {
    const task: Task = { partition, cancelled: false, unacknowledged: 0, wake: () => undefined };
    this.#tasks.set(runId, task);
    try {
      const run = this.#runs.get(runId);
      if (run === undefined)
        throw new MillraceError("INTERNAL_ERROR", { message: "a task of an execution that is closed" });
      run.context.beginTask();
      const rows = (await run.partitions)[partition]!;
      (await this.#fragment(run.open)).compiled.resume(run.context);
      let batches = 0;
      for await (const batch of rows) {
        if (task.cancelled) break;
        if (batch.length === 0 || batches++ < skip) continue;
        const bytes = encodeBatch(batch);
        task.unacknowledged += bytes.byteLength;
        this.#post({ kind: "rows", run: runId, partition, bytes }, [bytes.buffer as ArrayBuffer]);
        while (task.unacknowledged > windowBytes && !task.cancelled) {
          await new Promise<void>((resolve) => {
            task.wake = resolve;
          });
        }
      }
      this.#tasks.delete(runId);
      this.#post({ kind: "done", run: runId, partition, ...run.context.takeDone() });
    } catch (error) {
      this.#tasks.delete(runId);
      this.#post({ kind: "failed", run: runId, partition, error: toRemoteError(error) });
    }
  }
}

function inputSchemas(plan: PhysicalPlan): PhysicalPlan["schema"][] {
  const schemas: PhysicalPlan["schema"][] = [];
  const visit = (node: PhysicalPlan): void => {
    if (node.kind === "FragmentInput") schemas[node.index] = node.schema;
    else if (node.kind === "HashJoin") {
      visit(node.left);
      visit(node.right);
    } else if ("input" in node) visit(node.input);
  };
  visit(plan);
  return schemas;
}

function decoded(schema: PhysicalPlan["schema"], blocks: readonly Uint8Array[]): Partition {
  return {
    async *[Symbol.asyncIterator]() {
      for (const block of blocks) yield decodeBatch(schema, block);
    },
  };
}

/** The batch that a thread computes its part of. */
class TaskContext implements BatchContext {
  readonly batchId: number;
  readonly nowMicros: bigint;
  readonly seed: bigint;
  readonly signal: AbortSignal;
  readonly memory: OperatorMemory;
  readonly turns: Turns;
  readonly metrics: BatchContext["metrics"];
  readonly #open: OpenFragment;
  readonly #host: TaskHost;
  readonly #readers: SplitReader[] = [];
  #rowsReadBefore = 0;
  #rows = new Map<number, number>();
  #eventTimes: [number, EventTimeStats][] = [];

  constructor(open: OpenFragment, signal: AbortSignal, memory: OperatorMemory, host: TaskHost) {
    this.batchId = open.batchId;
    this.nowMicros = open.nowMicros;
    this.seed = open.seed;
    this.signal = signal;
    this.memory = memory;
    this.turns = new Turns(host.clock);
    this.#open = open;
    this.#host = host;
    this.metrics = {
      rows: (node, rows) => this.#rows.set(node, (this.#rows.get(node) ?? 0) + rows),
      state: () => undefined,
    };
  }

  beginTask(): void {
    this.#rows = new Map();
    this.#eventTimes = [];
  }
  takeDone(): { rows: [number, number][]; eventTimes: [number, EventTimeStats][]; rowsRead: number } {
    const rowsRead = this.#readers.reduce((sum, reader) => sum + reader.rowsRead, 0);
    const done = { rows: [...this.#rows], eventTimes: this.#eventTimes, rowsRead: rowsRead - this.#rowsReadBefore };
    this.#rowsReadBefore = rowsRead;
    return done;
  }

  async openScan(scan: ScanExec, filter: ScanRequest["filter"]): ReturnType<BatchContext["openScan"]> {
    const request = { schema: scan.tableSchema, columns: scan.schema, ...(filter === undefined ? {} : { filter }) };
    const reader = this.#host.openReader(scan, request, this.#open, this.signal);
    this.#readers.push(reader);
    return {
      splits: this.#open.splits.map((data, i) => ({ description: `split ${i}`, data })),
      filtered: reader.filtered,
      read: (split, signal) => reader.read(split, signal),
    };
  }
  openState(): never {
    throw new MillraceError("INTERNAL_ERROR", { message: "a task asked for state" });
  }
  watermark(): never {
    throw new MillraceError("INTERNAL_ERROR", { message: "a task asked for a watermark" });
  }
  recordEventTime(node: number, stats: EventTimeStats): void {
    this.#eventTimes.push([node, stats]);
  }
  observe(): void {}
  atEnd(): void {}
}
