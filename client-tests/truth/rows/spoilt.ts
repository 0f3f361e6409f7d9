import { calm, silentPoll } from '../faults.ts';
import { type Client, ignore } from '../node/client.ts';
import { rowsOf } from '../row.ts';

const SILENCE = 'silence-noticed';
const URLS = 'urls-renewed';
const CERTIFICATES = 'certificates-refused';

const expired = {
  ...calm,
  faults: [{ name: 'expired', on: 'video', when: { first: 1, per: 'task' }, inject: ['expired-url'] }],
} as const;
const badCertificate = { name: 'expired', on: 'handshake', inject: [{ certificate: 'expired' }] } as const;

/** Makes a video, and asks for it with the URL that it has: it is refused. */
async function downloadRefused(client: Client): Promise<string> {
  const id = await client.create();
  await client.follow(id);
  const { storage, path } = await client.videoOf(id);
  await storage.send('GET', path).catch(ignore);
  return id;
}

/** What a fault spoils for good: silence, URLs, certificates. */
export const spoilt = rowsOf([
  {
    name: 'silent-poll-cancelled',
    does: 'cancels a poll after 1.5 s without an answer, and asks again',
    in: [],
    scenario: { ...calm, faults: [silentPoll] },
    required: { [SILENCE]: 'pass' },
    params: { [SILENCE]: { within: '5s' } },
    program: async (client) => {
      const id = await client.create();
      await client.poll(id, { timeoutMs: 1_500 }).catch(ignore);
      await client.follow(id);
    },
  },
  {
    name: 'silent-poll-waited-for',
    does: 'waits 2.5 s for the answer to a poll, where 1 s is the limit',
    in: [],
    scenario: { ...calm, faults: [silentPoll] },
    required: { [SILENCE]: 'fail: no time-out' },
    params: { [SILENCE]: { within: '1s' } },
    program: async (client) => {
      const id = await client.create();
      await client.poll(id, { timeoutMs: 2_500 }).catch(ignore);
      await client.follow(id);
    },
  },
  {
    name: 'refused-url-tried-again',
    does: 'downloads once more from a URL that was refused as expired',
    in: [],
    scenario: expired,
    required: { [URLS]: 'fail: tried again' },
    program: async (client) => {
      const id = await client.create();
      await client.follow(id);
      const { storage, path } = await client.videoOf(id);
      for (let attempt = 1; attempt <= 2; attempt++) await storage.send('GET', path).catch(ignore);
    },
  },
  {
    name: 'refused-url-renewed',
    does: 'gets the task again after its URL was refused, and downloads from the new one',
    in: [],
    scenario: expired,
    required: { [URLS]: 'pass' },
    program: async (client) => {
      const { storage, path } = await client.videoOf(await downloadRefused(client));
      await storage.send('GET', path);
    },
  },
  {
    name: 'refused-url-given-up',
    does: 'never asks again for a video whose URL was refused',
    in: [],
    scenario: expired,
    required: { [URLS]: 'inconclusive: whether it would have asked for a new URL is not known' },
    program: downloadRefused,
  },
  {
    name: 'bad-certificate-accepted',
    does: 'does not verify certificates, and is shown one that has expired',
    in: [],
    scenario: { ...calm, faults: [badCertificate] },
    required: { [CERTIFICATES]: 'fail: sent a request' },
    program: async (client) => {
      const trusting = client.other({ tls: { rejectUnauthorized: false } });
      await trusting.follow(await trusting.create());
    },
  },
  {
    name: 'bad-certificate-refused',
    does: 'refuses a certificate that has expired, and gets through on another connection',
    in: [],
    scenario: { ...calm, faults: [{ ...badCertificate, when: { nth: 2 } }] },
    required: { [CERTIFICATES]: 'pass' },
    // Whose connection is the second one is not known there.
    not: ['parallel', 'copies'],
    program: async (client) => {
      await client.other({ pool: 'each' }).list();
      await client.create().catch(ignore);
      client.renew();
      await client.follow(await client.create());
    },
  },
]);
