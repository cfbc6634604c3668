/** What a query leaves on disks, and how to keep it from readers: encrypted checkpoints, row filters, column masks, erasure. */
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { SparkSession } from "millrace";
import { createNodeRuntime, eraseKey } from "millrace/engine";
import { workingDirectory } from "../working-directory.ts";

process.chdir(workingDirectory("privacy"));
// Stands for whoever starts the program: a service manager, a container.
process.env["CHECKPOINT_KEY"] = randomBytes(32).toString("hex");

/** How many files of a directory hold a text. */
function filesWith(text: string, directory: string): string {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const found = files.filter(({ parentPath, name }) => readFileSync(join(parentPath, name)).includes(text));
  return found.length === 0 ? "no file" : "some files";
}

const spark = await SparkSession.builder
  .config("millrace.checkpoint.encryption.keys", "env:CHECKPOINT_KEY") // the name of the key, never the key
  .create();
const open = await SparkSession.builder.create(); // without the setting

const rows = ["ada@example.com", "bob@example.com", "ada@example.com"].map((user) => ({ user }));
await spark.createDataFrame(rows, { user: "string" }).write.json("visits/");

for (const [session, checkpoint] of [
  [open, "checkpoints/open"],
  [spark, "checkpoints/encrypted"],
] as const) {
  const query = await session.readStream
    .schema({ user: "string" })
    .json("visits/")
    .groupBy("user")
    .count()
    .writeStream.outputMode("complete")
    .format("noop")
    .option("checkpointLocation", checkpoint)
    .trigger({ availableNow: true })
    .start();
  await query.awaitTermination();
  console.log(`ada@example.com is in ${filesWith("ada@example.com", checkpoint)} of ${checkpoint}`);
}

const state = spark.read.format("statestore").load("checkpoints/encrypted");
await state.selectExpr("key.user", "value.count").orderBy("user").show();
const closed = await open.read
  .format("statestore")
  .load("checkpoints/encrypted")
  .collect()
  .catch((error: unknown) => String(error).replace(/\[(.*?)\].*/s, "$1"));
console.log("without the key:", closed);

// ---- rows and columns by role -----------------------------------------------------------------------------------------

const admin = await SparkSession.builder.roles("admin", "support", "analyst").create();
const people = admin.createDataFrame(
  [
    { name: "Ada", email: "ada@example.com", region: "EU" },
    { name: "Bob", email: "bob@example.com", region: "US" },
    { name: "Eve", email: "eve@example.com", region: "EU" },
  ],
  { name: "string", email: "string", region: "string" },
);
people.createGlobalTempView("people");
await admin.catalog.setRowFilter("global_temp.people", (c) => c("region").eq("EU"), { except: ["admin"] });
await admin.catalog.setColumnMask("global_temp.people", "email", "concat(left(email, 1), '***')", {
  except: ["admin", "support"],
});
const analyst = await admin.newSession({ roles: ["analyst"] });
await analyst.table("global_temp.people").orderBy("name").show();
const support = await admin.newSession({ roles: ["support"] });
await support.table("global_temp.people").orderBy("name").show();
const refused = await analyst.newSession({ roles: ["admin"] }).catch((error: unknown) => String(error));
console.log("an analyst who wants to be an admin:", String(refused).replace(/\[(.*?)\].*/s, "$1"));

// ---- erasure ----------------------------------------------------------------------------------------------------------

const report = await eraseKey(createNodeRuntime(), resolve("checkpoints/open"), { key: "ada@example.com" });
for (const { operatorName, records, columns } of report.stores) {
  console.log(`erased ${records} record of ${operatorName}: ${columns.join(", ")}`);
}
console.log(`ada@example.com is in ${filesWith("ada@example.com", "checkpoints/open")} of checkpoints/open`);
await open.read.format("statestore").load("checkpoints/open").selectExpr("key.user", "value.count").show();

for (const session of [spark, open, support, analyst, admin]) await session.stop();
