import { expect, test } from "vitest";
import { atomicWrite } from "./durability.ts";

test("two writers of one file never share a temporary file", () => {
  const temporaryOf = (unique: string): unknown => atomicWrite("/d/f", new Uint8Array(1), "create", unique)[0];
  expect(temporaryOf("one")).toMatchObject({ op: "write", path: "/d/.f.one.tmp" });
  expect(temporaryOf("two")).toMatchObject({ op: "write", path: "/d/.f.two.tmp" });
});
