/** One line of CSV as fields and back, by the rules of the parser and writer that Spark uses. Sources scan bytes and do not come here. */
import type { TextOptions } from "./text-options.ts";

export interface CsvDialect {
  readonly separator: string;
  readonly quote: string;
  readonly escape: string;
  readonly comment: string | undefined;
  readonly nullValue: string;
  readonly emptyValue: string;
  readonly trimStart: boolean;
  readonly trimEnd: boolean;
}

export function csvDialect(options: TextOptions, writing: boolean): CsvDialect {
  return {
    separator: options.text("sep") ?? options.text("delimiter") ?? ",",
    quote: options.text("quote") ?? '"',
    escape: options.text("escape") ?? "\\",
    comment: options.text("comment"),
    nullValue: options.text("nullValue") ?? "",
    emptyValue: options.text("emptyValue") ?? (writing ? '""' : ""),
    trimStart: options.flag("ignoreLeadingWhiteSpace", writing),
    trimEnd: options.flag("ignoreTrailingWhiteSpace", writing),
  };
}

/** The fields of a line; NULL for those that are empty or the text for NULL. No fields for a comment or an empty line. */
export function splitCsv(line: string, dialect: CsvDialect): (string | null)[] {
  if (line === "" || (dialect.comment !== undefined && line.startsWith(dialect.comment))) return [];
  const fields: (string | null)[] = [];
  for (let at = 0; ;) {
    const quoted = line.startsWith(dialect.quote, at) ? quotedField(line, at, dialect) : undefined;
    let text: string;
    let end: number;
    if (quoted?.text !== undefined) {
      text = quoted.text === "" ? dialect.emptyValue : quoted.text;
      end = quoted.end;
    } else {
      // A quoted field with more behind its quote is taken as it stands, up to the next separator.
      const next = line.indexOf(dialect.separator, quoted?.end ?? at);
      end = next < 0 ? line.length : next;
      text = trimmed(line.slice(at, end), dialect);
    }
    fields.push(text === dialect.nullValue ? null : text);
    if (end >= line.length) return fields;
    at = end + dialect.separator.length;
  }
}

/** The text between quotes and where the field ends; without text when the closing quote is missing or not the end. */
function quotedField(
  line: string,
  start: number,
  { quote, escape, separator }: CsvDialect,
): { readonly text?: string; readonly end: number } {
  let text = "";
  for (let i = start + quote.length; i < line.length; i++) {
    const c = line[i]!;
    if (c === escape && (line[i + 1] === quote || line[i + 1] === escape)) text += line[++i]!;
    else if (c !== quote) text += c;
    else if (i + 1 === line.length || line.startsWith(separator, i + 1)) return { text, end: i + 1 };
    else return { end: i + 1 };
  }
  return { end: start };
}

function trimmed(text: string, { trimStart, trimEnd }: CsvDialect): string {
  const cut = trimStart ? text.trimStart() : text;
  return trimEnd ? cut.trimEnd() : cut;
}

/** Texts as one line; NULL as the dialect says. */
export function joinCsv(
  values: readonly (string | null)[],
  dialect: CsvDialect,
  all: boolean,
  escapesQuotes: boolean,
): string {
  const { quote, escape, separator } = dialect;
  const written = values.map((value) => {
    if (value === null) return dialect.nullValue;
    if (value === "") return dialect.emptyValue;
    const text = trimmed(value, dialect);
    const needs =
      text.includes(separator) ||
      /[\r\n]/.test(text) ||
      text.startsWith("#") ||
      (escapesQuotes && text.includes(quote));
    return all || needs ? quote + text.replaceAll(quote, () => escape + quote) + quote : text;
  });
  return written.join(separator);
}
