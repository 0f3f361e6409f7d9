/** As many as a lane keeps tasks. Of those above, the one not shown for longest is forgotten. */
const MAX_RESULTS = 10_000;
/** The path of a result in the storage, and in it the name of the file. */
const RESULT_PATH = /^\/[^/?]+\/(\d{15}[0-9a-f]{38})\.[a-z0-9]+(?:\?|$)/;

/** Whose Get returned which result. Its signed URL needs no key, so it is all that identifies a download. */
export class ResultOwners {
  readonly #clients = new Map<string, string>();

  /** Notes that a Get of this client has returned the URLs of a result. */
  note(file: string | undefined, client: string | undefined): void {
    if (file === undefined || client === undefined) return;
    // Put back at the end, so that the first is always the one not shown for longest.
    this.#clients.delete(file);
    this.#clients.set(file, client);
    const [oldest] = this.#clients.size > MAX_RESULTS ? this.#clients.keys() : [];
    if (oldest !== undefined) this.#clients.delete(oldest);
  }

  /** The client whose Get returned this URL last. */
  find(url: string): string | undefined {
    const [, file] = RESULT_PATH.exec(url) ?? [];
    return file === undefined ? undefined : this.#clients.get(file);
  }
}
