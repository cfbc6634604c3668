/**
 * Regular expressions on UTF-8 bytes, in time linear in the text: a backtracking matcher that does nothing twice. Programs are free
 * of cycles (see byte-pattern.ts), so when a loop is entered again, everything after its earlier entry has failed: an end that the
 * loop once had needs no second try. Each run of a class has one last end, under which the ends that were tried are noted.
 */
import { type ByteProgram, compileBytePattern, type Step } from "./byte-pattern.ts";

/** The kinds of steps as numbers, in the order of the switch in `matchAt`. */
const ops = { bytes: 0, set: 1, loop: 2, split: 3, jump: 4, save: 5, begin: 6, end: 7, match: 8 } as const;

/** A program as arrays by step, so that the inner loop looks at numbers only. */
interface FlatProgram {
  readonly op: Uint8Array;
  /** The bytes or the set of a step. */
  readonly data: readonly Uint8Array[];
  /** Targets of splits and jumps, slots of saves, least and greatest count of loops (−1 for any). */
  readonly a: Int32Array;
  readonly b: Int32Array;
  /** Number of a loop or split. */
  readonly index: Int32Array;
  readonly greedy: Uint8Array;
  readonly keepsAll: Uint8Array;
}
const nothing = new Uint8Array(0);
function flatten(program: ByteProgram): FlatProgram {
  const { steps } = program;
  const by = (of: (step: Step) => number): Int32Array => Int32Array.from(steps, of);
  return {
    op: Uint8Array.from(steps, (step) => ops[step.op]),
    data: steps.map((step) => (step.op === "bytes" ? step.bytes : "set" in step ? step.set : nothing)),
    a: by((s) =>
      s.op === "split" ? s.first : s.op === "jump" ? s.to : s.op === "save" ? s.slot : s.op === "loop" ? s.least : 0,
    ),
    b: by((s) => (s.op === "split" ? s.second : s.op !== "loop" ? 0 : s.most === Infinity ? -1 : s.most)),
    index: by((s) => ("index" in s ? s.index : 0)),
    greedy: Uint8Array.from(steps, (s) => (s.op === "loop" && s.greedy ? 1 : 0)),
    keepsAll: Uint8Array.from(steps, (_, pc) => (keepsAll(program, pc) ? 1 : 0)),
  };
}

const isContinuation = (byte: number): boolean => (byte & 0xc0) === 0x80;

export class ByteRegex {
  readonly groups: number;
  /** Start and end of each group of the last match, −1 for a group that took no part. */
  readonly captures: Int32Array;
  readonly #flat: FlatProgram;
  readonly #loops: number;
  readonly #splits: number;
  /** First bytes of a match, when a match cannot be empty. */
  readonly #first: Uint8Array | undefined;
  readonly #anchored: boolean;
  #stack = new Int32Array(256);
  /** Per loop and last end of a run: the least end that was tried, valid while the stamp is this search's. */
  #tried = new Int32Array(0);
  #triedStamp = new Int32Array(0);
  #splitStamp = new Int32Array(0);
  #stamp = 0;
  #width = 0;
  /** Per loop, where the runs of its class end; made when scanning the same runs again and again. */
  readonly #runEnds: (Int32Array | undefined)[];
  #hasRunEnds = false;
  #scanned = 0;

  private constructor(program: ByteProgram) {
    this.#flat = flatten(program);
    this.#loops = program.loops;
    this.#splits = program.splits;
    this.groups = program.groups;
    this.captures = new Int32Array((program.groups + 1) * 2);
    this.#anchored = program.steps[0]!.op === "begin";
    this.#first = firstBytes(program, 0);
    this.#runEnds = Array.from({ length: program.loops }, () => undefined);
  }

  /** The matcher of an expression, or undefined when it is beyond this one. */
  static compile(pattern: string): ByteRegex | undefined {
    const program = compileBytePattern(pattern);
    return program === undefined ? undefined : new ByteRegex(program);
  }

