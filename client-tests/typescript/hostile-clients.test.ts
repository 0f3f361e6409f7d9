import { readFile } from 'node:fs/promises';
import tls from 'node:tls';
import { expect, test } from 'vitest';
import { logJournal } from '../../server/log.ts';
import { openClient, type Target } from './support/client.ts';
import { callMock, openFolder, startHere } from './support/command-line.ts';
import { writeRequest } from './support/http1.ts';
import { openRawHttp2 } from './support/raw-http2.ts';
import { ScriptedUpstream } from './support/scripted-upstream.ts';
import { openTlsSocket } from './support/sockets.ts';
import { TASKS, textOnly } from './support/tasks.ts';
import { startProxy } from './support/upstreams.ts';

/** Clears the screen, changes the reading direction, forges a line, and sets a colour by a C1 byte. */
const ESCAPES = '\u001b[2J\u202e\nERROR: forged\u009b31m';
const UNPRINTABLE = /(?!\n)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

/** Expects text without control characters and forged lines that contains each of the others. */
function expectPrintable(printed: string, ...told: readonly string[]): void {
  expect(printed.split('\n').filter((line) => UNPRINTABLE.test(line) || line.startsWith('ERROR: forged'))).toEqual([]);
  for (const text of told) expect(printed).toContain(text);
}

/** Offers a protocol by ALPN and no other, byte for byte (RFC 7301, section 3.1). */
async function offerAlpn({ url, ca }: Target, protocol: string): Promise<void> {
  const ALPNProtocols = Buffer.from(`${String.fromCharCode(protocol.length)}${protocol}`, 'latin1');
  const socket = tls.connect({ port: Number(new URL(url).port), ca, ALPNProtocols });
  await new Promise<void>((resolve) => socket.on('error', () => {}).on('close', () => resolve()));
}

test('clients and a scenario file cannot control the terminal of serve, report and explain', async () => {
  await using folder = await openFolder();
  const scenario = {
    name: `name ${ESCAPES}`,
    profile: 'dual-stack',
    seed: 7,
    faults: [{ name: `fault ${ESCAPES}`, on: 'request', inject: [{ delay: { ms: 1 } }] }],
    expect: ['alpn-offered', 'trace-propagated'],
  };
  const file = await folder.write('hostile.yaml', JSON.stringify(scenario));
  const ready = folder.at('ready.json');
  await using serving = startHere(['serve', file, '--port', '0', '--admin-port', '0', '--ready-file', ready]);
  for (let line = await serving.hear(); !line?.startsWith('    -d'); line = await serving.hear())
    if (line === undefined) throw new Error((await serving.ended).stderr);
  const { url, adminUrl, caFile } = JSON.parse(await readFile(ready, 'utf8'));
  const target: Target = { url, ca: await readFile(caFile, 'utf8') };

  await offerAlpn(target, 'h2\u001b[2J\nERROR: forged\u009b31m');
  await using socket = await openTlsSocket(target, { alpn: ['http/1.1'] });
  const hostile = { 'user-agent': 'agent\u009b31m', 'x-async-trace-id': 'trace\u009b31m' };
  await socket.write(Buffer.from(writeRequest('GET', `${TASKS}/cgt-1`, hostile), 'latin1'));
  await socket.saw('HTTP/1.1 404');
  await using raw = await openRawHttp2(target);
  await raw.request(1, 'GET', `${TASKS}/path\u009b31m`);
  await raw.saw('HEADERS on 1');
  const report = await callMock('report', '--admin', adminUrl);
  const explained = await callMock('explain', file);
  const validated = await callMock('validate', file);
  serving.signal('SIGTERM');
  const { stdout } = await serving.ended;

  expectPrintable(stdout, 'scenario "name \\u001b[2J\\u202e\\u000aERROR: forged\\u009b31m"', 'fault "fault \\u001b[2J');
  expectPrintable(stdout, 'h2\\u001b[2J\\nERROR: forged', '\\u009b31m 404');
  expectPrintable(report.stdout, 'scenario "name \\u001b[2J', 'agent\\u009b31m', '"fault \\u001b[2J');
  expectPrintable(explained.stdout, 'scenario "name \\u001b[2J', 'fault "fault \\u001b[2J');
  expectPrintable(validated.stdout, ': name \\u001b[2J');
  expect(validated.stderr).toBe('');
});

test('a client cannot control the terminal by the model it sends to the upstream', async () => {
  await using upstream = await ScriptedUpstream.open('h2', (request, response) => {
    request.resume();
    response.writeHead(200);
    response.end('{"id":"cgt-1"}');
  });
  await using proxy = await startProxy(upstream);
  const printed: string[] = [];
  await logJournal(proxy.journal, 'pretty', { write: (line) => printed.push(line) });
  await using client = await openClient(proxy);

  await client.post(TASKS, { ...textOnly, model: ESCAPES });

  expectPrintable(printed.join(''), 'cgt-1 created for \\u001b[2J\\u202e\\u000aERROR: forged\\u009b31m');
});
