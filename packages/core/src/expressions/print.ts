/**
 * Expressions as text. The style `name` is the text of automatic column names and error messages, Spark's `toPrettySQL`:
 * `(a + 1)`, `count(1)`, strings bare, operators in parentheses. The style `sql` quotes names and strings and gives numbers their
 * suffix, so that the parser reads the same expression back. Prints with a stack of its own: chains of many thousand operators
 * do not recurse.
 */
import { unreachable } from "../errors/index.ts";
import { sqlName } from "../types/type-names.ts";
import type { AggregateCall, Call, Expr, UnresolvedFunction, UserFunctionCall } from "./expression.ts";
import {
  binaryOperators,
  castFunctionNames,
  defaultArguments,
  displayNames,
  hiddenArguments,
} from "./function-names.ts";
import type { FrameBound, WindowCall, WindowExpression, WindowFrame } from "./window-expression.ts";
import { literalName, literalSql, quotedString } from "./print-literal.ts";

export interface PrintOptions {
  /** Default: `name`. */
  readonly style?: "name" | "sql";
  /** µs since the epoch → µs on the clock of the session's zone, for TIMESTAMP literals. Default: UTC. */
  readonly toLocalMicros?: (micros: bigint) => bigint;
}

type Piece = string | Expr;
type Style = "name" | "sql";

/** The text of an expression, resolved or not. */
export function printExpression(expr: Expr, options: PrintOptions = {}): string {
  const style = options.style ?? "name";
  const toLocalMicros = options.toLocalMicros ?? ((micros: bigint): bigint => micros);
  const out: string[] = [];
  const pending: Piece[] = [expr];
  for (let piece = pending.pop(); piece !== undefined; piece = pending.pop()) {
    if (typeof piece === "string") {
      out.push(piece);
    } else if (piece.kind === "Literal") {
      out.push(style === "name" ? literalName(piece, toLocalMicros) : literalSql(piece, toLocalMicros));
    } else {
      const pieces = piecesOf(piece, style);
      for (let i = pieces.length - 1; i >= 0; i--) pending.push(pieces[i]!);
    }
  }
  return out.join("");
}

function piecesOf(expr: Exclude<Expr, { readonly kind: "Literal" }>, style: Style): readonly Piece[] {
  switch (expr.kind) {
    case "UnresolvedAttribute":
      return [expr.parts.map((part) => nameText(part, style)).join(".")];
    case "UnresolvedStar":
      return [[...expr.target.map((part) => nameText(part, style)), "*"].join(".")];
    case "Attribute":
      return style === "name"
        ? [expr.name]
        : [quoted([...(expr.qualifier === undefined ? [] : [expr.qualifier]), expr.name])];
    case "WindowExpression":
      return windowPieces(expr, style);
    case "UnresolvedFunction":
      return callPieces(expr, expr.name, style);
    case "Call":
    case "AggregateCall":
      return callPieces(expr, expr.fn, style);
    case "UserFunctionCall":
      return callPieces(expr, expr.fn.name, style);
    case "UnresolvedExtractValue":
      return style === "sql" && isSigned(expr.child)
        ? ["(", expr.child, ")[", expr.extraction, "]"]
        : [expr.child, "[", expr.extraction, "]"];
    case "UnresolvedLambdaVariable": {
      const [head, ...fields] = expr.parts;
      const shown = fields.map((part) => nameText(part, style));
      return [[style === "name" ? "namedlambdavariable()" : nameText(head!, style), ...shown].join(".")];
    }
    case "LambdaVariable":
      return [style === "name" ? "namedlambdavariable()" : quoted([expr.name])];
    case "LambdaFunction": {
      if (style === "name")
        return ["lambdafunction(", expr.body, ", ", expr.parameters.map(() => "namedlambdavariable()").join(", "), ")"];
      const names = expr.parameters.map(({ name }) => quoted([name])).join(", ");
      return [expr.parameters.length === 1 ? `${names} -> ` : `(${names}) -> `, expr.body];
    }
    case "GetStructField":
      return [expr.child, ".", nameText(expr.name, style)];
    case "Alias":
      if (expr.names !== undefined && style === "sql")
        return [expr.child, ` AS (${expr.names.map((name) => quoted([name])).join(", ")})`];
      return [expr.child, " AS ", style === "name" ? expr.name : quoted([expr.name])];
    case "Cast":
      return [expr.mode === "try" ? "TRY_CAST(" : "CAST(", expr.child, ` AS ${sqlName(expr.type)})`];
    case "SortOrder":
      return [
        expr.child,
        expr.direction === "ascending" ? " ASC" : " DESC",
        expr.nulls === "first" ? " NULLS FIRST" : " NULLS LAST",
      ];
    case "BoundReference":
      return [`input[${expr.ordinal}]`];
    default:
      return unreachable(expr);
  }
}

