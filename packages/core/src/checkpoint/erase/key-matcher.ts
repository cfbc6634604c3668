/** Which rows of state hold a key: as the value of a column, at any depth. */
import { isMillraceError } from "../../errors/index.ts";
import { literalName } from "../../expressions/print-literal.ts";
import type { StateSchema } from "../../state/state-schema.ts";
import { createRowDecoder } from "../../state/unsafe-row-reader.ts";
import type { DataType, Field, SqlValue } from "../../types/data-type.ts";

/** The column that holds the key, as a path; null: none does. */
type Match<T> = (value: T) => string | null;

export interface KeyMatcher {
  readonly inKey: Match<Uint8Array>;
  readonly inValue: Match<Uint8Array>;
  /** Whether the text of the key stands anywhere in bytes. */
  contains(bytes: Uint8Array): boolean;
}

export interface WantedKey {
  /** Text of the value, as `show` prints it: `ada`, `42`. */
  readonly key: string;
  /** Only columns of this name, of any type. Absent: any column of keys, and those of values that hold text or bytes. */
  readonly column?: string;
}

type Reach = "all" | "text" | "named";

/**
 * @param numbered the last column of keys is a number of the store's own, not of the query's
 */
export function keyMatcher({ key, value }: StateSchema, numbered: boolean, wanted: WantedKey): KeyMatcher {
  const needle = new TextEncoder().encode(wanted.key);
  const contains = (bytes: Uint8Array): boolean => holds(bytes, needle);
  const keyFields = numbered ? key.fields.slice(0, -1) : key.fields;
  const rows = (fields: readonly Field[], all: readonly Field[], path: string, reach: Reach): Match<Uint8Array> => {
    const tests = fields.map((field) => fieldMatch(field, path, wanted.column === undefined ? reach : "named"));
    const decoder = createRowDecoder(all.map(({ type }) => type));
    const onlyText = reach === "text" && wanted.column === undefined;
    return (bytes) => {
      if (onlyText && !contains(bytes)) return null;
      let values: readonly SqlValue[];
      try {
        values = decoder.decode(bytes);
      } catch (error) {
        if (!isMillraceError(error)) throw error;
        // A row that was written under an earlier schema: it goes when the text stands in it.
        return contains(bytes) ? path : null;
      }
      return firstOf(tests, (test, i) => test(values[i]!));
    };
  };

  function fieldMatch({ name, type }: Field, parent: string, reach: Reach): Match<SqlValue> {
    const isNamed = reach === "named" && name.toLowerCase() === wanted.column?.toLowerCase();
    return valueMatch(type, `${parent}.${name}`, isNamed ? "all" : reach);
  }

  function valueMatch(type: DataType, path: string, reach: Reach): Match<SqlValue> {
    const present = (test: (given: NonNullable<SqlValue>) => string | null): Match<SqlValue> => {
      return (given) => (given === null ? null : test(given));
    };
    switch (type.kind) {
      case "struct": {
        const tests = type.fields.map((field) => fieldMatch(field, path, reach));
        return present((given) => firstOf(tests, (test, i) => test((given as readonly SqlValue[])[i]!)));
      }
      case "array": {
        const test = valueMatch(type.element, path, reach);
        return present((given) => firstOf(given as readonly SqlValue[], test));
      }
      case "map": {
        const [ofKey, ofValue] = [valueMatch(type.key, path, reach), valueMatch(type.value, path, reach)];
        return present((given) => {
          const map = given as { readonly keys: readonly SqlValue[]; readonly values: readonly SqlValue[] };
          return firstOf(map.keys, ofKey) ?? firstOf(map.values, ofValue);
        });
      }
      case "string":
        return reach === "named" ? () => null : (given) => (given === wanted.key ? path : null);
      case "binary":
        // Bytes are of somebody's own format: whatever has the text in it.
        return reach === "named" ? () => null : present((given) => (contains(given as Uint8Array) ? path : null));
      default:
        if (reach !== "all") return () => null;
        return present((given) =>
          literalName({ kind: "Literal", value: given, type }, (micros) => micros) === wanted.key ? path : null,
        );
    }
  }

  return {
    inKey: rows(keyFields, key.fields, "key", "all"),
    inValue: rows(value.fields, value.fields, "value", "text"),
    contains,
  };
}

function firstOf<T>(items: readonly T[], test: (item: T, index: number) => string | null): string | null {
  for (let i = 0; i < items.length; i++) {
    const found = test(items[i]!, i);
    if (found !== null) return found;
  }
  return null;
}

/** Whether one run of bytes stands in another. */
export function holds(bytes: Uint8Array, needle: Uint8Array): boolean {
  if (needle.length === 0) return false;
  for (let at = bytes.indexOf(needle[0]!); at >= 0; at = bytes.indexOf(needle[0]!, at + 1)) {
    if (at + needle.length > bytes.length) return false;
    let same = 1;
    while (same < needle.length && bytes[at + same] === needle[same]) same++;
    if (same === needle.length) return true;
  }
  return false;
}
