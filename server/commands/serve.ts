import { rename, writeFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { problem, reasonOf, UsageError } from '../errors.ts';
import { type LogFormat, logJournal } from '../log.ts';
import { type MockServer, type StartOptions, startMockServer } from '../mock-server.ts';

export interface ServeOptions extends StartOptions {
  readonly log: LogFormat;
  readonly readyFile?: string;
}

/** `seedance-mock serve [scenario]`: runs until SIGINT or SIGTERM.
 * @throws UsageError when the scenario has problems, a port is taken, or the ready file cannot be written */
export async function runServe({ log, readyFile, ...options }: ServeOptions): Promise<number> {
  const stopped = new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
  await using server = await startMockServer(options);
  const stopLogging = await logJournal(server.journal, log);
  // V8's own default again, which main.ts had lowered for the start.
  setFlagsFromString('--semi-space-growth-factor=2');
  if (readyFile !== undefined) await writeReadyFile(readyFile, server);
  if (log === 'pretty') process.stdout.write(greet(server));
  else if (log === 'json') process.stdout.write(`${JSON.stringify({ type: 'ready', ...describeReady(server) })}\n`);
  await stopped;
  await server.close();
  stopLogging();
  return 0;
}

const describeReady = ({ url, adminUrl, caFile, seed }: MockServer) => ({
  url,
  adminUrl,
  caFile,
  seed,
  pid: process.pid,
});

/** Whole or not at all: whoever waits for the file may read it the moment it appears. */
async function writeReadyFile(file: string, server: MockServer): Promise<void> {
  try {
    await writeFile(`${file}.part`, `${JSON.stringify(describeReady(server))}\n`);
    await rename(`${file}.part`, file);
  } catch (error) {
    throw new UsageError([problem('FILE_UNWRITABLE', { file, reason: reasonOf(error) })]);
  }
}

const greet = ({ url, adminUrl, caFile, seed, lane }: MockServer): string => `
seedance-mock is ready on ${url} (profile ${lane.scenario.profile}, scenario "${lane.scenario.name}", seed ${seed})
  admin  ${adminUrl}
  CA     ${caFile}

Create a task:
  curl --cacert ${caFile} ${url}/api/v3/contents/generations/tasks -H 'authorization: Bearer x' \\
    -d '{"model":"doubao-seedance-2-0-260128","content":[{"type":"text","text":"A lighthouse at dusk."}]}'

`;
