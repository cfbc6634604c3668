/** `to`: the columns of a schema, taken by name from the input, reordered and cast, inside of nested types too. */
import { MillraceError } from "../errors/index.ts";
import type { Expr } from "../expressions/expression.ts";
import { nullLiteral } from "../expressions/typing.ts";
import { isAtomic, isDatetime } from "../functions/coercion.ts";
import { quotedType } from "../functions/type-text.ts";
import type { MatchSchema } from "../logical-plan/derived.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import { type DataType, type Field, isNumeric, sameType, type StructType } from "../types/data-type.ts";
import { type AnalysisContext, sameName } from "./context.ts";
import { quotedPath, unresolvedColumn } from "./resolve-attribute.ts";
import { resolveProject } from "./resolve-project.ts";
import { alias, cast, fn, text } from "./written.ts";

/** A column or field that is there: how it is written, and what it holds. */
interface Found extends Field {
  readonly expr: Expr;
}

export function resolveMatchSchema({ schema }: MatchSchema, input: LogicalPlan, context: AnalysisContext): LogicalPlan {
  const output = outputOf(input);
  const columns = output.map((expr): Found => ({ name: expr.name, type: expr.type, nullable: expr.nullable, expr }));
  const missing = (name: string): MillraceError =>
    unresolvedColumn({ kind: "UnresolvedAttribute", parts: [name] }, output);
  const matched = matchFields(columns, schema, [], missing, context);
  // A column that stays what it is keeps its identity, so also its watermark.
  const list = matched.map(({ name, expr }) =>
    expr.kind === "Attribute" && expr.name === name ? expr : alias(expr, name),
  );
  return resolveProject(list, input, context);
}

function matchFields(
  given: readonly Found[],
  wanted: StructType,
  path: readonly string[],
  missing: (name: string) => MillraceError,
  context: AnalysisContext,
): readonly { readonly name: string; readonly expr: Expr }[] {
  return wanted.fields.map(({ name, type, nullable }) => {
    const matches = given.filter((candidate) => sameName(candidate.name, name, context));
    const [match] = matches;
    if (match === undefined) {
      if (!nullable) throw missing(name);
      return { name, expr: cast(nullLiteral, type) };
    }
    if (matches.length > 1) {
      throw new MillraceError("AMBIGUOUS_COLUMN_OR_FIELD", {
        name: quotedPath([...path, name]),
        n: String(matches.length),
      });
    }
    return { name, expr: matchType(match, type, nullable, [...path, match.name], context) };
  });
}

function matchType(
  { expr, type, nullable }: Omit<Found, "name">,
  wanted: DataType,
  mayBeNull: boolean,
  path: readonly string[],
  context: AnalysisContext,
): Expr {
  if (nullable && !mayBeNull) throw new MillraceError("NULLABLE_COLUMN_OR_FIELD", { name: quotedPath(path) });
  if (sameType(type, wanted)) return expr;
  if (type.kind === "struct" && wanted.kind === "struct") {
    const fields = type.fields.map((f): Found => ({
      ...f,
      nullable: nullable || f.nullable,
      expr: { kind: "UnresolvedExtractValue", child: expr, extraction: text(f.name) },
    }));
    const missing = (name: string): MillraceError =>
      new MillraceError("UNRESOLVED_FIELD.WITH_SUGGESTION", {
        fieldName: quotedPath([name]),
        columnPath: quotedPath(path),
        proposal: type.fields.map((f) => quotedPath([f.name])).join(", "),
      });
    const matched = matchFields(fields, wanted, path, missing, context);
    const made = fn("named_struct", ...matched.flatMap((each) => [text(each.name), each.expr]));
    return nullable ? fn("if", fn("isnull", expr), cast(nullLiteral, wanted), made) : made;
  }
  if (type.kind === "array" && wanted.kind === "array") {
    if (type.containsNull && !wanted.containsNull) throw notNull("ARRAY_ELEMENT", path);
    const element = { type: type.element, nullable: type.containsNull };
    return forEachValue("transform", expr, ["element"], 0, (value) =>
      matchType({ ...element, expr: value }, wanted.element, wanted.containsNull, [...path, "element"], context),
    );
  }
  if (type.kind === "map" && wanted.kind === "map") {
    if (type.valueContainsNull && !wanted.valueContainsNull) throw notNull("MAP_VALUE", path);
    const keys = forEachValue("transform_keys", expr, ["key", "value"], 0, (key) =>
      matchType({ expr: key, type: type.key, nullable: false }, wanted.key, false, [...path, "key"], context),
    );
    const value = { type: type.value, nullable: type.valueContainsNull };
    return forEachValue("transform_values", keys, ["key", "value"], 1, (each) =>
      matchType({ ...value, expr: each }, wanted.value, wanted.valueContainsNull, [...path, "value"], context),
    );
  }
  if (isAssignable(type, wanted)) return cast(expr, wanted, "ansi");
  throw new MillraceError("INVALID_COLUMN_OR_FIELD_DATA_TYPE", {
    name: quotedPath(path),
    type: quotedType(type),
    expectedType: quotedType(wanted),
  });
}

/** What ANSI SQL lets be stored in a column of another type. */
function isAssignable(from: DataType, to: DataType): boolean {
  return (
    from.kind === "null" ||
    (isNumeric(from) && isNumeric(to)) ||
    (to.kind === "string" && (isAtomic(from) || from.kind === "variant")) ||
    (isDatetime(from) && isDatetime(to))
  );
}

/** A higher-order function over the parameter at `at`; unchanged when nothing is to be done with it. */
function forEachValue(
  name: string,
  collection: Expr,
  parameters: readonly string[],
  at: number,
  body: (value: Expr) => Expr,
): Expr {
  const variable: Expr = { kind: "UnresolvedLambdaVariable", parts: [parameters[at]!] };
  const made = body(variable);
  if (made === variable) return collection;
  return fn(name, collection, {
    kind: "LambdaFunction",
    body: made,
    parameters: parameters.map((parameter) => ({ name: parameter })),
  });
}

function notNull(what: "ARRAY_ELEMENT" | "MAP_VALUE", path: readonly string[]): MillraceError {
  return new MillraceError(`NOT_NULL_CONSTRAINT_VIOLATION.${what}`, { columnPath: quotedPath(path) });
}
