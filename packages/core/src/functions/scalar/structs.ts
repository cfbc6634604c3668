/** Structs with other fields: what `withField` and `dropFields` of a column make. Paths name fields of structs inside. */
import { MillraceError } from "../../errors/index.ts";
import {
  type DataType,
  type Field,
  type SqlValue,
  stringType,
  structType,
  type StructType,
} from "../../types/data-type.ts";
import type { ArgumentInfo, ScalarFunction } from "../function.ts";
import { type CallInfo, requireLiteral, unexpectedInput } from "../resolution.ts";
import { collection, type Items } from "./collection-record.ts";

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** The parts of `a.b`, where backquotes hold a dot in a name. */
function pathOf(arg: ArgumentInfo, call: CallInfo): readonly string[] {
  const text = String(requireLiteral(arg, "fieldName", call));
  return (text.match(/`(?:[^`]|``)+`|[^.`]+/g) ?? []).map((part) =>
    part.startsWith("`") ? part.slice(1, -1).replaceAll("``", "`") : part,
  );
}

function innerOf(fields: readonly Field[], name: string): Field & { readonly type: StructType } {
  const found = fields.find((f) => same(f.name, name));
  if (found?.type.kind === "struct") return { ...found, type: found.type };
  if (found === undefined) {
    throw new MillraceError("FIELD_NOT_FOUND", {
      fieldName: `\`${name}\``,
      fields: fields.map((f) => `\`${f.name}\``).join(", "),
    });
  }
  throw new MillraceError("INVALID_EXTRACT_BASE_FIELD_TYPE", {
    base: found.name,
    other: `"${found.type.kind.toUpperCase()}"`,
  });
}

/** How the values of a struct are put together: those of its own fields by position, and the new one. */
type Rebuild = (values: Items, added: SqlValue) => SqlValue[];
interface Update {
  readonly fields: readonly Field[];
  readonly rebuild: Rebuild;
}

function inside(fields: readonly Field[], name: string, change: (type: StructType) => Update): Update {
  const inner = innerOf(fields, name);
  const { fields: changed, rebuild } = change(inner.type);
  const is = fields.map((f) => same(f.name, name));
  return {
    fields: fields.map((f, i) => (is[i] ? { ...f, type: structType(changed) } : f)),
    rebuild: (values, added) =>
      values.map((value, i) => (is[i] && value !== null ? rebuild(value as Items, added) : value)),
  };
}

function withField({ fields }: StructType, path: readonly string[], added: Omit<Field, "name">): Update {
  const [name, ...rest] = path as [string, ...string[]];
  if (rest.length > 0) return inside(fields, name, (type) => withField(type, rest, added));
  const is = fields.map((f) => same(f.name, name));
  if (!is.includes(true))
    return { fields: [...fields, { name, ...added }], rebuild: (values, value) => [...values, value] };
  return {
    fields: fields.map((f, i) => (is[i] ? { name, ...added } : f)),
    rebuild: (values, value) => values.map((old, i) => (is[i] ? value : old)),
  };
}

function withoutField({ fields }: StructType, path: readonly string[], call: CallInfo): Update {
  const [name, ...rest] = path as [string, ...string[]];
  if (rest.length > 0) return inside(fields, name, (type) => withoutField(type, rest, call));
  const kept = fields.map((f) => !same(f.name, name));
  if (!kept.includes(true)) throw new MillraceError("DATATYPE_MISMATCH.CANNOT_DROP_ALL_FIELDS", { sqlExpr: call.sql });
  return { fields: fields.filter((_, i) => kept[i]), rebuild: (values) => values.filter((_, i) => kept[i]) };
}

function structArgument(arg: ArgumentInfo, call: CallInfo): StructType {
  if (arg.type.kind !== "struct") throw unexpectedInput(arg, "STRUCT", 0, call);
  return arg.type;
}

const bound: CallInfo = { sql: "update_fields", ansi: true };

function drops(type: StructType, paths: readonly ArgumentInfo[], call: CallInfo): { type: StructType; run: Rebuild } {
  let current = type;
  const steps = paths.map((path) => {
    const { fields, rebuild } = withoutField(current, pathOf(path, call), call);
    current = structType(fields);
    return rebuild;
  });
  return {
    type: current,
    run: (values) => steps.reduce<SqlValue[]>((row, step) => step(row, null), [...values]),
  };
}

const texts = (count: number): DataType[] => new Array<DataType>(count).fill(stringType);

export const structFunctions: readonly ScalarFunction[] = [
  collection({
    name: "with_field",
    group: "Internal",
    arity: [3, 3],
    resolve([struct, path, value], call) {
      const type = structArgument(struct!, call);
      const added = { type: value!.type, nullable: value!.nullable };
      return {
        args: [type, stringType, value!.type],
        returns: structType(withField(type, pathOf(path!, call), added).fields),
      };
    },
    nulls: "custom",
    canReturnNull: (args) => args[0]!.nullable,
    bind({ args }, _context, infos) {
      const { rebuild } = withField(args[0] as StructType, pathOf(infos[1]!, bound), {
        type: args[2]!,
        nullable: true,
      });
      return (struct, _path, value) => (struct === null ? null : rebuild(struct as Items, value!));
    },
    usage: "with_field(struct, name, value)",
    summary: "The struct with a field added or replaced; `a.b` names a field of a struct inside.",
    examples: [["with_field(named_struct('a', 1), 'b', 2)", "{1, 2}"]],
  }),
  collection({
    name: "drop_fields",
    group: "Internal",
    arity: [2, Number.POSITIVE_INFINITY],
    resolve([struct, ...paths], call) {
      const type = structArgument(struct!, call);
      return { args: [type, ...texts(paths.length)], returns: drops(type, paths, call).type };
    },
    bind({ args }, _context, infos) {
      const { run } = drops(args[0] as StructType, infos.slice(1), bound);
      return (struct) => run(struct as Items, null);
    },
    usage: "drop_fields(struct, name, …)",
    summary: "The struct without the fields; a name that it has not is passed over.",
    examples: [["drop_fields(named_struct('a', 1, 'b', 2), 'b')", "{1}"]],
  }),
];
