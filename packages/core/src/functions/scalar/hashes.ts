/** Hash functions: digests of text and bytes, and Spark's hashes of any values. */
import { hexOf } from "../../columnar/hex.ts";
import { MillraceError } from "../../errors/index.ts";
import { bigintType, binaryType, type DataType, intType, type SqlValue, stringType } from "../../types/data-type.ts";
import { bytesOf, js, local, number, valueOf } from "../code.ts";
import type { Code, EmitContext, Emitted, Emitter } from "../emitter.ts";
import type { ScalarFunction } from "../function.ts";
import { crc32, md5, sha1, sha2 } from "../kernels/digests.ts";
import { type Hash, hashOf, murmur3, murmurBytes, murmurInt, xxBytes, xxHash64 } from "../kernels/hash.ts";
import { type CallInfo, signature } from "../resolution.ts";
import { asBytes, example, stringFunction } from "./string-function.ts";
import type { RecordFields } from "./scalar-record.ts";

const group = "Hash";
type Digest = (bytes: Uint8Array, start: number, end: number) => Uint8Array;

function digestFunction(
  name: string,
  aliases: readonly string[],
  digest: Digest,
  summary: string,
  examples: RecordFields["examples"],
): ScalarFunction {
  const hex = (bytes: Uint8Array, start: number, end: number): string => hexOf(digest(bytes, start, end));
  return stringFunction({
    group,
    name,
    aliases,
    arity: [1, 1],
    resolve: signature([binaryType], stringType),
    bind: () => (value) => {
      const bytes = asBytes(value!);
      return hex(bytes, 0, bytes.length);
    },
    emit: { emit: ([arg], ctx) => ctx.unbox(local(ctx, "t", js`${ctx.bind(hex)}(${bytesOf(arg!)})`), stringType) },
    usage: `${name}(expr)`,
    summary,
    examples,
  });
}

function holds(type: DataType, kind: "map" | "variant"): boolean {
  switch (type.kind) {
    case "map":
      return kind === "map" || holds(type.value, kind);
    case "array":
      return holds(type.element, kind);
    case "struct":
      return type.fields.some((f) => holds(f.type, kind));
    default:
      return type.kind === kind;
  }
}

/** How a hash of a call looks in generated code: one step for each argument, over the hash so far. */
interface HashForm<H> {
  readonly hash: Hash<H>;
  readonly start: H & (number | bigint);
  readonly bytes: (bytes: Uint8Array, start: number, end: number, seed: H) => H;
  readonly int?: (value: number, seed: H) => H;
}

function hashStep<H>(form: HashForm<H>, arg: Emitted, type: DataType, seed: Code, ctx: EmitContext): Code {
  switch (type.kind) {
    case "string":
    case "binary":
      return js`${ctx.bind(form.bytes)}(${bytesOf(arg)}, ${seed})`;
    case "tinyint":
    case "smallint":
    case "int":
    case "date":
      if (form.int !== undefined) return js`${ctx.bind(form.int)}(${valueOf(arg)}, ${seed})`;
      break;
    default:
  }
  return js`${ctx.bind(hashOf(form.hash, type))}(${ctx.box(arg, type)}, ${seed})`;
}

function emitHash<H>(form: HashForm<H>): Emitter {
  return {
    emit(args, ctx, { args: types }) {
      const seed = ctx.fresh("v");
      ctx.line(js`let ${seed} = ${number(form.start)};`);
      args.forEach((arg, i) => {
        if (arg.isNull === js.true) return;
        ctx.line(js`if (!${arg.isNull}) ${seed} = ${hashStep(form, arg, types[i]!, seed, ctx)};`);
      });
      return { shape: "fixed", isNull: js.false, value: seed };
    },
  };
}

function hashFunction<H extends number | bigint>(
  name: string,
  returns: DataType,
  form: HashForm<H>,
  summary: string,
  examples: RecordFields["examples"],
): ScalarFunction {
  return stringFunction({
    group,
    name,
    arity: [1, Number.POSITIVE_INFINITY],
    resolve: (args, call: CallInfo) => {
      if (args.some(({ type }) => holds(type, "variant")))
        throw new MillraceError("DATATYPE_MISMATCH.HASH_VARIANT_TYPE", {
          sqlExpr: call.sql,
          functionName: `\`${name}\``,
        });
      if (args.some(({ type }) => holds(type, "map")))
        throw new MillraceError("DATATYPE_MISMATCH.HASH_MAP_TYPE", {
          sqlExpr: call.sql,
          functionName: `\`${name}\``,
        });
      return { args: args.map(({ type }) => type), returns };
    },
    nulls: "custom",
    canReturnNull: false,
    bind: ({ args }) => {
      const hashes = args.map((type) => hashOf(form.hash, type));
      return (...values: readonly SqlValue[]) =>
        hashes.reduce<H>((seed, hash, i) => hash(values[i]!, seed) as H, form.start);
    },
    emit: emitHash(form),
    usage: `${name}(expr, …)`,
    summary,
    examples,
  });
}

export const hashes: readonly ScalarFunction[] = [
  digestFunction(
    "md5",
    [],
    md5,
    "MD5 of the bytes, in hexadecimal.",
    example("md5('Spark')", "8cde774d6f7333752ed72cacddb05126"),
  ),
  digestFunction(
    "sha1",
    ["sha"],
    sha1,
    "SHA-1 of the bytes, in hexadecimal.",
    example("sha1('Spark')", "85f5955f4b27a9a4c2aab6ffe5d7189fc298b92c"),
  ),
  stringFunction({
    group,
    name: "sha2",
    arity: [2, 2],
    resolve: signature([binaryType, intType], stringType),
    canReturnNull: true,
    bind: () => (value, bits) => {
      const bytes = asBytes(value!);
      const digest = sha2(bytes, 0, bytes.length, bits as number);
      return digest === undefined ? null : hexOf(digest);
    },
    usage: "sha2(expr, bits)",
    summary: "SHA-2 of the bytes with 224, 256 (also as 0), 384 or 512 bits, in hexadecimal; NULL for another size.",
    examples: example("sha2('Spark', 256)", "529bc3b07127ecb7e53a4dcf1991d9152c24537d919178022b2c42657f79a26b"),
  }),
  stringFunction({
    group,
    name: "crc32",
    arity: [1, 1],
    resolve: signature([binaryType], bigintType),
    bind: () => (value) => {
      const bytes = asBytes(value!);
      return BigInt(crc32(bytes, 0, bytes.length));
    },
    usage: "crc32(expr)",
    summary: "CRC-32 of the bytes, as BIGINT.",
    examples: example("crc32('Spark')", "1557323817"),
  }),
  hashFunction(
    "hash",
    intType,
    { hash: murmur3, start: 42, bytes: murmurBytes, int: murmurInt },
    "Murmur3 hash of the values, Spark's; NULLs are passed over.",
    example("hash('Spark', array(123), 2)", "-1321691492"),
  ),
  hashFunction(
    "xxhash64",
    bigintType,
    {
      hash: xxHash64,
      start: 42n,
      bytes: (bytes, start, end, seed) => xxBytes(bytes.subarray(start, end), seed),
    },
    "xxHash64 of the values, Spark's; NULLs are passed over.",
    example("xxhash64('Spark', array(123), 2)", "5602566077635097486"),
  ),
];
