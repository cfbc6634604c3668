/** The bytes as one gzip member, by the platform's `CompressionStream`, which needs neither files nor time. */
export async function gzipMember(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const compressed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(compressed).arrayBuffer());
}
