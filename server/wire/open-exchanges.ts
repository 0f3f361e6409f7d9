import type { Exchange } from './exchange.ts';

/**
 * The exchanges of a connection that are not over. Every request enters and leaves: a Set or Map would need a new table
 * every few dozen requests, and what an old table points to outlives the next collections. They are few, and mostly end in
 * the order in which they came, so a look through a list finds them at its head.
 */
export class OpenExchanges {
  readonly #open: Exchange[] = [];

  add(exchange: Exchange): void {
    this.#open.push(exchange);
  }

  remove(exchange: Exchange): void {
    this.#removeAt(this.#open.indexOf(exchange));
  }

  /** The exchange on an HTTP/2 stream. */
  onStream(id: number | undefined): Exchange | undefined {
    return this.#open.find(({ stream }) => stream === id);
  }

  /** Removes the exchange on an HTTP/2 stream, and returns it. */
  removeStream(id: number | undefined): Exchange | undefined {
    const index = this.#open.findIndex(({ stream }) => stream === id);
    const found = this.#open[index];
    this.#removeAt(index);
    return found;
  }

  #removeAt(index: number): void {
    if (index >= 0) this.#open.splice(index, 1);
  }

  /** In the order in which they came; what leaves meanwhile is still named. */
  [Symbol.iterator](): Iterator<Exchange> {
    return [...this.#open][Symbol.iterator]();
  }
}
