import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { findReceiver, isNear } from './callback-address.ts';

/** What is posted where. */
export interface Letter {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: Uint8Array;
}

/**
 * Posts once, over a connection of its own: one kept from before may have died meanwhile, and that would look like the
 * receiver's doing. A redirect is an answer like any other. The certificate of a loopback or private receiver is not
 * verified, as its CA is a private one too; that of an allowed receiver elsewhere is.
 *
 * @returns the status code of the answer
 * @throws Error when there is none, or `signal` aborts before it is whole
 */
export async function post(
  { url, headers, body }: Letter,
  allow: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const addresses = await unless(signal, findReceiver(url.hostname, allow));
  const lookup: LookupFunction = (_hostname, { all }, done) => {
    const [first] = addresses;
    if (all) done(null, [...addresses]);
    else done(null, first?.address ?? '', first?.family);
  };
  const { request } = url.protocol === 'https:' ? https : http;
  const verify = !addresses.every(({ address }) => isNear(address));
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', agent: false, headers, signal, lookup, rejectUnauthorized: verify };
    const sending = request(url, options as https.RequestOptions);
    let code: number | undefined;
    let failure = new Error('closed without an answer');
    sending.on('response', (response) => {
      code = response.statusCode;
      // Only its status counts. What breaks off behind that does no harm.
      response.on('error', () => {}).resume();
    });
    sending.on('error', (error) => {
      failure = error;
    });
    sending.on('close', () => (code === undefined ? reject(failure) : resolve(code)));
    sending.end(body);
  });
}

/** What comes of `work`, unless `signal` aborts first: DNS cannot be called off. */
function unless<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
