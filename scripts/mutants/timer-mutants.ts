/** Mistakes with what comes later: timers, timeouts and values lost, repeated or off by one, and the watermark of one operator. */
import { type Edit, type Mutant, testFiles } from "./mutant.ts";

const { groups, joins, lateRows, simulation, tracker } = testFiles;
const folder = "execution/stateful/groups";
const timersFile = `${folder}/timers.ts`;
const processorFile = `${folder}/transform-with-state.ts`;
const variablesFile = `${folder}/state-variables.ts`;
const groupsFile = `${folder}/groups-with-state.ts`;
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
  change("one that is set is not thought of", timersFile, without("    this.#due.add(this.#partition, at);\n")),
  change("those of a key beside one that goes off are not thought of", timersFile, [
    { find: "        else if (at < least) least = at;\n", replace: "" },
  ]),
  change("those of a key of which none goes off are not thought of", timersFile, [
    { find: "if (first < least) least = first;", replace: "" },
  ]),
  change("one goes off twice", processorFile, without("      timers.delete(at);\n")),
  change("deleting one does nothing", timersFile, without("    times.splice(place, 1);\n")),
  change(
    "one that another one has deleted goes off",
    processorFile,
    without('      if (!timers.list("list_timers").includes(at)) continue;\n'),
  ),
  change("one at the threshold goes off", timersFile, [
    { find: "if (thresholdMs <= this.#due.of", replace: "if (thresholdMs < this.#due.of" },
    { find: "if (first >= thresholdMs) {", replace: "if (first > thresholdMs) {" },
    { find: "if (at < thresholdMs) found.push", replace: "if (at <= thresholdMs) found.push" },
  ]),
  change(
    "one goes off a millisecond late",
    processorFile,
    swap('"EventTime" ? watermarkMs : state.nowMs;', '"EventTime" ? watermarkMs - 1 : state.nowMs - 1;'),
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
    swap("const goneAt = this.state.nowMs + this.#ttlMs;", "const goneAt = this.state.nowMs + this.#ttlMs + 1;"),
  ),
  change(
    "a value that has outlived its time stays in the state",
    variablesFile,
    without("    this.#due.add(this.state.index, goneAt);\n"),
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
    without("if (timeoutMs !== noTimeout) this.#due.add(this.#state.index, timeoutMs);"),
  ),
  change("a timeout at the threshold has expired", groupsFile, [
    { find: "if (threshold <= this.#due.of(index)) return;", replace: "if (threshold < this.#due.of(index)) return;" },
    { find: "if (at < threshold) expired.push", replace: "if (at <= threshold) expired.push" },
  ]),
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
      [],
    ),
    change(
      `the watermark of operators below others ${sign} 1 ms`,
      watermarksFile,
      swap(inputWatermark, `Math.max(0, (least ?? 0) ${sign} (operatorId > 0 ? 1 : 0))`),
      [],
    ),
    change(
      `what follows a join has a watermark ${sign} 1 ms`,
      "physical-plan/plan-state-join.ts",
      swap(`outputDelayMs: ${joinDelay}`, `outputDelayMs: ${joinDelay} ${sign === "+" ? "-" : "+"} 1`),
      [],
    ),
  ]),
  change(
    "a row of a join leaves a millisecond early",
    "analyzer/join-times.ts",
    swap(" - (inclusive ? 1 : 0)),", " - (inclusive ? 0 : 0)),"),
    [joins],
  ),
  change(
    "a late row at the watermark is not handed over",
    "execution/operators/late-rows.ts",
    swap("times.values[i]! <= taker.watermark", "times.values[i]! < taker.watermark"),
    [lateRows],
  ),
];
