/** Plans as data, built here with Millrace and in driver.py with PySpark. */
import { compileFunction } from "node:vm";
import {
  col,
  type Column,
  expr,
  lit,
  type MillraceError,
  isMillraceError,
  type Schema,
  SparkSession,
  type DataFrame,
  Window,
} from "millrace";
import { treeString } from "../../../packages/core/src/types/tree-string.ts";
import { simpleString } from "../../../packages/core/src/types/type-names.ts";
import { type SltSection, splitList } from "../../slt/slt-file.ts";
import { canonical } from "./canonical.ts";
import type { Failure, StreamJob, StreamRun, Table, WriteJob } from "./spark-engine.ts";

type Frame = DataFrame<Schema, { readonly bigint: true; readonly timestamps: "temporal" }>;
type Session = SparkSession<{ readonly bigint: true; readonly timestamps: "temporal" }>;

export interface ReadPlan {
  readonly format: string;
  readonly path: string;
  readonly schema?: string;
  readonly options?: Readonly<Record<string, string>>;
}
export type Step =
  | readonly ["select" | "sort", ...string[]]
  | readonly ["filter" | "alias", string]
  | readonly ["aggregate", by: readonly string[], aggregates: readonly string[]]
  | readonly [
      "join",
      right: Plan,
      on: string | readonly string[],
      how: "inner" | "left" | "right" | "full" | "left_semi" | "left_anti",
    ]
  /** With another read of the same input, after steps of its own. */
  | readonly [
      "joinSelf",
      right: readonly Step[],
      on: string | readonly string[],
      how: "inner" | "left" | "right" | "full" | "left_semi",
    ]
  | readonly ["union", Plan]
  | readonly ["limit", number]
  | readonly ["distinct"]
  | readonly ["dropDuplicates" | "dropDuplicatesWithinWatermark", readonly string[]]
  | readonly ["watermark", column: string, delay: string];
export type Plan = (
  | { readonly inline: { readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] } }
  | { readonly range: number }
  | { readonly read: ReadPlan }
) & { readonly steps?: readonly Step[] };
export interface Show {
  readonly rows: number;
  readonly truncate: number;
  readonly vertical: boolean;
}

/** Millrace behind the same requests as {@link SparkEngine}. */
export class MillraceEngine implements AsyncDisposable {
  readonly session: Session;
  constructor(session: Session) {
    this.session = session;
  }
  static async start(): Promise<MillraceEngine> {
    const session = await SparkSession.builder
      .config({ bigint: true, timestamps: "temporal" })
      .config("spark.sql.session.timeZone", "UTC")
      .config("spark.sql.shuffle.partitions", 2)
      .create();
    session.sparkContext.setLogLevel("OFF");
    return new MillraceEngine(session as unknown as Session);
  }

  async evaluate(plan: Plan, expressions: readonly string[], timeZone: string): Promise<readonly (Table | Failure)[]> {
    this.session.conf.set("spark.sql.session.timeZone", timeZone);
    const results: (Table | Failure)[] = [];
    for (const expression of expressions) {
      results.push(await orFailure(async () => table(build(this.session, plan).selectExpr(expression) as Frame)));
    }
    this.session.conf.set("spark.sql.session.timeZone", "UTC");
    return results;
  }
  async types(columns: readonly string[], expressions: readonly string[], ansi: boolean): Promise<readonly string[]> {
    this.session.conf.set("spark.sql.ansi.enabled", String(ansi));
    const source = this.session.range(1).selectExpr(...columns);
    const results: string[] = [];
    for (const expression of expressions) {
      const answer = await orFailure(async () =>
        simpleString((await source.selectExpr(expression).schema()).fields[0]!.type),
      );
      results.push(typeof answer === "string" ? answer : `! ${answer.error}`);
    }
    this.session.conf.unset("spark.sql.ansi.enabled");
    return results;
  }
  /** The cases of one section of an answer file. */
  async slt({ settings, tables, cases }: SltSection): Promise<readonly (Table | Failure)[]> {
    const { session } = this;
    for (const [key, value] of settings) session.conf.set(key, value);
    const one = session.createDataFrame([{ one: 1 }], { one: "int" });
    const names: Record<string, unknown> = { spark: session, expr, col, lit, Window };
    for (const { name, columns, rows } of tables) {
      const inline = { columns: columns.map(([column]) => column), rows: rows.map(splitList) };
      const casts = columns.map(([column, type]) => `CAST(\`${column}\` AS ${type}) AS \`${column}\``);
      names[name] = build(session, { inline, steps: [["select", ...casts]] });
    }
    const results: (Table | Failure)[] = [];
    for (const { kind, text } of cases) {
      const program = async (): Promise<Table> =>
        table((kind === "expression" ? one.selectExpr(text) : evaluateProgram(text, names)) as Frame);
      results.push(await orFailure(program));
    }
    for (const [key] of settings) session.conf.unset(key);
    session.conf.set("spark.sql.session.timeZone", "UTC");
    return results;
  }
  run(plan: Plan): Promise<(Table & { readonly tree: string }) | Failure> {
    return orFailure(async () => {
      const frame = build(this.session, plan);
      return { ...(await table(frame)), tree: treeString(await frame.schema()) };
    });
  }
  show(plan: Plan, show: Show): Promise<string> {
    return build(this.session, plan).showString(show);
  }

