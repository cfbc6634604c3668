/** Looks at the queries that a program starts, without starting them. */
import { structType } from "../types/data-type.ts";
import type { StreamingQueryHandle } from "./contract.ts";
import type { StreamingQueryInput } from "./query-input.ts";

type Look = (input: StreamingQueryInput) => Promise<void>;
let look: Look | undefined;

/**
 * From now on every query of this process is looked at instead of started; its handle is that of a query that has ended.
 * Undefined: queries are started again.
 */
export function lookInsteadOfStarting(given: Look | undefined): void {
  look = given;
}

/** The handle of a query that was only looked at; undefined: it is to be started. */
export async function lookedAt(input: StreamingQueryInput): Promise<StreamingQueryHandle | undefined> {
  if (look === undefined) return undefined;
  await look(input);
  return {
    id: "",
    runId: "",
    name: input.name,
    isActive: false,
    status: { message: "Not started", isDataAvailable: false, isTriggerActive: false },
    recentProgress: [],
    exception: null,
    schema: structType([]),
    explain: () => "",
    stateOf: () => ({ checkpoint: input.checkpointPath ?? "", operatorId: 0, batchId: null }),
    awaitTermination: async () => true,
    processAllAvailable: async () => undefined,
    stop: async () => undefined,
    async *changes() {},
  };
}
