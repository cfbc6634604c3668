/** From an analyzed plan and a request to a running query. */
import { concatBatches } from "../columnar/concat.ts";
import { withLateRows } from "../analyzer/late-rows.ts";
import { numberStreamingNodes } from "../analyzer/streaming-sources.ts";
import { stateProviderKey } from "../checkpoint/offset-log.ts";
import { MillraceError } from "../errors/index.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { schemaOfPlan } from "../logical-plan/output.ts";
import { somePlan } from "../logical-plan/traverse.ts";
import type { SinkFact } from "../checkpoint/engine-files.ts";
import { withOperatorStates } from "../physical-plan/operator-ids.ts";
import type { PhysicalPlan } from "../physical-plan/physical-plan.ts";
import { planPhysical } from "../physical-plan/plan-physical.ts";
import type { SinkProvider } from "../sinks/contract.ts";
import { foreachSink } from "../sinks/foreach.ts";
import { foreachBatchSink } from "../sinks/foreach-batch.ts";
import { MemorySinkTable, memorySink } from "../sinks/memory.ts";
import type { SourceProvider, StreamSourceContext } from "../sources/contract.ts";
import { TableScans } from "./table-scans.ts";
import type { EmbeddedEngine } from "./embedded-engine.ts";
import type { StreamingQueryHandle } from "../streaming/contract.ts";
import type { OperatorIds, StreamingQueryInput } from "../streaming/query-input.ts";
import { statefulOperatorsOf } from "../streaming/stateful-operators.ts";
import { lookedAt } from "../streaming/unstarted-query.ts";
import type { StreamRequest } from "./engine.ts";
import { diskHeadroom } from "./disk-headroom.ts";
import { explainText } from "./explain.ts";
import { absolutePath } from "./paths.ts";
import { loadStateProvider } from "./state-providers.ts";

export async function startStream(
  engine: EmbeddedEngine,
  analyzedPlan: LogicalPlan,
  request: StreamRequest,
): Promise<StreamingQueryHandle> {
  const { plan: analyzed, sources } = numberStreamingNodes(analyzedPlan);
  const schema = schemaOfPlan(analyzed);
  const sink = await sinkOf(engine, request);
  if (!sink.outputModes.includes(request.outputMode)) {
    throw new MillraceError("STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE", {
      className: sink.names[0]!,
      outputMode: request.outputMode,
    });
  }
  if (sink.openStream === undefined) {
    throw new MillraceError("UNSUPPORTED_DATA_SOURCE_MODE", { provider: sink.names[0]!, mode: "a streaming write" });
  }
  const openStream = sink.openStream.bind(sink);
  const { lateRows } = request;
  const watched = lateRows === undefined ? analyzed : withLateRows(analyzed, request.outputMode);
  if (lateRows !== undefined && !somePlan(watched, (node) => node.kind === "LateRows")) {
    throw new MillraceError("UNSUPPORTED_STREAMING_OPERATION", {
      operation: "lateRows on a query in which no operator drops rows by a watermark",
    });
  }
  const optimized = engine.optimize(watched);
  const path = request.target.kind === "format" ? request.target.path : undefined;
  const checkpointPath = checkpointPathOf(engine, request, sink);
  const { onStep } = engine.options;
  const runtime = { ...engine.runtime, fs: await engine.checkpointFiles(checkpointPath) };
  const headroom = checkpointPath === null ? undefined : diskHeadroom(engine.conf, engine.runtime, checkpointPath);
  let running = new AbortController().signal;
  const input: StreamingQueryInput = {
    runtime,
    name: request.queryName ?? null,
    outputMode: request.outputMode,
    trigger: request.trigger,
    checkpointPath,
    conf: (key) => engine.conf.get(key),
    sources,
    sink: sinkFactOf(request, sink, path === undefined ? undefined : absolutePath(path, engine.runtime)),
    plan: (settings, idsOf) => {
      const planned = planPhysical(optimized, {
        ...engine.planOptions(),
        shufflePartitions: settings.shufflePartitions,
        streaming: { outputMode: request.outputMode },
      });
      const physical = withOperatorIds(planned, idsOf);
      return { physical, compiled: engine.compile(physical) };
    },
    stateProvider: () =>
      loadStateProvider(engine.conf.required(stateProviderKey), engine.conf.get("millrace.checkpoint.encryption.keys")),
    openSource: async (read, scan, resources) => {
      const provider: SourceProvider = engine.providerOf(read);
      if (provider.openStream === undefined) {
        throw new MillraceError("UNSUPPORTED_DATA_SOURCE_MODE", { provider: read.format, mode: "a streaming read" });
      }
      const context: StreamSourceContext = {
        ...engine.sourceContext(read, resources.signal),
        runtime,
        metadataPath: resources.metadataPath,
        durability: resources.durability,
        queryId: resources.queryId,
      };
      return provider.openStream(context, scan);
    },
    ...(lateRows === undefined
      ? {}
      : {
          takeLateRows: (rows, origin) =>
            lateRows({ kind: "LocalRelation", batch: concatBatches(rows[0]!.schema, rows) }, origin),
        }),
    openStaticScans: (signal) => new TableScans(engine.tableScanOptions(signal)),
    openSink: (resources) => {
      running = resources.signal;
      return openStream({
        runtime,
        options: request.options,
        path: path === undefined ? undefined : absolutePath(path, engine.runtime),
        schema,
        partitionColumns: request.partitionBy,
        timeZone: engine.conf.required("spark.sql.session.timeZone"),
        conf: (key) => engine.conf.get(key),
        warn: (message) => engine.runtime.process.log("WARN", message),
        bigint: engine.request.bigint,
        timestamps: engine.request.temporal ? "temporal" : "date",
        queryId: resources.queryId,
        outputMode: request.outputMode,
        ...(checkpointPath === null ? {} : { checkpointPath }),
        durability: resources.durability,
        batchesWithoutSink: resources.batchesWithoutSink,
        signal: resources.signal,
      });
    },
    explain: (extended, plan) =>
      explainText(
        { written: analyzed, analyzed, optimized, physical: plan.physical, compile: () => plan.compiled },
        extended ? "extended" : "simple",
      ),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
    onStep: async (step, batchId) => {
      if (step === "P2") await headroom?.(running);
      await onStep?.(step, batchId, request);
    },
  };
  return (await lookedAt(input)) ?? engine.streams.start(input);
}

