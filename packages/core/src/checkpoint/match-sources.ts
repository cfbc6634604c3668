/**
 * Which source of a query goes on with which offsets of its checkpoint. Each source that a query ever had keeps a slot: its line
 * in the offset log and its directory `sources/<slot>`. A source is known again by the name that it was given, or by what it
 * reads (`json:/in`). Sources may change their places; named ones may be added and removed, and one that comes back goes on where
 * it stopped.
 */
import { MillraceError } from "../errors/index.ts";

export interface SourceFact {
  /** As the user gave it; null: known by what it reads. */
  readonly name: string | null;
  /** Format and paths: stays equal as long as offsets of it may be used again. */
  readonly reads: string;
}

export interface MatchedSources {
  /** By source of the query: its slot. Those from the number of stored sources on are new. */
  readonly slots: readonly number[];
  /** All slots, those of removed sources too. */
  readonly facts: readonly SourceFact[];
  /** Slots that the query no longer reads. */
  readonly removed: readonly number[];
}

/** @throws MillraceError STREAMING_QUERY_EVOLUTION_ERROR.DUPLICATE_SOURCE_NAMES */
export function requireDistinctNames(sources: readonly SourceFact[]): void {
  const names = sources.flatMap(({ name }) => (name === null ? [] : [name]));
  const twice = [...new Set(names.filter((name, i) => names.indexOf(name) !== i))];
  if (twice.length > 0) {
    throw new MillraceError("STREAMING_QUERY_EVOLUTION_ERROR.DUPLICATE_SOURCE_NAMES", {
      names: twice.map((name) => `'${name}'`).join(", "),
    });
  }
}

/** @throws MillraceError CHECKPOINT_SOURCE_COUNT_CHANGED, CHECKPOINT_SOURCE_CHANGED */
export function matchSources(
  checkpoint: string,
  stored: readonly SourceFact[],
  wanted: readonly SourceFact[],
): MatchedSources {
  const free = new Set(stored.keys());
  const facts = [...stored];
  const take = (slot: number): number => {
    free.delete(slot);
    return slot;
  };
  const find = (fits: (fact: SourceFact) => boolean): number | undefined =>
    [...free].find((slot) => fits(stored[slot]!));
  const found = new Map<SourceFact, number>();
  // Names first: what is left is known by what it reads only.
  for (const source of wanted) {
    const slot = source.name === null ? undefined : find(({ name }) => name === source.name);
    if (slot === undefined) continue;
    if (stored[slot]!.reads !== source.reads) throw changed(checkpoint, slot, stored[slot]!, source);
    found.set(source, take(slot));
  }
  for (const source of wanted) {
    if (found.has(source)) continue;
    // A source may be given a name later on, and lose it.
    const slot = find(({ name, reads }) => reads === source.reads && (name === null || source.name === null));
    if (slot !== undefined) {
      facts[slot] = source;
      found.set(source, take(slot));
    }
  }
  const added = wanted.filter((source) => !found.has(source));
  const refused = added.find(({ name }) => name === null);
  const lost = [...free].find((slot) => stored[slot]!.name === null);
  if (refused !== undefined && stored.length === wanted.length) {
    const slot = lost ?? [...free][0] ?? wanted.indexOf(refused);
    throw changed(checkpoint, slot, stored[slot]!, refused);
  }
  if (refused !== undefined || lost !== undefined) {
    throw new MillraceError("CHECKPOINT_SOURCE_COUNT_CHANGED", {
      storedCount: String(stored.length),
      newCount: String(wanted.length),
    });
  }
  for (const source of added) found.set(source, facts.push(source) - 1);
  return { slots: wanted.map((source) => found.get(source)!), facts, removed: [...free] };
}

function changed(checkpoint: string, slot: number, stored: SourceFact, wanted: SourceFact): MillraceError {
  return new MillraceError("CHECKPOINT_SOURCE_CHANGED", {
    path: checkpoint,
    index: stored.name ?? String(slot),
    storedSource: stored.reads,
    newSource: wanted.reads,
  });
}

/** As it is shown to users. */
export function sourceText({ name, reads }: SourceFact): string {
  return name === null ? reads : `${name} (${reads})`;
}
