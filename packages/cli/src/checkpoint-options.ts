import { statSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { Misuse } from "./misuse.ts";

/** What the words after `checkpoint` say. */
export type CheckpointOptions = {
  readonly path: string;
  /** Where the keys of an encrypted checkpoint are, as `millrace.checkpoint.encryption.keys` says it. */
  readonly keys: string | undefined;
} & (
  | { readonly action: "show" | "verify" }
  | { readonly action: "repair"; readonly apply: boolean }
  | { readonly action: "repartition"; readonly partitions: number }
  | { readonly action: "diff"; readonly file: string; readonly words: readonly string[] }
  | ({ readonly action: "state" } & StateOptions)
  | ({ readonly action: "erase" } & EraseOptions)
);

export interface EraseOptions {
  readonly key: string;
  readonly column: string | undefined;
  /** Name or number; absent: all. */
  readonly operator: string | undefined;
  readonly store: string | undefined;
  readonly dryRun: boolean;
}

export interface StateOptions {
  /** Name or number; absent: the one nearest the sink. */
  readonly operator: string | undefined;
  readonly where: string | undefined;
  readonly limit: number;
  readonly json: boolean;
  /** Those of the format `statestore`. */
  readonly read: Readonly<Record<string, string>>;
}

type Flag =
  | "column"
  | "dry-run"
  | "batch"
  | "operator"
  | "where"
  | "store"
  | "join-side"
  | "changes"
  | "limit"
  | "json"
  | "apply"
  | "keys";
const flags: Readonly<Record<CheckpointOptions["action"], readonly Flag[]>> = {
  show: ["keys"],
  verify: ["keys"],
  repair: ["apply", "keys"],
  repartition: ["keys"],
  diff: [],
  state: ["batch", "operator", "where", "store", "join-side", "changes", "limit", "json", "keys"],
  erase: ["column", "operator", "store", "dry-run", "keys"],
};
const switches: ReadonlySet<string> = new Set<Flag>(["json", "apply", "dry-run"]);

function isAction(word: string | undefined): word is CheckpointOptions["action"] {
  return word !== undefined && Object.hasOwn(flags, word);
}

/** @throws Misuse */
export function checkpointOptions(words: readonly string[]): CheckpointOptions {
  const separator = words.indexOf("--");
  const [action, ...rest] = separator < 0 ? words : words.slice(0, separator);
  if (!isAction(action)) {
    throw new Misuse("checkpoint wants show, verify, state, diff, repair, repartition or erase, and a directory");
  }
  const known = flags[action];
  const unknown = rest.find(
    (word) => word.startsWith("-") && !known.some((name) => word.replace(/=.*/, "") === `--${name}`),
  );
  if (unknown !== undefined) throw new Misuse(`checkpoint ${action} has no option ${unknown}`);
  const { values, positionals } = parseArgs({
    args: rest,
    allowPositionals: true,
    strict: false,
    options: Object.fromEntries(
      known.map((name) => [name, { type: switches.has(name) ? "boolean" : "string" }] as const),
    ),
  });
  const [directory, ...more] = positionals;
  const second = { diff: " and a file", repartition: " and a number of partitions", erase: " and a key" }[
    action as string
  ];
  if (directory === undefined || more.length > (second === undefined ? 0 : 1)) {
    throw new Misuse(`checkpoint ${action} wants one directory${second ?? ""}`);
  }
  const path = resolve(directory);
  if (action === "diff") {
    const file = resolve(more[0] ?? "");
    if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) throw new Misuse(`there is no file ${file}`);
    const own = separator < 0 ? [] : words.slice(separator + 1);
    // The keys are those of the program.
    return { action, path, keys: undefined, file, words: own };
  }
  const text = (name: Flag): string | undefined => {
    const value = values[name];
    if (value === true) throw new Misuse(`--${name} wants a value`);
    return value === false ? undefined : value;
  };
  const keys = text("keys");
  if (action === "repartition") {
    if (!/^[1-9]\d{0,5}$/.test(more[0] ?? "")) {
      throw new Misuse(`checkpoint repartition wants a directory and a number of partitions, not ${more[0] ?? "none"}`);
    }
    return { action, path, keys, partitions: Number(more[0]) };
  }
  if (action === "erase") {
    // A key that begins with a dash stands behind `--`.
    const [key, ...others] = separator < 0 ? more : [...more, ...words.slice(separator + 1)];
    if (key === undefined || others.length > 0) throw new Misuse("checkpoint erase wants one directory and a key");
    const options = { column: text("column"), operator: text("operator"), store: text("store") };
    return { action, path, keys, key, ...options, dryRun: values["dry-run"] === true };
  }
  if (action === "repair") return { action, path, keys, apply: values["apply"] === true };
  if (action !== "state") return { action, path, keys };
  const limit = Number(text("limit") ?? 20);
  if (!(Number.isSafeInteger(limit) && limit > 0))
    throw new Misuse(`--limit wants a number of rows, not ${text("limit")}`);
  return {
    action,
    path,
    keys,
    operator: text("operator"),
    where: text("where"),
    limit,
    json: values["json"] === true,
    read: readOptions(text("batch"), text("store"), text("join-side"), text("changes")),
  };
}

function readOptions(
  batchId: string | undefined,
  storeName: string | undefined,
  joinSide: string | undefined,
  changes: string | undefined,
): Readonly<Record<string, string>> {
  const range = changes === undefined ? null : /^(\d+)(?:-(\d+))?$/.exec(changes);
  if (changes !== undefined && range === null) {
    throw new Misuse(`--changes wants a batch or a range of them, such as 3-7, not ${changes}`);
  }
  const feed = range === null ? {} : { readChangeFeed: "true", changeStartBatchId: range[1] };
  const all = { batchId, storeName, joinSide, ...feed, changeEndBatchId: range?.[2] };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
