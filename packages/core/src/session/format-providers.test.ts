import { expect, test } from "vitest";
import { FormatProviders } from "./format-providers.ts";

const brought = { names: ["Rate", "rate-source"] };

function provider(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

function sources(packages: Readonly<Record<string, string>>): FormatProviders<{ readonly names: readonly string[] }> {
  return new FormatProviders([brought], "sourceProvider", new Map(Object.entries(packages)));
}

test("formats that the engine brings along need no loading", async () => {
  const formats = sources({});
  expect(formats.get("RATE")).toBe(brought);
  expect(await formats.load("rate-Source")).toBe(brought);
});

test("the package of a format is loaded, and known afterwards", async () => {
  const formats = sources({ queue: provider("export const sourceProvider = { names: ['queue'] };") });
  expect(() => formats.get("queue")).toThrow("DATA_SOURCE_NOT_FOUND");
  const loaded = await formats.load("Queue");
  expect(loaded.names).toEqual(["queue"]);
  expect(formats.get("queue")).toBe(loaded);
  expect(await formats.load("queue")).toBe(loaded);
});

test("a format whose package is not there says what to install", async () => {
  await expect(sources({ queue: "@example/nowhere" }).load("Queue")).rejects.toMatchObject({
    errorClass: "DATA_SOURCE_PACKAGE_NOT_FOUND",
    message: expect.stringContaining("npm install @example/nowhere") as string,
  });
});

test("a package that fails while it loads is named with what it threw", async () => {
  const broken = provider("throw new Error('its library needs a newer Node');");
  await expect(sources({ queue: broken }).load("queue")).rejects.toMatchObject({
    errorClass: "DATA_SOURCE_PACKAGE_NOT_FOUND",
    message: expect.stringContaining("its library needs a newer Node") as string,
  });
});

test("a package that only writes cannot be read from", async () => {
  const sinkOnly = provider("export const sinkProvider = { names: ['queue'] };");
  await expect(sources({ queue: sinkOnly }).load("queue")).rejects.toMatchObject({
    errorClass: "UNSUPPORTED_DATA_SOURCE_MODE",
    message: expect.stringContaining("reading") as string,
  });
});

test("a name that nobody knows is answered with the formats there are, those of packages among them", async () => {
  await expect(sources({ queue: "@example/nowhere" }).load("queu")).rejects.toMatchObject({
    errorClass: "DATA_SOURCE_NOT_FOUND",
    message: expect.stringContaining("queue, rate, rate-source") as string,
  });
});
