/** Source that finds the group of a row's key in a {@link GroupTable}, or makes it. */
import { assertInvariant } from "../errors/index.ts";
import { either, js, joinCode, negated, number } from "../functions/code.ts";
import type { Code, Emitted } from "../functions/emitter.ts";
import type { FunctionEmitter } from "./emit-context.ts";
import type { KeyLayout, Leaf } from "./group-table.ts";
import { canonicalBytes, equalKeyBytes, hashKeyBytes } from "./key-hash.ts";
import { RememberedGroups, rememberedBits } from "./remembered-groups.ts";
import { vectorKindOf } from "../columnar/vector.ts";
import type { DataType } from "../types/data-type.ts";

const scratch = new BigInt64Array(1);
const scratchHalves = new Int32Array(scratch.buffer);
const scratchDouble = new Float64Array(scratch.buffer);

/** More parts of a key are not compared instead of hashed. */
const mostPlaces = 8;

/** A part of a key that says which it is without a look at bytes: where a string lies, or a number. */
type Place =
  | { readonly kind: "range"; readonly value: Code; readonly end: Code; readonly bytes: Code }
  | { readonly kind: "int" | "long"; readonly value: Code };

/** Whether values of the type are the same exactly when their numbers are. */
function isWhole(type: DataType): boolean {
  const kind = vectorKindOf(type);
  return kind === "i8" || kind === "i16" || kind === "i32" || kind === "i64";
}

/** A leaf's value in the current row. */
interface LeafValue {
  readonly leaf: Leaf;
  readonly isNull: Code;
  readonly value: Emitted;
  /** Canonical bytes of an array or map. */
  readonly canonical?: Code;
}
/** The arrays of a leaf's column, as variables that are looked up again when the table has grown. */
interface LeafCode {
  readonly values: Code;
  readonly high: Code;
  readonly nulls: Code;
  readonly starts: Code;
  readonly ends: Code;
  readonly arena: Code;
  readonly boxed: Code;
}

export class GroupEmitter {
  readonly #out: FunctionEmitter;
  readonly #layout: KeyLayout;
  readonly #table: Code;
  readonly #leaves: readonly LeafCode[];
  readonly #lookups: Code[] = [];
  readonly #slots: Code;
  readonly #mask: Code;
  readonly #hashes: Code;
  readonly #count: Code;
  readonly #capacity: Code;
  readonly #isStable: (bytes: Code) => boolean;

