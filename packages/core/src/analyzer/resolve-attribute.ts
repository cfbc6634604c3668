import { MillraceError } from "../errors/index.ts";
import type {
  Attribute,
  Expr,
  LambdaVariable,
  UnresolvedAttribute,
  UnresolvedLambdaVariable,
} from "../expressions/expression.ts";
import { literal, nullableOf, typeOf } from "../expressions/typing.ts";
import { printExpression } from "../expressions/print.ts";
import { canCoerce } from "../functions/coercion.ts";
import { quotedType, typeText } from "../functions/type-text.ts";
import { arrayType, type DataType, intType, isIntegral, stringType } from "../types/data-type.ts";
import { sameTypeIgnoringNullability } from "../types/data-type.ts";
import { quoteIdentifier } from "../types/identifier.ts";
import { type AnalysisContext, sameName } from "./context.ts";

/** Attributes that a name may refer to, and the qualifier-less view of both join sides. */
export interface Scope {
  readonly attributes: readonly Attribute[];
  /** Sides of a join condition, for columns that say which side they mean. */
  readonly left?: readonly Attribute[];
  readonly right?: readonly Attribute[];
  /** Parameters of the lambdas around the expression, the innermost last. */
  readonly variables?: readonly LambdaVariable[];
}

export const quotedPath = (parts: readonly string[]): string => parts.map(quoteIdentifier).join(".");

/** Resolves a name to an attribute and, for further parts, to fields below it; undefined when nothing matches. */
export function findAttribute(
  reference: UnresolvedAttribute,
  scope: Scope,
  context: AnalysisContext,
): Expr | undefined {
  const attributes =
    reference.side === "left"
      ? (scope.left ?? scope.attributes)
      : reference.side === "right"
        ? (scope.right ?? scope.attributes)
        : scope.attributes;
  const [first, second] = reference.parts;
  const qualified =
    second === undefined
      ? []
      : attributes.filter(
          (a) =>
            a.qualifier !== undefined && sameName(a.qualifier, first!, context) && sameName(a.name, second, context),
        );
  const plain = qualified.length > 0 ? [] : attributes.filter((a) => sameName(a.name, first!, context));
  const matches = qualified.length > 0 ? qualified : plain;
  const distinct = new Set(matches.map((a) => a.id));
  if (distinct.size > 1) {
    throw new MillraceError(
      "AMBIGUOUS_REFERENCE",
      {
        name: quotedPath(reference.parts),
        referenceNames: `[${matches.map((a) => quotedPath(a.qualifier === undefined ? [a.name] : [a.qualifier, a.name])).join(", ")}]`,
      },
      { context: reference.origin ?? {} },
    );
  }
  const match = matches[0];
  if (match === undefined) return undefined;
  const rest = reference.parts.slice(qualified.length > 0 ? 2 : 1);
  return rest.reduce<Expr>((base, name) => extractField(base, name, reference, context), match);
}

const wordFunctions: ReadonlySet<string> = new Set(
  "current_date current_time current_timestamp current_user localtime session_user user".split(" "),
);

/** Whether SQL calls a function by this name without parentheses; a column of the name comes first. */
export function isWordFunction(parts: readonly string[]): boolean {
  return parts.length === 1 && wordFunctions.has(parts[0]!.toLowerCase());
}

/** Like {@link findAttribute}, with the error that proposes the nearest names. */
export function resolveAttribute(reference: UnresolvedAttribute, scope: Scope, context: AnalysisContext): Expr {
  const found = findAttribute(reference, scope, context);
  if (found !== undefined) return found;
  throw unresolvedColumn(reference, scope.attributes);
}

/** A name in a lambda: the innermost parameter of that name, else a column. */
export function resolveLambdaVariable(
  reference: UnresolvedLambdaVariable,
  scope: Scope,
  context: AnalysisContext,
): Expr {
  const [name, ...fields] = reference.parts;
  const asColumn: UnresolvedAttribute = { kind: "UnresolvedAttribute", parts: reference.parts };
  const variable = scope.variables?.findLast((candidate) => sameName(candidate.name, name!, context));
  if (variable === undefined) return resolveAttribute(asColumn, scope, context);
  return fields.reduce<Expr>((base, part) => extractField(base, part, asColumn, context), variable);
}

/** For operations that take columns by name alone. */
export function unresolvedAmong(name: string, attributes: readonly Attribute[]): MillraceError {
  const fieldNames = attributes.map((a) => a.name).join(", ");
  return new MillraceError("UNRESOLVED_COLUMN_AMONG_FIELD_NAMES", { colName: quoteIdentifier(name), fieldNames });
}

