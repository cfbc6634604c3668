import { expect, test } from "vitest";
import { createSimulatedRuntime, SeededRandom, VirtualClock } from "./index.ts";

test("sleepers wake in the order of their due time, and what follows runs before the next", async () => {
  const clock = new VirtualClock(1_000);
  const seen: string[] = [];
  const sleeper = async (label: string, ms: number): Promise<void> => {
    await clock.sleep(ms);
    seen.push(`${label}@${clock.nowMs()}`);
    if (label === "b") {
      await clock.sleep(5);
      seen.push(`b2@${clock.nowMs()}`);
    }
  };
  const all = [sleeper("a", 30), sleeper("b", 10), sleeper("c", 10)];
  await clock.advance(9);
  expect(seen).toEqual([]);
  await clock.advance(10);
  expect(seen).toEqual(["b@1010", "c@1010", "b2@1015"]);
  expect(clock.nextWakeMs).toBe(30);
  clock.stepWallClock(-500);
  await clock.advance(100);
  await Promise.all(all);
  expect(seen.at(-1)).toBe("a@530");
  expect(clock.nowMs()).toBe(619);
  const controller = new AbortController();
  const sleeping = clock.sleep(1, controller.signal);
  controller.abort(new Error("stop"));
  await expect(sleeping).rejects.toThrow("stop");
  expect(clock.sleeping).toBe(0);
});

test("random values are a function of the seed, and identifiers are version 4 UUIDs", () => {
  const [a, b] = [new SeededRandom(5), new SeededRandom(5)];
  for (let i = 0; i < 100; i++) {
    const id = a.uuid();
    expect(id).toBe(b.uuid());
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(a.below(7)).toBe(b.below(7));
  }
});

test("a restart keeps disk and clock, and the dead process is seen as dead", async () => {
  const first = createSimulatedRuntime(1, { startMs: 5 });
  await first.fs.apply([{ op: "write", path: "/a", bytes: new Uint8Array(3) }]);
  const beside = first.anotherProcess();
  const second = first.restart();
  expect((await second.fs.stat("/a"))?.size).toBe(3);
  expect(await beside.fs.stat("/a")).not.toBeNull();
  await expect(first.fs.stat("/a")).rejects.toThrow("simulated crash");
  expect(await second.process.isAlive(first.process.pid, first.process.startTime)).toBe(false);
  expect(await second.process.isAlive(beside.process.pid, beside.process.startTime)).toBe(true);
  const third = second.restart({ power: true });
  expect(await third.fs.stat("/a")).toBeNull();
  expect(third.process.bootId).not.toBe(second.process.bootId);
  expect(third.clock.nowMs()).toBe(5);
  third.process.print("a");
  third.process.print("b");
  expect(third.process.output).toBe("ab");
});

test("a connection carries bytes in memory; nobody listening is refused", async () => {
  const { network } = createSimulatedRuntime(1);
  await expect(network.connect("host", 9)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  const listener = network.listen("host", 9);
  const client = await network.connect("host", 9);
  const server = (await listener.accept())!;
  const reading = client.read();
  await server.write(new Uint8Array([1, 2]));
  expect(await reading).toEqual(new Uint8Array([1, 2]));
  await server.close();
  expect(await client.read()).toBeNull();
  await expect(client.write(new Uint8Array(1))).rejects.toMatchObject({ code: "EPIPE" });
  listener.close();
  expect(await listener.accept()).toBeNull();
});
