import { randomBytes } from 'node:crypto';
import type { ClientHttp2Session } from 'node:http2';
import { openPool, requestByHttp1 } from './http1-call.ts';
import { type Answer, type ClientSetting, connect, lighthouse, OVER, request, TASKS } from './http2-call.ts';

/** Reference, C3. */
const BACKOFF = { baseMs: 100, factor: 2, maxMs: 30_000, jitterMs: 100 };
/** Under the 8 s after which an idle connection is reset, and the 30 s without a heartbeat. */
const BEAT_EVERY_MS = 5_000;
const POLL_EVERY_MS = 2_000;
const TRIES = 20;
/** So many failures in a row of a protocol that has never got through are enough to try the other one. */
const SWITCH_AFTER = 3;

/** A client that the service cannot shake off: each of its ways is a recommendation of the reference, part C. */
export class HardenedClient {
  readonly #setting: ClientSetting;
  readonly #created = new Set<string>();
  /** In a row, over all calls: whoever starts each call with a short wait meets a service that restarts too often. */
  #failures = 0;
  /** Reference, C4: h2 first; where it is cut, HTTP/1.1. */
  #protocol: 'h2' | 'http/1.1' = 'h2';
  /** Whether that has got through. A call that is cut later, on a connection that stood, is no reason to give it up. */
  #settled = false;
  /** The one connection of the pool for h2: it carries all calls. */
  #session: Promise<ClientHttp2Session> | undefined;
  readonly #http1: ReturnType<typeof openPool>;

  constructor(setting: ClientSetting) {
    this.#setting = setting;
    this.#http1 = openPool(setting);
  }

  /** Calls until there is an answer that is worth having. `recover` looks whether a call that was cut has been carried out. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    recover?: () => Promise<Answer | undefined>,
  ): Promise<Answer> {
    const trace = randomBytes(16).toString('hex');
    for (let tries = 1; ; tries++) {
      let retryAfterMs = 0;
      let cut = false;
      try {
        const answer = await this.#send(method, path, trace, body);
        if (answer.status < 500 && answer.status !== 429) {
          this.#failures = 0;
          return answer;
        }
        retryAfterMs = Number(answer.headers['retry-after'] ?? 0) * 1_000;
      } catch (error) {
        if (tries >= TRIES) throw error;
        cut = true;
      }
      if (tries >= TRIES) throw new Error(`${method} ${path} failed ${TRIES} times`);
      await this.#setting.sleep(Math.max(retryAfterMs, this.#noteFailure()));
      const found = cut ? await recover?.() : undefined;
      if (found) return found;
    }
  }

  /** @returns how the task ended */
  async makeVideo(body: unknown = lighthouse): Promise<string> {
    const { id } = JSON.parse((await this.call('POST', TASKS, body, () => this.#findCreated())).body);
    this.#created.add(id);
    for (;;) {
      const { status } = JSON.parse((await this.call('GET', `${TASKS}/${id}`)).body);
      if (OVER.includes(status)) return status;
      await this.#setting.sleep(POLL_EVERY_MS);
    }
  }

  /** Waits for something else, and beats meanwhile: the 8 bytes of a PING are the time (reference, A6). */
  async idle(ms: number): Promise<void> {
    for (let waited = 0; waited < ms; waited += BEAT_EVERY_MS) {
      await this.beat();
      await this.#setting.sleep(Math.min(BEAT_EVERY_MS, ms - waited));
    }
  }

  async beat(): Promise<void> {
    if (this.#protocol === 'http/1.1') return;
    const session = await this.#connection();
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(BigInt(Date.now()));
    await new Promise<void>((resolve, reject) => session.ping(time, (error) => (error ? reject(error) : resolve())));
  }

  async close(): Promise<void> {
    (await this.#session)?.close();
    this.#http1.destroy();
  }

  async #send(method: string, path: string, trace: string, body: unknown): Promise<Answer> {
    const traceparent = `00-${trace}-${randomBytes(8).toString('hex')}-01`;
    const headers = { 'user-agent': this.#setting.userAgent, traceparent };
    if (this.#protocol === 'h2') return request(await this.#connection(), method, path, { headers, body });
    const answer = await requestByHttp1(this.#http1, new URL(path, this.#setting.url), method, { headers, body });
    this.#settled = true;
    return answer;
  }

  /** A task that is not known yet is the one whose answer was lost. */
  async #findCreated(): Promise<Answer | undefined> {
    const { items } = JSON.parse((await this.call('GET', TASKS)).body) as { items: readonly { id: string }[] };
    const lost = items.find(({ id }) => !this.#created.has(id));
    return lost && { status: 200, headers: {}, body: JSON.stringify({ id: lost.id }) };
  }

  #connection(): Promise<ClientHttp2Session> {
    if (this.#session) return this.#session;
    const opening = connect(this.#setting).then((session) => {
      this.#settled = true;
      const leave = () => {
        if (this.#session === opening) this.#session = undefined;
      };
      // On GOAWAY it takes no new call any more; those under way are answered still.
      session.once('goaway', leave).once('close', leave);
      return session;
    });
    this.#session = opening;
    opening.catch(() => {
      if (this.#session === opening) this.#session = undefined;
    });
    return opening;
  }

  /** @returns how many milliseconds to wait before the next attempt */
  #noteFailure(): number {
    const { baseMs, factor, maxMs, jitterMs } = BACKOFF;
    const waitMs = Math.min(maxMs, baseMs * factor ** this.#failures++) + this.#setting.random() * jitterMs;
    if (!this.#settled && this.#failures % SWITCH_AFTER === 0) {
      this.#protocol = this.#protocol === 'h2' ? 'http/1.1' : 'h2';
    }
    return waitMs;
  }
}
