/** What a user writes, whoever runs it. */
export interface Event {
  readonly ad_id: string | null;
  readonly event_type: string | null;
  readonly event_time: number | null;
}

export interface Seen {
  readonly ad: string;
  readonly kind: string;
  readonly tenSeconds: number;
}

export const seen = (event: Event): Seen => ({
  ad: event.ad_id!.slice(0, 2),
  kind: event.event_type!.toUpperCase(),
  tenSeconds: Math.floor(event.event_time! / 10_000),
});

export const isView = (event: Seen): boolean => event.kind === "VIEW" && event.tenSeconds % 10 !== 3;
