import { describe, expect, test } from 'vitest';
import { RawUpstream } from '../typescript/support/raw-upstream.ts';
import { TASKS } from '../typescript/support/tasks.ts';
import { startProxy } from '../typescript/support/upstreams.ts';
import { canRun, runClient } from './run-client.ts';

const hasCurl = canRun('curl', '--http2', '--version');
if (!hasCurl) console.log('curl tests are left out: there is no curl with HTTP/2');

/** "Stream error in the HTTP/2 framing layer", and "failure with receiving network data". */
const BROKEN_OFF = { '--http2': 92, '--http1.1': 56 } as const;
const versions = ['--http2', '--http1.1'] as const;

async function askByCurl(upstream: RawUpstream, version: (typeof versions)[number]) {
  await using proxy = await startProxy(upstream);
  const options = ['-sS', version, '-w', '|%{http_code}', '-H', 'authorization: Bearer x'];
  const ran = await runClient(proxy, 'curl', ...options, `${proxy.url}${TASKS}`);
  return { ...ran, bugs: proxy.journal.events('bug') };
}

describe.runIf(hasCurl).each(versions)('curl %s', (version) => {
  test.each(['\x00\x01\xff garbage\r\n\r\n', 'hello\n', 'HTTP/1.1 abc OK\r\n\r\n'])(
    'gets a 502 if the upstream sends %j',
    async (bytes) => {
      await using upstream = await RawUpstream.overHttp1([bytes, 'FIN']);

      const { exitCode, stdout, bugs } = await askByCurl(upstream, version);

      expect([exitCode, stdout, bugs]).toEqual([0, expect.stringMatching(/"InternalServiceError".*\|502$/), []]);
    },
  );

  test.each([
    ['a bad chunk', 'transfer-encoding: chunked\r\n\r\n5\r\nhello\r\nZZ\r\n'],
    ['no last chunk', 'transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n'],
    ['35 bytes missing', 'content-length: 40\r\n\r\nhello'],
  ])('fails if the answer breaks off: %s', async (_what, rest) => {
    await using upstream = await RawUpstream.overHttp1([`HTTP/1.1 200 OK\r\n${rest}`, 'FIN']);

    const { exitCode, stdout, bugs } = await askByCurl(upstream, version);

    expect([exitCode, stdout, bugs]).toEqual([BROKEN_OFF[version], 'hello|200', []]);
  });
});
