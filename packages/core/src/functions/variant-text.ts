/** VARIANT values as JSON text, as Spark's `to_json` and casts print them. */
import { type Variant, variantNode } from "../columnar/variant-reader.ts";
import { dateText, localTimestampText } from "./datetime-text.ts";
import { decimalText } from "./decimal.ts";
import { doubleText, floatText } from "./number-text.ts";
import { timeZoneOf, toLocal } from "./time-zone.ts";

/** An unscaled value without the zeros at the end of its fraction (and, with none, at a scale of zero or above). */
export function strippedDecimal(unscaled: bigint, scale: number): readonly [unscaled: bigint, scale: number] {
  let [value, digits] = [unscaled, scale];
  while (digits > 0 && value % 10n === 0n) {
    value /= 10n;
    digits--;
  }
  return [value, digits];
}

const two = (n: number): string => String(n).padStart(2, "0");

/** `2020-01-01 10:00:00.5+05:30` */
function zonedText(micros: bigint, timeZone: string): string {
  const local = toLocal(timeZoneOf(timeZone), micros);
  const offset = Number((local - micros) / 60_000_000n);
  const size = Math.abs(offset);
  return `${localTimestampText(local)}${offset < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(""));
}

/** JSON of a variant; timestamps in the zone, with its offset. */
export function variantJson(timeZone: string): (variant: Variant, position?: number) => string {
  const print = (variant: Variant, position = 0): string => {
    const node = variantNode(variant, position);
    switch (node.kind) {
      case "null":
        return "null";
      case "boolean":
      case "long":
        return String(node.value);
      case "double":
      case "float": {
        const text = node.kind === "double" ? doubleText(node.value) : floatText(node.value);
        return Number.isFinite(node.value) ? text : `"${text}"`;
      }
      case "decimal":
        return decimalText(...strippedDecimal(node.unscaled, node.scale));
      case "date":
        return `"${dateText(node.days)}"`;
      case "timestamp":
        return `"${zonedText(node.micros, timeZone)}"`;
      case "timestamp_ntz":
        return `"${localTimestampText(node.micros)}"`;
      case "string":
        return JSON.stringify(node.value);
      case "binary":
        return `"${base64(node.value)}"`;
      case "array": {
        const items: string[] = [];
        for (let i = 0; i < node.size; i++) items.push(print(variant, node.at(i)));
        return `[${items.join(",")}]`;
      }
      case "object": {
        const fields: string[] = [];
        for (let i = 0; i < node.size; i++) fields.push(`${JSON.stringify(node.key(i))}:${print(variant, node.at(i))}`);
        return `{${fields.join(",")}}`;
      }
    }
  };
  return print;
}
