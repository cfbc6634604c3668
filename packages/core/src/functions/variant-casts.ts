/** Casts from and to VARIANT, and the path of `variant_get`. */
import { MillraceError } from "../errors/index.ts";
import { VariantBuilder } from "../columnar/variant-builder.ts";
import {
  asVariant,
  type Variant,
  variantAt,
  variantField,
  type VariantNode,
  variantNode,
} from "../columnar/variant-reader.ts";
import {
  bigintType,
  binaryType,
  booleanType,
  type DataType,
  dateType,
  decimalType,
  doubleType,
  floatType,
  type SqlMap,
  type SqlValue,
  stringType,
  timestampNtzType,
  timestampType,
} from "../types/data-type.ts";
import { powerOfTen } from "./decimal.ts";
import { quotedType } from "./type-text.ts";
import { strippedDecimal, variantJson } from "./variant-text.ts";

type Unary = (value: SqlValue) => SqlValue;
/** A cast between types other than VARIANT that gives NULL where it fails; undefined when the types do not fit. */
export type TryCast = (from: DataType, to: DataType) => Unary | undefined;
/** Reads the node at a position; NULL for a JSON null. */
export type VariantReader = (variant: Variant, position: number) => SqlValue;

/** The SQL type and value of a node without children. */
function scalarOf(node: VariantNode): readonly [DataType, SqlValue] | undefined {
  switch (node.kind) {
    case "boolean":
      return [booleanType, node.value];
    case "long":
      return [bigintType, node.value];
    case "double":
      return [doubleType, node.value];
    case "float":
      return [floatType, node.value];
    case "decimal": {
      const [unscaled, scale] = strippedDecimal(node.unscaled, node.scale);
      const digits = String(unscaled < 0n ? -unscaled : unscaled).length;
      return [decimalType(Math.max(digits, scale), scale), unscaled];
    }
    case "date":
      return [dateType, node.days];
    case "timestamp":
      return [timestampType, node.micros];
    case "timestamp_ntz":
      return [timestampNtzType, node.micros];
    case "string":
      return [stringType, node.value];
    case "binary":
      return [binaryType, node.value];
    default:
      return undefined;
  }
}

const microsPerSecond = 1_000_000n;

/**
 * Reads variants as values of a type: Spark's cast of a variant. What does not fit is INVALID_VARIANT_CAST, or NULL.
 * @throws MillraceError INVALID_VARIANT_CAST when called, unless `tolerant`
 */
export function variantReaderOf(to: DataType, tolerant: boolean, timeZone: string, tryCast: TryCast): VariantReader {
  const json = variantJson(timeZone);
  const invalid = (variant: Variant, position: number): null => {
    if (tolerant) return null;
    throw new MillraceError("INVALID_VARIANT_CAST", { value: json(variant, position), dataType: quotedType(to) });
  };
  const present = ((): ((node: VariantNode, variant: Variant, position: number) => SqlValue) => {
    switch (to.kind) {
      case "array": {
        const element = variantReaderOf(to.element, tolerant, timeZone, tryCast);
        return (node, variant, position) => {
          if (node.kind !== "array") return invalid(variant, position);
          return Array.from({ length: node.size }, (_, i) => element(variant, node.at(i)));
        };
      }
      case "map": {
        const value = variantReaderOf(to.value, tolerant, timeZone, tryCast);
        return (node, variant, position): SqlMap | null => {
          if (node.kind !== "object") return invalid(variant, position);
          const indices = Array.from({ length: node.size }, (_, i) => i);
          return { keys: indices.map((i) => node.key(i)), values: indices.map((i) => value(variant, node.at(i))) };
        };
      }
      case "struct": {
        const fields = to.fields.map((f) => ({
          name: f.name,
          read: variantReaderOf(f.type, tolerant, timeZone, tryCast),
        }));
        return (node, variant, position) => {
          if (node.kind !== "object") return invalid(variant, position);
          return fields.map(({ name, read }) => {
            const at = variantField(node, name);
            return at === undefined ? null : read(variant, at);
          });
        };
      }
      default:
        return (node, variant, position) => {
          const scalar = scalarOf(node);
          if (scalar === undefined) return to.kind === "string" ? json(variant, position) : invalid(variant, position);
          const [type, value] = scalar;
          if (to.kind === "timestamp" && (type.kind === "bigint" || type.kind === "decimal")) {
            const unit = type.kind === "decimal" ? powerOfTen(type.scale) : 1n;
            const micros = ((value as bigint) * microsPerSecond) / unit;
            return BigInt.asIntN(64, micros) === micros ? micros : invalid(variant, position);
          }
          return tryCast(type, to)?.(value) ?? invalid(variant, position);
        };
    }
  })();
  if (to.kind === "variant") {
    return (variant, position) => {
      const builder = new VariantBuilder();
      builder.append(variant, position);
      return builder.finish() as readonly SqlValue[];
    };
  }
  return (variant, position) => {
    const node = variantNode(variant, position);
    return node.kind === "null" ? null : present(node, variant, position);
  };
}

