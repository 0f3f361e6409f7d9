import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';

/** Clients that name themselves, each of which asks for one path again and again over a connection of its own. */
export class Fleet implements AsyncDisposable {
  readonly #sessions: readonly ClientHttp2Session[];
  readonly #timer: NodeJS.Timeout;
  /** How many requests were answered. */
  answered = 0;
  /** The first thing that went wrong. */
  failed: unknown;

  private constructor(sessions: readonly ClientHttp2Session[], path: string, everyMs: number) {
    this.#sessions = sessions;
    const startedAt = performance.now();
    let asked = 0;
    // One client after the other, evenly: at once they would wait for each other.
    this.#timer = setInterval(() => {
      const due = ((performance.now() - startedAt) / everyMs) * sessions.length;
      while (asked < due) this.#ask(asked++ % sessions.length, path);
    }, 1);
  }

  /** @param everyMs how often each client asks */
  static async open(port: number, count: number, path: string, everyMs: number): Promise<Fleet> {
    const sessions = Array.from({ length: count }, () =>
      connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false }),
    );
    await Promise.all(sessions.map((session) => once(session, 'connect')));
    return new Fleet(sessions, path, everyMs);
  }

  #ask(client: number, path: string): void {
    const request = this.#sessions[client]?.request({
      ':path': path,
      authorization: 'Bearer x',
      'x-client-id': `client-${client}`,
    });
    request?.on('error', (error) => {
      this.failed ??= error;
    });
    request?.on('end', () => this.answered++).resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    const closed = this.#sessions.map((session) => once(session, 'close'));
    for (const session of this.#sessions) session.destroy();
    await Promise.all(closed);
  }
}