  /** @param isStable whether a fragment names bytes that are the same for all rows of a batch */
  constructor(out: FunctionEmitter, layout: KeyLayout, table: Code, isStable: (bytes: Code) => boolean) {
    this.#out = out;
    this.#isStable = isStable;
    this.#layout = layout;
    this.#table = table;
    this.#slots = this.variable(js`${table}.slots`);
    this.#mask = this.variable(js`${table}.mask`);
    this.#hashes = this.variable(js`${table}.hashes`);
    this.#capacity = this.variable(js`${table}.capacity`);
    this.#count = out.fresh("o");
    out.hoist(js`let ${this.#count} = ${table}.count;`);
    this.#leaves = layout.leaves.map((leaf, i) => {
      const column = out.fresh("o");
      out.hoist(js`const ${column} = ${table}.columns[${number(i)}];`);
      const bytes = leaf.form === "bytes" || leaf.form === "boxed";
      const unused = js.null;
      return {
        values: leaf.form === "values" || leaf.form === "decimal" ? this.variable(js`${column}.values`) : unused,
        high: leaf.form === "decimal" ? this.variable(js`${column}.high`) : unused,
        nulls: leaf.nullable ? this.variable(js`${column}.nulls`) : unused,
        starts: bytes ? this.variable(js`${column}.starts`) : unused,
        ends: bytes ? this.variable(js`${column}.ends`) : unused,
        arena: js`${column}.arena`,
        boxed: js`${column}.boxed`,
      };
    });
  }

  /** A variable whose value is looked up once per batch and again whenever the table has grown. */
  variable(value: Code): Code {
    const name = this.#out.fresh("o");
    this.#out.hoist(js`let ${name} = ${value};`);
    this.#lookups.push(js`${name} = ${value};`);
    return name;
  }

  /** Statements after the loop. */
  get epilogue(): Code {
    return js`${this.#table}.count = ${this.#count};`;
  }

  /** Whether any key of the row is NULL. */
  static anyNull(keys: readonly Emitted[]): Code {
    return keys.reduce<Code>((code, key) => either(code, key.isNull), js.false);
  }

  /**
   * Emits the search for a key.
   * @param missing `insert` makes a group for a new key; `find` gives −1
   * @returns the variable that holds the group's number
   */
  emit(keys: readonly Emitted[], missing: "insert" | "find"): Code {
    const out = this.#out;
    const values: LeafValue[] = [];
    this.#layout.roots.forEach((root, k) => this.#flatten(root, keys[k]!, js.false, values));
    const group = out.fresh("i");
    out.line(js`let ${group} = -1;`);
    const search = (): void => this.#search(values, group, missing);
    const places = this.#placesOf(values);
    if (places === undefined) search();
    else this.#remembered(places, group, search);
    return group;
  }

  /** What a key is found again by, when that takes no look at strings: undefined when it does. */
  #placesOf(values: readonly LeafValue[]): readonly Place[] | undefined {
    const places: Place[] = [];
    for (const { leaf, isNull, value } of values) {
      if (value.shape === "bytes" && this.#isStable(value.bytes)) {
        const start = this.#unlessNull(isNull, value.start, "s");
        places.push({ kind: "range", value: start, end: value.end, bytes: value.bytes });
      } else if (leaf.form === "values" && isWhole(leaf.type)) {
        const kind = vectorKindOf(leaf.type) === "i64" ? "long" : "int";
        if (isNull !== js.false) places.push({ kind: "int", value: js`(${isNull} ? 1 : 0)` });
        places.push({
          kind,
          value: this.#unlessNull(isNull, single(value), "v", kind === "long" ? number(0n) : number(0)),
        });
      } else if (leaf.form === "flag") {
        if (isNull !== js.false) places.push({ kind: "int", value: js`(${isNull} ? 1 : 0)` });
      } else if (leaf.form !== "none") return undefined;
    }
    return places.some(({ kind }) => kind === "range") && places.length <= mostPlaces ? places : undefined;
  }

  #unlessNull(isNull: Code, value: Code, name: "s" | "v", otherwise: Code = number(-1)): Code {
    if (isNull === js.false) return value;
    const local = this.#out.fresh(name);
    this.#out.line(js`const ${local} = ${isNull} ? ${otherwise} : ${value};`);
    return local;
  }

  /**
   * Strings of a dictionary (also of the small side of a join) are ranges that come again and again: the groups of the
   * last keys are found by where they lie, without a look at their bytes. Text that lies row by row in its batch is not
   * worth remembering.
   */
  #remembered(places: readonly Place[], group: Code, search: () => void): void {
    const out = this.#out;
    const memory = out.bind(new RememberedGroups(places.map(({ kind }) => kind)));
    const ranges = places.flatMap((place) => (place.kind === "range" ? [place.bytes] : []));
    const [on, round, groups] = [out.fresh("o"), out.fresh("o"), out.fresh("o")];
    out.hoist(js`const ${on} = ${memory}.begin(${this.#table}, [${joinCode(ranges, ", ")}]);`);
    out.hoist(js`const ${round} = ${memory}.round;`);
    out.hoist(js`const ${groups} = ${memory}.groups;`);
    const rounds = out.fresh("o");
    out.hoist(js`const ${rounds} = ${memory}.rounds;`);
    const columns = places.map((_, p) => {
      const column = out.fresh("o");
      out.hoist(js`const ${column} = ${memory}.columns[${number(p)}];`);
      return column;
    });
    const ends = places.map((place, p) => {
      if (place.kind !== "range") return undefined;
      const column = out.fresh("o");
      out.hoist(js`const ${column} = ${memory}.ends[${number(p)}];`);
      return column;
    });
    const halves = out.bind(scratchHalves);
    const whole = out.bind(scratch);
    const mixed = out.fresh("h");
    out.line(js`let ${mixed} = 0;`);
    for (const { kind, value } of places) {
      if (kind === "long") out.line(js`${whole}[0] = ${value};`);
      out.line(js`${mixed} = Math.imul(${mixed}, 31) + ${kind === "long" ? js`${halves}[0]` : value} | 0;`);
    }
    const at = out.fresh("i");
    out.line(js`const ${at} = Math.imul(${mixed}, ${number(-0x61c88647)}) >>> ${number(32 - rememberedBits)};`);
    const same = places.map(({ value }, p) => js`${columns[p]!}[${at}] === ${value}`);
    const sameEnds = places.flatMap((place, p) =>
      place.kind === "range" ? [js`(${ends[p]!}[${at}] === ${place.end} || ${place.value} === -1)`] : [],
    );
    out.branch(
      js`${on} && ${rounds}[${at}] === ${round} && ${joinCode([...same, ...sameEnds], " && ")}`,
      () => out.line(js`${group} = ${groups}[${at}];`),
      () => {
        search();
        const notes = places.flatMap((place, p) => [
          js`${columns[p]!}[${at}] = ${place.value};`,
          ...(place.kind === "range" ? [js`${ends[p]!}[${at}] = ${place.end};`] : []),
        ]);
        out.line(
          js`if (${on}) { ${joinCode([...notes, js`${rounds}[${at}] = ${round};`, js`${groups}[${at}] = ${group};`], " ")} }`,
        );
      },
    );
  }

  #search(values: readonly LeafValue[], group: Code, missing: "insert" | "find"): void {
    const out = this.#out;
    const hash = this.#hash(values);
    const at = out.fresh("i");
    out.line(js`let ${at} = ${hash} & ${this.#mask};`);
    const equal = values
      .map((value, i) => this.#equals(value, this.#leaves[i]!, group))
      .filter((code) => code !== js.true);
    const cheap = values.length <= 2 && values.every(({ leaf }) => leaf.form === "values");
    const same = joinCode(
      cheap && equal.length > 0 ? equal : [js`${this.#hashes}[${group}] === ${hash}`, ...equal],
      " && ",
    );
    const absent = missing === "find" ? js`break;` : out.block(() => this.#insert(values, hash, at, group));
    out.line(js`for (;;) {
${group} = ${this.#slots}[${at}] - 1;
if (${group} < 0) {\n${absent}\n}
if (${same}) break;
${at} = (${at} + 1) & ${this.#mask};
}`);
  }

  /** Emits the hash of a key and returns its variable. */
  emitHash(keys: readonly Emitted[]): Code {
    const values: LeafValue[] = [];
    this.#layout.roots.forEach((root, k) => this.#flatten(root, keys[k]!, js.false, values));
    return this.#hash(values);
  }

  #insert(values: readonly LeafValue[], hash: Code, at: Code, group: Code): void {
    const out = this.#out;
    out.line(js`if (${this.#count} === ${this.#capacity}) {
${this.#table}.count = ${this.#count};
${this.#table}.grow();
${joinCode(this.#lookups, "\n")}
${at} = ${hash} & ${this.#mask};
while (${this.#slots}[${at}] !== 0) ${at} = (${at} + 1) & ${this.#mask};
}
${group} = ${this.#count}++;
${this.#slots}[${at}] = ${group} + 1;
${this.#hashes}[${group}] = ${hash};`);
    values.forEach((value, i) => this.#store(value, this.#leaves[i]!, group));
    out.line(js`break;`);
  }

  #flatten(at: number, value: Emitted, around: Code, into: LeafValue[]): void {
    const out = this.#out;
    const leaf = this.#layout.leaves[at]!;
    let isNull = either(around, value.isNull);
    if (isNull !== js.false && isNull !== js.true && !/^\w+$/.test(isNull.__code)) {
      const name = out.fresh("n");
      out.line(js`const ${name} = ${isNull};`);
      isNull = name;
    }
    if (leaf.form === "boxed") {
      const canonical = out.fresh("b");
      out.line(
        js`const ${canonical} = ${out.bind((v: never) => canonicalBytes(v, leaf.type))}(${out.box({ ...value, isNull }, leaf.type)});`,
      );
      into[at] = { leaf, isNull, value, canonical };
    } else if (leaf.form === "decimal") {
      const unscaled = out.fresh("v");
      out.line(js`const ${unscaled} = ${isNull === js.false ? js`` : js`${isNull} ? 0n : `}${single(value)};`);
      into[at] = { leaf, isNull, value: { shape: "boxed", isNull, value: unscaled } };
    } else {
      into[at] = { leaf, isNull, value };
    }
    if (value.shape === "struct")
      leaf.children.forEach((child, f) => this.#flatten(child, value.fields[f]!, isNull, into));
  }

  #hash(values: readonly LeafValue[]): Code {
    const out = this.#out;
    const hash = out.fresh("h");
    out.line(js`let ${hash} = 0;`);
    const mix = (word: Code): Code =>
      js`${hash} = Math.imul((${hash} << 13 | ${hash} >>> 19) ^ ${word}, ${number(-0x61c88647)});`;
    for (const { leaf, isNull, value, canonical } of values) {
      const present = this.#hashPresent(leaf, value, canonical, mix);
      if (isNull === js.false) out.line(present);
      else out.line(js`if (${isNull}) { ${mix(number(0x5bd1e995))} } else { ${present} }`);
    }
    out.line(js`${hash} ^= ${hash} >>> 15;`);
    return hash;
  }

  #hashPresent(leaf: Leaf, value: Emitted, canonical: Code | undefined, mix: (word: Code) => Code): Code {
    const out = this.#out;
    const halves = out.bind(scratchHalves);
    const bothHalves = js`${mix(js`${halves}[0]`)} ${mix(js`${halves}[1]`)}`;
    switch (leaf.form) {
      case "none":
      case "flag":
        return mix(number(1));
      case "boxed":
        return mix(js`${out.bind(hashKeyBytes)}(${canonical!}, 0, ${canonical!}.length)`);
      case "bytes": {
        assertInvariant(value.shape === "bytes", "a key leaf of bytes");
        return mix(js`${out.bind(hashKeyBytes)}(${value.bytes}, ${value.start}, ${value.end})`);
      }
      case "decimal":
        return js`${out.bind(scratch)}[0] = BigInt.asIntN(64, ${single(value)}); ${bothHalves}`;
      case "values":
        switch (vectorKindOf(leaf.type)) {
          case "bool":
            return mix(js`(${single(value)} ? 1 : 2)`);
          case "i64":
            return js`${out.bind(scratch)}[0] = ${single(value)}; ${bothHalves}`;
          case "f32":
          case "f64":
            return js`${out.bind(scratchDouble)}[0] = ${single(value)} === ${single(value)} ? ${single(value)} + 0 : 0; ${bothHalves}`;
          default:
            return mix(single(value));
        }
    }
  }

  #equals({ leaf, isNull, value, canonical }: LeafValue, column: LeafCode, group: Code): Code {
    const present = this.#equalsPresent(leaf, value, canonical, column, group);
    if (!leaf.nullable) return present;
    const stored = js`${column.nulls}[${group}]`;
    if (isNull === js.false) return js`${stored} === 0 && ${present}`;
    if (isNull === js.true) return js`${stored} === 1`;
    return js`(${isNull} ? ${stored} === 1 : ${stored} === 0 && ${present})`;
  }

  #equalsPresent(leaf: Leaf, value: Emitted, canonical: Code | undefined, column: LeafCode, group: Code): Code {
    const out = this.#out;
    const stored = js`${column.values}[${group}]`;
    switch (leaf.form) {
      case "none":
      case "flag":
        return js.true;
      case "boxed":
        return js`${out.bind(equalKeyBytes)}(${column.arena}.bytes, ${column.starts}[${group}], ${column.ends}[${group}], ${canonical!}, 0, ${canonical!}.length)`;
      case "bytes":
        assertInvariant(value.shape === "bytes", "a key leaf of bytes");
        return js`${out.bind(equalKeyBytes)}(${column.arena}.bytes, ${column.starts}[${group}], ${column.ends}[${group}], ${value.bytes}, ${value.start}, ${value.end})`;
      case "decimal":
        return js`${stored} === BigInt.asIntN(64, ${single(value)}) && ${column.high}[${group}] === BigInt.asIntN(64, ${single(value)} >> 64n)`;
      case "values":
        switch (vectorKindOf(leaf.type)) {
          case "bool":
            return js`${stored} === (${single(value)} ? 1 : 0)`;
          case "f32":
          case "f64":
            return js`(${stored} === ${single(value)} || ${stored} !== ${stored} && ${single(value)} !== ${single(value)})`;
          default:
            return js`${stored} === ${single(value)}`;
        }
    }
  }

  #store({ leaf, isNull, value, canonical }: LeafValue, column: LeafCode, group: Code): void {
    const out = this.#out;
    const present = this.#storePresent(leaf, value, canonical, column, group);
    // A column that is declared without NULL has none, whatever variable carries its flag.
    if (isNull === js.false || !leaf.nullable) {
      if (present !== undefined) out.line(present);
      return;
    }
    if (present === undefined) out.line(js`if (${isNull}) ${column.nulls}[${group}] = 1;`);
    else out.line(js`if (${negated(isNull)}) { ${present} } else ${column.nulls}[${group}] = 1;`);
  }

  #storePresent(
    leaf: Leaf,
    value: Emitted,
    canonical: Code | undefined,
    column: LeafCode,
    group: Code,
  ): Code | undefined {
    const out = this.#out;
    const append = (bytes: Code, start: Code, end: Code): Code =>
      js`${column.starts}[${group}] = ${column.arena}.append(${bytes}, ${start}, ${end}); ${column.ends}[${group}] = ${column.arena}.end;`;
    switch (leaf.form) {
      case "none":
      case "flag":
        return undefined;
      case "boxed":
        return js`${append(canonical!, number(0), js`${canonical!}.length`)} ${column.boxed}[${group}] = ${out.box({ ...value, isNull: js.false }, leaf.type)};`;
      case "bytes":
        assertInvariant(value.shape === "bytes", "a key leaf of bytes");
        return append(value.bytes, value.start, value.end);
      case "decimal":
        return js`${column.values}[${group}] = BigInt.asIntN(64, ${single(value)}); ${column.high}[${group}] = BigInt.asIntN(64, ${single(value)} >> 64n);`;
      case "values": {
        const kind = vectorKindOf(leaf.type);
        if (kind === "bool") return js`${column.values}[${group}] = ${single(value)} ? 1 : 0;`;
        const stored = kind === "f32" || kind === "f64" ? js`${single(value)} + 0` : single(value);
        return js`${column.values}[${group}] = ${stored};`;
      }
    }
  }
}

function single(value: Emitted): Code {
  assertInvariant(value.shape === "fixed" || value.shape === "boxed", "a key leaf is one value");
  return value.value;
}