function append(builder: VariantBuilder, type: DataType): (value: SqlValue) => void {
  switch (type.kind) {
    case "null":
      return () => builder.null();
    case "boolean":
      return (v) => builder.boolean(v as boolean);
    case "tinyint":
    case "smallint":
    case "int":
      return (v) => builder.long(BigInt(v as number));
    case "bigint":
      return (v) => builder.long(v as bigint);
    case "float":
      return (v) => builder.float(v as number);
    case "double":
      return (v) => builder.double(v as number);
    case "decimal":
      return (v) => builder.decimal(v as bigint, type.scale);
    case "string":
      return (v) => builder.string(v as string);
    case "binary":
      return (v) => builder.binary(v as Uint8Array);
    case "date":
      return (v) => builder.date(v as number);
    case "timestamp":
      return (v) => builder.timestamp(v as bigint);
    case "timestamp_ntz":
      return (v) => builder.timestampNtz(v as bigint);
    case "variant":
      return (v) => builder.append(asVariant(v));
    case "array": {
      const element = orNull(builder, append(builder, type.element));
      return (v) => {
        const start = builder.position;
        const offsets: number[] = [];
        for (const item of v as readonly SqlValue[]) {
          offsets.push(builder.position - start);
          element(item);
        }
        builder.finishArray(start, offsets);
      };
    }
    case "map": {
      const value = orNull(builder, append(builder, type.value));
      return (v) => {
        const { keys, values } = v as SqlMap;
        appendFields(
          builder,
          keys.map((key, i) => ({ key: key as string, write: () => value(values[i]!) })),
        );
      };
    }
    case "struct": {
      const fields = type.fields.map((f) => ({ key: f.name, append: orNull(builder, append(builder, f.type)) }));
      return (v) =>
        appendFields(
          builder,
          fields.map((f, i) => ({ key: f.key, write: () => f.append((v as readonly SqlValue[])[i]!) })),
        );
    }
    default:
      throw new MillraceError("INTERNAL_ERROR", { message: `no variant of ${type.kind}` });
  }
}

function orNull(builder: VariantBuilder, write: (value: SqlValue) => void): (value: SqlValue) => void {
  return (value) => (value === null ? builder.null() : write(value));
}

function appendFields(builder: VariantBuilder, written: readonly { readonly key: string; write(): void }[]): void {
  const start = builder.position;
  const fields: { readonly key: string; readonly id: number; readonly offset: number }[] = [];
  for (const { key, write } of written) {
    fields.push({ key, id: builder.key(key), offset: builder.position - start });
    write();
  }
  builder.finishObject(start, fields);
}

/** The variant of non-null values of a type. */
export function toVariant(from: DataType): Unary {
  return (value) => {
    const builder = new VariantBuilder();
    append(builder, from)(value);
    return builder.finish() as readonly SqlValue[];
  };
}

export type VariantStep = { readonly key: string } | { readonly index: number };
const stepGrammar = /\.([^.[]+)|\['([^']*)'\]|\["([^"]*)"\]|\[(\d+)\]/y;

/** `$.a['b'][0]` as steps; undefined for a malformed path. */
export function parseVariantPath(path: string): readonly VariantStep[] | undefined {
  if (!path.startsWith("$")) return undefined;
  const steps: VariantStep[] = [];
  stepGrammar.lastIndex = 1;
  while (stepGrammar.lastIndex < path.length) {
    const match = stepGrammar.exec(path);
    if (match === null) return undefined;
    const index = match[4];
    if (index !== undefined && Number(index) > 0x7fff_ffff) return undefined;
    steps.push(index === undefined ? { key: (match[1] ?? match[2] ?? match[3])! } : { index: Number(index) });
  }
  return steps;
}

/** Where a path leads to; undefined when there is nothing. */
export function followVariant(variant: Variant, steps: readonly VariantStep[]): number | undefined {
  let position = 0;
  for (const step of steps) {
    const node = variantNode(variant, position);
    let next: number | undefined;
    if ("key" in step) next = node.kind === "object" ? variantField(node, step.key) : undefined;
    else next = node.kind === "array" && step.index < node.size ? node.at(step.index) : undefined;
    if (next === undefined) return undefined;
    position = next;
  }
  return position;
}

/** The child at a position, as a variant that shares the metadata. */
export function subVariant(variant: Variant, position: number): SqlValue {
  return variantAt(variant, position) as readonly SqlValue[];
}
