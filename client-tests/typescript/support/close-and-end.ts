/** `node close-and-end.ts OPTIONS`: starts a server in this process and prints where it is. Closes it once a line comes on standard
 * input, prints what keeps the event loop alive then, and leaves it to the event loop whether the process ends. */
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { startMockServer } from '../../../server/index.ts';

/** Handles that have been closed go in the next turns of the event loop. */
const TURNS = 10;

const server = await startMockServer(JSON.parse(process.argv[2] ?? '{}'));
const lane = await server.openLane();
const { url, adminUrl, dns, ca } = server;
console.log(JSON.stringify({ url, adminUrl, dns, ca, laneUrl: lane.url }));
await once(process.stdin, 'data');
process.stdin.destroy();
await server.close();
for (let turn = 0; turn < TURNS; turn++) await setImmediate();
// The standard streams are pipes, and the process's own.
const alive = process.getActiveResourcesInfo().filter((resource) => resource !== 'PipeWrap');
console.log(JSON.stringify({ alive, bugs: server.journal.events('bug') }));
