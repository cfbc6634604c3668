/** Numbers of rows of the small tables. */
export const smallRows = { lineitem: 60_000, orders: 15_000, customer: 1500 } as const;
