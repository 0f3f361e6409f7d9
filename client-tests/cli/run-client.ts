import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { on, once } from 'node:events';
import { createInterface } from 'node:readline';
import type { MockServer } from '../../server/index.ts';

/** A client that takes longer is stuck. Below the time that a test has, so that the test can say what the client wrote. */
const CLIENT_LIMIT_MS = 25_000;

/** How a program ended. */
export interface Ran {
  /** `null` when it had to be killed. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that is running. `await using` ends it. */
export interface RunningProgram extends AsyncDisposable {
  /** Writes a line to its standard input. */
  say(line: string): void;
  /** Ends its standard input. */
  finish(): void;
  /** Resolves with its next line of standard output; undefined once there are no more. */
  hear(): Promise<string | undefined>;
  /** Sends it a signal. */
  signal(name: NodeJS.Signals): void;
  /** Resolves once it has ended. */
  readonly ended: Promise<Ran>;
}

/** Starts a real client program with the server's address, key and CA in its environment, as `seedance-mock run` does. */
export const startClient = (server: MockServer, command: readonly string[], limit?: ClientLimit): RunningProgram =>
  startProgram(command, clientEnvironment(server), limit);

/** How long a client may take. */
export interface ClientLimit {
  readonly limitMs: number;
}

/** Starts a program. */
export function startProgram(
  command: readonly string[],
  env = process.env,
  { limitMs }: ClientLimit = { limitMs: CLIENT_LIMIT_MS },
): RunningProgram {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { env, stdio: 'pipe' });
  // A client that was cut may leave before it has read everything.
  child.stdin.on('error', () => {});
  const hear = hearLines(child.stdout);
  const ended = outcomeOf(child, command, limitMs);
  // A test that failed before has no more use for the outcome.
  ended.catch(() => {});
  return {
    say: (line) => void child.stdin.write(`${line}\n`),
    finish: () => void child.stdin.end(),
    hear,
    signal: (name) => void child.kill(name),
    ended,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** Runs a real client program to its end. Its standard input stays open and empty, as on a terminal where nobody types. */
export async function runClient(server: MockServer, ...command: readonly string[]): Promise<Ran> {
  await using client = startClient(server, command);
  return await client.ended;
}

/** Runs a client that prints one JSON document.
 * @throws Error with all that the client wrote, when it fails */
export async function askClient(
  server: MockServer,
  ...given: readonly string[] | readonly [ClientLimit, ...string[]]
): Promise<unknown> {
  const [first] = given;
  const limit = typeof first === 'object' ? first : undefined;
  const command = given.flatMap((word) => (typeof word === 'string' ? word : []));
  await using client = startClient(server, command, limit);
  return answerOf(await client.ended, command.join(' '));
}

/** The JSON document that a client printed.
 * @throws Error with all that the client wrote, when it failed */
export function answerOf({ exitCode, stdout, stderr }: Ran, client = 'the client'): unknown {
  if (exitCode !== 0) throw new Error(`${client} ended with ${exitCode}:\n${stdout}${stderr}`);
  return JSON.parse(stdout);
}

/** Whether a program is on this machine and does what `args` ask, such as `--version`. */
export const canRun = (program: string, ...args: readonly string[]): boolean =>
  spawnSync(program, args, { timeout: 10_000, stdio: 'ignore' }).status === 0;

const clientEnvironment = ({ url, adminUrl, caFile }: MockServer): NodeJS.ProcessEnv => ({
  ...process.env,
  SEEDANCE_BASE_URL: `${url}/api/v3`,
  ARK_BASE_URL: `${url}/api/v3`,
  ARK_API_KEY: 'ark-client-tests',
  SEEDANCE_MOCK_ADMIN: adminUrl,
  SSL_CERT_FILE: caFile,
  CURL_CA_BUNDLE: caFile,
  REQUESTS_CA_BUNDLE: caFile,
  NODE_EXTRA_CA_CERTS: caFile,
  NO_PROXY: 'localhost',
  no_proxy: 'localhost',
});

async function outcomeOf(
  child: ChildProcessWithoutNullStreams,
  command: readonly string[],
  limitMs: number,
): Promise<Ran> {
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const limit = setTimeout(() => {
    stderr.push(`[killed: it ran for more than ${limitMs} ms]`);
    child.kill('SIGKILL');
  }, limitMs);
  try {
    const [exitCode] = await once(child, 'close');
    return { exitCode, stdout: stdout.join(''), stderr: stderr.join('') };
  } catch (error) {
    throw new Error(`cannot run ${command.join(' ')}`, { cause: error });
  } finally {
    clearTimeout(limit);
  }
}

/** A function that resolves with a stream's next line; undefined once there are no more. */
export function hearLines(input: NodeJS.ReadableStream): () => Promise<string | undefined> {
  // Not the interface's own iterator: it stops reading at a thousand lines that nobody asks for, and the program hangs.
  const lines = on(createInterface({ input }), 'line', { close: ['close'] });
  return async () => (await lines.next()).value?.[0];
}

/** All that a stream says. By events, so that lines can be read from it at the same time. */
export function collect(stream: NodeJS.ReadableStream): string[] {
  const chunks: string[] = [];
  stream.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
  return chunks;
}
