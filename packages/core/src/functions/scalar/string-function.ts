/** What the records of text and binary functions share. */
import { decodeUtf8, encodeUtf8 } from "../../columnar/utf8.ts";
import { binaryType, type DataType, type SqlValue } from "../../types/data-type.ts";
import { bytesOf, joinCode, js, local, resultRange } from "../code.ts";
import type { Code, EmitContext, Emitted, Emitter, EmitOptions } from "../emitter.ts";
import type { ScalarFunction, Signature } from "../function.ts";
import { ByteResult } from "../kernels/bytes.ts";
import { type RecordFields, scalarRecord } from "./scalar-record.ts";

/** A function of the group String, unless another is named. */
export function stringFunction({
  group = "String",
  ...fields
}: RecordFields & { readonly group?: string }): ScalarFunction {
  return scalarRecord(group, fields);
}
export const example = (sql: string, result: string): RecordFields["examples"] => [[sql, result]];

/** The bytes of a text or binary value. */
export function asBytes(value: SqlValue): Uint8Array {
  return typeof value === "string" ? encodeUtf8(value) : (value as Uint8Array);
}

/** The value of a type (STRING or BINARY) that a ByteResult holds. */
export function takeResult(result: ByteResult, type: DataType): SqlValue {
  return type.kind === "string"
    ? decodeUtf8(result.bytes, result.start, result.end)
    : result.bytes.slice(result.start, result.end);
}

/** A value as arguments of a kernel: the byte range of text, the one expression of anything else. */
export function kernelArgument(arg: Emitted): Code {
  return arg.shape === "bytes" ? bytesOf(arg) : js`${(arg as Emitted & { readonly shape: "fixed" }).value}`;
}

/**
 * The emitter of a function of text whose kernel leaves its result in a ByteResult. The kernel gets that first, then the
 * arguments in order, texts as (bytes, start, end).
 */
export function emitKernel(kernel: (result: ByteResult, ...args: never[]) => void): Strict {
  return {
    emit(args, ctx) {
      const result = ctx.bind(new ByteResult());
      ctx.line(js`${ctx.bind(kernel)}(${result}, ${joinCode(args.map(kernelArgument), ", ")});`);
      return resultRange(ctx, result);
    },
  };
}

/** A call of the interpreter form: for arguments that the fast form does not take. */
export function emitBound(
  fn: ScalarFunction,
  args: readonly Emitted[],
  ctx: EmitContext,
  types: Signature,
  options: EmitOptions,
): Emitted {
  const form = ctx.bind(fn.bind(types, options.context, options.args));
  const boxes = args.map((arg, i) => ctx.box(arg, types.args[i]!));
  return ctx.unbox(local(ctx, "t", js`${form}(${joinCode(boxes, ", ")})`), types.returns);
}

type Strict = Exclude<Emitter, { readonly lazy: true }>;
interface Forms {
  readonly bind: ScalarFunction["bind"];
  readonly emit: Strict;
}

/** Both forms of a function of one text or binary value whose kernel leaves text or bytes in a ByteResult. */
export function resultKernel(
  kernel: (result: ByteResult, bytes: Uint8Array, start: number, end: number) => void,
): Forms {
  return {
    bind: ({ returns }) => {
      const result = new ByteResult();
      return (value) => {
        const bytes = asBytes(value!);
        kernel(result, bytes, 0, bytes.length);
        return takeResult(result, returns);
      };
    },
    emit: {
      emit([arg], ctx) {
        const result = ctx.bind(new ByteResult());
        ctx.line(js`${ctx.bind(kernel)}(${result}, ${bytesOf(arg!)});`);
        return resultRange(ctx, result);
      },
    },
  };
}

/** Both forms of a function from the bytes of one value to new bytes. */
export function bytesToBytes(kernel: (bytes: Uint8Array, start: number, end: number) => Uint8Array): Forms {
  return {
    bind: () => (value) => {
      const bytes = asBytes(value!);
      return kernel(bytes, 0, bytes.length);
    },
    emit: {
      emit: ([arg], ctx) => ctx.unbox(local(ctx, "t", js`${ctx.bind(kernel)}(${bytesOf(arg!)})`), binaryType),
    },
  };
}
