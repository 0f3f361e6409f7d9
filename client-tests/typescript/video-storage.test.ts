import { Agent, request } from 'undici';
import { describe, expect, test } from 'vitest';
import type { MockServer } from '../../server/index.ts';
import { startFaulty } from './support/both-versions.ts';
import { standardVideo } from './support/standard-video.ts';
import { TASKS, textOnly } from './support/tasks.ts';

const DAY_MS = 86_400_000;
const SIZE = standardVideo.length;

/** undici as a client of one HTTP version, a connection for each call: how the storage answers, and with what bytes. */
const openStorage = (server: MockServer, allowH2: boolean) => {
  async function ask(url: string, method: 'GET' | 'HEAD' | 'POST' | 'DELETE', options: object = {}) {
    const dispatcher = new Agent({ allowH2, connect: { ca: server.ca } });
    try {
      const { statusCode, headers, body } = await request(url, { dispatcher, method, ...options });
      return { status: statusCode, headers, bytes: Buffer.from(await body.arrayBuffer()) };
    } finally {
      await dispatcher.destroy();
    }
  }
  const key = { authorization: 'Bearer x' };
  const api = async (method: 'GET' | 'POST' | 'DELETE', path = '', body?: string) => {
    const { bytes } = await ask(`${server.url}${TASKS}${path}`, method, { headers: key, body });
    return JSON.parse(bytes.toString());
  };
  return {
    fetch: (url: string, headers: Record<string, string> = {}) => ask(url, 'GET', { headers }),
    head: (url: string) => ask(url, 'HEAD'),
    forget: (id: string) => api('DELETE', `/${id}`),
    async makeResult() {
      const { id } = await api('POST', '', JSON.stringify({ ...textOnly, return_last_frame: true }));
      await server.clock.advance(5_000);
      const { content } = await api('GET', `/${id}`);
      return { id, video: String(content.video_url), lastFrame: String(content.last_frame_url) };
    },
  };
};

/** Hurries through a time in which a manual clock would stop at every watch of every rule. */
async function passTime({ clock }: MockServer, ms: number): Promise<void> {
  clock.setSpeed(10_000_000);
  await clock.sleep(ms);
  clock.setManual();
}

const codeIn = (bytes: Buffer) => JSON.parse(bytes.toString()).Code;

describe.each([
  ['h2', true],
  ['http/1.1', false],
] as const)('the storage over %s', (protocol, allowH2) => {
  test('gives anyone with the URL the whole file', async () => {
    await using server = await startFaulty();
    const storage = openStorage(server, allowH2);
    const { video, lastFrame } = await storage.makeResult();

    const { status, headers, bytes } = await storage.fetch(video);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'video/mp4',
      'accept-ranges': 'bytes',
      'content-length': `${SIZE}`,
    });
    expect(bytes.equals(standardVideo)).toBe(true);
    expect(await storage.fetch(lastFrame)).toMatchObject({ status: 200, headers: { 'content-type': 'image/jpeg' } });
    const spoken = server.journal.events('connection.secured').map((secured) => secured.protocol);
    expect(new Set(spoken)).toEqual(new Set([protocol]));
  });

  test.each([
    ['bytes=0-999', 0, 1_000],
    ['bytes=1000-', 1_000, SIZE],
    ['bytes=-500', SIZE - 500, SIZE],
    [`bytes=${SIZE - 1}-9999999`, SIZE - 1, SIZE],
  ])('gives the part %s', async (range, start, end) => {
    await using server = await startFaulty();
    const storage = openStorage(server, allowH2);
    const { status, headers, bytes } = await storage.fetch((await storage.makeResult()).video, { range });
    expect(status).toBe(206);
    expect(headers['content-range']).toBe(`bytes ${start}-${end - 1}/${SIZE}`);
    expect(bytes.equals(standardVideo.subarray(start, end))).toBe(true);
  });

  test('answers a range behind the end with 416 and the size', async () => {
    await using server = await startFaulty();
    const storage = openStorage(server, allowH2);
    const { status, headers, bytes } = await storage.fetch((await storage.makeResult()).video, {
      range: `bytes=${SIZE}-`,
    });
    expect({ status, range: headers['content-range'], sent: bytes.length }).toEqual({
      status: 416,
      range: `bytes */${SIZE}`,
      sent: 0,
    });
  });

  test('gives the part of this version to If-Range, and the whole of another', async () => {
    await using server = await startFaulty();
    const storage = openStorage(server, allowH2);
    const { video } = await storage.makeResult();
    const { etag, 'last-modified': date } = (await storage.fetch(video)).headers;
    const askedIf = async (version: unknown) =>
      (await storage.fetch(video, { range: 'bytes=0-9', 'if-range': String(version) })).bytes.length;
    expect([await askedIf(etag), await askedIf(date), await askedIf('"another"')]).toEqual([10, 10, SIZE]);
  });

  test('refuses HEAD, as it does a wrong signature', async () => {
    await using server = await startFaulty();
    const storage = openStorage(server, allowH2);
    const { video, lastFrame } = await storage.makeResult();
    for (const url of [video, lastFrame]) {
      expect(await storage.head(url)).toMatchObject({
        status: 403,
        headers: { 'content-type': expect.stringContaining('application/json') },
      });
      const { status, bytes } = await storage.fetch(url.replace(/Signature=\w+/, 'Signature=0'));
      expect(status).toBe(403);
      expect(codeIn(bytes)).toBe('SignatureDoesNotMatch');
    }
  });

  test('keeps a result when its task is deleted, and for 24 h of lane time', async () => {
    await using server = await startFaulty();
    const storage = openStorage(server, allowH2);
    const { id, video, lastFrame } = await storage.makeResult();
    await storage.forget(id);
    for (const url of [video, lastFrame]) expect((await storage.fetch(url)).status).toBe(200);
    await passTime(server, DAY_MS);
    for (const url of [video, lastFrame]) {
      const { status, bytes } = await storage.fetch(url);
      expect(status).toBe(403);
      expect(codeIn(bytes)).toBe('AccessDenied');
    }
  });
});
