/** Mistakes with what comes later: timers, timeouts and values lost, repeated or off by one, and the watermark of one operator. */
import { type Edit, type Mutant, testFiles } from "./mutant.ts";

const { groups, joinScripts, lateRows, leaving, operators, simulation, tracker } = testFiles;
const folder = "execution/stateful/groups";
const timersFile = `${folder}/timers.ts`;
const processorFile = `${folder}/transform-with-state.ts`;
const variablesFile = `${folder}/state-variables.ts`;
const groupsFile = `${folder}/groups-with-state.ts`;
const leavingFile = "execution/stateful/leaving-entries.ts";
const watermarksFile = "streaming/stateful-operators.ts";

type Change = Pick<Edit, "find" | "replace">;

function change(name: string, file: string, edits: readonly Change[], tests: readonly string[] = [groups]): Mutant {
  const all = edits.map((edit): Edit => ({ file, ...edit }));
  return { name: `timers: ${name}`, edits: all, tests: [...tests, simulation] };
}
const without = (find: string): readonly Change[] => [{ find, replace: "" }];
const swap = (find: string, replace: string): readonly Change[] => [{ find, replace }];

const inputWatermark = "Math.max(0, least ?? 0)";
const joinDelay = "Math.max(0, delayOf(sides.left.leaves), delayOf(sides.right.leaves))";

export const timerMutants: readonly Mutant[] = [
  change("one is lost when it is set", timersFile, without('this.#save(times, "register_timer");')),
  change(
    "what a batch sets is not thought of",
    leavingFile,
    swap("if (valueEnd >= 0) this.#queue", "if (valueEnd < -1) this.#queue"),
    [leaving, groups],
  ),
  change(
    "those of a key beside one that goes off are not thought of",
    timersFile,
    without("    this.#leaving.noteChanges();\n"),
  ),
  change("what is put off is not thought of", leavingFile, without("      else this.#queue(entry, actual);\n"), [
    leaving,
    groups,
  ]),
  change("one goes off twice", processorFile, without("      timers.delete(at);\n")),
  change("deleting one does nothing", timersFile, without("    times.splice(place, 1);\n")),
  change(
    "one that another one has deleted goes off",
    processorFile,
    without('      if (!timers.list("list_timers").includes(at)) continue;\n'),
  ),
  change("one at the threshold goes off", timersFile, [
    { find: "take(thresholdMs - 1)", replace: "take(thresholdMs)" },
    { find: "if (at >= thresholdMs) break;", replace: "if (at > thresholdMs) break;" },
  ]),
  change(
    "one by event time goes off a millisecond late",
    processorFile,
    swap('"EventTime" ? watermarkMs : state.nowMs;', '"EventTime" ? watermarkMs - 1 : state.nowMs;'),
  ),
  change(
    "those that are due at a restart wait for rows",
    "streaming/open-query.ts",
    swap("position.nextBatchId > 0 ? -Infinity : Infinity", "position.nextBatchId < 0 ? -Infinity : Infinity"),
  ),
  change(
    "no batch without rows when one is due",
    watermarksFile,
    swap('if (batchWithoutData === "whenDue") return isDue;', 'if (batchWithoutData === "whenDue") return false;'),
    [operators],
  ),
  change("a value is there at the end of its time", variablesFile, [
    {
      find: "longAt(this.words.get(arena), start + 16) <= this.state.nowMs",
      replace: "longAt(this.words.get(arena), start + 16) < this.state.nowMs",
    },
  ]),
  change(
    "a value lives a millisecond too long",
    variablesFile,
    swap("this.state.nowMs + this.#ttlMs);", "this.state.nowMs + this.#ttlMs + 1);"),
  ),
  change(
    "a value that has outlived its time stays in the state",
    variablesFile,
    swap("this.#leaving.take(this.state.nowMs)", "this.#leaving.take(-1)"),
  ),
  change(
    "an element that is gone takes the next one with it",
    variablesFile,
    swap("longAt(words, keyStart + 16) + 1);", "longAt(words, keyStart + 16) + 2);"),
  ),
  change(
    "a call keeps the timeout of the one before",
    `${folder}/group-state.ts`,
    without("    this.timeoutMs = noTimeout;\n"),
  ),
  change(
    "a state of which only the timeout has changed is not written",
    groupsFile,
    without(" || group.timeoutMs !== before"),
  ),
  change(
    "a timeout that is set is not thought of",
    groupsFile,
    swap("return at === noTimeout ? Infinity : at;", "return Infinity;"),
  ),
  change(
    "a timeout at the threshold has expired",
    groupsFile,
    swap("leaving.take(this.#threshold - 1)", "leaving.take(this.#threshold)"),
  ),
  change(
    "the greatest of several watermarks counts",
    "streaming/watermark-tracker.ts",
    swap('const chosen = this.policy === "min" ?', 'const chosen = this.policy === ("never" as string) ?'),
    [tracker],
  ),
  ...(["+", "-"] as const).flatMap((sign): Mutant[] => [
    change(
      `the last operator's watermark ${sign} 1 ms`,
      watermarksFile,
      swap(inputWatermark, `Math.max(0, (least ?? 0) ${sign} (operatorId === 0 ? 1 : 0))`),
      [operators],
    ),
    change(
      `the watermark of operators below others ${sign} 1 ms`,
      watermarksFile,
      swap(inputWatermark, `Math.max(0, (least ?? 0) ${sign} (operatorId > 0 ? 1 : 0))`),
      [operators],
    ),
    change(
      `what follows a join has a watermark ${sign} 1 ms`,
      "physical-plan/plan-state-join.ts",
      swap(`outputDelayMs: ${joinDelay}`, `outputDelayMs: ${joinDelay} ${sign === "+" ? "-" : "+"} 1`),
      [joinScripts],
    ),
  ]),
  change(
    "a row of a join leaves a millisecond early",
    "analyzer/join-times.ts",
    swap(" - (inclusive ? 1 : 0)),", " - (inclusive ? 0 : 0)),"),
    [joinScripts],
  ),
  change(
    "a late row at the watermark is not handed over",
    "execution/operators/late-rows.ts",
    swap("times.values[i]! <= watermark;", "times.values[i]! < watermark;"),
    [lateRows],
  ),
];
