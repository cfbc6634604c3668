/** What the parts of the JSON kernel know of JSON; the kinds of values are those of sources/json/json-token.ts. */

export const QUOTE: i32 = 34;
export const BACKSLASH: i32 = 92;

export const KIND_STRING: u8 = 1;
export const KIND_ESCAPED: u8 = 2;
export const KIND_INTEGER: u8 = 3;
export const KIND_FLOAT: u8 = 4;
export const KIND_TRUE: u8 = 5;
export const KIND_FALSE: u8 = 6;
export const KIND_NULL: u8 = 7;
export const KIND_OBJECT: u8 = 8;
export const KIND_ARRAY: u8 = 9;

@inline
export function isDigit(c: i32): bool {
  return <u32>(c - 48) < 10;
}
