import { calm } from '../faults.ts';
import { backoff, type Client, ignore, retry } from '../node/client.ts';
import { rowsOf } from '../row.ts';

const FINAL = 'final-answers-respected';
const NO_EXIT_CODE = 'it noticed or did not, and without `run` no exit code says which';
const cutInMiddle = { name: 'cut', on: 'video', inject: [{ truncated: { share: 0.5 } }] } as const;

/** Makes a video, and tells where it lies. */
async function makeVideo(client: Client) {
  const id = await client.create();
  await client.follow(id);
  return client.videoOf(id);
}

/** Asks for the first byte, and by that for the length of the whole. */
async function sizeOf({ storage, path }: Awaited<ReturnType<typeof makeVideo>>): Promise<number> {
  const { headers } = await storage.send('GET', path, { headers: { range: 'bytes=0-0' } });
  return Number(String(headers['content-range']).split('/')[1]);
}

/** How a client fetches what it made. */
export const downloads = rowsOf([
  {
    name: 'truncated-download-kept',
    does: 'keeps a video whose download was cut in its middle',
    in: ['go'],
    scenario: { ...calm, faults: [cutInMiddle] },
    required: { 'downloads-complete': `inconclusive: ${NO_EXIT_CODE}` },
    program: async (client) => {
      const { storage, path } = await makeVideo(client);
      await storage.send('GET', path).catch(ignore);
    },
  },
  {
    name: 'truncated-download-repeated',
    does: 'downloads a video again after its download was cut',
    in: ['go'],
    scenario: {
      ...calm,
      faults: [{ ...cutInMiddle, when: { first: 1 } }],
    },
    required: { 'downloads-complete': 'pass' },
    program: async (client) => {
      const { storage, path } = await makeVideo(client);
      await retry(backoff, () => storage.send('GET', path));
    },
  },
  {
    name: 'head-on-video-url',
    does: 'asks for the video by HEAD, which the signature does not admit, and does not download it',
    in: [],
    scenario: calm,
    required: { 'downloads-complete': 'fail: HEAD' },
    program: async (client) => {
      const { storage, path } = await makeVideo(client);
      await storage.send('HEAD', path);
    },
  },
  {
    name: 'head-and-then-get-on-video-url',
    does: 'asks for the video by HEAD, is refused, and downloads it by GET',
    in: [],
    scenario: calm,
    required: { 'downloads-complete': 'pass', [FINAL]: 'pass' },
    program: async (client) => {
      const { storage, path } = await makeVideo(client);
      await storage.send('HEAD', path);
      await storage.send('GET', path);
    },
  },
  {
    name: 'truncated-download-probed',
    does: 'keeps a video whose download was cut in its middle, and asks for one byte of it again',
    in: [],
    scenario: { ...calm, faults: [{ ...cutInMiddle, when: { first: 1 } }] },
    required: { 'downloads-complete': `inconclusive: ${NO_EXIT_CODE}` },
    program: async (client) => {
      const video = await makeVideo(client);
      await video.storage.send('GET', video.path).catch(ignore);
      await sizeOf(video);
    },
  },
  {
    name: 'truncated-download-resumed',
    does: 'fetches the second half of a video whose download was cut in its middle',
    in: [],
    scenario: { ...calm, faults: [{ ...cutInMiddle, when: { nth: 2 } }] },
    required: { 'downloads-complete': 'pass' },
    program: async (client) => {
      const video = await makeVideo(client);
      const half = Math.floor((await sizeOf(video)) / 2);
      await video.storage.send('GET', video.path).catch(ignore);
      await video.storage.send('GET', video.path, { headers: { range: `bytes=${half}-` } });
    },
  },
  {
    name: 'download-in-parts',
    does: 'fetches a video in four parts at the same time',
    in: [],
    scenario: calm,
    required: { 'downloads-complete': 'pass' },
    program: async (client) => {
      const video = await makeVideo(client);
      const size = await sizeOf(video);
      const ranges = [0, 1, 2, 3].map((n) => [Math.ceil((n * size) / 4), Math.ceil(((n + 1) * size) / 4) - 1]);
      const parts = ranges.map(([from, to]) =>
        video.storage.send('GET', video.path, { headers: { range: `bytes=${from}-${to}` } }),
      );
      await Promise.all(parts);
    },
  },
  {
    name: 'altered-download-kept',
    does: 'keeps a video of which a fault had spoilt some bytes',
    in: [],
    scenario: {
      ...calm,
      faults: [
        {
          name: 'spoilt',
          on: 'response',
          match: { path: '/:model/*.mp4' },
          inject: [{ 'corrupt-body': { from: 1_000 } }],
        },
      ],
    },
    required: {
      'downloads-complete': 'inconclusive: it noticed, or took that for the result: the wire does not show it',
    },
    program: async (client) => {
      const { storage, path } = await makeVideo(client);
      await storage.send('GET', path).catch(ignore);
    },
  },
]);
