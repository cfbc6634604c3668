/**
 * Settings that the first batch fixes for the life of a checkpoint: they are logged with every batch, and on a restart the
 * logged value wins over the session's, since the state on disk was written under it.
 */
import { confOnRestart, sparkConfDefaults, stateProviderKey } from "../checkpoint/offset-log.ts";
import { MillraceError } from "../errors/index.ts";
import { parseMillis } from "../types/quantities.ts";
import type { PinnedSettings } from "./query-input.ts";
import type { MultipleWatermarkPolicy } from "./watermark-tracker.ts";

export const shufflePartitionsKey = "spark.sql.shuffle.partitions";
const policyKey = "spark.sql.streaming.multipleWatermarkPolicy";

/** A setting in the words of the user's session, read for a query. */
export type ReadSetting = (key: string) => string | undefined;

export interface ResolvedSettings {
  readonly settings: PinnedSettings;
  readonly watermarkPolicy: MultipleWatermarkPolicy;
  /** What every batch logs. */
  readonly logged: ReadonlyMap<string, string>;
}

/** The settings of a query that continues from `logged`, or a new one's when it is null. */
export function resolvePinnedSettings(
  ofSession: ReadSetting,
  logged: ReadonlyMap<string, string> | null,
  checkpointPath: string,
  warn: (message: string) => void,
): ResolvedSettings {
  const session: ReadSetting = (key) => (key === stateProviderKey ? undefined : ofSession(key));
  const partitions = Number(session(shufflePartitionsKey) ?? "1");
  const wanted = new Map([...sparkConfDefaults(partitions)].map(([key, initial]) => [key, session(key) ?? initial]));
  const values = logged === null ? wanted : confOnRestart(logged, wanted);
  for (const [key, value] of values) {
    const asked = session(key);
    if (asked === undefined || asked === value) continue;
    warn(`The checkpoint ${checkpointPath} was started with ${key} = ${value}; the session's ${asked} is not used.`);
  }
  const shufflePartitions = Number(values.get(shufflePartitionsKey));
  if (!Number.isSafeInteger(shufflePartitions) || shufflePartitions < 1) {
    throw new MillraceError("INVALID_CONF_VALUE", {
      confName: shufflePartitionsKey,
      confValue: values.get(shufflePartitionsKey) ?? "",
      expected: "a whole number from 1 on",
    });
  }
  return {
    settings: { conf: (key) => values.get(key) ?? ofSession(key), shufflePartitions },
    watermarkPolicy: values.get(policyKey) === "max" ? "max" : "min",
    logged: values,
  };
}

/** A duration setting in ms: a number of milliseconds, or a number with a unit, such as `10s`. */
export function millisSetting(session: ReadSetting, key: string, initial: number): number {
  const text = session(key);
  if (text === undefined) return initial;
  const millis = parseMillis(text);
  if (millis !== undefined) return millis;
  throw new MillraceError("INVALID_CONF_VALUE", {
    confName: key,
    confValue: text,
    expected: "a duration such as 500ms or 10s",
  });
}

/** A whole number from `least` on. */
export function countSetting(session: ReadSetting, key: string, initial: number, least: number): number {
  const text = session(key);
  if (text === undefined) return initial;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least && text.trim() !== "") return value;
  throw new MillraceError("INVALID_CONF_VALUE", {
    confName: key,
    confValue: text,
    expected: `a whole number from ${least} on`,
  });
}

export function booleanSetting(session: ReadSetting, key: string, initial: boolean): boolean {
  const text = session(key)?.toLowerCase();
  if (text === undefined) return initial;
  if (text === "true" || text === "false") return text === "true";
  throw new MillraceError("INVALID_CONF_VALUE", { confName: key, confValue: text, expected: "true or false" });
}

/** One of a few words. */
export function textSetting<T extends string>(session: ReadSetting, key: string, initial: T, allowed: readonly T[]): T {
  const text = session(key);
  if (text === undefined) return initial;
  const found = allowed.find((word) => word === text.toLowerCase());
  if (found !== undefined) return found;
  throw new MillraceError("INVALID_CONF_VALUE", {
    confName: key,
    confValue: text,
    expected: `one of ${allowed.join(", ")}`,
  });
}
