/** `DATE '…'`, `TIMESTAMP '…'` and `TIMESTAMP_NTZ '…'`: Spark's lenient forms (`2024`, `2024-3`, `2024-03-01 7:05`). */
import { daysFromCivil, daysInMonth } from "../functions/calendar.ts";

const dateForm = /^([+-]?\d{4,7})(?:-(\d{1,2})(?:-(\d{1,2})(?:[ T].*)?)?)?$/;
const timestampForm =
  /^([+-]?\d{4,6})(?:-(\d{1,2})(?:-(\d{1,2})(?:[ T](\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?)?)? *([A-Za-z+-].*)?)?)?)?$/;

function epochDay(match: RegExpExecArray): number | undefined {
  const year = Number(match[1]);
  const month = Number(match[2] ?? 1);
  const day = Number(match[3] ?? 1);
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  return daysFromCivil(year, month, day);
}

/** Days since 1970-01-01, or undefined if the text is no date. */
export function parseDateText(text: string): number | undefined {
  const match = dateForm.exec(text.trim());
  return match === null ? undefined : epochDay(match);
}

export interface TimestampText {
  /** Microseconds since 1970-01-01T00:00 on the clock of the zone. */
  readonly localMicros: bigint;
  /** The zone as written, if any. */
  readonly zone: string | undefined;
}

/** The parts of a timestamp, or undefined if the text is none. */
export function parseTimestampText(text: string): TimestampText | undefined {
  const match = timestampForm.exec(text.trim());
  if (match === null) return undefined;
  const days = epochDay(match);
  const hour = Number(match[4] ?? 0);
  const minute = Number(match[5] ?? 0);
  const second = Number(match[6] ?? 0);
  if (days === undefined || hour > 23 || minute > 59 || second > 59) return undefined;
  const micros = Number((match[7] ?? "").slice(0, 6).padEnd(6, "0"));
  const seconds = BigInt(days) * 86_400n + BigInt(hour * 3600 + minute * 60 + second);
  const localMicros = seconds * 1_000_000n + BigInt(micros);
  return BigInt.asIntN(64, localMicros) === localMicros ? { localMicros, zone: match[8] } : undefined;
}
