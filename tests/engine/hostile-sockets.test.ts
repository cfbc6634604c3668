/** Servers of the socket source that are not there, that go away, or that send a line without end. */
import { expect, test } from "vitest";
import type { StreamingQuery } from "millrace";
import { type SimulatedSession, simulatedSession } from "./simulated-session.ts";
import { fired } from "../../packages/core/src/runtime/simulated/fault-count.test-support.ts";

function start({ spark }: SimulatedSession): Promise<StreamingQuery> {
  return spark.readStream
    .format("socket")
    .option("host", "localhost")
    .option("port", 9999)
    .load()
    .writeStream.format("memory")
    .queryName("lines")
    .start();
}

test("a server that is missing is named", async () => {
  await using session = await simulatedSession();
  await expect(start(session)).rejects.toMatchObject({
    errorClass: "CANNOT_CONNECT",
    parameters: { address: "localhost:9999", code: "ECONNREFUSED" },
  });
  fired("D3");
});

test("a server that goes away leaves a warning, and its lines, also the one without an end", async () => {
  await using session = await simulatedSession();
  const { runtime, spark } = session;
  const listener = runtime.network.listen("localhost", 9999);
  const query = await start(session);
  const server = (await listener.accept())!;
  await server.write(new TextEncoder().encode("one\r\n\ntwo"));
  await server.close();
  await runtime.clock.advance(100);
  await query.processAllAvailable();
  expect(await spark.table("lines").collect()).toEqual([{ value: "one" }, { value: "" }, { value: "two" }]);
  expect(query.isActive).toBe(true);
  expect(runtime.process.logged).toContainEqual({
    level: "WARN",
    message: expect.stringContaining("localhost:9999 closed the connection") as string,
  });
  await query.stop();
  fired("D3");
});

test("a line over 64 MiB ends the query; it is not collected any further", async () => {
  await using session = await simulatedSession();
  const { runtime } = session;
  const listener = runtime.network.listen("localhost", 9999);
  const query = await start(session);
  const server = (await listener.accept())!;
  const chunk = new Uint8Array(8 << 20).fill(120);
  for (let i = 0; i < 9; i++) await server.write(chunk);
  await runtime.clock.advance(100);
  await expect(query.awaitTermination()).rejects.toMatchObject({
    cause: { errorClass: "RECORD_TOO_LARGE", parameters: { path: "socket localhost:9999" } },
  });
  fired("D13");
});
