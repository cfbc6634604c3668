/** `mapGroupsWithState`, `flatMapGroupsWithState`, `transformWithState`: what comes out, and which state is kept. */
import { isMillraceError, MillraceError } from "../errors/index.ts";
import type { Attribute } from "../expressions/expression.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { outputOf } from "../logical-plan/output.ts";
import type {
  AnyListState,
  AnyMapState,
  AnyProcessorHandle,
  AnyValueState,
  MakeProcessor,
  ResolvedStatefulGroups,
  StatefulGroups,
  StateVariable,
  TimeMode,
  TransformWithState,
} from "../logical-plan/stateful-groups.ts";
import type { StructType } from "../types/data-type.ts";
import { watermarkDelayKey, watermarkDelayMs } from "./watermark-columns.ts";

export function resolveStatefulGroups(
  plan: StatefulGroups,
  input: LogicalPlan,
  initial: LogicalPlan | undefined,
  newAttributes: (schema: StructType) => readonly Attribute[],
): ResolvedStatefulGroups {
  const { work } = plan;
  const output = newAttributes(plan.schema);
  return {
    kind: "ResolvedStatefulGroups",
    plan,
    input,
    ...(initial === undefined ? {} : { initial }),
    variables: work.kind === "transformWithState" ? variablesOf(work) : [],
    output:
      work.kind === "transformWithState" && work.eventTimeColumn !== undefined
        ? withEventTime(output, work.eventTimeColumn, outputOf(input))
        : output,
  };
}

function withEventTime(output: readonly Attribute[], name: string, input: readonly Attribute[]): readonly Attribute[] {
  const delay = input.map(watermarkDelayMs).find((ms) => ms !== undefined);
  if (delay === undefined) throw new MillraceError("CANNOT_ASSIGN_EVENT_TIME_COLUMN_WITHOUT_WATERMARK", {});
  const at = output.findIndex((attribute) => attribute.name === name);
  const kind = output[at]?.type.kind;
  if (kind !== "timestamp" && kind !== "timestamp_ntz") {
    throw new MillraceError("EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE", {
      eventName: `\`${name}\``,
      eventType: `"${(kind ?? "void").toUpperCase()}"`,
    });
  }
  return output.map((attribute, i) =>
    i === at ? { ...attribute, metadata: { ...attribute.metadata, [watermarkDelayKey]: delay } } : attribute,
  );
}

/** The variables that a processor declares. */
function variablesOf(work: TransformWithState): readonly StateVariable[] {
  const variables: StateVariable[] = [];
  const declare = (variable: StateVariable): void => {
    checkVariable(variable, variables, work.timeMode);
    variables.push(variable);
  };
  const early = (operationType: string): never => {
    throw new MillraceError("STATEFUL_PROCESSOR_CANNOT_PERFORM_OPERATION_WITH_INVALID_HANDLE_STATE", {
      operationType,
      handleState: "CREATED",
    });
  };
  const untouchable = <T extends object>(kind: string): T =>
    new Proxy({} as T, { get: (_, operation) => early(`${kind}.${String(operation)}`) });
  const handle: AnyProcessorHandle = {
    getValueState(variable) {
      declare(variable);
      return untouchable<AnyValueState>("value_state");
    },
    getListState(variable) {
      declare(variable);
      return untouchable<AnyListState>("list_state");
    },
    getMapState(variable) {
      declare(variable);
      return untouchable<AnyMapState>("map_state");
    },
    registerTimer: () => early("register_timer"),
    deleteTimer: () => early("delete_timer"),
    listTimers: () => early("list_timers"),
  };
  try {
    (work.fn.closure as unknown as MakeProcessor)(handle);
  } catch (error) {
    if (isMillraceError(error)) throw error;
    throw new MillraceError(
      "TRANSFORM_WITH_STATE_USER_FUNCTION_ERROR",
      {
        function: "init",
        operator: work.name,
        key: "-",
        batch: "-",
        reason: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
      },
      { cause: error },
    );
  }
  return variables;
}

function checkVariable(variable: StateVariable, declared: readonly StateVariable[], timeMode: TimeMode): void {
  const { name, kind, ttlMs } = variable;
  const operationName = `get_${kind}_state`;
  if (name === "" || name.trim() !== name || name === "default") {
    throw new MillraceError("STATE_STORE_CANNOT_USE_COLUMN_FAMILY_WITH_INVALID_NAME", {
      operationName,
      colFamilyName: name,
    });
  }
  if (name.startsWith("$") || name.startsWith("_")) {
    throw new MillraceError("STATE_STORE_CANNOT_CREATE_COLUMN_FAMILY_WITH_RESERVED_CHARS", { colFamilyName: name });
  }
  if (declared.some((other) => other.name === name)) {
    throw new MillraceError("STATEFUL_PROCESSOR_DUPLICATE_STATE_VARIABLE_DEFINED", { stateVarName: name });
  }
  if (ttlMs === undefined) return;
  if (timeMode !== "ProcessingTime") {
    throw new MillraceError("STATEFUL_PROCESSOR_INCORRECT_TIME_MODE_TO_ASSIGN_TTL", { stateName: name, timeMode });
  }
  if (!(ttlMs > 0)) {
    throw new MillraceError("STATEFUL_PROCESSOR_TTL_DURATION_MUST_BE_POSITIVE", {
      operationType: operationName,
      stateName: name,
    });
  }
}
