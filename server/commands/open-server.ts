import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { JournalEvent } from '../journal.ts';
import { type LogFormat, logJournal } from '../log.ts';
import { type MockServer, type StartOptions, startMockServer } from '../mock-server.ts';
import type { Ending } from './ending.ts';
import type { Writer } from './output.ts';

/** A server that a command runs. `await using` closes it, within the time that a command has to end. */
export interface Serving extends AsyncDisposable {
  readonly server: MockServer;
  /** Writes its journal as log lines, until it is closed. */
  log(format: LogFormat, writer: Writer): Promise<void>;
}

/** Starts a server whose bugs are the command's, and whose files go even if the process has to end before it is closed.
 * @throws UsageError as `startMockServer` does */
export async function openServer(options: StartOptions, ending: Ending): Promise<Serving> {
  const server = await startMockServer(options);
  const note = ({ stack, message }: JournalEvent<'bug'>) => ending.noteFailure(stack ?? message);
  for (const bug of server.journal.events('bug')) note(bug);
  const stopWatching = server.journal.subscribe((event) => {
    if (event.type === 'bug') note(event);
  });
  const keepFiles = ending.atLast(() => rmSync(dirname(server.caFile), { recursive: true, force: true }));
  let stopLogging: (() => void) | undefined;
  return {
    server,
    async log(format, writer) {
      stopLogging = await logJournal(server.journal, format, writer);
    },
    async [Symbol.asyncDispose]() {
      ending.limit();
      await server.close();
      keepFiles();
      stopLogging?.();
      stopWatching();
    },
  };
}
