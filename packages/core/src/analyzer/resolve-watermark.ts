import { MillraceError } from "../errors/index.ts";
import { typeText } from "../functions/type-text.ts";
import { parseInterval } from "../functions/interval.ts";
import type { LogicalPlan, WithWatermark } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import type { DataType } from "../types/data-type.ts";
import type { AnalysisContext } from "./context.ts";
import { resolveAttribute } from "./resolve-attribute.ts";
import { watermarkDelayKey } from "./watermark-columns.ts";

const microsPerMonth = 31n * 86_400_000_000n;

/** Marks a timestamp column (or the window made of one) as event time. Months count 31 days. */
export function resolveWatermark(plan: WithWatermark, input: LogicalPlan, context: AnalysisContext): LogicalPlan {
  const options = { context: plan.origin ?? {} };
  const interval = parseInterval(plan.delay);
  if (interval === undefined) {
    throw new MillraceError("CANNOT_PARSE_INTERVAL", { intervalString: `'${plan.delay}'` }, options);
  }
  const delayMicros =
    BigInt(interval.months) * microsPerMonth + BigInt(interval.days) * 86_400_000_000n + interval.micros;
  if (delayMicros < 0n) throw new MillraceError("INVALID_DELAY_THRESHOLD", { delay: plan.delay }, options);
  const output = outputOf(input);
  const column = resolveAttribute(
    {
      kind: "UnresolvedAttribute",
      parts: [plan.eventTime],
      ...(plan.origin === undefined ? {} : { origin: plan.origin }),
    },
    { attributes: output },
    context,
  );
  if (column.kind !== "Attribute" || !isEventTime(column.type)) {
    const eventType = `"${typeText(column.kind === "Attribute" ? column.type : { kind: "null" })}"`;
    throw new MillraceError(
      "EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE",
      { eventName: `\`${plan.eventTime}\``, eventType },
      options,
    );
  }
  return {
    kind: "EventTimeWatermark",
    input,
    column: { ...column, metadata: { ...column.metadata, [watermarkDelayKey]: Number(delayMicros / 1000n) } },
    delayMicros,
    node: -1,
  };
}

function isEventTime(type: DataType): boolean {
  if (type.kind === "timestamp" || type.kind === "timestamp_ntz") return true;
  return type.kind === "struct" && type.fields.length === 2 && type.fields[1]!.type.kind === "timestamp";
}
