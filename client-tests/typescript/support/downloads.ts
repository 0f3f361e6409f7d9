import type { MockServer } from '../../../server/index.ts';
import { openClient } from './client.ts';
import { makeVideo } from './videos.ts';

/** Notes that a command has ended, as `run` does. */
export const endCommand = ({ journal }: MockServer, code: number): void =>
  journal.append({ type: 'command.ended', copy: 'copy-1', how: `exit code ${code}`, code });

/** Makes a video and downloads it, each time over a new connection, until it came whole or the attempts are used up. */
export async function downloadVideo(server: MockServer, attempts: number): Promise<void> {
  const { path } = await makeVideo(server);
  for (let attempt = 1; attempt <= attempts; attempt++) {
    await using client = await openClient(server);
    await client.get(path);
    if (client.transcript.includes('END_STREAM')) return;
  }
}
