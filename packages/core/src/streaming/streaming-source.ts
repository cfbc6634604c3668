/** A source as the loop holds it: opened once per query, with its position and what it did in the running batch. */
import { assertInvariant } from "../errors/index.ts";
import type { RecordBatch } from "../columnar/record-batch.ts";
import type { OpenScan } from "../execution/context.ts";
import type { BoundReference, Expr } from "../expressions/expression.ts";
import { collect } from "../expressions/traverse.ts";
import type { ScanExec } from "../physical-plan/physical-plan.ts";
import type { MicroBatchSource, OffsetJson, PushedFilter, ScanRequest, SourceSplit } from "../sources/contract.ts";
import type { StructType } from "../types/data-type.ts";

/** The pushed filter is compiled with the plan, after the source was opened: the source gets this holder of it. */
interface LateFilter {
  readonly pushed: PushedFilter;
  compiled: PushedFilter | undefined;
}

/** The input positions that expressions read, ascending. */
function ordinalsIn(conjuncts: readonly Expr[]): readonly number[] {
  const isReference = (expr: Expr): expr is BoundReference => expr.kind === "BoundReference";
  const ordinals = conjuncts.flatMap((expr) => collect(expr, isReference).map((reference) => reference.ordinal));
  return [...new Set(ordinals)].sort((a, b) => a - b);
}

function lateFilter(conjuncts: readonly Expr[]): LateFilter {
  const late: LateFilter = {
    compiled: undefined,
    pushed: {
      columns: ordinalsIn(conjuncts),
      conjuncts,
      select(batch: RecordBatch, selection: Int32Array): number {
        if (late.compiled !== undefined) return late.compiled.select(batch, selection);
        for (let i = 0; i < batch.length; i++) selection[i] = i;
        return batch.length;
      },
      get stages() {
        return late.compiled?.stages ?? [late.pushed];
      },
      part: (some) => late.compiled?.part?.(some) ?? late.pushed.select,
    },
  };
  return late;
}

/** What the scans of one source need of it together. A filter is pushed only when the source is read once. */
export function scanRequestOf(scans: readonly ScanExec[]): {
  readonly request: ScanRequest;
  readonly filter: LateFilter | null;
} {
  const [first] = scans;
  assertInvariant(first !== undefined, "a streaming source is not read by the plan");
  if (scans.length === 1) {
    const filter = first.filters.length === 0 ? null : lateFilter(first.filters);
    const request = { schema: first.tableSchema, columns: first.schema };
    return { request: filter === null ? request : { ...request, filter: filter.pushed }, filter };
  }
  const wanted = new Set(scans.flatMap((scan) => scan.schema.fields.map((field) => field.name)));
  const columns: StructType = {
    kind: "struct",
    fields: [...first.tableSchema.fields.filter((field) => wanted.has(field.name)), ...hiddenFields(scans)],
  };
  return { request: { schema: first.tableSchema, columns }, filter: null };
}

/** Columns that are no part of the source's schema. */
function hiddenFields(scans: readonly ScanExec[]): StructType["fields"] {
  const all = scans.flatMap(({ schema, tableSchema }) =>
    schema.fields.filter(({ name }) => !tableSchema.fields.some((f) => f.name === name)),
  );
  return all.filter((field, i) => all.findIndex(({ name }) => name === field.name) === i);
}

/** What one batch reads of one source. */
export class SourceRange {
  readonly start: OffsetJson | null;
  #end: OffsetJson | null;
  /** Rows read so far. */
  rows = 0;

  constructor(start: OffsetJson | null, end: OffsetJson | null) {
    this.start = start;
    this.#end = end;
  }
  get end(): OffsetJson | null {
    return this.#end;
  }
  /** Takes in the range that follows. */
  append(next: SourceRange): void {
    this.#end = next.end;
    this.rows += next.rows;
  }
  get hasRows(): boolean {
    return this.end !== this.start;
  }
}

export class StreamingSource {
  /** Its line in the offset log, and its directory `sources/<slot>`. */
  readonly slot: number;
  readonly source: MicroBatchSource;
  readonly #columns: StructType;
  readonly #filter: LateFilter | null;
  /** End of the last committed batch, and so the start of the next; null before the first row. */
  start: OffsetJson | null = null;
  /** End of the batch that is being made or run. */
  end: OffsetJson | null = null;
  #availableNowEnd: { readonly offset: OffsetJson | null } | null = null;

  constructor(slot: number, source: MicroBatchSource, columns: StructType, filter: LateFilter | null) {
    this.slot = slot;
    this.source = source;
    this.#columns = columns;
    this.#filter = filter;
  }

  get range(): SourceRange {
    return new SourceRange(this.start, this.end);
  }

  /** AvailableNow: what is there now is the end. A source that cannot hold limits below it reads it in one batch. */
  async prepareForAvailableNow(): Promise<void> {
    if (this.source.prepareForAvailableNow !== undefined) return this.source.prepareForAvailableNow();
    this.#availableNowEnd = { offset: await this.source.latestOffset(this.end, { kind: "all" }) };
  }

  /** P1: as far as a batch that begins at `start` may go. */
  async endAfter(start: OffsetJson | null, ignoreLimits: boolean): Promise<OffsetJson | null> {
    if (this.#availableNowEnd !== null) return this.#availableNowEnd.offset;
    return this.source.latestOffset(start, ignoreLimits ? { kind: "all" } : this.source.defaultLimit);
  }

  /** The rows of a range for one scan. */
  async openScan(scan: ScanExec, filter: PushedFilter | undefined, range: SourceRange): Promise<OpenScan> {
    const { source } = this;
    if (this.#filter !== null) this.#filter.compiled = filter;
    const splits = range.end === null || !range.hasRows ? [] : await source.plan(range.start, range.end);
    const pick = this.#projection(scan.schema);
    const filtered = source.filtered && this.#filter !== null && filter !== undefined;
    return {
      splits,
      filtered,
      read: (split, signal) => this.#read(split, signal, scan.schema, pick, range),
      readElsewhere: (rows) => {
        range.rows += rows;
      },
    };
  }

  /** Positions of a scan's columns among those that the source gives; null when they are the same. */
  #projection(schema: StructType): readonly number[] | null {
    const given = this.#columns.fields;
    const same = given.length === schema.fields.length && schema.fields.every((f, i) => f.name === given[i]!.name);
    return same ? null : schema.fields.map((field) => given.findIndex((f) => f.name === field.name));
  }

  async *#read(
    split: SourceSplit,
    signal: AbortSignal,
    schema: StructType,
    pick: readonly number[] | null,
    range: SourceRange,
  ): AsyncGenerator<RecordBatch> {
    const counted = this.source.takeRowsRead !== undefined;
    for await (const batch of this.source.read(split, signal)) {
      if (!counted) range.rows += batch.length;
      yield pick === null ? batch : { schema, length: batch.length, columns: pick.map((i) => batch.columns[i]!) };
    }
    range.rows += this.source.takeRowsRead?.() ?? 0;
  }
}
