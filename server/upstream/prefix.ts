import { brotliDecompressSync, gunzipSync, inflateSync, constants as zlib, zstdDecompressSync } from 'node:zlib';

/** How much of a body is looked at while it passes. */
export const MAX_PREFIX_BYTES = 65_536;
/** How much that may be once it is decompressed. */
const MAX_TEXT_BYTES = 2 ** 20;

/** The beginning of a body that passes: a copy, so that nothing of the rest is held. */
export class Prefix {
  readonly #pieces: Buffer[] = [];
  #bytes = 0;

  get isFull(): boolean {
    return this.#bytes >= MAX_PREFIX_BYTES;
  }

  add(piece: Uint8Array): void {
    if (this.isFull) return;
    const part = Buffer.from(piece.subarray(0, MAX_PREFIX_BYTES - this.#bytes));
    this.#pieces.push(part);
    this.#bytes += part.byteLength;
  }

  /** As text, as far as it goes; empty where it cannot be read.
   * @param encoding its Content-Encoding */
  text(encoding = ''): string {
    try {
      return decode(Buffer.concat(this.#pieces), encoding.trim().toLowerCase()).toString('utf8');
    } catch {
      return '';
    }
  }
}

function decode(bytes: Buffer, encoding: string): Buffer {
  const maxOutputLength = MAX_TEXT_BYTES;
  switch (encoding) {
    case '':
    case 'identity':
      return bytes;
    // What is cut off is read as far as it goes.
    case 'gzip':
    case 'x-gzip':
      return gunzipSync(bytes, { maxOutputLength, finishFlush: zlib.Z_SYNC_FLUSH });
    case 'deflate':
      return inflateSync(bytes, { maxOutputLength, finishFlush: zlib.Z_SYNC_FLUSH });
    case 'br':
      return brotliDecompressSync(bytes, { maxOutputLength, finishFlush: zlib.BROTLI_OPERATION_FLUSH });
    case 'zstd':
      return zstdDecompressSync(bytes, { maxOutputLength, finishFlush: zlib.ZSTD_e_flush });
    default:
      return Buffer.alloc(0);
  }
}

/** The value that a JSON text tells; undefined where it is none, or not the whole of one. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The objects of the list `items` in a JSON text whose end may be missing. */
export function readItems(text: string): readonly unknown[] {
  const [head] = /"items"\s*:\s*\[/.exec(text) ?? [];
  if (head === undefined) return [];
  const items: unknown[] = [];
  let depth = 0;
  let start = 0;
  // Strings are stepped over, whatever brackets they hold; one without an end is the end.
  const token = /"(?:[^"\\]|\\.)*"?|[{}\]]/gs;
  token.lastIndex = text.indexOf(head) + head.length;
  for (let found = token.exec(text); found; found = token.exec(text)) {
    const [sign] = found;
    if (sign === '{' && depth++ === 0) start = found.index;
    if (sign === '}' && --depth === 0) items.push(readJson(text.slice(start, token.lastIndex)));
    if (sign === ']' && depth === 0) break;
  }
  return items;
}
