/** The options of `statestore`, checked against each other as Spark checks them. */
import { MillraceError } from "../../errors/index.ts";
import { OptionReader } from "../../logical-plan/option-reader.ts";
import type { SourceContext } from "../contract.ts";
import { absolutePath } from "../files/paths.ts";

export interface StateReadOptions {
  readonly checkpoint: string;
  readonly operatorId: number;
  readonly storeName: string;
  /** The rows of one side of a stream-stream join, whatever stores hold them. */
  readonly joinSide: "left" | "right" | null;
  /** Of the state after this batch; null: after the last committed one. */
  readonly batchId: number | null;
  /** From the snapshot of this batch on, and one partition only. */
  readonly snapshot: { readonly startBatchId: number; readonly partition: number } | null;
  /** What the batches from one to another changed, both included; `endBatchId` null: up to the last committed one. */
  readonly changes: { readonly startBatchId: number; readonly endBatchId: number | null } | null;
}

class StateOptionReader extends OptionReader {
  batchId(name: string): number | null {
    const value = this.text(name)?.trim();
    if (value === undefined) return null;
    if (/^-\d+$/.test(value)) throw new MillraceError("STDS_INVALID_OPTION_VALUE.IS_NEGATIVE", { optionName: name });
    const number = Number(value);
    if (!/^\d+$/.test(value) || !Number.isSafeInteger(number)) throw this.invalid(name, value, "Give a whole number.");
    return number;
  }
}

const required = (optionName: string): MillraceError =>
  new MillraceError("STDS_REQUIRED_OPTION_UNSPECIFIED", { optionName });
const conflict = (...options: readonly string[]): MillraceError =>
  new MillraceError("STDS_CONFLICT_OPTIONS", { options: `[${options.map((name) => `'${name}'`).join(", ")}]` });
const wrong = (optionName: string, message: string): MillraceError =>
  new MillraceError("STDS_INVALID_OPTION_VALUE.WITH_MESSAGE", { optionName, message });

/** @throws MillraceError STDS_REQUIRED_OPTION_UNSPECIFIED */
export function checkpointPath({ paths, options, runtime }: SourceContext): string {
  const path = paths[0] ?? options.get("path");
  if (path === undefined) throw required("path");
  return absolutePath(path, runtime.process.workingDirectory);
}

/** @throws MillraceError STDS_REQUIRED_OPTION_UNSPECIFIED, STDS_CONFLICT_OPTIONS, STDS_INVALID_OPTION_VALUE.…, INVALID_OPTION */
export function stateReadOptions(context: SourceContext): StateReadOptions {
  const reader = new StateOptionReader("statestore", context.options);
  const checkpoint = checkpointPath(context);
  const batchId = reader.batchId("batchId");
  const operatorId = reader.batchId("operatorId") ?? 0;
  const storeName = reader.text("storeName");
  if (storeName === "") throw new MillraceError("STDS_INVALID_OPTION_VALUE.IS_EMPTY", { optionName: "storeName" });
  const side = reader.text("joinSide")?.toLowerCase() ?? "none";
  if (side !== "left" && side !== "right" && side !== "none")
    throw wrong("joinSide", "Valid values are left,right,none");
  const joinSide = side === "none" ? null : side;
  if (joinSide !== null && storeName !== undefined && storeName !== "default") throw conflict("joinSide", "storeName");
  const feed = reader.flag("readChangeFeed", false);
  const [startBatchId, endBatchId] = [reader.batchId("changeStartBatchId"), reader.batchId("changeEndBatchId")];
  const [snapshotStart, partition] = [reader.batchId("snapshotStartBatchId"), reader.batchId("snapshotPartitionId")];
  const others = { checkpoint, operatorId, storeName: storeName ?? "default" };
  if (feed) {
    if (joinSide !== null) throw conflict("joinSide", "readChangeFeed");
    if (batchId !== null) throw conflict("batchId", "readChangeFeed");
    if (snapshotStart !== null) throw conflict("snapshotStartBatchId", "readChangeFeed");
    if (partition !== null) throw conflict("snapshotPartitionId", "readChangeFeed");
    if (startBatchId === null) throw required("changeStartBatchId");
    return { ...others, joinSide, batchId, snapshot: null, changes: { startBatchId, endBatchId } };
  }
  const unused = startBatchId !== null ? "changeStartBatchId" : endBatchId !== null ? "changeEndBatchId" : null;
  if (unused !== null) throw wrong(unused, "Only specify this option when readChangeFeed is set to true.");
  if (snapshotStart !== null && partition === null) throw required("snapshotPartitionId");
  if (snapshotStart === null && partition !== null) throw required("snapshotStartBatchId");
  const snapshot = snapshotStart === null || partition === null ? null : { startBatchId: snapshotStart, partition };
  return { ...others, joinSide, batchId, snapshot, changes: null };
}

/** As error messages show them. */
export function describeOptions(options: StateReadOptions, batchId: number): string {
  const { checkpoint, operatorId, storeName, joinSide } = options;
  return `checkpointLocation=${checkpoint}, batchId=${batchId}, operatorId=${operatorId}, storeName=${storeName}, joinSide=${joinSide ?? "none"}`;
}
