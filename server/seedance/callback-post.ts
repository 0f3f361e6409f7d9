import { prepareCall } from './near-address.ts';

/** What is posted where. */
export interface Letter {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: Uint8Array;
}

/**
 * Posts once. A redirect is an answer like any other.
 *
 * @returns the status code of the answer
 * @throws Error when there is none, or `signal` aborts before it is whole
 */
export async function post(
  { url, headers, body }: Letter,
  allow: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const call = await prepareCall(url, { allow, setting: 'callbacks' }, signal);
  return new Promise((resolve, reject) => {
    const sending = call({ method: 'POST', headers });
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
