/** CAST in all its forms: whether it is allowed, as a function, and as generated code. */
export { bindCast, canCast, castCanReturnNull, type CastMode } from "./cast-values.ts";
export { castMisfit } from "./cast-errors.ts";
export { emitCast } from "./cast-emit.ts";
