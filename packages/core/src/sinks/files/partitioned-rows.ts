/** Deals the rows of batches out by the directories that the values of their partition columns name. */
import { gather } from "../../columnar/gather.ts";
import type { RecordBatch } from "../../columnar/record-batch.ts";
import { valueReader } from "../../columnar/value-at.ts";
import { MillraceError } from "../../errors/index.ts";
import { textOf } from "../../functions/cast-text.ts";
import { defaultPartitionName, escapePathName } from "../../logical-plan/partition-path.ts";
import type { Field, SqlValue, StructType } from "../../types/data-type.ts";
import { structType } from "../../types/data-type.ts";
import { quoteIdentifier } from "../../types/identifier.ts";
import { toDdl } from "../../types/ddl.ts";
import { sqlName } from "../../types/type-names.ts";
import type { SinkContext } from "../contract.ts";

/** Rows of one directory. */
export interface DirectoryRows {
  /** Such as `day=2024-02-29/n=1`, relative to the output; empty when nothing is partitioned. */
  readonly directory: string;
  readonly batch: RecordBatch;
}

/** Texts of values that are kept, of one column. */
const mostTexts = 100_000;

export class PartitionedRows {
  /** What stands in the files. */
  readonly dataSchema: StructType;
  readonly #data: readonly number[];
  readonly #partitions: readonly { readonly ordinal: number; segment(value: SqlValue): string }[];

  /** @throws MillraceError for partition columns that there are not, or that cannot be any */
  constructor({ schema, partitionColumns, conf, timeZone }: SinkContext) {
    const caseSensitive = conf("spark.sql.caseSensitive")?.toLowerCase() === "true";
    const ordinals = ordinalsOf(schema, partitionColumns, caseSensitive);
    this.#data = schema.fields.flatMap((_, i) => (ordinals.includes(i) ? [] : [i]));
    this.dataSchema = ordinals.length === 0 ? schema : structType(this.#data.map((i) => schema.fields[i]!));
    this.#partitions = ordinals.map((ordinal) => ({ ordinal, segment: segmentOf(schema.fields[ordinal]!, timeZone) }));
  }

  get isPartitioned(): boolean {
    return this.#partitions.length > 0;
  }

  *split(batch: RecordBatch): Generator<DirectoryRows> {
    const { length } = batch;
    if (!this.isPartitioned) {
      if (length > 0) yield { directory: "", batch };
      return;
    }
    const columns = this.#partitions.map(({ ordinal, segment }) => {
      const read = valueReader(batch.columns[ordinal]!);
      return (i: number): string => segment(read(i));
    });
    const rows = new Map<string, number[]>();
    for (let i = 0; i < length; i++) {
      let directory = columns[0]!(i);
      for (let k = 1; k < columns.length; k++) directory += `/${columns[k]!(i)}`;
      const known = rows.get(directory);
      if (known === undefined) rows.set(directory, [i]);
      else known.push(i);
    }
    for (const [directory, positions] of rows) {
      const whole = positions.length === length;
      const chosen = whole ? null : Int32Array.from(positions);
      const kept = this.#data.map((ordinal) => {
        const column = batch.columns[ordinal]!;
        return chosen === null ? column : gather(column, chosen, chosen.length);
      });
      yield { directory, batch: { schema: this.dataSchema, length: positions.length, columns: kept } };
    }
  }
}

function segmentOf({ name, type }: Field, timeZone: string): (value: SqlValue) => string {
  const print = textOf(type, timeZone);
  const texts = new Map<SqlValue, string>();
  const prefix = `${escapePathName(name)}=`;
  return (value) => {
    const known = texts.get(value);
    if (known !== undefined) return known;
    const text = value === null ? "" : print(value);
    const segment = prefix + (text === "" ? defaultPartitionName : escapePathName(text));
    if (texts.size >= mostTexts) texts.clear();
    texts.set(value, segment);
    return segment;
  };
}

const notInPaths: ReadonlySet<string> = new Set(["array", "map", "struct", "variant"]);

function ordinalsOf(schema: StructType, names: readonly string[], caseSensitive: boolean): readonly number[] {
  const key = (name: string): string => (caseSensitive ? name : name.toLowerCase());
  const ordinals = names.map((name) => {
    const ordinal = schema.fields.findIndex((f) => key(f.name) === key(name));
    const found = schema.fields[ordinal];
    if (found === undefined) {
      throw new MillraceError("_LEGACY_ERROR_TEMP_1155", {
        column: quoteIdentifier(name),
        schema: `"${toDdl(schema)}"`,
      });
    }
    if (notInPaths.has(found.type.kind)) {
      throw new MillraceError("INVALID_PARTITION_COLUMN_DATA_TYPE", { type: `"${sqlName(found.type)}"` });
    }
    return ordinal;
  });
  const twice = names.find((_, i) => ordinals.indexOf(ordinals[i]!) !== i);
  if (twice !== undefined) throw new MillraceError("COLUMN_ALREADY_EXISTS", { columnName: quoteIdentifier(twice) });
  if (ordinals.length > 0 && ordinals.length === schema.fields.length) {
    throw new MillraceError("ALL_PARTITION_COLUMNS_NOT_ALLOWED", {});
  }
  return ordinals;
}
