import { analysisErrors } from "./classes/analysis.ts";
import { apiErrors } from "./classes/api.ts";
import { dataSourceErrors } from "./classes/data-source.ts";
import { datetimeErrors } from "./classes/datetime.ts";
import { executionErrors } from "./classes/execution.ts";
import { functionErrors } from "./classes/functions.ts";
import { kafkaErrors } from "./classes/kafka.ts";
import { parseErrors } from "./classes/parse.ts";
import { stateErrors } from "./classes/state.ts";
import { statefulGroupsErrors } from "./classes/stateful-groups.ts";
import { streamingErrors } from "./classes/streaming.ts";
import { windowErrors } from "./classes/window.ts";

/**
 * One row per class: `<name>` in the message is a typed parameter. Sorted within each family. `retriable`: the cause lies outside
 * of query and checkpoint, and may be gone after a while.
 */
export const errorClasses: typeof analysisErrors &
  typeof apiErrors &
  typeof dataSourceErrors &
  typeof datetimeErrors &
  typeof executionErrors &
  typeof functionErrors &
  typeof kafkaErrors &
  typeof parseErrors &
  typeof stateErrors &
  typeof statefulGroupsErrors &
  typeof streamingErrors &
  typeof windowErrors = {
  ...analysisErrors,
  ...apiErrors,
  ...dataSourceErrors,
  ...datetimeErrors,
  ...executionErrors,
  ...functionErrors,
  ...kafkaErrors,
  ...parseErrors,
  ...stateErrors,
  ...statefulGroupsErrors,
  ...streamingErrors,
  ...windowErrors,
};

export type ErrorClass = keyof typeof errorClasses;

type Placeholders<M extends string> = M extends `${string}<${infer Name}>${infer Rest}`
  ? Name | Placeholders<Rest>
  : never;

/** The parameters of a class, taken from its message. */
export type ErrorParameters<C extends ErrorClass> = {
  readonly [P in Placeholders<(typeof errorClasses)[C]["message"]>]: string;
};
