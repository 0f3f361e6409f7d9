import { open } from 'node:fs/promises';

const CHUNK_BYTES = 1_048_576;
const NEWLINE = 0x0a;
/** Longer than any line that we write: the text of a scenario has 256 KiB at most. */
const MAX_LINE_BYTES = 16 * 1_048_576;

/** Some lines of a file; `cut` is what follows its last line break. */
export interface Lines {
  readonly lines: readonly string[];
  readonly cut?: string;
}

/** Reads a file in chunks, so that its size does not matter.
 * @throws RangeError for a line of more than 16 MiB */
export async function* readLines(path: string): AsyncGenerator<Lines> {
  await using file = await open(path, 'r');
  let rest = Buffer.alloc(0);
  for (;;) {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, null);
    if (bytesRead === 0) break;
    const read = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    const end = read.lastIndexOf(NEWLINE);
    rest = read.subarray(end + 1);
    if (rest.length > MAX_LINE_BYTES) throw new RangeError(`a line has more than ${MAX_LINE_BYTES} bytes`);
    if (end >= 0) yield { lines: read.toString('utf8', 0, end).split('\n') };
  }
  if (rest.length > 0) yield { lines: [], cut: rest.toString() };
}
