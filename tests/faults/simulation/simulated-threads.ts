/** Threads for the simulation: they run the engine's own thread program, on the simulated machine, one turn after another. */
import type { Runtime } from "millrace/engine";
import { serveTasks } from "../../../packages/core/src/session/serve-tasks.ts";

type Workers = NonNullable<Runtime["workers"]>;
type WorkerLink = ReturnType<Workers["start"]>;
type Listener = Parameters<WorkerLink["listen"]>[0];

export class SimulatedThreads implements Workers {
  readonly available = 4;
  readonly #runtime: Runtime;
  readonly #onDeath: () => void;
  /** Messages that threads still post until one of them ends. */
  #left: number;

  /** @param lastMessage number of the message in whose place the thread that would post it ends; Infinity: none does */
  constructor(runtime: Runtime, lastMessage: number, onDeath: () => void) {
    this.#runtime = runtime;
    this.#left = lastMessage;
    this.#onDeath = onDeath;
  }

  start(): WorkerLink {
    let listener: Listener | null = null;
    let serve: ((message: unknown) => void) | null = null;
    let over = false;
    /** Later, and a copy, as between real threads. */
    const deliver = (message: unknown, to: (message: unknown) => void): void => {
      const copy = structuredClone(message);
      setImmediate(() => {
        if (!over) to(copy);
      });
    };
    const post = (message: unknown): void => {
      if (over) return;
      if (this.#left-- !== 0) return deliver(message, (copy) => listener?.message(copy));
      over = true;
      this.#onDeath();
      setImmediate(() => listener?.ended({ reason: "killed", outOfMemory: false }));
    };
    serveTasks({ post, listen: (message) => (serve = message) }, this.#runtime, Promise.resolve());
    return {
      post: (message) => deliver(message, (copy) => serve?.(copy)),
      listen: (given) => {
        listener = given;
      },
      busy: () => undefined,
      stop: () => {
        over = true;
      },
    };
  }
}
