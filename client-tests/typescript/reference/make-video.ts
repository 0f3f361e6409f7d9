/** Makes one video with a reference client, over the service that the environment names.
 *
 *     node make-video.ts naive | hardened
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { HardenedClient } from './hardened-client.ts';
import { NaiveClient } from './naive-client.ts';

const { SEEDANCE_BASE_URL = '', SSL_CERT_FILE = '' } = process.env;
const kind = process.argv[2] === 'naive' ? 'naive' : 'hardened';
const setting = {
  url: new URL(SEEDANCE_BASE_URL).origin,
  ca: readFileSync(SSL_CERT_FILE, 'utf8'),
  sleep: (ms: number) => sleep(ms),
  random: Math.random,
  userAgent: `${kind}/1`,
};

if (kind === 'naive') await new NaiveClient(setting).makeVideo();
else {
  const client = new HardenedClient(setting);
  await client.makeVideo();
  await client.close();
}
