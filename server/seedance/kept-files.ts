/** Files that are made when they are first asked for and then kept, up to a number; the one not asked for longest makes room. */
export class KeptFiles<File> {
  readonly #limit: number;
  readonly #files = new Map<string, Promise<File>>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * The file of a key, made unless it is kept. All who ask while it is being made get the same one.
   * @throws what `make` throws; it is tried again when the file is next asked for
   */
  get(key: string, make: () => Promise<File>): Promise<File> {
    const file = this.#files.get(key) ?? this.#make(key, make);
    // Put back at the end, so that the first is always the one not asked for longest.
    this.#files.delete(key);
    this.#files.set(key, file);
    const [oldest] = this.#files.size > this.#limit ? this.#files.keys() : [];
    if (oldest !== undefined) this.#files.delete(oldest);
    return file;
  }

  #make(key: string, make: () => Promise<File>): Promise<File> {
    const file = make();
    // A want of descriptors passes; kept, it would spoil every download of this file.
    file.catch(() => {
      if (this.#files.get(key) === file) this.#files.delete(key);
    });
    return file;
  }
}
