/** A Kafka broker of its own for a suite: one process, fresh data, a free port on the loopback. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.ts";
import { mavenClassPath } from "./maven.ts";

const version = "4.4.0";
const startMs = 120_000;

export class KafkaServer {
  /** For `kafka.bootstrap.servers`. */
  readonly address: string;
  readonly #port: number;
  readonly #classPath: string;
  readonly #folder: string;
  #process: ChildProcess | undefined;

  private constructor(port: number, classPath: string, folder: string) {
    this.address = `127.0.0.1:${port}`;
    this.#port = port;
    this.#classPath = classPath;
    this.#folder = folder;
  }

  static async start(): Promise<KafkaServer> {
    // Not in the registry at this version, and for command lines only.
    const without = ["org.apache.kafka:kafka-tools-api"];
    const classPath = mavenClassPath(`kafka-${version}`, [
      { coordinates: `org.apache.kafka:kafka_2.13:${version}`, without },
      { coordinates: "org.slf4j:slf4j-simple:1.7.36" },
    ]);
    const folder = mkdtempSync(join(tmpdir(), "millrace-kafka-"));
    const [port, controllerPort] = [await freePort(), await freePort()];
    writeFileSync(join(folder, "server.properties"), propertiesOf(port, controllerPort, folder));
    const server = new KafkaServer(port, classPath, folder);
    try {
      server.#format();
      await server.restart();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts the broker again with the data it had. */
  async restart(): Promise<void> {
    const log = join(this.#folder, "server.log");
    const command = `exec java -Xms128m -Xmx384m -cp "$1" kafka.Kafka "$2" >> "$3" 2>&1`;
    const given = [this.#classPath, join(this.#folder, "server.properties"), log];
    const child = spawn("sh", ["-c", command, "sh", ...given], { stdio: "ignore" });
    this.#process = child;
    const until = Date.now() + startMs;
    while (!(await answers(this.#port))) {
      if (child.exitCode !== null || Date.now() > until) {
        throw new Error(`Kafka did not start:\n${readFileSync(log, "utf8").slice(-4000)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** Ends the broker without warning. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await exited;
  }

  /** Runs `produce.java`, Kafka's own producer, against the broker. */
  async produceWithJava(count: number): Promise<void> {
    const program = join(import.meta.dirname, "produce.java");
    const child = spawn("java", ["-cp", this.#classPath, program, this.address, `${count}`], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let printed = "";
    child.stderr.on("data", (chunk: Buffer) => (printed += chunk.toString("utf8")));
    const status = await new Promise((resolve) => child.once("close", resolve));
    if (status !== 0) throw new Error(`produce.java failed:\n${printed.slice(-4000)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #format(): void {
    const properties = join(this.#folder, "server.properties");
    const id = randomBytes(16).toString("base64url");
    const tool = ["-cp", this.#classPath, "kafka.tools.StorageTool", "format", "-t", id, "-c", properties];
    const { status, stdout, stderr } = spawnSync("java", tool, { encoding: "utf8" });
    if (status !== 0) throw new Error(`Kafka's storage cannot be formatted:\n${stdout}${stderr}`);
  }
}

function propertiesOf(port: number, controllerPort: number, folder: string): string {
  const properties = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    "controller.listener.names": "CONTROLLER",
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
    "log.dirs": join(folder, "data"),
    "num.partitions": "2",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
