/**
 * Which rows of a row group can satisfy a filter, as statistics tell: of the whole column, of its pages, and bloom filters.
 * Only conjuncts of simple form are looked at; in doubt a row may match.
 */
import { comparatorOf } from "../columnar/compare.ts";
import { compareByteRanges, encodeUtf8 } from "../columnar/utf8.ts";
import { valueAt } from "../columnar/value-at.ts";
import type { Vector } from "../columnar/vector.ts";
import type { Expr } from "../expressions/expression.ts";
import { ordinalsOf } from "../expressions/traverse.ts";
import type { ReadHandle } from "../runtime/file-system.ts";
import type { DataType, SqlValue } from "../types/data-type.ts";
import { BloomFilter, bloomHash } from "./bloom-filter.ts";
import { ByteRanges } from "./byte-ranges.ts";
import { readExactly } from "./chunk-input.ts";
import { ParquetFormatError } from "./format-error.ts";
import { logicalValues } from "./leaf-conversion.ts";
import {
  type ColumnChunk,
  encoding,
  type PageBounds,
  physicalType,
  type RowGroup,
  type Statistics,
} from "./metadata.ts";
import { readColumnIndex, readOffsetIndex } from "./read-metadata.ts";
import type { FileReadPlan, LeafPlan } from "./read-plan.ts";
import type { RowRange } from "./row-group-reader.ts";
import { type PhysicalValues, physicalValues, valueDecoder } from "./value-decoders.ts";

/** What is known of the values of a column in some rows. */
export interface Bounds {
  /** Undefined: not known. */
  readonly min: SqlValue | undefined;
  readonly max: SqlValue | undefined;
  readonly hasNulls: boolean;
  readonly onlyNulls: boolean;
  /** False: the value certainly is not among them. */
  mayContain(value: SqlValue): boolean;
}

const indexLimit = 16 << 20;

export class RowPruning {
  readonly #conjuncts: readonly Expr[];
  readonly #plan: FileReadPlan;
  readonly #handle: ReadHandle;

  constructor(conjuncts: readonly Expr[], plan: FileReadPlan, handle: ReadHandle) {
    this.#conjuncts = conjuncts;
    this.#plan = plan;
    this.#handle = handle;
  }

