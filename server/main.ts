#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { renderInternalError } from './commands/internal-error.ts';
import { unwritable } from './files.ts';
import { exitCodes } from './verdict/verdict.ts';

// Before anything else is loaded. From the second start on, compiled code comes from a cache, which saves a fifth of the
// start-up; where the cache cannot be written nothing is lost.
enableCompileCache();
// What is loaded now stays. Room for objects that die young is made once there is traffic (commands/serve.ts); made
// here, it would be 12 MB that nobody uses.
setFlagsFromString('--semi-space-growth-factor=1');
// V8 takes what hangs on a finished stream for long-lived, for Node keeps it over one collection, and from then on
// allocates each request's parts in old space: a tenth of the throughput.
setFlagsFromString('--no-allocation-site-pretenuring');
// Whoever reads, `head` say, may leave before all is written.
for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreBrokenPipe);
try {
  const { runProgram } = await import('./commands/program.ts');
  process.exitCode = await runProgram(process.argv.slice(2));
} catch (error) {
  // A module that cannot be loaded, say. What a command throws is dealt with in there.
  process.stderr.write(renderInternalError(error));
  process.exitCode = exitCodes.internal;
}

function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return;
  // The disk behind `> report.xml` is full, say.
  process.stderr.write(`${unwritable('the output', error).message}\n`);
  process.exit(2);
}