export function unresolvedColumn(reference: UnresolvedAttribute, attributes: readonly Attribute[]): MillraceError {
  const objectName = quotedPath(reference.parts);
  const options = { context: reference.origin ?? {} };
  const wanted = reference.parts.join(".").toLowerCase();
  const names = [...new Set(attributes.map((a) => a.name))];
  if (names.length === 0) return new MillraceError("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", { objectName }, options);
  const proposal = names
    .map((name) => ({ name, distance: editDistance(name.toLowerCase().slice(0, 64), wanted.slice(0, 64)) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 5)
    .map(({ name }) => quoteIdentifier(name))
    .join(", ");
  return new MillraceError("UNRESOLVED_COLUMN.WITH_SUGGESTION", { objectName, proposal }, options);
}

function extractField(base: Expr, name: string, reference: UnresolvedAttribute, context: AnalysisContext): Expr {
  return extractValue(base, literal(name, stringType), quotedPath(reference.parts), context);
}

/** `base.name`, `base[index]`, `base[key]`. */
export function extractValue(base: Expr, extraction: Expr, printed: string, context: AnalysisContext): Expr {
  const type = typeOf(base);
  const name =
    extraction.kind === "Literal" && typeof extraction.value === "string" && extraction.type.kind === "string"
      ? extraction.value
      : undefined;
  switch (type.kind) {
    case "struct": {
      if (name === undefined) break;
      const matches = type.fields.flatMap((f, i) => (sameName(f.name, name, context) ? [i] : []));
      if (matches.length > 1) {
        throw new MillraceError("AMBIGUOUS_REFERENCE_TO_FIELDS", {
          field: quoteIdentifier(name),
          count: String(matches.length),
        });
      }
      const ordinal = matches[0];
      if (ordinal === undefined) {
        throw new MillraceError("FIELD_NOT_FOUND", {
          fieldName: quoteIdentifier(name),
          fields: type.fields.map((f) => quoteIdentifier(f.name)).join(", "),
        });
      }
      const found = type.fields[ordinal]!;
      return {
        kind: "GetStructField",
        child: base,
        ordinal,
        name: found.name,
        type: found.type,
        nullable: found.nullable || nullableOf(base),
      };
    }
    case "array":
      if (name !== undefined && type.element.kind === "struct") return fieldOfElements(base, name, printed, context);
      requireIndex(extraction, printed);
      return call("get_array_item", [base, castTo(extraction, intType)], type.element, context);
    case "map":
      if (!canCoerce(typeOf(extraction), type.key, context.evaluation.ansi))
        throw wrongIndex(extraction, typeText(type.key), printed);
      return call("get_map_value", [base, castTo(extraction, type.key)], type.value, context);
    default:
      break;
  }
  throw new MillraceError("INVALID_EXTRACT_BASE_FIELD_TYPE", { base: printed, other: `"${type.kind.toUpperCase()}"` });
}

/** `array.field`: the field of each element. */
function fieldOfElements(base: Expr, name: string, printed: string, context: AnalysisContext): Expr {
  const array = typeOf(base) as Extract<DataType, { readonly kind: "array" }>;
  const id = context.ids.next();
  const parameter = { name: "element", id, type: array.element };
  const variable: LambdaVariable = { kind: "LambdaVariable", ...parameter, nullable: array.containsNull };
  const body = extractValue(variable, literal(name, stringType), printed, context);
  const lambda: Expr = { kind: "LambdaFunction", body, parameters: [parameter] };
  const fields = call("transform", [base, lambda], arrayType(typeOf(body), nullableOf(body)), context);
  return { ...fields, nullable: nullableOf(base) } as Expr;
}

function requireIndex(extraction: Expr, printed: string): void {
  const type = typeOf(extraction);
  if (!isIntegral(type) && type.kind !== "null") throw wrongIndex(extraction, "INTEGRAL", printed);
}
function wrongIndex(extraction: Expr, required: string, printed: string): MillraceError {
  return new MillraceError("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", {
    sqlExpr: printed,
    paramIndex: "second",
    requiredType: `"${required}"`,
    inputSql: printExpression(extraction),
    inputType: quotedType(typeOf(extraction)),
  });
}

function call(fn: string, args: readonly Expr[], type: DataType, context: AnalysisContext): Expr {
  return { kind: "Call", fn, args, type, nullable: true, ansi: context.evaluation.ansi };
}

export function castTo(expr: Expr, type: DataType, mode: "ansi" | "legacy" = "ansi"): Expr {
  if (expr.kind === "LambdaFunction") return { ...expr, body: castTo(expr.body, type, mode) };
  return sameTypeIgnoringNullability(typeOf(expr), type) ? expr : { kind: "Cast", child: expr, type, mode };
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
