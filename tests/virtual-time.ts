/** Waiting on a machine whose time is virtual. */
/** Lets everything go on that waits for nothing but its turn. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Waits for work; when nothing happens for a while, lets the virtual time pass that it waits for. */
export async function finish<T>(
  { clock }: { readonly clock: { advance(ms: number): Promise<void> } },
  work: Promise<T>,
): Promise<T> {
  let ended = false;
  const end = (): void => {
    ended = true;
  };
  work.then(end, end);
  for (let turn = 1; !ended; turn++) {
    await nextTurn();
    if (turn % 200 === 0) await clock.advance(1000);
    if (turn > 100_000) throw new Error("the query hangs");
  }
  return work;
}
