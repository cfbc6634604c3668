import { MillraceError } from "../errors/index.ts";
import type { Literal } from "../expressions/expression.ts";
import { parseTimeText } from "../functions/time-of-day.ts";
import { findTimeZone, fromLocal } from "../functions/time-zone.ts";
import { binaryType, dateType, timestampNtzType, timestampType, timeType } from "../types/data-type.ts";
import { parseDateText, parseTimestampText } from "./datetime-literal.ts";
import type { ExpressionParser } from "./expression-parser.ts";
import { stringValue } from "./string-literal.ts";

const supported = '"DATE", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP", "INTERVAL", "X"';

/** `DATE '…'`, `TIMESTAMP '…'`, `TIMESTAMP_LTZ '…'`, `TIMESTAMP_NTZ '…'`, `TIME '…'`, `X '…'`: a word and a string. */
export function typedLiteral(parser: ExpressionParser, start: number): Literal {
  const typeName = parser.peekText().toUpperCase();
  parser.advance();
  const text = stringValue(parser.peekText());
  parser.advance();
  const literal = valueOf(typeName, text, parser.options.timeZone ?? "UTC");
  if (literal !== undefined) return literal;
  const context = parser.contextFrom(start);
  if (known.has(typeName)) {
    throw new MillraceError("INVALID_TYPED_LITERAL", { valueType: `"${typeName}"`, value: `'${text}'` }, { context });
  }
  throw new MillraceError(
    "UNSUPPORTED_TYPED_LITERAL",
    { unsupportedType: `"${typeName}"`, supportedTypes: supported },
    { context },
  );
}

const known: ReadonlySet<string> = new Set([
  "DATE",
  "TIMESTAMP",
  "TIMESTAMP_LTZ",
  "TIMESTAMP_NTZ",
  "TIME",
  "X",
  "BINARY",
]);

function valueOf(typeName: string, text: string, timeZone: string): Literal | undefined {
  switch (typeName) {
    case "DATE": {
      const days = parseDateText(text);
      return days === undefined ? undefined : { kind: "Literal", value: days, type: dateType };
    }
    case "TIMESTAMP":
    case "TIMESTAMP_LTZ": {
      const parsed = parseTimestampText(text);
      if (parsed === undefined) return undefined;
      const zone = findTimeZone(parsed.zone ?? timeZone);
      return zone === undefined
        ? undefined
        : { kind: "Literal", value: fromLocal(zone, parsed.localMicros), type: timestampType };
    }
    case "TIMESTAMP_NTZ": {
      // The zone of a text, if any, is dropped: the clock's reading counts.
      const parsed = parseTimestampText(text);
      return parsed === undefined ? undefined : { kind: "Literal", value: parsed.localMicros, type: timestampNtzType };
    }
    case "TIME": {
      // Microseconds, or as many digits as it is written with when those are more.
      const parsed = parseTimeText(text, 9);
      return parsed === undefined
        ? undefined
        : { kind: "Literal", value: parsed.nanos, type: timeType(Math.max(6, parsed.digits)) };
    }
    case "X":
    case "BINARY": {
      if (!/^[0-9a-fA-F]*$/.test(text)) return undefined;
      const digits = text.length % 2 === 0 ? text : `0${text}`;
      const bytes = new Uint8Array(digits.length / 2);
      for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
      return { kind: "Literal", value: bytes, type: binaryType };
    }
    default:
      return undefined;
  }
}
