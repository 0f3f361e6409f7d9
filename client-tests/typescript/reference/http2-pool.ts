import type { ClientHttp2Session } from 'node:http2';
import { type ClientSetting, connect } from './http2-call.ts';

/** Under the 8 s after which an idle connection is reset, and the 30 s without a heartbeat. */
const BEAT_EVERY_MS = 5_000;
/** How long a connection may take until it stands. */
const CONNECT_LIMIT_MS = 10_000;

/** One connection for all calls (reference, C2), with heartbeats as long as it lives, whatever the calls do meanwhile. */
export class Http2Pool {
  readonly #setting: ClientSetting;
  readonly #onOpen: () => void;
  #session: Promise<ClientHttp2Session> | undefined;

  /** @param onOpen called for each connection that stands */
  constructor(setting: ClientSetting, onOpen: () => void) {
    this.#setting = setting;
    this.#onOpen = onOpen;
  }

  /** Calls over the connection, which is opened if there is none.
   * @param signal the call gives up: then the connection has been silent for long, and takes no new calls */
  async use<T>(call: (session: ClientHttp2Session) => Promise<T>, signal: AbortSignal): Promise<T> {
    const opening = this.#connection();
    const retire = () => this.#forget(opening);
    signal.addEventListener('abort', retire, { once: true });
    try {
      return await call(await opening);
    } finally {
      signal.removeEventListener('abort', retire);
    }
  }

  async beat(): Promise<void> {
    sendBeat(await this.#connection());
  }

  async close(): Promise<void> {
    (await this.#session?.catch(() => undefined))?.close();
    this.#session = undefined;
  }

  #connection(): Promise<ClientHttp2Session> {
    if (this.#session) return this.#session;
    const opening = this.#open();
    this.#session = opening;
    const forget = () => this.#forget(opening);
    // On GOAWAY it takes no new call any more; those under way are answered still.
    opening.then((session) => session.once('goaway', forget).once('close', forget), forget);
    return opening;
  }

  async #open(): Promise<ClientHttp2Session> {
    const late = new AbortController();
    const limit = this.#setting.after(CONNECT_LIMIT_MS, () => late.abort());
    try {
      const session = await connect({ ...this.#setting, signal: late.signal });
      this.#onOpen();
      this.#keepBeating(session);
      return session;
    } finally {
      limit.cancel();
    }
  }

  #keepBeating(session: ClientHttp2Session): void {
    const beat = () => {
      // Also on a connection that is being drained: its calls are waited for.
      if (session.destroyed) return;
      sendBeat(session);
      timer = this.#setting.after(BEAT_EVERY_MS, beat);
    };
    let timer = this.#setting.after(0, beat);
    session.once('close', () => timer.cancel());
  }

  /** Closes the connection once its calls are over, and lets the next call open another. */
  #forget(opening: Promise<ClientHttp2Session>): void {
    if (this.#session !== opening) return;
    this.#session = undefined;
    opening.then(
      (session) => session.close(),
      () => {},
    );
  }
}

/** The 8 bytes of a PING are the client's time (reference, A6). */
function sendBeat(session: ClientHttp2Session): void {
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(Date.now()));
  session.ping(time, () => {});
}
