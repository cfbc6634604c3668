/** The error of a cast that cannot be, with what Spark suggests instead. */
import { MillraceError } from "../errors/index.ts";
import { type DataType, isNumeric } from "../types/data-type.ts";
import { canCast, type CastMode } from "./cast-values.ts";
import { quotedType } from "./type-text.ts";

const isTimestamp = (type: DataType): boolean => type.kind === "timestamp";

function functionsFor(from: DataType, to: DataType): string | undefined {
  if (isNumeric(from) && isTimestamp(to)) return "`TIMESTAMP_SECONDS`/`TIMESTAMP_MILLIS`/`TIMESTAMP_MICROS`";
  if (isTimestamp(from) && isNumeric(to)) return "`UNIX_SECONDS`/`UNIX_MILLIS`/`UNIX_MICROS`";
  if (isNumeric(from) && to.kind === "date") return "`DATE_FROM_UNIX_DATE`";
  return from.kind === "date" && isNumeric(to) ? "`UNIX_DATE`" : undefined;
}

export function castMisfit(sql: string, from: DataType, to: DataType, mode: CastMode): MillraceError {
  const parameters = { sqlExpr: sql, srcType: quotedType(from), targetType: quotedType(to) };
  if (mode !== "legacy") {
    const functionNames = functionsFor(from, to);
    if (functionNames !== undefined)
      return new MillraceError("DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION", { ...parameters, functionNames });
    if (canCast(from, to, "legacy"))
      return new MillraceError("DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION", {
        ...parameters,
        config: '"spark.sql.ansi.enabled"',
        configVal: "'false'",
      });
  }
  return new MillraceError("DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION", parameters);
}
