import { describe, expect, test } from "vitest";
import { isMillraceError } from "../errors/index.ts";
import { printExpression } from "../expressions/print.ts";
import { parseExpression } from "./index.ts";

const windows = [
  "sum(v) OVER ()",
  "sum(v) OVER (PARTITION BY a, b.c ORDER BY d DESC, e ASC NULLS LAST)",
  "count(*) FILTER (WHERE v > 1) OVER (ORDER BY v ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)",
  "lag(v, 1, 0) IGNORE NULLS OVER (ORDER BY v)",
  "nth_value(v, 2) IGNORE NULLS OVER (PARTITION BY g ORDER BY v)",
  "first_value(v) IGNORE NULLS OVER (ORDER BY at RANGE BETWEEN INTERVAL '1' DAY PRECEDING AND UNBOUNDED FOLLOWING)",
  "max(v) OVER (ORDER BY v GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING) + rank() OVER (ORDER BY v)",
  "sum(v) OVER (DISTRIBUTE BY g SORT BY v ROWS 1 PRECEDING)",
];

describe("windows", () => {
  test.each(windows)("%s is read back from its text", (sql) => {
    const text = printExpression(parseExpression(sql), { style: "sql" });
    expect(printExpression(parseExpression(text), { style: "sql" })).toBe(text);
  });

  test("a name alone is no window, and OVER may be an alias", () => {
    expect(parseExpression("sum(v) over")).toMatchObject({ kind: "Alias", name: "over" });
    expect(parseExpression("over + 1")).toMatchObject({ name: "+" });
  });

  test.each([
    ["sum(v) OVER w", "MISSING_WINDOW_SPECIFICATION"],
    ["sum(v) OVER (w)", "MISSING_WINDOW_SPECIFICATION"],
    ["sum(v) OVER (ORDER BY v ROWS)", "PARSE_SYNTAX_ERROR"],
    ["sum(v) OVER (ORDER BY v ROWS BETWEEN 1 AND 2)", "PARSE_SYNTAX_ERROR"],
    ["sum(v) OVER (ORDER BY v ROWS BETWEEN 1 PRECEDING)", "PARSE_SYNTAX_ERROR"],
    ["sum(v) OVER (ORDER BY v ROWS v PRECEDING)", "INVALID_SQL_SYNTAX.INVALID_WINDOW_FRAME_BOUND"],
    ["sum(v) OVER (ORDER BY v PARTITION BY g)", "PARSE_SYNTAX_ERROR"],
  ])("%s is %s", (sql, errorClass) => {
    const failure = ((): unknown => {
      try {
        return parseExpression(sql);
      } catch (error) {
        return error;
      }
    })();
    expect(isMillraceError(failure) ? failure.errorClass : failure).toBe(errorClass);
  });
});
