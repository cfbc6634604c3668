/** Fast forms of casts for generated code; the others go through the interpreter form. */
import { decodeUtf8 } from "../columnar/utf8.ts";
import { type DataType, isIntegral, sameTypeIgnoringNullability, type SqlValue } from "../types/data-type.ts";
import { bindCast, type CastMode } from "./cast-values.ts";
import { bytesOf, fixedLocal, js, local, number, resultRange } from "./code.ts";
import { type Code, type EmitContext, type Emitted, shapeOf } from "./emitter.ts";
import type { EvalContext } from "./function.ts";
import { emitExactCast } from "./exact-decimal.ts";
import { ByteResult } from "./kernels/bytes.ts";
import { writeDate, writeTimestamp } from "./kernels/datetime-bytes.ts";
import { writeInteger, writeLong } from "./kernels/integer-bytes.ts";
import { parseLongBytes, parseTimestampBytes } from "./kernels/parse-bytes.ts";
import { int64OfNumber, numberOfInt64 } from "./kernels/int64.ts";
import { wrapCode } from "./integer-width.ts";
import { timeZoneOf, toLocal } from "./time-zone.ts";

/**
 * Emits the cast of a value that is not NULL (the caller stands inside its null check). The result's `isNull` says where a
 * non-ANSI cast gives NULL.
 */
export function emitCast(
  value: Emitted,
  from: DataType,
  to: DataType,
  mode: CastMode,
  ctx: EmitContext,
  context: EvalContext,
): Emitted {
  const { timeZone } = context;
  if (sameTypeIgnoringNullability(from, to)) return { ...value, isNull: js.false };
  const cast = bindCast(from, to, mode, timeZone);
  if (value.shape === "fixed" || value.shape === "boxed") {
    const slow = js`${ctx.bind(cast)}(${value.value})`;
    const exact = emitExactCast(value, from, to, slow, mode !== "ansi", ctx);
    if (exact !== undefined) return exact;
  }
  if (value.shape === "fixed") {
    const fast = emitNumber(value.value, from, to, mode, cast, ctx);
    if (fast !== undefined) return fast;
    if (shapeOf(to) === "fixed") return throughFixed(ctx, js`${ctx.bind(cast)}(${value.value})`);
  }
  if (value.shape === "bytes") {
    if (from.kind === "string" && to.kind === "binary") return { ...value, isNull: js.false };
    const fast = emitText(value, from, to, timeZone, cast, ctx);
    if (fast !== undefined) return fast;
    if (from.kind === "string" && shapeOf(to) === "fixed")
      return throughFixed(ctx, js`${ctx.bind(cast)}(${ctx.box(value, from)})`);
  }
  if (to.kind === "string" && (value.shape === "fixed" || value.shape === "boxed")) {
    const write = (value.shape === "fixed" ? byteWriter(from, timeZone) : undefined) ?? textWriter(cast);
    const result = ctx.bind(new ByteResult());
    ctx.line(js`${ctx.bind(write)}(${result}, ${value.value});`);
    return resultRange(ctx, result);
  }
  return ctx.unbox(local(ctx, "t", js`${ctx.bind(cast)}(${ctx.box(value, from)})`), to);
}

type ByteWriter = (result: ByteResult, value: never) => void;

/** What prints integers, dates and timestamps as bytes; undefined for other types. */
function byteWriter(type: DataType, timeZone: string): ByteWriter | undefined {
  if (type.kind === "bigint") return writeLong;
  if (isIntegral(type)) return writeInteger;
  if (type.kind === "date") return writeDate;
  if (type.kind === "timestamp_ntz") return writeTimestamp;
  if (type.kind !== "timestamp") return undefined;
  const zone = timeZoneOf(timeZone);
  return (result: ByteResult, micros: bigint) => writeTimestamp(result, toLocal(zone, micros));
}

function textWriter(cast: (value: SqlValue) => SqlValue): ByteWriter {
  return (result: ByteResult, value: SqlValue) => {
    result.begin();
    result.appendText(cast(value) as string);
  };
}

function throughFixed(ctx: EmitContext, call: Code): Emitted {
  const value = local(ctx, "v", call);
  return { shape: "fixed", isNull: js`(${value} === null)`, value };
}