/** A negative number has its sign in front, where `[…]` would bind to what follows it. */
function isSigned(expr: Expr): boolean {
  return expr.kind === "Literal" && (typeof expr.value === "number" || typeof expr.value === "bigint");
}

function nameText(part: string, style: Style): string {
  if (style === "sql") return quoted([part]);
  return part.includes(".") ? `\`${part}\`` : part;
}

/** Always quoted: any word can mean something to the grammar in some place. */
function quoted(parts: readonly string[]): string {
  return parts.map((part) => `\`${part.replaceAll("`", "``")}\``).join(".");
}

type AnyCall = UnresolvedFunction | Call | AggregateCall | WindowCall | UserFunctionCall;

function windowPieces({ fn, partitionBy, orderBy, frame }: WindowExpression, style: Style): readonly Piece[] {
  const list = (word: string, items: readonly Expr[]): Piece[] =>
    items.flatMap((item, i): Piece[] => [i === 0 ? word : ", ", item]);
  const parts = [
    list("PARTITION BY ", partitionBy),
    list("ORDER BY ", orderBy),
    frame === undefined ? [] : framePieces(frame),
  ];
  const inside = parts.filter((part) => part.length > 0).flatMap((part, i) => (i === 0 ? part : [" ", ...part]));
  return [...callPieces(fn, fn.kind === "UnresolvedFunction" ? fn.name : fn.fn, style), " OVER (", ...inside, ")"];
}

function framePieces({ unit, lower, upper }: WindowFrame): Piece[] {
  const bound = (it: FrameBound): Piece[] => {
    switch (it.kind) {
      case "unboundedPreceding":
        return ["UNBOUNDED PRECEDING"];
      case "unboundedFollowing":
        return ["UNBOUNDED FOLLOWING"];
      case "currentRow":
        return ["CURRENT ROW"];
      default:
        return [it.value, it.preceding ? " PRECEDING" : " FOLLOWING"];
    }
  };
  return [`${unit.toUpperCase()} BETWEEN `, ...bound(lower), " AND ", ...bound(upper)];
}

/** `ROWS BETWEEN … AND …` */
export function printFrame(frame: WindowFrame, style: Style): string {
  return framePieces(frame)
    .map((piece) => (typeof piece === "string" ? piece : printExpression(piece, { style })))
    .join("");
}

function callPieces(expr: AnyCall, name: string, style: Style): readonly Piece[] {
  const pieces = plainCallPieces(expr, name, style);
  const filtered =
    "filter" in expr && expr.filter !== undefined ? [...pieces, " FILTER (WHERE ", expr.filter, ")"] : pieces;
  if (!("ignoreNulls" in expr) || expr.ignoreNulls !== true) return filtered;
  if (style === "sql") return [...filtered, " IGNORE NULLS"];
  return /^(lag|lead)$/i.test(name) ? filtered : [...filtered, " ignore nulls"];
}

/** `WITHIN GROUP (ORDER BY …)` behind a call; in names ascending order goes without saying, but for listagg. */
function withinGroupPieces(order: readonly Expr[], name: string, style: Style): readonly Piece[] {
  const pieces: Piece[] = [" WITHIN GROUP (ORDER BY "];
  order.forEach((item, i) => {
    if (i > 0) pieces.push(", ");
    if (style === "sql" || item.kind !== "SortOrder" || name === "listagg" || name === "string_agg") pieces.push(item);
    else pieces.push(item.child, item.direction === "descending" && name !== "mode" ? " DESC" : "");
  });
  return [...pieces, ")"];
}

function plainCallPieces(expr: AnyCall, name: string, style: Style): readonly Piece[] {
  const order = expr.kind === "UnresolvedFunction" ? expr.args.filter((arg) => arg.kind === "SortOrder") : [];
  if (order.length > 0 && expr.kind === "UnresolvedFunction") {
    const plain = { ...expr, args: expr.args.filter((arg) => arg.kind !== "SortOrder") };
    return [...plainCallPieces(plain, name, style), ...withinGroupPieces(order, name, style)];
  }
  const { args } = expr;
  const distinct = "distinct" in expr && expr.distinct;
  if (!distinct && expr.kind !== "UserFunctionCall") {
    const operator = operatorPieces(name, args, style);
    if (operator !== undefined) return operator;
    if (name === "count" && style === "name" && args.length === 1 && isPlainStar(args[0]!)) return ["count(1)"];
  }
  const shown = style === "name" ? args.slice(0, hiddenArguments.get(name) ?? args.length) : args;
  const pieces: Piece[] = [`${functionText(expr, name, style)}(${distinct ? "DISTINCT " : ""}`];
  shown.forEach((arg, i) => {
    if (i > 0) pieces.push(", ");
    pieces.push(arg);
  });
  const defaults = style === "name" && expr.kind !== "UserFunctionCall" ? defaultArguments.get(name) : undefined;
  if (defaults !== undefined) {
    for (let i = shown.length; i < defaults.all; i++) {
      const text = defaults.texts[i - defaults.all + defaults.texts.length];
      if (text !== undefined) pieces.push(i > 0 ? `, ${text}` : text);
    }
  }
  pieces.push(")");
  return pieces;
}

function isPlainStar(expr: Expr): boolean {
  return expr.kind === "UnresolvedStar" && expr.target.length === 0;
}

function functionText(expr: AnyCall, name: string, style: Style): string {
  if (expr.kind === "UserFunctionCall") return name;
  if (style === "sql") return quoted([name]);
  return displayNames.get(name) ?? name;
}

function operatorPieces(name: string, args: readonly Expr[], style: Style): readonly Piece[] | undefined {
  const [first, second, third] = args;
  if (first === undefined) return undefined;
  const symbol = binaryOperators.get(name);
  if (symbol !== undefined && args.length >= 2) {
    const pieces: Piece[] = ["(", first];
    for (let i = 1; i < args.length; i++) pieces.push(symbol, args[i]!);
    pieces.push(")");
    return pieces;
  }
  if (args.length === 1) {
    switch (name) {
      case "not":
      case "!":
        return ["(NOT ", first, ")"];
      case "isnull":
        return ["(", first, " IS NULL)"];
      case "isnotnull":
        return ["(", first, " IS NOT NULL)"];
      case "negative":
      case "-":
        // A number after the sign would be read as one literal.
        return style === "sql" && isSigned(first) ? ["(- (", first, "))"] : ["(- ", first, ")"];
      case "positive":
      case "+":
        return ["(+ ", first, ")"];
      case "~":
        return style === "sql" ? ["(~", first, ")"] : ["~", first];
      default:
        return style === "name" && castFunctionNames.has(name) ? [first] : undefined;
    }
  }
  switch (name) {
    case "!=":
    case "<>":
      return args.length === 2 ? ["(NOT (", first, " = ", second!, "))"] : undefined;
    case "in": {
      const pieces: Piece[] = ["(", first, " IN ("];
      for (let i = 1; i < args.length; i++) pieces.push(i > 1 ? ", " : "", args[i]!);
      pieces.push("))");
      return pieces;
    }
    case "like":
      return likePieces(first, second!, third, style);
    case "when":
      return casePieces(args);
    case "if":
      return style === "name" && args.length === 3 ? ["(IF(", first, ", ", second!, ", ", third!, "))"] : undefined;
    case "trim":
    case "ltrim":
    case "rtrim": {
      if (args.length !== 2) return undefined;
      const side = name === "trim" ? "BOTH" : name === "ltrim" ? "LEADING" : "TRAILING";
      return [`TRIM(${side} `, first, " FROM ", second!, ")"];
    }
    case "extract": {
      const field = first.kind === "Literal" && typeof first.value === "string" ? first.value : undefined;
      if (field === undefined || field === "" || args.length !== 2) return undefined;
      return [`extract(${style === "sql" ? quoted([field]) : field} FROM `, second!, ")"];
    }
    default:
      return undefined;
  }
}

function likePieces(value: Expr, pattern: Expr, escape: Expr | undefined, style: Style): readonly Piece[] | undefined {
  const pieces: Piece[] = [value, " LIKE ", pattern];
  if (escape !== undefined) {
    if (escape.kind !== "Literal" || typeof escape.value !== "string") return undefined;
    if (style === "sql" && escape.value.length !== 1) return undefined;
    if (style === "sql" || escape.value !== "\\") {
      pieces.push(` ESCAPE ${style === "sql" ? quotedString(escape.value) : `'${escape.value}'`}`);
    }
  }
  return style === "sql" ? ["(", ...pieces, ")"] : pieces;
}

function casePieces(args: readonly Expr[]): readonly Piece[] {
  const pieces: Piece[] = ["CASE"];
  for (let i = 0; i + 1 < args.length; i += 2) pieces.push(" WHEN ", args[i]!, " THEN ", args[i + 1]!);
  if (args.length % 2 === 1) pieces.push(" ELSE ", args[args.length - 1]!);
  pieces.push(" END");
  return pieces;
}
