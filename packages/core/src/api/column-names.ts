/** Column names as users write them in strings: `a`, `t.a`, `` `a.b` ``, `*`, `t.*`. */
import { MillraceError } from "../errors/index.ts";
import type { Expr, Origin, UnresolvedAttribute } from "../expressions/expression.ts";

/**
 * The parts of a name: dots separate, backticks quote (a doubled backtick inside stands for one).
 * @throws MillraceError INVALID_ATTRIBUTE_NAME_SYNTAX
 * @see Spark, `AttributeNameParser.parseAttributeName`
 */
export function parseColumnName(name: string): readonly string[] {
  if (!name.includes("`")) {
    const parts = name.split(".");
    if (parts.includes("")) throw syntaxError(name);
    return parts;
  }
  const parts: string[] = [];
  let position = 0;
  while (true) {
    let part = "";
    if (name[position] === "`") {
      position++;
      while (true) {
        const close = name.indexOf("`", position);
        if (close < 0) throw syntaxError(name);
        part += name.slice(position, close);
        position = close + 1;
        if (name[position] !== "`") break;
        part += "`";
        position++;
      }
    } else {
      const dot = name.indexOf(".", position);
      const end = dot < 0 ? name.length : dot;
      part = name.slice(position, end);
      position = end;
      if (part === "" || part.includes("`")) throw syntaxError(name);
    }
    parts.push(part);
    if (position === name.length) return parts;
    if (name[position] !== ".") throw syntaxError(name);
    position++;
  }
}

function syntaxError(name: string): MillraceError {
  return new MillraceError("INVALID_ATTRIBUTE_NAME_SYNTAX", { name });
}

/** The expression that a name in a string stands for. */
export function columnNamed(name: string, origin?: Origin): Expr {
  if (name === "*") return { kind: "UnresolvedStar", target: [] };
  if (name.endsWith(".*")) return { kind: "UnresolvedStar", target: parseColumnName(name.slice(0, -2)) };
  return attribute(parseColumnName(name), origin);
}

/** A column by exact name parts. */
export function attribute(parts: readonly string[], origin?: Origin, side?: "left" | "right"): UnresolvedAttribute {
  return {
    kind: "UnresolvedAttribute",
    parts,
    ...(side === undefined ? {} : { side }),
    ...(origin === undefined ? {} : { origin }),
  };
}
