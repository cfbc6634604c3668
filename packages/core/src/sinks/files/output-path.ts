import { MillraceError } from "../../errors/index.ts";
import type { SinkContext } from "../contract.ts";
import type { RowFormat } from "./row-format.ts";

/** The directory to write to. */
export function outputPath(format: RowFormat, context: SinkContext): string {
  if (context.path === undefined) {
    throw new MillraceError("MISSING_OPTION", {
      provider: format.name,
      option: "path",
      hint: "Give the directory as the argument of start(path) or save(path).",
    });
  }
  return context.path;
}

export function refusePartitionBy(format: RowFormat, context: SinkContext): void {
  if (context.partitionColumns.length === 0) return;
  throw new MillraceError("UNSUPPORTED_DATA_SOURCE_MODE", {
    provider: format.name,
    mode: `a write with partitionBy (${context.partitionColumns.join(", ")})`,
  });
}
