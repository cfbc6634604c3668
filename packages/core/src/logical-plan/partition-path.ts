/** How values of partition columns stand in the names of directories (`day=2024-02-29`), as Hive writes them. */

/** What the name of a directory says for NULL and for the empty text. */
export const defaultPartitionName = "__HIVE_DEFAULT_PARTITION__";

// oxlint-disable-next-line no-control-regex -- control characters are among those that Hive escapes
const escaped = /["#%'*/:=?\\\x7F{[\]^\x01-\x1F]/g;

/** A name or value with `%XX` for the characters that paths cannot hold. */
export function escapePathName(text: string): string {
  return text.replace(escaped, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}

export function unescapePathName(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
