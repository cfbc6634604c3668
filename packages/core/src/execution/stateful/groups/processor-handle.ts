import { assertInvariant, MillraceError } from "../../../errors/index.ts";
import type {
  AnyListState,
  AnyMapState,
  AnyProcessorHandle,
  AnyValueState,
  StateVariable,
  TimeMode,
} from "../../../logical-plan/stateful-groups.ts";
import { timerStores } from "../../../physical-plan/plan-state-groups.ts";
import type { KeyGroups } from "./key-groups.ts";
import {
  ListVariable,
  MapVariable,
  type RunningVariable,
  ValueVariable,
  type VariableScope,
} from "./state-variables.ts";
import { Timers } from "./timers.ts";

/** As Spark names them. */
export type HandleState = "CREATED" | "INITIALIZED" | "DATA_PROCESSED" | "TIMER_PROCESSED" | "CLOSED";

/** What a processor holds of one partition in one batch. */
export class ProcessorHandle implements AnyProcessorHandle {
  state: HandleState = "CREATED";
  readonly timers: Timers | null;
  readonly #timeMode: TimeMode;
  readonly #declared: ReadonlyMap<string, StateVariable>;
  readonly #variables: RunningVariable[] = [];
  readonly #scope: VariableScope;

  constructor(timeMode: TimeMode, variables: readonly StateVariable[], scope: VariableScope) {
    this.#timeMode = timeMode;
    this.#declared = new Map(variables.map((variable) => [variable.name, variable]));
    this.#scope = scope;
    this.timers = timeMode === "None" ? null : timersOf(timerStores[timeMode], scope);
  }

  getValueState(variable: StateVariable): AnyValueState {
    return this.#declare(variable, ValueVariable);
  }
  getListState(variable: StateVariable): AnyListState {
    return this.#declare(variable, ListVariable);
  }
  getMapState(variable: StateVariable): AnyMapState {
    return this.#declare(variable, MapVariable);
  }
  #declare<V extends RunningVariable>(
    variable: StateVariable,
    Kind: new (...of: ConstructorParameters<typeof ValueVariable>) => V,
  ): V {
    this.#require(["CREATED"], `get_${variable.kind}_state`);
    const known = this.#declared.get(variable.name);
    if (known === undefined || JSON.stringify(known) !== JSON.stringify(variable)) {
      throw new MillraceError("STATEFUL_PROCESSOR_VARIABLES_CHANGED", { stateVarName: variable.name });
    }
    const made = new Kind(variable, this.#scope);
    this.#variables.push(made);
    return made;
  }

  registerTimer(expiryTimeMs: number): void {
    this.#timers("register_timer").register(expiryTimeMs);
  }
  deleteTimer(expiryTimeMs: number): void {
    this.#timers("delete_timer").delete(expiryTimeMs);
  }
  listTimers(): Iterable<number> {
    return this.#timers("list_timers").list("list_timers");
  }
  #timers(operationType: string): Timers {
    if (this.timers === null) {
      throw new MillraceError("STATEFUL_PROCESSOR_CANNOT_PERFORM_OPERATION_WITH_INVALID_TIME_MODE", {
        operationType,
        timeMode: this.#timeMode,
      });
    }
    this.#require(["INITIALIZED", "DATA_PROCESSED"], operationType);
    return this.timers;
  }
  #require(states: readonly HandleState[], operationType: string): void {
    if (states.includes(this.state)) return;
    throw new MillraceError("STATEFUL_PROCESSOR_CANNOT_PERFORM_OPERATION_WITH_INVALID_HANDLE_STATE", {
      operationType,
      handleState: this.state,
    });
  }

  /** Keys that the processor will be called for next. */
  lookAhead(groups: KeyGroups, from: number, to: number): void {
    for (const variable of this.#variables) variable.lookAhead(groups, from, to);
  }

  /** Removes what has outlived its time. */
  removeGone(): void {
    assertInvariant(this.state === "TIMER_PROCESSED", `state is cleaned up in ${this.state}`);
    for (const variable of this.#variables) variable.removeGone();
  }
}

function timersOf(storeName: string, { key, state, leaving }: VariableScope): Timers {
  return new Timers(state.store(storeName), key, leaving.of(state.index, storeName));
}