const small: ReadonlySet<DataType["kind"]> = new Set(["tinyint", "smallint", "int"]);
const rank: Partial<Record<DataType["kind"], number>> = { tinyint: 0, smallint: 1, int: 2, bigint: 3 };

function emitNumber(
  value: Code,
  from: DataType,
  to: DataType,
  mode: CastMode,
  cast: (value: SqlValue) => SqlValue,
  ctx: EmitContext,
): Emitted | undefined {
  if (isIntegral(from) && isIntegral(to)) {
    const widens = rank[from.kind]! <= rank[to.kind]!;
    // Inside generated code widths below BIGINT share one representation.
    if (widens && to.kind !== "bigint") return { shape: "fixed", isNull: js.false, value };
    if (to.kind === "bigint") return fixedLocal(ctx, js`${ctx.bind(int64OfNumber)}(${value})`);
    if (from.kind !== "bigint" && mode === "legacy") return fixedLocal(ctx, wrapCode(to.kind, value));
    return undefined;
  }
  if (to.kind === "double" || to.kind === "float") {
    const round = (code: Code): Code => (to.kind === "float" ? js`Math.fround(${code})` : code);
    if (small.has(from.kind) || from.kind === "float" || from.kind === "double") return fixedLocal(ctx, round(value));
    if (from.kind === "bigint") return fixedLocal(ctx, round(js`${ctx.bind(numberOfInt64)}(${value})`));
    if (from.kind === "timestamp") return fixedLocal(ctx, round(js`${ctx.bind(numberOfInt64)}(${value}) / 1e6`));
    if (from.kind === "boolean") return fixedLocal(ctx, js`(${value} ? 1 : 0)`);
    return undefined;
  }
  if ((from.kind === "double" || from.kind === "float") && to.kind === "int" && mode === "ansi") {
    const out = local(ctx, "v", js`Math.trunc(${value}) | 0`);
    // Outside the range, and for NaN, the interpreter form raises the error.
    ctx.line(js`if (${out} !== Math.trunc(${value})) ${ctx.bind(cast)}(${value});`);
    return { shape: "fixed", isNull: js.false, value: out };
  }
  if (to.kind === "boolean" && from.kind !== "timestamp" && from.kind !== "date")
    return fixedLocal(ctx, from.kind === "bigint" ? js`(${value} !== 0n)` : js`(${value} !== 0)`);
  if (from.kind === "timestamp" && to.kind === "bigint") return fixedLocal(ctx, floorDivCode(value, 1_000_000n, ctx));
  return undefined;
}

/** Floor division by a positive constant, in 64-bit arithmetic. */
export function floorDivCode(value: Code, divisor: bigint, ctx: EmitContext): Code {
  const by = number(divisor);
  const quotient = local(ctx, "t", js`BigInt.asIntN(64, ${value} / ${by})`);
  return js`(BigInt.asIntN(64, ${quotient} * ${by}) > ${value} ? BigInt.asIntN(64, ${quotient} - 1n) : ${quotient})`;
}

function emitText(
  value: Emitted & { readonly shape: "bytes" },
  from: DataType,
  to: DataType,
  timeZone: string,
  cast: (value: SqlValue) => SqlValue,
  ctx: EmitContext,
): Emitted | undefined {
  if (from.kind !== "string") return undefined;
  const slow = (bytes: Uint8Array, start: number, end: number): SqlValue => cast(decodeUtf8(bytes, start, end));
  if (to.kind === "bigint") {
    const parse = ctx.bind(
      (bytes: Uint8Array, start: number, end: number) => parseLongBytes(bytes, start, end) ?? slow(bytes, start, end),
    );
    return throughFixed(ctx, js`${parse}(${bytesOf(value)})`);
  }
  if (to.kind === "timestamp" && timeZoneOf(timeZone).fixed !== undefined) {
    const offset = timeZoneOf(timeZone).fixed!;
    const parse = ctx.bind(
      (bytes: Uint8Array, start: number, end: number) =>
        parseTimestampBytes(bytes, start, end, offset) ?? slow(bytes, start, end),
    );
    return throughFixed(ctx, js`${parse}(${bytesOf(value)})`);
  }
  return undefined;
}
