import type { StreamedBody } from '../wire/streamed-body.ts';
import type { UpstreamBody } from './call.ts';
import { Prefix } from './prefix.ts';

/** What is to be known of an answer. */
export interface AnswerBodySetting {
  /** How long it says it is. */
  readonly byteLength: number | undefined;
  /** Takes its beginning, once as much of it has passed as ever will; left out, nobody looks at it. */
  readonly see?: (prefix: Prefix) => void;
}

/** The body of an upstream's answer, piece by piece as somebody asks for it; its beginning may be looked at. */
export class AnswerBody implements StreamedBody {
  readonly byteLength: number | undefined;
  readonly #body: UpstreamBody;
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #prefix = new Prefix();
  #observer: AnswerBodySetting['see'];
  #over = false;
  #bytes = 0;

  constructor(body: UpstreamBody, { byteLength, see }: AnswerBodySetting) {
    this.#body = body;
    this.byteLength = byteLength;
    this.#observer = see;
    this.#source = body[Symbol.asyncIterator]();
  }

  /** Left early, it stays open: what nobody is sent may yet be looked at. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return { next: () => this.#next() };
  }

  async settle(): Promise<void> {
    try {
      while (this.#observer && !this.#over && !this.#prefix.isFull) await this.#next();
    } catch {
      // It failed after the client's answer was decided.
    }
    this.#see();
    this.#over = true;
    this.#body.destroy();
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#over) return { done: true, value: undefined };
    const step = await this.#source.next();
    if (step.done) this.#over = true;
    else {
      this.#bytes += step.value.byteLength;
      if (this.#observer) this.#prefix.add(step.value);
    }
    // Before the last byte goes on to the client: what it is shown is known by then.
    if (this.#over || this.#bytes === this.byteLength) this.#see();
    return step;
  }

  #see(): void {
    const see = this.#observer;
    this.#observer = undefined;
    see?.(this.#prefix);
  }
}
