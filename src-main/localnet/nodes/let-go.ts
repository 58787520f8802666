/** @file Memory given back at once. */

/**
 * Give back the memory of bytes that nobody uses any more, if it is all theirs; they are empty then.
 *
 * The collector counts memory like this and walks the whole heap every 64 MiB of it. Under uploads
 * that was a third of a node's work.
 */
export function letGo(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength) buffer.transfer(0);
}
