import { readFile, watch } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { type Ran, startProgram } from '../cli/run-client.ts';
import { openFolder, type Ready } from '../typescript/support/command-line.ts';

const READY_LIMIT_MS = 30_000;
/** A long step of a manual clock takes a while; anything above is a server that hangs. */
const ANSWER_LIMIT_MS = 20_000;
/** What the issue of this test asks of SIGTERM, in real time. */
const EXIT_LIMIT_MS = 2_000;

/** What the admin API answered. */
export interface AdminReply {
  readonly status: number;
  readonly text: string;
}

/** `seedance-mock serve` in a process of its own. `await using` kills it. */
export interface MockProcess extends AsyncDisposable {
  readonly ready: Ready;
  readonly ca: string;
  /** Resolves once the process has ended, by itself or not. */
  readonly ended: Promise<Ran>;
  /** Calls the admin API: `call('POST /reset')`.
   * @throws Error when it does not answer */
  call(call: string, body?: string): Promise<AdminReply>;
  /** Sends SIGTERM; `late` when the process did not end within 2 s, and had to be killed. */
  terminate(): Promise<Ran & { readonly late: boolean }>;
}

/** Starts it on free ports, and waits until it can serve.
 * @param limitMs how long it may run, in real time
 * @throws Error with all that it wrote, when it ends before that */
export async function startMockProcess(seed: number, limitMs: number): Promise<MockProcess> {
  await using scratch = new AsyncDisposableStack();
  const folder = scratch.use(await openFolder());
  const readyFile = folder.at('ready.json');
  const changes = watch(folder.path, { signal: AbortSignal.timeout(READY_LIMIT_MS) });
  const command = [process.execPath, 'server/main.ts', 'serve', '--port', '0', '--admin-port', '0'];
  const options = ['--log', 'silent', '--seed', String(seed), '--ready-file', readyFile];
  const program = scratch.use(startProgram([...command, ...options], process.env, { limitMs }));
  await Promise.race([seeFile(changes, 'ready.json'), refuseEnd(program.ended)]);
  const ready: Ready = JSON.parse(await readFile(readyFile, 'utf8'));
  const ca = await readFile(ready.caFile, 'utf8');
  const owned = scratch.move();
  return {
    ready,
    ca,
    ended: program.ended,
    async call(call, body) {
      const [method = 'GET', path = '/'] = call.split(' ');
      const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
      const answer = await fetch(`${ready.adminUrl}${path}`, { method, signal, ...(body !== undefined && { body }) });
      return { status: answer.status, text: await answer.text() };
    },
    async terminate() {
      program.signal('SIGTERM');
      const limit = new AbortController();
      const late = setTimeout(EXIT_LIMIT_MS, true, { signal: limit.signal }).catch(() => false);
      const inTime = program.ended.then(() => false);
      const isLate = await Promise.race([late, inTime]);
      limit.abort();
      if (isLate) program.signal('SIGKILL');
      return { ...(await program.ended), late: isLate };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function seeFile(changes: AsyncIterable<{ readonly filename: string | null }>, name: string): Promise<void> {
  for await (const { filename } of changes) if (filename === name) return;
}

async function refuseEnd(ended: Promise<Ran>): Promise<never> {
  const { exitCode, stderr } = await ended;
  throw new Error(`serve ended with ${exitCode} before it could serve:\n${stderr}`);
}
