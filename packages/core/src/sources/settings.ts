/** Settings of the session that sources read. A session checks them when they are set; a context of other origin may not. */
import { MillraceError } from "../errors/index.ts";
import { parseBytes } from "../types/quantities.ts";
import type { SourceContext } from "./contract.ts";

function setting(
  context: SourceContext,
  name: string,
  otherwise: number,
  parse: (text: string) => number | undefined,
  expected: string,
): number {
  const text = context.conf(name);
  if (text === undefined) return otherwise;
  const value = parse(text);
  if (value === undefined) {
    throw new MillraceError("INVALID_CONF_VALUE", { confName: name, confValue: text, expected });
  }
  return value;
}

/** A number of bytes, such as `64m`. */
export function bytesSetting(context: SourceContext, name: string, otherwise: number): number {
  return setting(context, name, otherwise, parseBytes, "a number of bytes such as 64m");
}

/** A whole number from 1 on. */
export function countSetting(context: SourceContext, name: string, otherwise: number): number {
  const parse = (text: string): number | undefined => (/^\s*0*[1-9]\d*\s*$/.test(text) ? Number(text) : undefined);
  return setting(context, name, otherwise, parse, "a whole number from 1 on");
}
