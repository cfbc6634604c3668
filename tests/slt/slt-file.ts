/**
 * Answer files (`*.slt`): what expressions and DataFrame programs give. Lines that begin with `#` are comments; a record ends at an empty line.
 *
 *     @set spark.sql.ansi.enabled false      a setting for the records below; `@reset` takes all back
 *     @table people (id INT, name STRING)    a table for the records below, each row as SQL expressions
 *     1, 'Ada'
 *
 *     > upper('a')                           an expression over one row …
 *     = STRING "A"                           … its type and value, or `! ERROR_CLASS`
 *
 *     >> people.groupBy("name").count()      a program that is both TypeScript and Python …
 *     : name STRING, count BIGINT            … its columns, rows (sorted unless the program orders them), or `! ERROR_CLASS`
 *     | "Ada" | 1
 *
 * In a program stand the tables by name, `spark`, `expr`, `col`, `lit`, `Window` and the literals `true`, `false`, `null`.
 */
export interface SltTable {
  readonly name: string;
  readonly columns: readonly (readonly [name: string, type: string])[];
  readonly rows: readonly string[];
}
export interface SltCase {
  readonly kind: "expression" | "program";
  readonly text: string;
  /** Position of the first expected line, and the lines. */
  readonly expected: readonly string[];
}
/** Records that share settings and tables. */
export interface SltSection {
  readonly settings: readonly (readonly [key: string, value: string])[];
  readonly tables: readonly SltTable[];
  readonly cases: readonly SltCase[];
}
export interface SltFile {
  readonly sections: readonly SltSection[];
  /** The file with other expected lines, one list for each case in order. */
  rewritten(answers: readonly (readonly string[])[]): string;
}

/** Splits at commas outside parentheses, brackets, quotes and the angles of types. */
export function splitList(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (quote !== "") {
      if (c === quote) quote = "";
    } else if (c === "'" || c === '"') quote = c;
    else if ("(<[".includes(c)) depth++;
    else if (")>]".includes(c)) depth--;
    else if (c === "," && depth === 0) {
      parts.push(text.slice(from, i).trim());
      from = i + 1;
    }
  }
  return [...parts, text.slice(from).trim()];
}

function tableOf(head: string, rows: readonly string[]): SltTable {
  const [, name, columns] = /^@table (\w+) \((.*)\)$/.exec(head) ?? [];
  if (name === undefined || columns === undefined) throw new Error(`not a table: ${head}`);
  return {
    name,
    rows,
    columns: splitList(columns).map((column) => {
      const space = column.indexOf(" ");
      return [column.slice(0, space), column.slice(space + 1)];
    }),
  };
}

export function parseSlt(text: string): SltFile {
  const kept: { readonly line: string; readonly before: number | null }[] = [];
  const sections: SltSection[] = [];
  let settings: (readonly [string, string])[] = [];
  let tables: SltTable[] = [];
  let cases: { kind: SltCase["kind"]; text: string; expected: string[] }[] = [];
  const close = (): void => {
    if (cases.length > 0) sections.push({ settings: [...settings], tables: [...tables], cases });
    cases = [];
  };
  let count = 0;
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (/^[=:|!]( |$)/.test(line)) {
      cases.at(-1)?.expected.push(line);
      continue;
    }
    const isCase = line.startsWith("> ") || line.startsWith(">> ");
    kept.push({ line, before: isCase ? count++ : null });
    if (isCase) {
      const program = line.startsWith(">> ");
      cases.push({
        kind: program ? "program" : "expression",
        text: line.slice(program ? 3 : 2),
        expected: [],
      });
    } else if (line.startsWith("@set ")) {
      close();
      const [, key, value] = /^@set (\S+) (.*)$/.exec(line)!;
      settings.push([key!, value!]);
    } else if (line === "@reset") {
      close();
      settings = [];
    } else if (line.startsWith("@table ")) {
      close();
      const rows: string[] = [];
      while (lines[i + 1] !== undefined && lines[i + 1] !== "") rows.push(lines[++i]!);
      const table = tableOf(line, rows);
      kept.push(...rows.map((row) => ({ line: row, before: null })));
      tables = [...tables.filter(({ name }) => name !== table.name), table];
    }
  }
  close();
  return {
    sections,
    rewritten: (answers) =>
      kept.flatMap(({ line, before }) => (before === null ? [line] : [line, ...(answers[before] ?? [])])).join("\n"),
  };
}
