/** Names in back-quotes, as SQL and Spark's messages write them. */

/** The name in back-quotes; a back-quote inside is doubled. */
export function quoteIdentifier(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

const plainIdentifier = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** The name as it is when it is a plain identifier, else in back-quotes. */
export function quoteIfNeeded(name: string): string {
  return plainIdentifier.test(name) ? name : quoteIdentifier(name);
}
