import { batchFromValues } from "../columnar/batch-from-values.ts";
import { MillraceError } from "../errors/index.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { planNodes, transformPlanUp } from "../logical-plan/traverse.ts";
import { structType } from "../types/data-type.ts";
import type { TableScanOptions } from "./table-scans.ts";

const nothing: LogicalPlan = { kind: "LocalRelation", batch: batchFromValues(structType([]), []) };

/**
 * Files of the batch reads in an analyzed plan, as URIs, each once and in the order of their reads; but for those of views of which the
 * session may not see everything.
 */
export async function inputFilesOf(plan: LogicalPlan, options: TableScanOptions): Promise<string[]> {
  const files = new Set<string>();
  // Names of files can hold what a policy keeps back.
  const open = transformPlanUp(plan, (node) => (node.kind === "Guard" ? { ...node, input: nothing } : node));
  for (const node of planNodes(open)) {
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
