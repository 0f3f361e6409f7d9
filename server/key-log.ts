import { appendFile, chmod, rm, stat } from 'node:fs/promises';
import { unwritable, whyRefused } from './files.ts';

/** The owner may read and write, nobody else: with the secrets, all that clients send can be read. */
const OWNER_ONLY = 0o600;
const PERMISSIONS = 0o777;

/** A file of TLS secrets, in the format that Wireshark reads (SSLKEYLOGFILE). */
export class KeyLog {
  readonly #file: string;
  /** Whether it was not there before. */
  readonly #isNew: boolean;
  #written: Promise<void> = Promise.resolve();
  #failing = false;

  private constructor(file: string, isNew: boolean) {
    this.#file = file;
    this.#isNew = isNew;
  }

  /** Opens a file to append to. Secrets come later, one by one, but a file that cannot be written is refused now. From now on
   * only the owner may read it, also when it was there before.
   * @throws UsageError FILE_UNWRITABLE */
  static async open(file: string): Promise<KeyLog> {
    try {
      const isNew = (await stat(file).catch(() => undefined)) === undefined;
      await appendFile(file, '', { mode: OWNER_ONLY });
      const found = await stat(file);
      const isOpenToOthers = (found.mode & PERMISSIONS & ~OWNER_ONLY) !== 0;
      // A device or a pipe stays as it is.
      if (found.isFile() && isOpenToOthers) await chmod(file, OWNER_ONLY);
      return new KeyLog(file, isNew);
    } catch (error) {
      throw unwritable(file, error);
    }
  }

  /** Appends a line after those before it.
   * @param onFailure called with the reason, once for a whole outage, when it cannot be written */
  append(line: Buffer, onFailure: (reason: string) => void): void {
    this.#written = this.#written.then(async () => {
      try {
        // A full disk may have cut the line before.
        const text = this.#failing ? `\n${line}` : line;
        await appendFile(this.#file, text, { mode: OWNER_ONLY });
        this.#failing = false;
      } catch (error) {
        if (!this.#failing) onFailure(whyRefused(error));
        this.#failing = true;
      }
    });
  }

  /** Resolves once all lines are written. */
  close(): Promise<void> {
    return this.#written;
  }

  /** Removes the file if it was not there before: for a server that could not start. */
  async discard(): Promise<void> {
    if (this.#isNew) await rm(this.#file, { force: true });
  }
}
