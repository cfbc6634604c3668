/**
 * What we remember about a query beside Spark's files, under `<checkpoint>/_engine/`, to notice a restart with another
 * query: the sources in their order, the output mode, the names of stateful operators. A checkpoint that Spark wrote has
 * none of this; it is recorded with our first run.
 */
import { MillraceError } from "../errors/index.ts";
import type { FileOperation } from "../runtime/file-system.ts";
import type { RecordedOperators } from "./match-operators.ts";
import { matchSources, type MatchedSources, type SourceFact } from "./match-sources.ts";
import { type CheckpointFiles, corruptedLog, readText, writeTextProgram } from "./checkpoint-files.ts";

export interface EngineFacts {
  /** By slot, that is by line of the offset log. */
  readonly sources: readonly SourceFact[];
  readonly outputMode: "append" | "update" | "complete";
  /** Operators with state; and ids of those that the query once had. */
  readonly operators: RecordedOperators;
  /** Where the rows go; null: not recorded. */
  readonly sink: SinkFact | null;
}

export interface SinkFact {
  /** As the user gave it; null: known by where it writes. */
  readonly name: string | null;
  /** Format and path. */
  readonly writes: string;
}

function factsPath(checkpoint: string): string {
  return `${checkpoint}/_engine/facts`;
}

/** What is recorded, or null. @throws MillraceError CHECKPOINT_LOG_CORRUPTED */
export async function readEngineFacts(fs: CheckpointFiles["fs"], checkpoint: string): Promise<EngineFacts | null> {
  const path = factsPath(checkpoint);
  const text = await readText(fs, path);
  if (text === null) return null;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw corruptedLog(path, "it is not JSON");
  }
  const members = new Map<string, unknown>(typeof json === "object" && json !== null ? Object.entries(json) : []);
  const version = members.get("version");
  if (version !== 1 && version !== 2) {
    throw new MillraceError("UNSUPPORTED_LOG_VERSION", { path, maximum: "2", version: String(version) });
  }
  const sources = readSources(members.get("sources"), version);
  const outputMode = members.get("outputMode");
  const operators = members.get("operators");
  if (
    sources === null ||
    (outputMode !== "append" && outputMode !== "update" && outputMode !== "complete") ||
    typeof operators !== "object" ||
    operators === null
  ) {
    throw corruptedLog(path, "a field is missing");
  }
  return {
    sources,
    outputMode,
    operators: readOperators(operators, members.get("operatorNames"), members.get("removedOperators")),
    sink: readSink(members.get("sink")),
  };
}

/** Names and removed operators came later than the version, and are absent where nothing was named. */
function readOperators(kinds: object, names: unknown, removed: unknown): RecordedOperators {
  const nameOf = new Map<string, unknown>(typeof names === "object" && names !== null ? Object.entries(names) : []);
  return {
    operators: Object.entries(kinds).map(([id, kind]) => {
      const name = nameOf.get(id);
      return { operatorId: Number(id), kind: String(kind), name: typeof name === "string" ? name : null };
    }),
    removed: Array.isArray(removed) ? removed.map(Number) : [],
  };
}

function readSink(sink: unknown): SinkFact | null {
  if (typeof sink !== "object" || sink === null || !("name" in sink) || !("writes" in sink)) return null;
  const { name, writes } = sink;
  return typeof writes === "string" && (name === null || typeof name === "string") ? { name, writes } : null;
}

/** The text of the file. */
export function encodeEngineFacts({ sources, outputMode, operators, sink }: EngineFacts): string {
  const named = operators.operators.filter(({ name }) => name !== null);
  return JSON.stringify({
    version: 2,
    sources: sources.map(({ name, reads }) => ({ name, reads })),
    outputMode,
    operators: Object.fromEntries(operators.operators.map(({ operatorId, kind }) => [operatorId, kind])),
    ...(named.length === 0
      ? {}
      : { operatorNames: Object.fromEntries(named.map(({ operatorId, name }) => [operatorId, name])) }),
    ...(operators.removed.length === 0 ? {} : { removedOperators: operators.removed }),
    ...(sink === null ? {} : { sink: { name: sink.name, writes: sink.writes } }),
  });
}

