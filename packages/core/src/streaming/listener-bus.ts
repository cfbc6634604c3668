/**
 * Carries the events of queries to listeners. A listener cannot disturb a query: what it throws is logged, a slow one
 * (that returns a promise) delays only its own later events, and when it lags by more than the capacity, its oldest
 * progress and idle events are dropped and counted; start and termination events never are.
 */
import type {
  QueryIdleEvent,
  QueryProgressEvent,
  QueryStartedEvent,
  QueryTerminatedEvent,
  StreamingQueryListener,
} from "./contract.ts";

export type QueryEvent =
  | { readonly kind: "started"; readonly event: QueryStartedEvent }
  | { readonly kind: "progress"; readonly event: QueryProgressEvent }
  | { readonly kind: "idle"; readonly event: QueryIdleEvent }
  | { readonly kind: "terminated"; readonly event: QueryTerminatedEvent };

interface Subscription {
  readonly listener: StreamingQueryListener;
  readonly waiting: QueryEvent[];
  busy: boolean;
  dropped: number;
}

/** As Spark's `spark.scheduler.listenerbus.eventqueue.capacity`. */
const defaultCapacity = 10_000;

export class ListenerBus {
  readonly #warn: (message: string) => void;
  readonly #capacity: number;
  #subscriptions: readonly Subscription[] = [];

  constructor(warn: (message: string) => void, capacity: number = defaultCapacity) {
    this.#warn = warn;
    this.#capacity = capacity;
  }

  /** Adding a listener twice has no effect. */
  add(listener: StreamingQueryListener): void {
    if (this.#subscriptions.some((s) => s.listener === listener)) return;
    this.#subscriptions = [...this.#subscriptions, { listener, waiting: [], busy: false, dropped: 0 }];
  }
  /** It hears nothing more, also of what waits for it. */
  remove(listener: StreamingQueryListener): void {
    for (const s of this.#subscriptions) if (s.listener === listener) s.waiting.length = 0;
    this.#subscriptions = this.#subscriptions.filter((s) => s.listener !== listener);
  }
  get listeners(): readonly StreamingQueryListener[] {
    return this.#subscriptions.map((s) => s.listener);
  }
  /** Events that slow listeners missed. */
  get droppedEvents(): number {
    return this.#subscriptions.reduce((sum, s) => sum + s.dropped, 0);
  }

  /** Delivers to every listener that is not busy before it returns. */
  post(event: QueryEvent): void {
    for (const subscription of this.#subscriptions) {
      this.#makeRoom(subscription);
      subscription.waiting.push(event);
      this.#drain(subscription);
    }
  }

  #makeRoom(subscription: Subscription): void {
    if (subscription.waiting.length < this.#capacity) return;
    const oldest = subscription.waiting.findIndex((e) => e.kind === "progress" || e.kind === "idle");
    if (oldest < 0) return;
    subscription.waiting.splice(oldest, 1);
    subscription.dropped++;
    if (subscription.dropped === 1) {
      this.#warn("A streaming query listener is too slow: its oldest progress events are dropped.");
    }
  }

  #drain(subscription: Subscription): void {
    if (subscription.busy) return;
    subscription.busy = true;
    for (let event = subscription.waiting.shift(); event !== undefined; event = subscription.waiting.shift()) {
      const pending = this.#deliver(subscription.listener, event);
      if (pending === null) continue;
      void pending
        .catch((error: unknown) => this.#failed(error))
        .then(() => {
          subscription.busy = false;
          this.#drain(subscription);
        });
      return;
    }
    subscription.busy = false;
  }

  /** The promise of an asynchronous listener, or null. */
  #deliver(listener: StreamingQueryListener, event: QueryEvent): Promise<unknown> | null {
    try {
      const result: unknown = call(listener, event);
      return result instanceof Promise ? result : null;
    } catch (error) {
      this.#failed(error);
      return null;
    }
  }

  #failed(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#warn(`A streaming query listener threw, which the query ignores: ${reason}`);
  }
}

function call(listener: StreamingQueryListener, event: QueryEvent): unknown {
  switch (event.kind) {
    case "started":
      return listener.onQueryStarted?.(event.event);
    case "progress":
      return listener.onQueryProgress?.(event.event);
    case "idle":
      return listener.onQueryIdle?.(event.event);
    case "terminated":
      return listener.onQueryTerminated?.(event.event);
  }
}
