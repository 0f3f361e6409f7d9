import { expect, test } from 'vitest';
import { openApi, type TestApi } from './testing.ts';
import { URL_LIFETIME_SECONDS } from './videos.ts';

interface Result {
  readonly video_url: string;
  readonly last_frame_url: string;
}

async function makeResult(api: TestApi): Promise<Result> {
  const id = await api.create({ return_last_frame: true });
  await api.lane.clock.advance(5_000);
  const { body } = await api.call('GET', `/${id}`);
  return (body as { content: Result }).content;
}

const fetchWithoutKey = (
  api: TestApi,
  url: string,
  headers: Record<string, string> = {},
  method: 'GET' | 'HEAD' = 'GET',
) => api.app.inject({ method, url, headers });

test('a signed URL names everything the storage wants to know', async () => {
  await using api = await openApi();
  const { searchParams } = new URL((await makeResult(api)).video_url);
  expect([...searchParams.keys()]).toEqual([
    ...['X-Tos-Algorithm', 'X-Tos-Credential', 'X-Tos-Date', 'X-Tos-Expires', 'X-Tos-Signature', 'X-Tos-SignedHeaders'],
  ]);
  expect(searchParams.get('X-Tos-Expires')).toBe('86400');
  expect(searchParams.get('X-Tos-Signature')).toMatch(/^[0-9a-f]{64}$/);
});

test('the video is an MP4 that anyone with the URL can fetch', async () => {
  await using api = await openApi();
  const { statusCode, headers, rawPayload } = await fetchWithoutKey(api, (await makeResult(api)).video_url);
  expect(statusCode).toBe(200);
  expect(headers).toMatchObject({
    'content-type': 'video/mp4',
    'accept-ranges': 'bytes',
    'content-length': String(rawPayload.length),
  });
  expect(rawPayload.toString('latin1', 4, 8)).toBe('ftyp');
});

test('2.5 can have it as QuickTime', async () => {
  await using api = await openApi();
  const id = await api.create({ model: 'doubao-seedance-2-5-260628', output_format: 'mov', duration: 4 });
  await api.lane.clock.advance(5_000);
  const { video_url } = ((await api.call('GET', `/${id}`)).body as { content: Result }).content;
  const { headers, rawPayload } = await fetchWithoutKey(api, video_url);
  expect(headers['content-type']).toBe('video/quicktime');
  expect(rawPayload.toString('latin1', 4, 12)).toBe('ftypqt  ');
});

test('the video outlives the record of its task', async () => {
  await using api = await openApi();
  const id = await api.create({});
  await api.lane.clock.advance(5_000);
  const { video_url } = ((await api.call('GET', `/${id}`)).body as { content: Result }).content;
  await api.call('DELETE', `/${id}`);
  expect((await api.call('GET', `/${id}`)).status).toBe(404);
  expect((await fetchWithoutKey(api, video_url)).statusCode).toBe(200);
});

test('the last frame is a JPEG', async () => {
  await using api = await openApi();
  const { statusCode, headers, rawPayload } = await fetchWithoutKey(api, (await makeResult(api)).last_frame_url);
  expect(statusCode).toBe(200);
  expect(headers['content-type']).toBe('image/jpeg');
  expect(rawPayload.subarray(0, 3)).toEqual(Buffer.from('ffd8ff', 'hex'));
});

test('ranges come back as 206, and put together are the file', async () => {
  await using api = await openApi();
  const { video_url } = await makeResult(api);
  const whole = (await fetchWithoutKey(api, video_url)).rawPayload;
  const head = await fetchWithoutKey(api, video_url, { range: 'bytes=0-999' });
  const rest = await fetchWithoutKey(api, video_url, { range: 'bytes=1000-' });

  expect(head.statusCode).toBe(206);
  expect(head.headers).toMatchObject({ 'content-range': `bytes 0-999/${whole.length}`, 'content-length': '1000' });
  expect(rest.headers['content-range']).toBe(`bytes 1000-${whole.length - 1}/${whole.length}`);
  expect(Buffer.concat([head.rawPayload, rest.rawPayload]).equals(whole)).toBe(true);
});

test('a range behind the end is 416 and names the size', async () => {
  await using api = await openApi();
  const { statusCode, headers } = await fetchWithoutKey(api, (await makeResult(api)).video_url, {
    range: 'bytes=9999999-',
  });
  expect(statusCode).toBe(416);
  expect(headers['content-range']).toMatch(/^bytes \*\/\d+$/);
});

test('If-Range gives the part of this version, and the whole of another', async () => {
  await using api = await openApi();
  const { video_url } = await makeResult(api);
  const { etag } = (await fetchWithoutKey(api, video_url)).headers;
  const askedIf = async (version: string) =>
    (await fetchWithoutKey(api, video_url, { range: 'bytes=0-9', 'if-range': version })).statusCode;
  expect(await askedIf(String(etag))).toBe(206);
  expect(await askedIf('"another"')).toBe(200);
});

test('HEAD fails: the signature binds the method', async () => {
  await using api = await openApi();
  const { statusCode } = await fetchWithoutKey(api, (await makeResult(api)).video_url, {}, 'HEAD');
  expect(statusCode).toBe(403);
});

test('a URL dies 24 hours after the success of its task', async () => {
  await using api = await openApi();
  const { video_url } = await makeResult(api);
  await api.lane.clock.advance(URL_LIFETIME_SECONDS * 1_000 - 1_000);
  expect((await fetchWithoutKey(api, video_url)).statusCode).toBe(200);
  await api.lane.clock.advance(1_000);
  const dead = await fetchWithoutKey(api, video_url);
  expect(dead.statusCode).toBe(403);
  expect(dead.json()).toMatchObject({ Code: 'AccessDenied', RequestId: dead.headers['x-request-id'] });
});

test.each([
  ['no signature', (url: string) => url.replace(/&X-Tos-Signature=\w+/, '')],
  ['another signature', (url: string) => url.replace(/X-Tos-Signature=\w+/, `X-Tos-Signature=${'0'.repeat(64)}`)],
  ['a longer life', (url: string) => url.replace('Expires=86400', 'Expires=604800')],
  ['one parameter more', (url: string) => `${url}&a=b`],
  ['the other file', (url: string) => url.replace('.mp4', '.jpg')],
  ['no query', (url: string) => url.replace(/\?.*/, '')],
])('with %s the URL is refused', async (_title, change) => {
  await using api = await openApi();
  const { statusCode, body } = await fetchWithoutKey(api, change((await makeResult(api)).video_url));
  expect(statusCode).toBe(403);
  expect(JSON.parse(body)).toMatchObject({ Code: 'SignatureDoesNotMatch' });
});

test('another lane does not honour the signature', async () => {
  await using api = await openApi({ seed: 1 });
  await using other = await openApi({ seed: 2 });
  const { video_url } = await makeResult(api);
  expect((await fetchWithoutKey(other, video_url)).statusCode).toBe(403);
});
