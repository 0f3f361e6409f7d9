/** `node ends.ts WAY URL CA_FILE RUNS`: a client in a process of its own, whose packets cross those of the server as on a
 * real network. Prints what each run met, as a JSON array. */
import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, connect } from 'node:http2';

const [way = '', url = '', caFile = '', runs = '1'] = process.argv.slice(2);
const ca = readFileSync(caFile);
const PATH = '/api/v3/contents/generations/tasks';

/** What one run met. */
export interface Met {
  readonly status: number | undefined;
  readonly bytes: number;
  /** Codes of what the session failed with. */
  readonly errors: readonly (string | undefined)[];
}

function open() {
  const session = connect(url, { ca });
  const errors: (string | undefined)[] = [];
  session.on('error', ({ code }: NodeJS.ErrnoException) => errors.push(code));
  return { session, errors, closed: once(session, 'close') };
}

function ask(session: ClientHttp2Session) {
  const met: { status?: number; bytes: number } = { bytes: 0 };
  const call = session.request({ ':path': PATH, authorization: 'Bearer x' }).on('error', () => {});
  call.on('response', ({ ':status': status }) => Object.assign(met, { status }));
  call.on('data', (piece: Buffer) => {
    met.bytes += piece.byteLength;
  });
  return { call, met };
}

const once = (emitter: NodeJS.EventEmitter, event: string): Promise<void> =>
  new Promise((resolve) => emitter.once(event, () => resolve()));

const ways: Readonly<Record<string, () => Promise<Met>>> = {
  /** Asks at once, and waits for the end. */
  async wait() {
    const { session, errors, closed } = open();
    const { met } = ask(session);
    await closed;
    return { status: met.status, bytes: met.bytes, errors };
  },
  /** Leaves in order, once it has its answer. */
  async close() {
    const { session, errors, closed } = open();
    const { call, met } = ask(session);
    await once(call, 'close');
    session.close();
    await closed;
    return { status: met.status, bytes: met.bytes, errors };
  },
};

const met: Met[] = [];
for (let run = 0; run < Number(runs); run++) met.push(await (ways[way] as () => Promise<Met>)());
console.log(JSON.stringify(met));
