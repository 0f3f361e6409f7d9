import { type Allowance, prepareCall } from './near-address.ts';

/** The header in which a receiver says that it knows a callback; others use it for the same. */
const REPLAYED = 'idempotent-replayed';

/** What is posted where. */
export interface Letter {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: Uint8Array;
}

/**
 * Posts once. A redirect is an answer like any other.
 *
 * @returns the status code of the answer, and whether it says that the callback was known already
 * @throws Error when there is none, or `signal` aborts before it is whole
 */
export async function post(
  { url, headers, body }: Letter,
  allowance: Omit<Allowance, 'setting'>,
  signal: AbortSignal,
): Promise<{ readonly code: number; readonly replayed: boolean }> {
  const call = await prepareCall(url, { ...allowance, setting: 'callbacks' }, signal);
  return new Promise((resolve, reject) => {
    const sending = call({ method: 'POST', headers });
    let answer: { readonly code: number; readonly replayed: boolean } | undefined;
    let failure = new Error('closed without an answer');
    sending.on('response', (response) => {
      answer = {
        code: response.statusCode ?? 0,
        replayed: String(response.headers[REPLAYED]).toLowerCase() === 'true',
      };
      // Only its head counts. What breaks off behind that does no harm.
      response.on('error', () => {}).resume();
    });
    sending.on('error', (error) => {
      failure = error;
    });
    sending.on('close', () => (answer ? resolve(answer) : reject(failure)));
    sending.end(body);
  });
}