  /** Ranges of rows of the group that may match; none when the group can be left out. */
  async ranges(group: RowGroup, fileSize: number): Promise<readonly RowRange[]> {
    if (group.rows === 0) return [];
    const bounds = new Map<number, Bounds>();
    for (const [ordinal, column] of this.#plan.columns.entries()) {
      if (column.kind === "missing") {
        bounds.set(ordinal, nothingBut());
        continue;
      }
      const chunk = this.#chunkOf(group, ordinal);
      if (chunk !== undefined) bounds.set(ordinal, groupBounds(chunk.leaf, chunk.chunk, group.rows));
    }
    for (const conjunct of this.#conjuncts) if (!mayMatch(conjunct, (ordinal) => bounds.get(ordinal))) return [];
    if (!(await this.#bloomFiltersPass(group, fileSize, bounds))) return [];
    return this.#pages(group, fileSize);
  }

  #chunkOf(group: RowGroup, ordinal: number): { readonly leaf: LeafPlan; readonly chunk: ColumnChunk } | undefined {
    const leaf = this.#plan.columns[ordinal];
    if (leaf?.kind !== "leaf" || leaf.node.path.length !== 1) return undefined;
    const chunk = group.columns[leaf.node.column];
    return chunk === undefined || chunk.elsewhere || chunk.type !== leaf.node.element.type
      ? undefined
      : { leaf, chunk };
  }

  async #bloomFiltersPass(group: RowGroup, fileSize: number, bounds: Map<number, Bounds>): Promise<boolean> {
    for (const conjunct of this.#conjuncts) {
      for (const ordinal of comparedForEquality(conjunct)) {
        const found = this.#chunkOf(group, ordinal);
        const part = found?.chunk.bloomFilter;
        if (found === undefined || part === undefined) continue;
        const filter = await BloomFilter.read(this.#handle, part, fileSize);
        if (filter === null) continue;
        const { leaf } = found;
        const before = bounds.get(ordinal)!;
        bounds.set(ordinal, {
          ...before,
          mayContain: (value) => {
            const hash = bloomHash(value, leaf);
            return hash === undefined || filter.mayContain(hash);
          },
        });
        if (!mayMatch(conjunct, (o) => bounds.get(o))) return false;
      }
    }
    return true;
  }

  /** Rows of the pages that may match, by the page index of each column that a conjunct is about alone. */
  async #pages(group: RowGroup, fileSize: number): Promise<readonly RowRange[]> {
    let ranges: readonly RowRange[] = [{ from: 0, to: group.rows }];
    for (const conjunct of this.#conjuncts) {
      const ordinals = new Set(ordinalsOf(conjunct));
      const [ordinal] = ordinals;
      if (ordinal === undefined || ordinals.size !== 1) continue;
      const found = this.#chunkOf(group, ordinal);
      if (found?.chunk.columnIndex === undefined || found.chunk.offsetIndex === undefined) continue;
      const { leaf, chunk } = found;
      const parts = [chunk.columnIndex!, chunk.offsetIndex!];
      if (parts.some(({ offset, length }) => length <= 0 || length > indexLimit || offset + length > fileSize))
        continue;
      const pages = readColumnIndex(await readExactly(this.#handle, parts[0]!.offset, parts[0]!.length));
      const firsts = readOffsetIndex(await readExactly(this.#handle, parts[1]!.offset, parts[1]!.length));
      if (!soundIndex(pages, firsts, group.rows)) continue;
      const matching: RowRange[] = [];
      for (const [p, from] of firsts.entries()) {
        const known = pageBounds(leaf, pages, p);
        if (mayMatch(conjunct, (o) => (o === ordinal ? known : undefined))) {
          matching.push({ from, to: firsts[p + 1] ?? group.rows });
        }
      }
      ranges = intersect(ranges, matching);
    }
    return ranges;
  }
}

function soundIndex(pages: PageBounds, firsts: readonly number[], rows: number): boolean {
  const count = firsts.length;
  if (pages.nullPages.length !== count || pages.minimums.length !== count || pages.maximums.length !== count) {
    return false;
  }
  return firsts.every((first, i) => (i === 0 ? first === 0 : first >= firsts[i - 1]!) && first <= rows);
}

/** The rows that lie in a range of both lists; neighbours are joined. */
export function intersect(left: readonly RowRange[], right: readonly RowRange[]): RowRange[] {
  const result: RowRange[] = [];
  for (let i = 0, k = 0; i < left.length && k < right.length;) {
    const from = Math.max(left[i]!.from, right[k]!.from);
    const to = Math.min(left[i]!.to, right[k]!.to);
    if (from < to) {
      const last = result.at(-1);
      if (last !== undefined && last.to === from) result[result.length - 1] = { from: last.from, to };
      else result.push({ from, to });
    }
    if (left[i]!.to < right[k]!.to) i++;
    else k++;
  }
  return result;
}

const anything = (): boolean => true;

function nothingBut(): Bounds {
  return { min: undefined, max: undefined, hasNulls: true, onlyNulls: true, mayContain: anything };
}

function groupBounds(leaf: LeafPlan, chunk: ColumnChunk, rows: number): Bounds {
  const statistics = chunk.statistics ?? {};
  const nulls = statistics.nullCount;
  const { min, max } = trustedBounds(leaf, statistics);
  return {
    min: min === undefined ? undefined : statisticsValue(leaf, min),
    max: max === undefined ? undefined : statisticsValue(leaf, max),
    hasNulls: nulls !== 0,
    onlyNulls: nulls === rows,
    mayContain: anything,
  };
}

/** The older bounds are right only where values compare as signed numbers. */
function trustedBounds(
  leaf: LeafPlan,
  statistics: Statistics,
): { readonly min: Uint8Array | undefined; readonly max: Uint8Array | undefined } {
  const { type } = leaf.node.element;
  if (type === physicalType.int96) return { min: undefined, max: undefined };
  const { minValue, maxValue } = statistics;
  if (minValue !== undefined || maxValue !== undefined) return { min: minValue, max: maxValue };
  const logical = leaf.node.logical;
  const signed = type !== physicalType.byteArray && type !== physicalType.fixed;
  if (!signed || (logical?.kind === "integer" && !logical.signed)) return { min: undefined, max: undefined };
  return { min: statistics.min, max: statistics.max };
}

function pageBounds(leaf: LeafPlan, pages: PageBounds, p: number): Bounds {
  const onlyNulls = pages.nullPages[p]!;
  const known = !onlyNulls && leaf.node.element.type !== physicalType.int96;
  return {
    min: known ? statisticsValue(leaf, pages.minimums[p]!) : undefined,
    max: known ? statisticsValue(leaf, pages.maximums[p]!) : undefined,
    hasNulls: onlyNulls || pages.nullCounts?.[p] !== 0,
    onlyNulls,
    mayContain: anything,
  };
}

/** A bound as a value of the column's SQL type; undefined when it is none. */
function statisticsValue(leaf: LeafPlan, bytes: Uint8Array): SqlValue | undefined {
  const { type, typeLength } = leaf.node.element;
  const { kind, convert } = leaf.conversion;
  try {
    let physical: PhysicalValues;
    if (type === physicalType.byteArray) {
      physical = new ByteRanges(1);
      physical.use(bytes, 0);
      physical.ends[0] = bytes.length;
    } else {
      physical = physicalValues(type!, 1);
      valueDecoder(encoding.plain, type!, typeLength ?? 0, bytes, 0).read(physical, 0, 1);
    }
    let values = physical as ReturnType<typeof logicalValues>;
    if (convert !== null) {
      values = logicalValues(kind, 1);
      convert(physical, values, 0, 1);
    }
    const shape = { type: leaf.type, length: 1, validity: null };
    const vector =
      values instanceof ByteRanges
        ? { ...shape, kind: "bytes", bytes: values.join(1), starts: values.starts, ends: values.ends }
        : { ...shape, kind, values };
    const value = valueAt(vector as Vector, 0);
    return typeof value === "number" && Number.isNaN(value) ? undefined : value;
  } catch (error) {
    if (error instanceof ParquetFormatError) return undefined;
    throw error;
  }
}

const mirrored: Readonly<Record<string, string>> = {
  "=": "=",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
  "<=>": "<=>",
};

interface Comparison {
  readonly operator: string;
  readonly ordinal: number;
  readonly type: DataType;
  readonly value: SqlValue;
}

/** `column operator literal`, either way around. */
function comparisonOf(expr: Expr): Comparison | undefined {
  if (expr.kind !== "Call" || expr.args.length !== 2 || !(expr.fn in mirrored)) return undefined;
  const [left, right] = expr.args as [Expr, Expr];
  if (left.kind === "BoundReference" && right.kind === "Literal") {
    return { operator: expr.fn, ordinal: left.ordinal, type: left.type, value: right.value };
  }
  if (left.kind === "Literal" && right.kind === "BoundReference") {
    return { operator: mirrored[expr.fn]!, ordinal: right.ordinal, type: right.type, value: left.value };
  }
  return undefined;
}

/** Columns that an equality or IN compares with literals. */
function comparedForEquality(expr: Expr): number[] {
  if (expr.kind !== "Call") return [];
  if (expr.fn === "and" || expr.fn === "or") return expr.args.flatMap(comparedForEquality);
  const comparison = comparisonOf(expr);
  if (comparison !== undefined) return comparison.operator === "=" ? [comparison.ordinal] : [];
  const [first] = expr.args;
  return expr.fn === "in" && first?.kind === "BoundReference" ? [first.ordinal] : [];
}

/** Whether some row within the bounds can make the condition true. */
export function mayMatch(expr: Expr, boundsOf: (ordinal: number) => Bounds | undefined): boolean {
  if (expr.kind === "Literal") return expr.value !== false && expr.value !== null;
  if (expr.kind !== "Call") return true;
  const { fn, args } = expr;
  if (fn === "and") return args.every((arg) => mayMatch(arg, boundsOf));
  if (fn === "or") return args.some((arg) => mayMatch(arg, boundsOf));
  const comparison = comparisonOf(expr);
  if (comparison !== undefined) {
    const bounds = boundsOf(comparison.ordinal);
    return bounds === undefined || mayCompare(comparison, bounds);
  }
  const [first, second] = args;
  if (first?.kind !== "BoundReference") return true;
  const bounds = boundsOf(first.ordinal);
  if (bounds === undefined) return true;
  switch (fn) {
    case "isnull":
      return bounds.hasNulls;
    case "isnotnull":
      return !bounds.onlyNulls;
    case "in":
      return args
        .slice(1)
        .some(
          (item) =>
            item.kind !== "Literal" ||
            mayCompare({ operator: "=", ordinal: first.ordinal, type: first.type, value: item.value }, bounds),
        );
    case "startswith":
      return second?.kind !== "Literal" || mayStart(bounds, second.value);
    default:
      return true;
  }
}

function mayCompare({ operator, type, value }: Comparison, bounds: Bounds): boolean {
  if (value === null) return operator === "<=>" ? bounds.hasNulls : false;
  if (bounds.onlyNulls) return false;
  const compare = comparatorOf(type);
  const { min, max } = bounds;
  const below = min !== undefined && compare(value, min) < 0;
  const above = max !== undefined && compare(value, max) > 0;
  // Bounds leave NaN out, which is larger than all.
  const mayBeNaN = type.kind === "float" || type.kind === "double";
  switch (operator) {
    case "=":
    case "<=>":
      if (mayBeNaN && Number.isNaN(value)) return true;
      return !below && !above && bounds.mayContain(value);
    case "<":
      return !(min !== undefined && compare(min, value) >= 0);
    case "<=":
      return !below;
    case ">":
      return mayBeNaN || !(max !== undefined && compare(max, value) <= 0);
    case ">=":
      return mayBeNaN || !above;
    default:
      return true;
  }
}

function mayStart(bounds: Bounds, prefix: SqlValue): boolean {
  if (typeof prefix !== "string") return prefix !== null;
  if (bounds.onlyNulls) return false;
  const { min, max } = bounds;
  const bytes = encodeUtf8(prefix);
  const order = (bound: SqlValue | undefined): number => {
    if (typeof bound !== "string") return 0;
    const other = encodeUtf8(bound);
    return compareByteRanges(other, 0, Math.min(other.length, bytes.length), bytes, 0, bytes.length);
  };
  // The bound's beginning after the prefix, or before it (a shorter bound that is its beginning sorts before).
  return !(order(min) > 0) && !(typeof max === "string" && order(max) < 0);
}