  /**
   * Looks for the first match in `bytes[start, end)`; `captures` tells where it is.
   * @param from where to begin; `^` still matches at `start` only
   */
  find(bytes: Uint8Array, start: number, end: number, from: number = start): boolean {
    if (from > end) return false;
    this.#begin(end - start + 1);
    const first = this.#first;
    if (this.#anchored) return from === start && this.#matchAt(bytes, start, end, start);
    for (let at = from; at <= end; at++) {
      if (first !== undefined) {
        while (at < end && first[bytes[at]!] === 0) at++;
        if (at === end) return false;
      } else if (at < end && isContinuation(bytes[at]!)) continue;
      if (this.#matchAt(bytes, start, end, at)) return true;
    }
    return false;
  }

  #begin(width: number): void {
    this.#scanned = 0;
    if (this.#hasRunEnds) this.#runEnds.fill(undefined);
    this.#hasRunEnds = false;
    if (width > this.#width || this.#stamp === 0x7fffffff) {
      this.#width = Math.max(width, this.#width * 2);
      this.#tried = new Int32Array(this.#width * this.#loops);
      this.#triedStamp = new Int32Array(this.#width * this.#loops);
      this.#splitStamp = new Int32Array(this.#width * this.#splits);
      this.#stamp = 0;
    }
    this.#stamp++;
  }

  /** Where the run of a loop's class that holds `at` ends. */
  #runEnd(pc: number, bytes: Uint8Array, start: number, end: number, at: number): number {
    const known = this.#hasRunEnds ? this.#runEnds[this.#flat.index[pc]!] : undefined;
    if (known !== undefined) return known[at - start]!;
    const set = this.#flat.data[pc]!;
    let to = at;
    while (to < end && set[bytes[to]!] === 1) to++;
    this.#scanned += to - at;
    if (this.#scanned > 4 * (end - start) + 256) {
      const ends = new Int32Array(end - start + 1);
      ends[end - start] = end;
      for (let i = end - 1; i >= start; i--) ends[i - start] = set[bytes[i]!] === 1 ? ends[i - start + 1]! : i;
      this.#runEnds[this.#flat.index[pc]!] = ends;
      this.#hasRunEnds = true;
      this.#scanned = 0;
    }
    return to;
  }

  #push(size: number, a: number, b: number, c: number, d: number): void {
    if (size + 4 > this.#stack.length) {
      const grown = new Int32Array(this.#stack.length * 2);
      grown.set(this.#stack);
      this.#stack = grown;
    }
    const stack = this.#stack;
    stack[size] = a;
    stack[size + 1] = b;
    stack[size + 2] = c;
    stack[size + 3] = d;
  }

  /**
   * Tries to match from one position. Frames of the stack are four numbers: a step and what is left of it. A split has
   * (step, position); a loop (step, next end, last end to try, entry); a save, with its slot, (−1 − slot, old value).
   */
  #matchAt(bytes: Uint8Array, start: number, end: number, from: number): boolean {
    const { op, data, a, b, index, greedy, keepsAll: kept } = this.#flat;
    const captures = this.captures.fill(-1);
    const stamp = this.#stamp;
    let size = 0;
    let pc = 0;
    let at = from;
    for (;;) {
      let failed = false;
      switch (op[pc]) {
        case 0: {
          const wanted = data[pc]!;
          const n = wanted.length;
          if (at + n > end) failed = true;
          else {
            let i = 0;
            while (i < n && bytes[at + i] === wanted[i]) i++;
            if (i < n) failed = true;
            else {
              at += n;
              pc++;
            }
          }
          break;
        }
        case 1:
          if (at >= end || data[pc]![bytes[at]!] === 0) failed = true;
          else {
            at = nextCharacter(bytes, at, end);
            pc++;
          }
          break;
        case 2: {
          if (!this.#loopRange(pc, bytes, start, end, at)) failed = true;
          else {
            const low = this.#low;
            const high = this.#high;
            if (kept[pc] === 1 || a[pc] === b[pc]) {
              at = high;
            } else {
              this.#push(size, pc, greedy[pc] === 1 ? high : low, greedy[pc] === 1 ? low : high, at);
              size += 4;
              at = greedy[pc] === 1 ? high : low;
            }
            pc++;
          }
          break;
        }
        case 3: {
          const cell = index[pc]! * this.#width + at - start;
          if (this.#splitStamp[cell] === stamp) failed = true;
          else {
            this.#splitStamp[cell] = stamp;
            this.#push(size, pc, at, 0, 0);
            size += 4;
            pc = a[pc]!;
          }
          break;
        }
        case 4:
          pc = a[pc]!;
          break;
        case 5:
          // Without a choice below there is nothing to come back to.
          if (size > 0) {
            this.#push(size, -1 - a[pc]!, captures[a[pc]!]!, 0, 0);
            size += 4;
          }
          captures[a[pc]!] = at;
          pc++;
          break;
        case 6:
          if (at === start) pc++;
          else failed = true;
          break;
        case 7:
          if (at === end) pc++;
          else failed = true;
          break;
        default:
          captures[0] = from;
          captures[1] = at;
          return true;
      }
      while (failed) {
        if (size === 0) return false;
        size -= 4;
        const stack = this.#stack;
        const top = stack[size]!;
        if (top < 0) {
          captures[-1 - top] = stack[size + 1]!;
          continue;
        }
        if (op[top] === 3) {
          at = stack[size + 1]!;
          pc = b[top]!;
          break;
        }
        let next = stack[size + 1]!;
        const last = stack[size + 2]!;
        if (next === last) {
          this.#noteTried(top, bytes, start, end, stack[size + 3]!);
          continue;
        }
        if (greedy[top] === 1) {
          do next--;
          while (next > last && isContinuation(bytes[next]!));
        } else next = nextCharacter(bytes, next, end);
        stack[size + 1] = next;
        size += 4;
        at = next;
        pc = top + 1;
        break;
      }
    }
  }

  /** The ends that a loop entered at `at` may have and that nobody tried: from `#low` to `#high`; false for none. */
  #low = 0;
  #high = 0;
  #loopRange(pc: number, bytes: Uint8Array, start: number, end: number, at: number): boolean {
    const set = this.#flat.data[pc]!;
    const least = this.#flat.a[pc]!;
    const most = this.#flat.b[pc]!;
    const first = this.#flat.index[pc]! * this.#width - start;
    let low = at;
    for (let n = 0; n < least; n++) {
      if (low >= end || set[bytes[low]!] === 0) return false;
      low = nextCharacter(bytes, low, end);
    }
    this.#low = low;
    if (most >= 0) {
      // Entered again at the same place: all of its ends have failed.
      const entry = first + at;
      if (this.#triedStamp[entry] === this.#stamp) return false;
      if (least < most) this.#triedStamp[entry] = this.#stamp;
      let high = low;
      for (let n = least; n < most && high < end && set[bytes[high]!] === 1; n++)
        high = nextCharacter(bytes, high, end);
      this.#high = high;
      return true;
    }
    const high = this.#runEnd(pc, bytes, start, end, low);
    this.#high = high;
    const cell = first + high;
    if (this.#triedStamp[cell] === this.#stamp) {
      const tried = this.#tried[cell]!;
      if (low >= tried) return false;
      let before = tried - 1;
      while (before > low && isContinuation(bytes[before]!)) before--;
      this.#high = before;
    }
    return true;
  }

  #noteTried(pc: number, bytes: Uint8Array, start: number, end: number, entry: number): void {
    if (this.#flat.b[pc]! >= 0) return;
    let low = entry;
    for (let n = 0; n < this.#flat.a[pc]!; n++) low = nextCharacter(bytes, low, end);
    const cell = this.#flat.index[pc]! * this.#width + this.#runEnd(pc, bytes, start, end, low) - start;
    const known = this.#triedStamp[cell] === this.#stamp;
    this.#tried[cell] = known ? Math.min(this.#tried[cell]!, low) : low;
    this.#triedStamp[cell] = this.#stamp;
  }
}

function nextCharacter(bytes: Uint8Array, at: number, end: number): number {
  let next = at + 1;
  if (bytes[at]! >= 0x80) while (next < end && isContinuation(bytes[next]!)) next++;
  return next;
}

/** The bytes that what follows from a step on can begin with; undefined when it can be empty or depends on where it stands. */
function firstBytes(program: ByteProgram, from: number): Uint8Array | undefined {
  const { bytes, always } = follow(program, from);
  if (!always) return undefined;
  // A match begins with a whole character.
  for (let byte = 0x80; byte < 0xc0; byte++) bytes[byte] = 0;
  return bytes;
}

/** The bytes that can follow at a step, and whether one always does. */
function follow({ steps }: ByteProgram, from: number): { readonly bytes: Uint8Array; readonly always: boolean } {
  const bytes = new Uint8Array(256);
  const pending = [from];
  const seen = new Set<number>();
  let always = true;
  for (let pc = pending.pop(); pc !== undefined; pc = pending.pop()) {
    if (seen.has(pc)) continue;
    seen.add(pc);
    const step = steps[pc]!;
    switch (step.op) {
      case "bytes":
        bytes[step.bytes[0]!] = 1;
        break;
      case "set":
      case "loop":
        step.set.forEach((member, byte) => (bytes[byte]! |= member));
        if (step.op === "loop" && step.least === 0) pending.push(pc + 1);
        break;
      case "split":
        pending.push(step.first, step.second);
        break;
      case "jump":
        pending.push(step.to);
        break;
      case "save":
        pending.push(pc + 1);
        break;
      case "begin":
      case "end":
      case "match":
        always = false;
        break;
    }
  }
  return { bytes, always };
}

/**
 * Whether a greedy loop need not give anything back: what follows it cannot begin with a byte that the loop takes. (What can follow
 * without any byte succeeds at once, or wants the end of the text, which is never inside a run.)
 */
function keepsAll(program: ByteProgram, pc: number): boolean {
  const step = program.steps[pc]!;
  if (step.op !== "loop" || !step.greedy) return false;
  const { bytes } = follow(program, pc + 1);
  return step.set.every((member, byte) => member === 0 || bytes[byte] === 0);
}
