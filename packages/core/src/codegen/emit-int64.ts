/** Conversions of 64-bit integers in generated code through a scratch value: `BigInt(n)` and `Number(n)` per row are slow. */
import { js, number } from "../functions/code.ts";
import type { Code } from "../functions/emitter.ts";
import type { FunctionEmitter } from "./emit-context.ts";

const scratch = new BigInt64Array(1);
const scratchHalves = new Int32Array(scratch.buffer);

/** Widens through the halves of a scratch value: `BigInt(n)` per row is many times slower. */
export function toInt64(value: Code, out: FunctionEmitter): Code {
  const [halves, whole] = [out.bind(scratchHalves), out.bind(scratch)];
  const name = out.fresh("v");
  out.line(js`${halves}[0] = ${value}; ${halves}[1] = ${value} >> 31;`);
  out.line(js`const ${name} = ${whole}[0];`);
  return name;
}

/** The nearest double: the high half is exact, the sum with the low half rounds once. */
export function toDouble(value: Code, out: FunctionEmitter): Code {
  const [halves, whole] = [out.bind(scratchHalves), out.bind(scratch)];
  const name = out.fresh("v");
  out.line(js`${whole}[0] = ${value};`);
  out.line(js`const ${name} = ${halves}[1] * ${number(4294967296)} + (${halves}[0] >>> 0);`);
  return name;
}
