import { parseInterval } from "../../../functions/interval.ts";
import { MillraceError } from "../../../errors/index.ts";
import type { AnyGroupState, GroupStateTimeout } from "../../../logical-plan/stateful-groups.ts";

/** What has been set of a state's timeout. */
export const noTimeout = -1;

const microsPerMonth = 31n * 86_400_000_000n;

/**
 * The state of the key that the function is being called for. One object serves all keys of a partition, one after another.
 * @see Spark `GroupStateImpl`
 */
export class GroupState implements AnyGroupState {
  exists = false;
  hasTimedOut = false;
  /** What the function has done in this call. */
  updated = false;
  removed = false;
  /** Milliseconds since the epoch, or {@link noTimeout}: to be set again in every call. */
  timeoutMs: number = noTimeout;
  #value: unknown = null;
  readonly #timeout: GroupStateTimeout;
  readonly #nowMs: number;
  /** Null: the query has no watermark. */
  readonly #watermarkMs: number | null;

  constructor(timeout: GroupStateTimeout, nowMs: number, watermarkMs: number | null) {
    this.#timeout = timeout;
    this.#nowMs = nowMs;
    this.#watermarkMs = watermarkMs;
  }

  /** Begins a call. */
  begin(exists: boolean, value: unknown, hasTimedOut: boolean): void {
    this.exists = exists;
    this.#value = value;
    this.hasTimedOut = hasTimedOut;
    this.updated = false;
    this.removed = false;
    this.timeoutMs = noTimeout;
  }

  get(): unknown {
    if (!this.exists) throw new MillraceError("STATE_NOT_DEFINED", {});
    return this.#value;
  }
  getOption(): unknown {
    return this.exists ? this.#value : null;
  }
  update(value: unknown): void {
    if (value === null || value === undefined) {
      throw new MillraceError("ILLEGAL_STATE_STORE_VALUE.NULL_VALUE", { stateName: "groupState" });
    }
    this.#value = value;
    this.exists = true;
    this.updated = true;
    this.removed = false;
  }
  remove(): void {
    this.exists = false;
    this.updated = false;
    this.removed = true;
  }

  setTimeoutDuration(duration: number | string): void {
    if (this.#timeout !== "ProcessingTimeTimeout") throw new MillraceError("CANNOT_SET_TIMEOUT_DURATION", {});
    const milliseconds = millisecondsOf(duration);
    if (!(milliseconds > 0)) throw wrongTimeout("Timeout duration must be positive");
    this.timeoutMs = this.#nowMs + milliseconds;
  }
  setTimeoutTimestamp(timestamp: number | Date, additionalDuration?: string): void {
    if (this.#timeout !== "EventTimeTimeout") throw new MillraceError("CANNOT_SET_TIMEOUT_TIMESTAMP", {});
    const base = typeof timestamp === "number" ? timestamp : timestamp.getTime();
    const at = Math.floor(base) + (additionalDuration === undefined ? 0 : millisecondsOf(additionalDuration));
    if (!(at > 0)) throw wrongTimeout("Timeout timestamp must be positive");
    if (this.#watermarkMs !== null && at < this.#watermarkMs) {
      throw wrongTimeout(
        `Timeout timestamp (${at}) cannot be earlier than the current watermark (${this.#watermarkMs})`,
      );
    }
    this.timeoutMs = at;
  }

  getCurrentWatermarkMs(): number {
    if (this.#watermarkMs === null) throw new MillraceError("CANNOT_GET_EVENT_TIME_WATERMARK", {});
    return this.#watermarkMs;
  }
  getCurrentProcessingTimeMs(): number {
    return this.#nowMs;
  }
}

function wrongTimeout(reason: string): MillraceError {
  return new MillraceError("INVALID_GROUP_STATE_TIMEOUT", { reason });
}

/** Milliseconds of a number of them, or of an interval such as `10 minutes`; months count 31 days. */
function millisecondsOf(duration: number | string): number {
  if (typeof duration === "number") return Math.floor(duration);
  const interval = parseInterval(duration);
  if (interval === undefined) throw new MillraceError("CANNOT_PARSE_INTERVAL", { intervalString: `'${duration}'` });
  const micros = BigInt(interval.months) * microsPerMonth + BigInt(interval.days) * 86_400_000_000n + interval.micros;
  return Number(micros / 1000n);
}
