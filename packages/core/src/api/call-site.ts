/**
 * Where in the user's program a piece of a plan was built, so that an analysis error, which is found only when an action
 * runs, can name the line. Taking it costs about a microsecond: V8 records one frame, and its text is made only when
 * somebody asks.
 */
import type { Origin } from "../expressions/expression.ts";

/** The method that the user called; frames down to and including it are left out. */
export type PublicMethod = (...args: never[]) => unknown;

class CallSiteOrigin implements Origin {
  readonly #trace: { stack?: string };
  #callSite: string | undefined;

  constructor(trace: { stack?: string }) {
    this.#trace = trace;
  }

  get callSite(): string {
    this.#callSite ??= firstFrame(this.#trace.stack ?? "");
    return this.#callSite;
  }
}

/** The place from which `method` was called, as `file:line:column`. */
export function originOf(method: PublicMethod): Origin {
  const limit = Error.stackTraceLimit;
  const trace: { stack?: string } = {};
  Error.stackTraceLimit = 1;
  Error.captureStackTrace(trace, method);
  Error.stackTraceLimit = limit;
  return new CallSiteOrigin(trace);
}

/** `    at name (file:///a/b.ts:3:7)` → `/a/b.ts:3:7` */
function firstFrame(stack: string): string {
  const line = stack.split("\n").find((each) => each.trimStart().startsWith("at ")) ?? "";
  const inParentheses = /\(([^()]+)\)\s*$/.exec(line);
  const place = inParentheses?.[1] ?? line.trim().replace(/^at (?:async )?/, "");
  return place.replace(/^file:\/\//, "") || "an unknown place";
}
