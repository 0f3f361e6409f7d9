import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canRun, startProgram } from '../../cli/run-client.ts';

/** Whether this machine has a Redis server to start. */
export const hasRedis = canRun('redis-server', '--version');

/** A Redis server that is running. `await using` ends it. */
export interface RedisServer extends AsyncDisposable {
  /** Where it listens: a socket in a folder of its own, so that it takes nobody's port. */
  readonly path: string;
}

/** Starts a Redis server that keeps nothing on disk. */
export async function startRedis(): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'redis-'));
  const path = join(folder, 'redis.sock');
  const command = ['redis-server', '--port', '0', '--unixsocket', path, '--save', '', '--appendonly', 'no'];
  const program = startProgram([...command, '--dir', folder]);
  const dispose = async () => {
    await program[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  };
  for (let line = await program.hear(); !line?.includes('eady to accept connections'); line = await program.hear()) {
    if (line !== undefined) continue;
    await dispose();
    throw new Error(`redis-server did not start: ${(await program.ended).stdout}`);
  }
  return { path, [Symbol.asyncDispose]: dispose };
}
