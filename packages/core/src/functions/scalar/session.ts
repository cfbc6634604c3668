/** Functions about types and errors, and `window` as it is documented. */
import { MillraceError } from "../../errors/index.ts";
import {
  booleanType,
  nullType,
  type SqlValue,
  stringType,
  structType,
  timestampNtzType,
  timestampType,
} from "../../types/data-type.ts";
import { catalogString } from "../../types/type-names.ts";
import type { ScalarFunction } from "../function.ts";
import { fixedMicros, parseInterval } from "../interval.ts";
import { coerceArgument, requireLiteral, signature } from "../resolution.ts";

const fields = { since: "0.1.0", nulls: "custom", deterministic: true } as const;
const doc = (group: string, usage: string, summary: string, sql: string, result: string): ScalarFunction["doc"] => ({
  group,
  usage,
  summary,
  examples: [{ sql, result }],
});

function microsOf(text: SqlValue | undefined): bigint {
  return text === undefined || text === null ? 0n : (fixedMicros(parseInterval(text as string)) ?? 0n);
}

export const session: readonly ScalarFunction[] = [
  {
    ...fields,
    name: "typeof",
    arity: [1, 1],
    resolve: (args) => ({ args: [args[0]!.type], returns: stringType }),
    canReturnNull: false,
    bind: ({ args }) => {
      const name = catalogString(args[0]!);
      return () => name;
    },
    doc: doc("Session", "typeof(expr)", "Name of the type.", "typeof(array(1))", "array<int>"),
  },
  {
    ...fields,
    name: "raise_error",
    arity: [1, 1],
    resolve: signature([stringType], nullType),
    deterministic: false,
    bind: () => (message) => {
      throw new MillraceError("USER_RAISED_EXCEPTION", {
        errorMessage: message === null ? "null" : (message as string),
      });
    },
    doc: {
      group: "Session",
      usage: "raise_error(message)",
      summary: "Fails the query with a message of your own.",
      examples: [],
    },
  },
  {
    ...fields,
    name: "assert_true",
    arity: [1, 2],
    resolve: signature([booleanType, stringType], nullType),
    deterministic: false,
    bind: () => (condition, message) => {
      if (condition === true) return null;
      throw new MillraceError("USER_RAISED_EXCEPTION", {
        errorMessage: typeof message === "string" ? message : "The condition of assert_true is not true.",
      });
    },
    doc: doc(
      "Session",
      "assert_true(cond[, message])",
      "NULL when the condition is true; otherwise the query fails.",
      "assert_true(0 < 1)",
      "NULL",
    ),
  },
  {
    ...fields,
    name: "window",
    arity: [2, 4],
    resolve(args, call) {
      const time =
        args[0]!.type.kind === "timestamp_ntz" ? timestampNtzType : coerceArgument(args[0]!, timestampType, 0, call);
      for (const [i, arg] of args.slice(1).entries())
        requireLiteral(arg, ["windowDuration", "slideDuration", "startTime"][i]!, call);
      return {
        args: [time, ...args.slice(1).map(() => stringType)],
        returns: structType([
          { name: "start", type: time, nullable: true },
          { name: "end", type: time, nullable: true },
        ]),
      };
    },
    nulls: "propagate",
    canReturnNull: false,
    bind: (_types, _context, args) => {
      const width = microsOf(args[1]?.literal?.value);
      const slide = args[2] === undefined ? width : microsOf(args[2].literal?.value);
      const origin = microsOf(args[3]?.literal?.value);
      return (time) => {
        const rest = ((time as bigint) - origin) % slide;
        const start = (time as bigint) - (rest < 0n ? rest + slide : rest);
        return [start, start + width];
      };
    },
    doc: doc(
      "Date and time",
      "window(time, windowDuration[, slideDuration[, startTime]])",
      "The window of event time that a row belongs to, as a struct of start (included) and end (excluded). In GROUP BY a sliding window gives each row to every window it lies in; elsewhere the latest one is meant.",
      "window(TIMESTAMP'2024-01-01 10:07:00', '5 minutes')",
      "{2024-01-01 10:05:00, 2024-01-01 10:10:00}",
    ),
  },
];