/** Version 1 knew no names: what a source reads stood alone. */
function readSources(json: unknown, version: 1 | 2): readonly SourceFact[] | null {
  if (!Array.isArray(json)) return null;
  const facts = json.map((source: unknown): SourceFact | null => {
    if (version === 1) return typeof source === "string" ? { name: null, reads: source } : null;
    if (typeof source !== "object" || source === null || !("reads" in source) || !("name" in source)) return null;
    const { name, reads } = source;
    return typeof reads === "string" && (name === null || typeof name === "string") ? { name, reads } : null;
  });
  return facts.every((fact) => fact !== null) ? facts : null;
}

/** Records the facts of this run. */
export function writeEngineFactsProgram(
  files: CheckpointFiles,
  checkpoint: string,
  facts: EngineFacts,
): FileOperation[] {
  const text = encodeEngineFacts(facts);
  return [
    { op: "makeDirectory", path: `${checkpoint}/_engine`, mode: 0o700 },
    ...writeTextProgram(files, factsPath(checkpoint), text, "replace"),
  ];
}

/**
 * Refuses to go on with another query: other sources (E2), another output mode (E7).
 * @returns which slot each source of the query has
 * @throws MillraceError CHECKPOINT_SOURCE_COUNT_CHANGED, CHECKPOINT_SOURCE_CHANGED, CHECKPOINT_OUTPUT_MODE_CHANGED
 */
export function checkEngineFacts(
  checkpoint: string,
  stored: EngineFacts,
  wanted: EngineFacts,
  options: { readonly allowOutputModeChange?: boolean } = {},
): MatchedSources {
  const matched = matchSources(checkpoint, stored.sources, wanted.sources);
  if (stored.outputMode !== wanted.outputMode && options.allowOutputModeChange !== true) {
    throw new MillraceError("CHECKPOINT_OUTPUT_MODE_CHANGED", {
      path: checkpoint,
      storedMode: stored.outputMode,
      newMode: wanted.outputMode,
    });
  }
  return matched;
}

/** Compares the offsets of a logged batch with the sources of the query (E1). */
export function checkSourceCount(storedCount: number, newCount: number): void {
  if (storedCount !== newCount) {
    throw new MillraceError("CHECKPOINT_SOURCE_COUNT_CHANGED", {
      storedCount: String(storedCount),
      newCount: String(newCount),
    });
  }
}

/**
 * Refuses a checkpoint that is older than its sink (B16): the sink may be ahead by the one batch that is to be repeated.
 * @param latestCommitted last id of `commits`, -1 when there is none
 */
export function checkSinkPosition(checkpoint: string, latestCommitted: number, sinkBatchId: number | null): void {
  if (sinkBatchId !== null && sinkBatchId > latestCommitted + 1) {
    throw new MillraceError("CHECKPOINT_BEHIND_SINK", {
      path: checkpoint,
      sinkBatchId: String(sinkBatchId),
      checkpointBatchId: String(latestCommitted),
    });
  }
}

/**
 * A file sink belongs to one query (E11): its batch ids would otherwise hide those of the other. The owner stands in
 * `_spark_metadata/_millrace_query`, a name that no reader of manifests takes for a batch.
 */
function sinkOwnerPath(output: string): string {
  return `${output}/_spark_metadata/_millrace_query`;
}
export function writeSinkOwnerProgram(files: CheckpointFiles, output: string, queryId: string): FileOperation[] {
  return [
    { op: "makeDirectory", path: `${output}/_spark_metadata` },
    ...writeTextProgram(files, sinkOwnerPath(output), queryId, "replace"),
  ];
}
/**
 * True when the sink records this query as its owner, false when it records none.
 * @throws MillraceError SINK_USED_BY_OTHER_QUERY
 */
export async function checkSinkOwner(fs: CheckpointFiles["fs"], output: string, queryId: string): Promise<boolean> {
  const owner = await readText(fs, sinkOwnerPath(output));
  if (owner !== null && owner !== queryId) {
    throw new MillraceError("SINK_USED_BY_OTHER_QUERY", { path: output, owner, queryId });
  }
  return owner !== null;
}
