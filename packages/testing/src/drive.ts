import { settle, type VirtualClock } from "millrace/engine";

/** Turns of the event loop without an answer after which the work waits for the virtual clock, or for nothing at all. */
const patience = 20;
/** Turns after which a script gives up. */
const limit = 20_000;

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Waits for work of a query; while it rests, as `resting` tells, lets the virtual time pass to its next sleep's end. */
export async function drive<T>(clock: VirtualClock, work: Promise<T>, resting: () => boolean): Promise<T> {
  let ended = false;
  const end = (): void => {
    ended = true;
  };
  work.then(end, end);
  let idle = 0;
  for (let turns = 0; !ended; turns++) {
    await settle();
    if (ended) break;
    await turn();
    idle = resting() ? idle + 1 : 0;
    if (idle > patience && clock.nextWakeMs !== null) {
      await clock.advance(clock.nextWakeMs - clock.monotonicMs());
      idle = 0;
    }
    if (turns > limit)
      throw new Error("The query does not come to rest: it waits for something that no script gives it.");
  }
  return work;
}

/** Lets virtual time pass, sleep by sleep, and what each sleeper does come to its end before the next one wakes. */
export async function pass(clock: VirtualClock, ms: number, resting: () => boolean): Promise<void> {
  const target = clock.monotonicMs() + ms;
  await rest(resting);
  for (;;) {
    const next = clock.nextWakeMs;
    if (next === null || next > target) break;
    await clock.advance(Math.max(0, next - clock.monotonicMs()));
    await rest(resting);
  }
  await clock.advance(target - clock.monotonicMs());
  await rest(resting);
}

/** Waits until a running batch is done, or waits for the clock. */
async function rest(resting: () => boolean): Promise<void> {
  await settle();
  for (let turns = 0; turns < patience * 10 && !resting(); turns++) {
    await turn();
    await settle();
  }
}
