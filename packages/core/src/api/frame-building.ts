/** What the classes beside DataFrame make new ones with. */
import type { Expr } from "../expressions/expression.ts";
import type { LogicalPlan } from "../logical-plan/logical-plan.ts";
import { intType } from "../types/data-type.ts";
import type { ValueOptions } from "../types/schema-literal.ts";
import type { Schema } from "./column-types.ts";
import { call } from "./column.ts";
import type { DataFrame } from "./data-frame.ts";

/** `count(1)` */
export const countOfRows: Expr = call("count", [{ kind: "Literal", value: 1, type: intType }]);

export type BuildFrame<O extends ValueOptions> = <R extends Schema>(plan: LogicalPlan) => DataFrame<R, O>;
