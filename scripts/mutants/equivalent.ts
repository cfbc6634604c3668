/** Mutants that survive because they change nothing that could be seen, each with its proof. */
import type { EquivalentMutant } from "./mutant.ts";

export const equivalentMutants: readonly EquivalentMutant[] = [
  {
    name: "P3/P4: sources forget before the offsets are durable",
    proof:
      "commit(start) gives up what lies before the end of batch N-1, and commits/N-1 was durable before batch N was constructed: no later run starts before that offset.",
  },
  {
    name: "P3/P6: offsets after the sink was written",
    proof:
      "What a sink was given but did not commit is invisible, and foreachBatch and row sinks call the user at the sink commit: after a crash in between, nothing is left of the attempt.",
  },
  {
    name: "P5/P6: state metadata after the sink was written",
    proof: "P6 makes nothing visible or durable that refers to the metadata; both still precede the state.",
  },
  {
    name: "P5/P7: state metadata after the state",
    proof:
      "Both precede the commit. A crash in between leaves an uncommitted version of the state, which no run reads and the replay overwrites; a run that finds no metadata writes it with its first batch.",
  },
  {
    name: "P7/P8: the sink commit before the state",
    proof:
      "A crash in between leaves offsets/N without commits/N, as a crash between P8 and P10 does: batch N runs again from state version N, which is kept, with the logged offsets, time, watermark and seed, and the sink knows the batch.",
  },
  {
    name: "P10/P11: maintenance before the batch",
    proof:
      "At least one batch is retained, so offsets and commits of N-1, all that a recovery of N reads, stay; of the state, one version more stays than with the right order.",
  },
  {
    name: "fsync of the name metadata",
    proof:
      "The lease's makeDirectory of _engine, the next step, syncs the same directory, and so does the start of the run before the first offsets. Before that there is no batch that the id belongs to.",
  },
  {
    name: "at the start: fsync of the checkpoint",
    proof:
      "Its entries are directories, which makeDirectory makes durable, and metadata: when a run died before that name was durable, _engine does not exist yet, and creating it syncs the directory.",
  },
  {
    name: "fsync of the name lease renewed",
    proof:
      "Power loss brings back the renewal before, at most 20 s older: of 60 s, enough is left for the next renewal; the machine that lost power itself does not hold the lease any more.",
  },
  {
    name: "fsync of the name lease released",
    proof:
      "Power loss brings back an unreleased lease of a process that has ended: it is taken over at once on the same machine, and after the usual 60 s on another. No result changes.",
  },
  {
    name: "fsync of the name sink owner",
    proof: "The next operation of the same program syncs the directory of the manifest, in which the owner lies.",
  },
  {
    name: "fsync of the name state snapshot",
    proof:
      "Without the snapshot its deltas give the same state. They are removed only for a snapshot below the retained versions, and a later delta has synced the directory since.",
  },
  {
    name: "fsync of _SUCCESS",
    proof: "The file is empty: there is no content to lose, and its name is synced with the directory.",
  },
];
