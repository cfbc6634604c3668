/**
 * Columns that are the same for all rows of a file: those of its directory's name, and what `_metadata` tells of it. The
 * format reads the other columns.
 */
import { gather } from "../../columnar/gather.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import type { Vector } from "../../columnar/vector.ts";
import { createBuilder } from "../../columnar/vector-builder.ts";
import type { Expr } from "../../expressions/expression.ts";
import { ordinalsOf, transformUp } from "../../expressions/traverse.ts";
import type { DataType, Field, SqlValue, StructType } from "../../types/data-type.ts";
import { structType } from "../../types/data-type.ts";
import type { PushedFilter, ScanRequest, SourceContext } from "../contract.ts";
import type { DeadLetters } from "./bad-records.ts";
import type { FileFormat, FileRange, FileReader } from "./file-format.ts";
import { fileMetadata, isMetadataColumn } from "./file-metadata.ts";
import { partitionValue } from "./partition-values.ts";

class ConstantColumn {
  readonly #one: Vector;
  #last: Vector;

  constructor(type: DataType, value: SqlValue) {
    const builder = createBuilder(type, 1);
    builder.append(value);
    this.#one = builder.finish();
    this.#last = this.#one;
  }

  vector(length: number): Vector {
    if (this.#last.length !== length) this.#last = gather(this.#one, new Int32Array(length), length);
    return this.#last;
  }
}

/** What the files of a source hold, of its schema. */
function dataSchemaOf({ schema }: ScanRequest): StructType {
  const { partitionColumns, dataSchema } = schema;
  if (partitionColumns === undefined) return schema;
  const names = new Set(partitionColumns);
  return dataSchema ?? structType(schema.fields.filter((f) => !names.has(f.name)));
}

/** A reader of all columns that are asked for. */
export function openFileReader(
  context: SourceContext,
  format: FileFormat,
  request: ScanRequest,
  letters: DeadLetters | null,
): FileReader {
  const names = new Set(request.schema.partitionColumns);
  const isConstant = (f: Field): boolean => names.has(f.name) || isMetadataColumn(f, request.schema);
  const data = { ...request, schema: dataSchemaOf(request) };
  if (!request.columns.fields.some(isConstant)) return format.reader(context, data, letters);
  return new ConstantColumnsReader(context, format, data, request, isConstant, letters);
}

class ConstantColumnsReader implements FileReader {
  readonly #request: ScanRequest;
  readonly #inner: FileReader;
  readonly #timeZone: string;
  /** Position among the columns of the format, or -1. */
  readonly #positions: readonly number[];
  #constants: readonly (ConstantColumn | null)[] = [];

  constructor(
    context: SourceContext,
    format: FileFormat,
    data: ScanRequest,
    request: ScanRequest,
    isConstant: (field: Field) => boolean,
    letters: DeadLetters | null,
  ) {
    const { fields } = request.columns;
    let next = 0;
    this.#request = request;
    this.#positions = fields.map((f) => (isConstant(f) ? -1 : next++));
    this.#timeZone = context.options.get("timezone") ?? context.timeZone;
    const { filter: given, ...rest } = data;
    const columns = structType(fields.filter((f) => !isConstant(f)));
    const filter = given === undefined ? undefined : this.#narrowed(given);
    this.#inner = format.reader(context, { ...rest, columns, ...(filter === undefined ? {} : { filter }) }, letters);
  }

  get filtered(): boolean {
    return this.#inner.filtered;
  }
  get rowsRead(): number {
    return this.#inner.rowsRead;
  }

  /** The filter over the columns of the format alone; the constants are added when it runs. */
  #narrowed(filter: PushedFilter): PushedFilter {
    const positions = this.#positions;
    const inData = (conjunct: Expr): boolean => ordinalsOf(conjunct).every((ordinal) => positions[ordinal]! >= 0);
    const moved = (conjunct: Expr): Expr =>
      transformUp(conjunct, (e) => (e.kind === "BoundReference" ? { ...e, ordinal: positions[e.ordinal]! } : e));
    return {
      columns: filter.columns.flatMap((ordinal) => (positions[ordinal]! < 0 ? [] : [positions[ordinal]!])),
      conjuncts: filter.conjuncts.filter(inData).map(moved),
      select: (batch, selection) => filter.select(this.#widened(batch), selection),
    };
  }

  #widened(batch: RecordBatch): RecordBatch {
    const { length } = batch;
    const columns = this.#positions.map((position, i) =>
      position < 0 ? this.#constants[i]!.vector(length) : batch.columns[position]!,
    );
    return { schema: this.#request.columns, length, columns };
  }

  async *read(range: FileRange, signal: AbortSignal): AsyncGenerator<RecordBatch, void, void> {
    this.#constants = constantsOf(this.#request, this.#positions, range, this.#timeZone);
    for await (const batch of this.#inner.read(range, signal)) yield this.#widened(batch);
  }
}

function constantsOf(
  { schema, columns }: ScanRequest,
  positions: readonly number[],
  range: FileRange,
  timeZone: string,
): (ConstantColumn | null)[] {
  return columns.fields.map((f, i) => {
    if (positions[i]! >= 0) return null;
    const at = schema.partitionColumns?.indexOf(f.name) ?? -1;
    const raw = range.partition?.[at] ?? null;
    if (at < 0) return new ConstantColumn(f.type, fileMetadata(f.type, range));
    return new ConstantColumn(f.type, raw === null ? null : partitionValue(raw, f.type, f.name, timeZone));
  });
}

/**
 * Which partitions can hold rows of the filter, by those of its conditions that need nothing but partition columns.
 * @returns a test of a file's partition; undefined when no condition is of that kind
 */
export function partitionPruning(
  context: SourceContext,
  request: ScanRequest,
): ((partition: readonly (string | null)[]) => boolean) | undefined {
  const { filter, schema, columns } = request;
  const names = new Set(schema.partitionColumns);
  if (filter?.part === undefined || names.size === 0) return undefined;
  const conjuncts = filter.conjuncts.filter((conjunct) => {
    const ordinals = ordinalsOf(conjunct);
    return ordinals.length > 0 && ordinals.every((ordinal) => names.has(columns.fields[ordinal]!.name));
  });
  if (conjuncts.length === 0) return undefined;
  const { part } = filter;
  const timeZone = context.options.get("timezone") ?? context.timeZone;
  const positions = columns.fields.map((f) => (names.has(f.name) ? -1 : 0));
  const selection = new Int32Array(1);
  const known = new Map<string, boolean>();
  return (partition) => {
    const key = JSON.stringify(partition);
    const before = known.get(key);
    if (before !== undefined) return before;
    const range: FileRange = { path: "", size: 0, from: 0, to: 0, partition };
    const constants = constantsOf(request, positions, range, timeZone);
    const vectors = constants.map(
      (constant, i): Vector =>
        constant?.vector(1) ?? { kind: "null", type: columns.fields[i]!.type, length: 1, validity: null },
    );
    let holds: boolean;
    try {
      // Not before it is needed: a stream's filter is compiled after its source is opened.
      holds = part(conjuncts)({ schema: columns, length: 1, columns: vectors }, selection) > 0;
    } catch {
      // The condition fails for this value: it will say so with the first row, if there is one.
      holds = true;
    }
    known.set(key, holds);
    return holds;
  };
}
