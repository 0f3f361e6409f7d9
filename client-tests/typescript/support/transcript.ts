import { Changes } from './changes.ts';

/** What a client has seen so far, in order, and a way to wait for what it has not seen yet. */
export class Transcript {
  readonly entries: string[] = [];
  readonly #byStream = new Map<number, string[]>();
  readonly #changes = new Changes();

  /** Frames of one body arrive cut as chance has it: DATA that follows DATA of the same stream is added to it. */
  readonly note = (entry: string, stream: number): void => {
    const own = this.of(stream);
    const before = own.at(-1);
    if (isData(entry) && isData(before) && this.entries.at(-1) === before) {
      this.entries.pop();
      own.pop();
      entry = `DATA ${bytesOf(before) + bytesOf(entry)}`;
    }
    this.entries.push(entry);
    own.push(entry);
    this.#changes.tell();
  };

  /** Writes into the latest HEADERS of a stream the status that it carried. */
  noteStatus(stream: number, status: number): void {
    const own = this.of(stream);
    own[own.indexOf('HEADERS')] = `HEADERS ${status}`;
    // Responses are told of in the order of their HEADERS, whatever the stream.
    this.entries[this.entries.indexOf('HEADERS')] = `HEADERS ${status}`;
    this.#changes.tell();
  }

  /** The entries of one stream. */
  of(stream: number): string[] {
    const known = this.#byStream.get(stream) ?? [];
    this.#byStream.set(stream, known);
    return known;
  }

  /** Resolves once an entry is there. */
  async saw(entry: string): Promise<void> {
    await this.#changes.until(() => this.entries.includes(entry));
  }
}

const isData = (entry: string | undefined): entry is string => entry?.startsWith('DATA ') === true;
const bytesOf = (entry: string) => Number(entry.slice('DATA '.length));