/** Operators with state are planned with their places for ids. */
function withOperatorIds(plan: PhysicalPlan, idsOf: OperatorIds): PhysicalPlan {
  const places = statefulOperatorsOf(plan);
  const ids = idsOf(places);
  if (ids.every((id, place) => id === places[place]!.operatorId)) return plan;
  return withOperatorStates(plan, (state) => ({ ...state, operatorId: ids[state.operatorId]! }));
}

function sinkFactOf({ sinkName }: StreamRequest, sink: SinkProvider, path: string | undefined): SinkFact {
  return { name: sinkName ?? null, writes: path === undefined ? sink.names[0]! : `${sink.names[0]!}:${path}` };
}

async function sinkOf(engine: EmbeddedEngine, request: StreamRequest): Promise<SinkProvider> {
  const target = request.target;
  switch (target.kind) {
    case "foreach":
      return foreachSink(target.callbacks);
    case "foreachBatch":
      return foreachBatchSink((batches, schema, batchId) =>
        target.run({ kind: "LocalRelation", batch: concatBatches(schema, batches) }, batchId),
      );
    case "format": {
      if (typeof target.format !== "string" || target.format.toLowerCase() !== "memory") {
        return engine.sinkOf(
          target.format,
          "; for code of your own: foreach(...), foreachBatch(...), or a sink as the format",
        );
      }
      if (request.queryName === undefined) throw new MillraceError("MEMORY_SINK_NEEDS_NAME", {});
      const table = new MemorySinkTable();
      engine.tables.createLiveTable(request.queryName, () => ({
        kind: "LocalRelation",
        batch: concatBatches(table.schema, table.batches()),
      }));
      return memorySink(table);
    }
  }
}

/** Where the query keeps its checkpoint; null for sinks that can do with a temporary one. */
function checkpointPathOf(engine: EmbeddedEngine, request: StreamRequest, sink: SinkProvider): string | null {
  const own = request.options.get("checkpointlocation");
  if (own !== undefined) return absolutePath(own, engine.runtime);
  const parent = engine.conf.get("spark.sql.streaming.checkpointLocation");
  if (parent !== undefined) {
    return absolutePath(`${parent}/${request.queryName ?? engine.runtime.random.uuid()}`, engine.runtime);
  }
  if (sink.temporaryCheckpointAllowed) return null;
  throw new MillraceError("CHECKPOINT_LOCATION_REQUIRED", {});
}
