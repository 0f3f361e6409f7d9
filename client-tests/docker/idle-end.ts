import { once } from 'node:events';
import { connect } from 'node:http2';

/** A mock in a container, as far as its client has to know it. */
export interface Reachable {
  getUrl(): string;
  getCaPem(): Promise<string>;
}

/** Lets an HTTP/2 connection of this process idle until the service ends it.
 * @returns the code of the error that the client sees, or `closed` where the end looks orderly */
export async function seeIdleEnd(mock: Reachable): Promise<string> {
  const session = connect(mock.getUrl(), { ca: await mock.getCaPem() });
  await once(session, 'connect');
  return new Promise((resolve) => {
    session.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    session.once('close', () => resolve('closed'));
  });
}
