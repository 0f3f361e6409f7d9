/** Makes videos with a reference client over the service that the environment names.
 *
 *     node make-video.ts naive | hardened [HOW MANY [AT A TIME]]
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { HardenedClient } from './hardened-client.ts';
import { lighthouse } from './http2-call.ts';
import { NaiveClient } from './naive-client.ts';

const { SEEDANCE_BASE_URL = '', SSL_CERT_FILE, SEEDANCE_MOCK_ADMIN = '', ARK_API_KEY } = process.env;
const kind = process.argv[2] === 'naive' ? 'naive' : 'hardened';
const videos = Number(process.argv[3] ?? 1);
const atATime = Number(process.argv[4] ?? 1);
const setting = {
  url: new URL(SEEDANCE_BASE_URL).origin,
  // A client in a container of its own has no file of the server's; the admin port hands it out.
  ca: SSL_CERT_FILE ? readFileSync(SSL_CERT_FILE, 'utf8') : await (await fetch(`${SEEDANCE_MOCK_ADMIN}/ca.pem`)).text(),
  ...(ARK_API_KEY && { apiKey: ARK_API_KEY }),
  now: Date.now,
  sleep: (ms: number) => sleep(ms),
  after: (ms: number, run: () => void) => {
    const timer = setTimeout(run, ms);
    return { cancel: () => clearTimeout(timer) };
  },
  random: Math.random,
  userAgent: `${kind}/1`,
};

const client = kind === 'naive' ? new NaiveClient(setting) : new HardenedClient(setting);
let next = 1;
const makeInTurn = async () => {
  while (next <= videos) {
    const video = next++;
    // Each is another one: a naive create that says the same as one that was cut would be taken for its repetition.
    const body = { ...lighthouse, content: [{ type: 'text', text: `A lighthouse at dusk, take ${video}.` }] };
    console.log(`video ${video} ${await client.makeVideo(body)}`);
  }
};
await Promise.all(Array.from({ length: atATime }, makeInTurn));
if (client instanceof HardenedClient) await client.close();