  async write({
    plan,
    path,
    format,
    options = {},
    conf = {},
    partitionBy = [],
    mode = "overwrite",
  }: WriteJob): Promise<Failure | undefined> {
    for (const [key, value] of Object.entries(conf)) this.session.conf.set(key, value);
    const done = await orFailure(async () => {
      const writer = build(this.session, plan).write.format(format).options(options);
      await writer
        .partitionBy(...partitionBy)
        .mode(mode)
        .save(path);
      return undefined;
    });
    for (const key of Object.keys(conf)) this.session.conf.unset(key);
    return done;
  }

  async stream(job: StreamJob): Promise<StreamRun> {
    const frame = build(this.session, job.plan, true);
    const batches: { batchId: number; rows: Table["rows"] }[] = [];
    const writer = frame.writeStream
      .outputMode(job.outputMode ?? "append")
      .option("checkpointLocation", job.checkpoint)
      .options(job.options ?? {})
      .trigger({ availableNow: true });
    const query =
      job.path === undefined
        ? await writer
            .foreachBatch(async (batch, batchId) => {
              batches.push({ batchId, rows: (await table(batch)).rows });
              if (job.failAt === batchId) throw new Error("told to fail");
            })
            .start()
        : await writer
            .format(job.format!)
            .partitionBy(...(job.partitionBy ?? []))
            .start(job.path);
    let error: string | undefined;
    try {
      await query.awaitTermination();
    } catch (caught) {
      error = String(caught);
    }
    const progress = query.recentProgress.map(({ batchId, numInputRows, eventTime, stateOperators }) => ({
      batchId,
      numInputRows,
      eventTime: { ...eventTime },
      stateOperators: stateOperators.map((state) => ({
        operatorName: state.operatorName,
        numRowsTotal: state.numRowsTotal,
        numRowsUpdated: state.numRowsUpdated,
        numRowsRemoved: state.numRowsRemoved,
        numRowsDroppedByWatermark: state.numRowsDroppedByWatermark,
        numShufflePartitions: state.numShufflePartitions,
        numStateStoreInstances: state.numStateStoreInstances,
        numDroppedDuplicateRows: state.customMetrics?.["numDroppedDuplicateRows"] ?? 0,
      })),
    }));
    return { id: query.id, progress, batches, ...(error === undefined ? {} : { error }) };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.session.stop();
  }
}

/** A program of an answer file: one expression that is TypeScript and Python alike. */
function evaluateProgram(text: string, names: Readonly<Record<string, unknown>>): unknown {
  const program = compileFunction(`return ${text}`, Object.keys(names)) as (...values: unknown[]) => unknown;
  return program(...Object.values(names));
}

async function table(frame: Frame): Promise<Table> {
  const { fields } = await frame.schema();
  const rows = (await frame.collect()) as readonly Readonly<Record<string, unknown>>[];
  return {
    columns: fields.map(({ name, type, nullable }) => [name, simpleString(type), nullable]),
    rows: rows.map((row) => fields.map(({ name, type }) => canonical(type, row[name]))),
  };
}

async function orFailure<T>(work: () => Promise<T>): Promise<T | Failure> {
  try {
    return await work();
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    const { errorClass, message }: MillraceError = error;
    return { error: errorClass, message };
  }
}

function build(session: Session, plan: Plan, streaming = false): Frame {
  return (plan.steps ?? []).reduce(
    (frame, step) => applied(session, frame, step, plan, streaming),
    source(session, plan, streaming),
  );
}

function source(session: Session, plan: Plan, streaming: boolean): Frame {
  if ("range" in plan) return session.range(plan.range) as unknown as Frame;
  if ("inline" in plan) {
    const { columns, rows } = plan.inline;
    const one = session.createDataFrame([{ one: 1 }], { one: "int" });
    const frames = rows.map((row) => one.selectExpr(...row.map((sql, i) => `${sql} AS ${columns[i]}`)) as Frame);
    return frames.reduce((all, frame) => all.union(frame) as Frame);
  }
  const { format, path, schema, options = {} } = plan.read;
  if (streaming) {
    const reader = session.readStream.format(format).options(options);
    return (schema === undefined ? reader : reader.schema(schema)).load(path) as Frame;
  }
  const reader = session.read.format(format).options(options);
  return (schema === undefined ? reader : reader.schema(schema)).load(path) as Frame;
}

function applied(session: Session, frame: Frame, step: Step, plan: Plan, streaming: boolean): Frame {
  switch (step[0]) {
    case "select":
      return frame.selectExpr(...(step.slice(1) as string[])) as Frame;
    case "sort":
      return frame.orderBy(...(step.slice(1) as string[])) as Frame;
    case "filter":
      return frame.filter(step[1]);
    case "alias":
      return frame.alias(step[1]);
    case "aggregate":
      return frame.groupBy(...step[1].map(columnOf)).agg(...step[2].map(columnOf)) as unknown as Frame;
    case "join":
    case "joinSelf": {
      const right =
        step[0] === "join" ? build(session, step[1]) : build(session, { ...plan, steps: step[1] }, streaming);
      const on = step[2];
      const joined =
        typeof on === "string" ? frame.join(right, expr(on), step[3]) : frame.join(right, on as never, step[3]);
      return joined as unknown as Frame;
    }
    case "union":
      return frame.union(build(session, step[1], streaming)) as Frame;
    case "limit":
      return frame.limit(step[1]);
    case "distinct":
      return frame.distinct();
    case "dropDuplicates":
      return frame.dropDuplicates(step[1] as never);
    case "dropDuplicatesWithinWatermark":
      return frame.dropDuplicatesWithinWatermark(step[1] as never);
    case "watermark":
      return frame.withWatermark(step[1] as never, step[2]);
  }
}

function columnOf(sql: string): Column {
  return expr(sql) as Column;
}
