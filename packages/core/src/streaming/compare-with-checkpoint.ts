/**
 * What a query would do on its checkpoint, without starting it: `millrace checkpoint diff`. The checks are those of a start, in its
 * order, and each tells its finding instead of throwing; nothing is written.
 */
import { readEngineFacts, checkEngineFacts, type EngineFacts, type SinkFact } from "../checkpoint/engine-files.ts";
import { openCommitLog } from "../checkpoint/commit-log.ts";
import { type MatchedSources, requireDistinctNames, sourceText } from "../checkpoint/match-sources.ts";
import { checkStateSettings, openOffsetLog } from "../checkpoint/offset-log.ts";
import { readRepartitions, requireNoRepartition } from "../checkpoint/repartition-record.ts";
import { isMillraceError } from "../errors/index.ts";
import { checkReplayedSources, sourceFact } from "./open-query.ts";
import { KnownOperators } from "./known-operators.ts";
import { operatorsByName } from "./operator-names.ts";
import { booleanSetting, resolvePinnedSettings } from "./pinned-settings.ts";
import { recordedOperators } from "./query-checkpoint.ts";
import type { StreamingQueryInput } from "./query-input.ts";
import { QueryState } from "./query-state.ts";
import { recoverPosition } from "./recover.ts";
import { statefulOperatorsOf } from "./stateful-operators.ts";

export interface CheckpointDifference {
  /** `kept`: goes on as it was; `new`: begins with this run; `recomputed`: is made again; `refused`: the query does not start. */
  readonly verdict: "kept" | "new" | "recomputed" | "refused";
  readonly what: string;
  readonly detail: string;
}

/** @param checkpoint directory with a checkpoint */
export async function compareWithCheckpoint(
  input: StreamingQueryInput,
  checkpoint: string,
): Promise<readonly CheckpointDifference[]> {
  const { fs, random } = input.runtime;
  const files = { fs, random, durability: "spark" } as const;
  const found: CheckpointDifference[] = [];
  const tell = (verdict: CheckpointDifference["verdict"], what: string, detail: string): void =>
    void found.push({ verdict, what, detail });
  const attempt = async <T>(what: string, check: () => T | Promise<T>): Promise<T | null> => {
    try {
      return await check();
    } catch (error) {
      if (!isMillraceError(error)) throw error;
      tell("refused", what, error.message);
      return null;
    }
  };
  const offsets = openOffsetLog(files, checkpoint);
  const commits = openCommitLog(files, checkpoint);
  const position = await attempt("position", () =>
    recoverPosition({
      path: checkpoint,
      latestOffsets: () => offsets.latest(),
      offsets: (batchId) => offsets.get(batchId),
      latestCommit: async () => {
        const latest = await commits.latest();
        return latest === null ? null : { batchId: latest.batchId, ...latest.entry };
      },
    }),
  );
  if (position === null) return found;
  await attempt("partitions", async () => {
    requireNoRepartition(checkpoint, await readRepartitions(fs, checkpoint), position.replay?.batchId ?? null);
  });
  if (position.replay === null) tell("kept", "position", `goes on with batch ${position.nextBatchId}`);
  else
    tell(
      "recomputed",
      `batch ${position.replay.batchId}`,
      "was not committed, and is run again with its logged offsets",
    );
  const asked: string[] = [];
  const pinned = resolvePinnedSettings(input.conf, position.newest?.conf ?? null, checkpoint, (text) =>
    asked.push(text),
  );
  for (const text of asked) tell("kept", "setting", text);
  const recorded = await attempt("facts", () => recordedOperators(fs, checkpoint));
  if (recorded === null) return found;
  const known = new KnownOperators(recorded);
  const plan = await attempt("plan", () => input.plan(pinned.settings, known.idsOf));
  if (plan === null) return found;
  const operators = statefulOperatorsOf(plan.physical);
  const wanted: EngineFacts = {
    sources: input.sources.map(sourceFact),
    outputMode: input.outputMode,
    operators: known.now(operators),
    sink: input.sink,
  };
  await attempt("sources", () => requireDistinctNames(wanted.sources));
  const stored = await attempt("facts", () => readEngineFacts(fs, checkpoint));
  if (stored === null) tell("new", "record of sources and output mode", "there is none: they are taken as they stand");
  else {
    const allowOutputModeChange = booleanSetting(input.conf, "millrace.streaming.allowOutputModeChange", false);
    const matched = await attempt("sources and output mode", () =>
      checkEngineFacts(checkpoint, stored, wanted, { allowOutputModeChange }),
    );
    if (matched !== null) {
      tellSources(matched, stored, tell);
      await attempt("sources", () => checkReplayedSources(checkpoint, position, matched));
      tell(stored.outputMode === wanted.outputMode ? "kept" : "new", "output mode", wanted.outputMode);
      tellSink(stored.sink, input.sink, tell);
    }
  }
  const state = new QueryState(input.runtime, operators, {
    checkpointPath: checkpoint,
    durability: "spark",
    minBatchesToRetain: 1,
    minDeltasForSnapshot: 1,
  });
  const refusedBefore = found.length;
  if (operators.length > 0) await attempt("state", () => checkStateSettings(checkpoint, pinned.logged));
  const { removed } = known.now(operators);
  await attempt("operators with state", () => state.checkMetadata(position.committedBatchId + 1, new Set(removed)));
  if (found.length === refusedBefore) {
    const before = new Set(recorded.operators.map(({ operatorId }) => operatorId));
    for (const [name, { operatorId }] of operatorsByName(operators)) {
      const isNew = position.committedBatchId < 0 || !before.has(operatorId);
      tell(isNew ? "new" : "kept", `state of ${name}`, `operator ${operatorId}`);
    }
    for (const { operatorId, kind, name } of recorded.operators) {
      if (!removed.includes(operatorId)) continue;
      tell(
        "kept",
        `state of ${name ?? kind}`,
        `operator ${operatorId} is no longer there; its files stay, and are not used again`,
      );
    }
  }
  return found;
}

function tellSink(
  before: SinkFact | null,
  now: SinkFact,
  tell: (verdict: CheckpointDifference["verdict"], what: string, detail: string) => void,
): void {
  const text = ({ name, writes }: SinkFact): string => (name === null ? writes : `${name} (${writes})`);
  const same = before === null || (now.name !== null && now.name === before.name) || now.writes === before.writes;
  if (same) tell("kept", `sink ${text(now)}`, "goes on");
  else tell("new", `sink ${text(now)}`, `gets what comes from now on; what went to ${text(before)} stays there`);
}

function tellSources(
  { slots, facts, removed }: MatchedSources,
  stored: EngineFacts,
  tell: (verdict: CheckpointDifference["verdict"], what: string, detail: string) => void,
): void {
  for (const slot of slots) {
    const isNew = slot >= stored.sources.length;
    const detail = isNew ? "is read from its beginning" : `goes on at its offset, line ${slot} of the log`;
    tell(isNew ? "new" : "kept", `source ${sourceText(facts[slot]!)}`, detail);
  }
  for (const slot of removed) tell("kept", `source ${sourceText(facts[slot]!)}`, "is no longer read; its offset stays");
}
