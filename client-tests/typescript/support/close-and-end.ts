/** `node close-and-end.ts OPTIONS`: starts a server in this process, prints where it is, closes it once a line comes on standard
 * input, and leaves it to the event loop whether the process ends. */
import { once } from 'node:events';
import { startMockServer } from '../../../server/index.ts';

const server = await startMockServer(JSON.parse(process.argv[2] ?? '{}'));
const lane = await server.openLane();
const { url, adminUrl, dns, ca } = server;
console.log(JSON.stringify({ url, adminUrl, dns, ca, laneUrl: lane.url }));
await once(process.stdin, 'data');
process.stdin.destroy();
await server.close();
console.log(`closed with ${server.journal.events('bug').length} bugs`);
