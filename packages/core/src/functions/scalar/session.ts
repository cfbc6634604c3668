/** Functions about types and errors, and `window` and `session_window` as they are documented. */
import { MillraceError } from "../../errors/index.ts";
import {
  bigintType,
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
import { type CalendarInterval, fixedMicros, parseInterval } from "../interval.ts";
import { coerceArgument, requireLiteral, signature, unexpectedInput } from "../resolution.ts";
import { gapOf, sessionEnd } from "../session-gap.ts";
import { timeZoneOf } from "../time-zone.ts";

/** Different gaps that are remembered as intervals. */
const mostGaps = 1024;

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

/** A function without arguments whose value is one text for the whole session. */
function constantText(name: string, aliases: readonly string[], value: string, summary: string): ScalarFunction {
  return {
    ...fields,
    name,
    aliases,
    arity: [0, 0],
    resolve: () => ({ args: [], returns: stringType }),
    canReturnNull: false,
    bind: () => () => value,
    doc: doc("Session", `${name}()`, summary, `${name}()`, value),
  };
}

export const session: readonly ScalarFunction[] = [
  constantText("version", [], "4.3.0 millrace", "The version of Spark whose answers these are, and the engine's name."),
  constantText("current_catalog", [], "spark_catalog", "Name of the catalog; there is one."),
  constantText("current_database", ["current_schema"], "default", "Name of the database; there is one."),
  constantText(
    "current_user",
    ["user", "session_user"],
    "millrace",
    "Name of the user: the engine is part of the program and knows no users, so it is always the same.",
  ),
  {
    ...fields,
    name: "monotonically_increasing_id",
    arity: [0, 0],
    resolve: () => ({ args: [], returns: bigintType }),
    canReturnNull: false,
    deterministic: false,
    bind: (_types, context) => {
      // The upper 31 bits are the partition, the lower 33 count its rows.
      let next = BigInt(context.partition ?? 0) << 33n;
      return () => next++;
    },
    doc: doc(
      "Session",
      "monotonically_increasing_id()",
      "A number for each row that grows within a partition and is different in each.",
      "monotonically_increasing_id()",
      "0",
    ),
  },
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
    resolve: (args, call) => {
      if (args[0]!.type.kind === "string") throw unexpectedInput(args[0]!, "BOOLEAN", 0, call);
      return signature([booleanType, stringType], nullType)(args, call);
    },
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
  {
    ...fields,
    name: "session_window",
    arity: [2, 2],
    resolve([time, gap], call) {
      const type =
        time!.type.kind === "timestamp_ntz" ? timestampNtzType : coerceArgument(time!, timestampType, 0, call);
      return {
        args: [type, gap!.type.kind === "interval_day_time" ? gap!.type : coerceArgument(gap!, stringType, 1, call)],
        returns: structType([
          { name: "start", type, nullable: true },
          { name: "end", type, nullable: true },
        ]),
      };
    },
    nulls: "propagate",
    canReturnNull: true,
    bind({ args: [timeType, gapType] }, context) {
      const zone = timeZoneOf(timeType!.kind === "timestamp" ? context.timeZone : "UTC");
      // Gaps come from a CASE or a small table: a few, again and again.
      const gaps = new Map<SqlValue, CalendarInterval | undefined>();
      return (time, value) => {
        let gap = gaps.get(value);
        if (gap === undefined && !gaps.has(value)) {
          if (gaps.size === mostGaps) gaps.clear();
          gap = gapOf(value, gapType!);
          gaps.set(value, gap);
        }
        const end = gap === undefined ? undefined : sessionEnd(time as bigint, gap, zone);
        return end === undefined ? null : [time, end];
      };
    },
    doc: doc(
      "Date and time",
      "session_window(time, gap)",
      "The session of a row alone: a struct of its time and of that plus the gap; NULL when the gap is no interval, zero or negative. In GROUP BY sessions of equal other keys that overlap or touch become one.",
      "session_window(TIMESTAMP'2024-01-01 10:07:00', '5 minutes')",
      "{2024-01-01 10:07:00, 2024-01-01 10:12:00}",
    ),
  },
];
