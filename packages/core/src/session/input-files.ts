import { MillraceError } from "../errors/index.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { planNodes } from "../logical-plan/traverse.ts";
import type { TableScanOptions } from "./table-scans.ts";

/** Files of the batch reads in an analyzed plan, as URIs, each once and in the order of their reads. */
export async function inputFilesOf(plan: LogicalPlan, options: TableScanOptions): Promise<string[]> {
  const files = new Set<string>();
  for (const node of planNodes(plan)) {
    if (node.kind !== "Scan") continue;
    if (node.read.streaming) throw new MillraceError("STREAMING_READ_IN_BATCH", {});
    if (node.read.paths.length === 0) continue;
    const provider = options.providerOf(node.read);
    const request = { schema: node.schema, columns: node.schema };
    const source = await provider.openBatch?.(options.sourceContext(node.read), request);
    for (const { data } of source?.splits ?? []) {
      const path = typeof data === "object" && data !== null && "path" in data ? data.path : undefined;
      if (typeof path === "string") files.add(`file://${encodeURI(path)}`);
    }
    await source?.close();
  }
  return [...files];
}
