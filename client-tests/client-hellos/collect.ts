/**
 * Collects the ClientHellos of real TLS libraries into `hellos.json`: `node client-tests/client-hellos/collect.ts`.
 * Each library connects twice to three servers. One resumes by TLS 1.3. One takes only P-384, for which no library
 * sends a key share, so that it answers with a HelloRetryRequest. One resumes by TLS 1.2.
 * A library whose tools are not installed keeps what the file holds of it.
 */
import { execFile } from 'node:child_process';
import { hash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';
import { findChromium } from '../browser/chromium.ts';
import { type CollectedHello, HELLOS_FILE, readHellos } from './hellos.ts';

const run = promisify(execFile);
const clients = fileURLToPath(new URL('./clients/', import.meta.url));
const PROTOCOLS = 'h2,http/1.1';
/** How long one library may take, a first build included. */
const LIMIT_MS = 300_000;

const servers = {
  'TLS 1.3': {},
  retry: { ecdhCurve: 'P-384', minVersion: 'TLSv1.3' },
  'TLS 1.2': { maxVersion: 'TLSv1.2' },
} as const satisfies Record<string, TlsOptions>;

/** What a client sent on one connection up to its first encrypted byte. */
interface Visit {
  readonly hellos: readonly string[];
  readonly resumed: boolean;
}

interface Library {
  readonly name: string;
  /** Prints the version. */
  readonly version: readonly string[];
  /** Connects twice to a port of localhost. */
  visit(port: number, folder: string): Promise<unknown>;
}

const started = (program: string, ...args: readonly string[]) => run(program, args, { timeout: LIMIT_MS });

/** Runs a command line of a shell: these clients read what they send from standard input. */
const shell = (line: string) => run('sh', ['-c', line], { timeout: LIMIT_MS });

const REQUEST = String.raw`printf 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'`;

const libraries: readonly Library[] = [
  {
    name: 'OpenSSL (s_client)',
    version: ['openssl', 'version'],
    visit: async (port, folder) => {
      const line = `openssl s_client -connect localhost:${port} -servername localhost -alpn ${PROTOCOLS} -ign_eof`;
      await shell(`${REQUEST} | ${line} -sess_out ${folder}/session.pem`);
      await shell(`${REQUEST} | ${line} -sess_in ${folder}/session.pem`);
    },
  },
  {
    name: 'OpenSSL (Python)',
    version: ['python3', '-c', 'import platform, ssl; print(platform.python_version(), ssl.OPENSSL_VERSION)'],
    visit: (port) => started('python3', `${clients}python_ssl.py`, String(port), PROTOCOLS),
  },
  {
    name: 'OpenSSL (Node)',
    version: [process.execPath, '-p', '["Node", process.version, "OpenSSL", process.versions.openssl].join(" ")'],
    visit: (port) => started(process.execPath, `${clients}node.mjs`, String(port), PROTOCOLS),
  },
  {
    name: 'Go',
    version: ['go', 'version'],
    visit: (port) => started('go', 'run', `${clients}crypto-tls.go`, String(port), PROTOCOLS),
  },
  {
    name: 'JSSE',
    version: ['java', '--version'],
    visit: (port) => started('java', `${clients}Jsse.java`, String(port), PROTOCOLS),
  },
  {
    name: 'BoringSSL (Chromium)',
    version: ['chromium', '--version'],
    visit: visitWithChromium,
  },
  {
    name: 'rustls',
    version: ['cargo', '--version'],
    visit: async (port, folder) => {
      const manifest = ['--manifest-path', `${clients}rustls/Cargo.toml`, '--target-dir', join(folder, 'rustls')];
      await started('cargo', 'run', '--quiet', ...manifest, '--', String(port), PROTOCOLS);
    },
  },
  {
    name: 'NSS',
    version: ['dpkg-query', '--show', 'libnss3-tools'],
    visit: async (port, folder) => {
      const make = `test -f ${folder}/cert9.db || certutil -N -d ${folder} --empty-password`;
      const trust = `certutil -A -n mock -t CT,, -i ${folder}/cert.pem -d ${folder}`;
      await shell(`(${make}) && ${trust} && ${REQUEST} > ${folder}/request`);
      const files = `-d ${folder} -A ${folder}/request`;
      await shell(`tstclnt -4 -h localhost -p ${port} ${files} -u -L 2 < /dev/null`);
    },
  },
  {
    name: 'GnuTLS',
    version: ['gnutls-cli', '--version'],
    visit: (port) => {
      const alpn = PROTOCOLS.split(',').map((name) => `--alpn=${name}`);
      return shell(`${REQUEST} | gnutls-cli --resume --insecure ${alpn.join(' ')} -p ${port} localhost`);
    },
  },
];

async function visitWithChromium(port: number, folder: string): Promise<void> {
  const executablePath = findChromium();
  if (!executablePath) throw new Error('there is no chromium');
  const { publicKey } = new X509Certificate(readFileSync(join(folder, 'cert.pem')));
  // Chromium keeps no session of a server whose certificate it only tolerates.
  const trusted = hash('sha256', publicKey.export({ type: 'spki', format: 'der' }), 'base64');
  const args = ['--no-sandbox', '--disable-quic', `--ignore-certificate-errors-spki-list=${trusted}`];
  const browser = await chromium.launch({ executablePath, args });
  try {
    const page = await browser.newPage();
    for (const visit of [1, 2]) await page.goto(`https://localhost:${port}/${visit}`);
  } finally {
    await browser.close();
  }
}

/** A TLS server behind a port that keeps what clients say in clear text. */
async function openTap(options: TlsOptions, identity: { readonly key: string; readonly cert: string }) {
  const visits: Promise<Visit>[] = [];
  const resumed = new Set<number | undefined>();
  const inner = createTlsServer({ ...identity, ...options, ALPNProtocols: ['http/1.1'] }, (socket) => {
    if (socket.isSessionReused()) resumed.add(socket.remotePort);
    socket.on('error', () => {});
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok'));
  });
  inner.on('tlsClientError', () => {});
  const innerPort = await listen(inner);
  const front = createServer((client) => {
    const toInner = connect(innerPort, '127.0.0.1');
    visits.push(watch(client, toInner, resumed));
  });
  const port = await listen(front);
  const close = () => {
    front.close();
    inner.close();
  };
  return { port, visits, close };
}

async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

async function watch(client: Socket, inner: Socket, resumed: ReadonlySet<number | undefined>): Promise<Visit> {
  const chunks: Buffer[] = [];
  client.on('data', (chunk: Buffer) => chunks.push(chunk));
  // Not pipe(): a destination that is gone leaves the source paused, and it never closes.
  for (const [from, to] of [
    [client, inner],
    [inner, client],
  ] as const) {
    from.on('data', (chunk: Buffer) => void (to.writable && to.write(chunk)));
    from.on('end', () => to.end()).on('error', () => to.destroy());
  }
  let port: number | undefined;
  inner.once('connect', () => {
    port = inner.localPort;
  });
  await Promise.all([closed(client), closed(inner)]);
  return { hellos: readClientHellos(Buffer.concat(chunks)), resumed: resumed.has(port) };
}

const closed = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()));

const CHANGE_CIPHER_SPEC = 20;
const HANDSHAKE = 22;
const CLIENT_HELLO = 1;

/** The records of the ClientHellos, in hex: one, or two where a HelloRetryRequest came between them. */
function readClientHellos(bytes: Buffer): readonly string[] {
  const found: string[] = [];
  for (let at = 0; at + 5 < bytes.length; ) {
    const end = at + 5 + bytes.readUInt16BE(at + 3);
    if (bytes[at] === HANDSHAKE && bytes[at + 5] === CLIENT_HELLO) found.push(bytes.toString('hex', at, end));
    else if (bytes[at] !== CHANGE_CIPHER_SPEC) break;
    at = end;
  }
  return found;
}

type When = CollectedHello['when'];

/** Names what was seen; `first` is the same for all servers, and the visit of the first server has it. */
function nameVisits(server: keyof typeof servers, visits: readonly Visit[]): readonly (readonly [When, string])[] {
  const first = visits.find(({ resumed }) => !resumed);
  const again = visits.find(({ resumed }) => resumed);
  if (!first?.hellos[0]) throw new Error(`no first ClientHello (${server})`);
  if (!again?.hellos[0]) throw new Error(`no resumed ClientHello (${server})`);
  switch (server) {
    case 'TLS 1.3':
      return [
        ['first', first.hellos[0]],
        ['resumed', again.hellos[0]],
      ];
    case 'TLS 1.2':
      return [['resumed by TLS 1.2', again.hellos[0]]];
    case 'retry': {
      if (!first.hellos[1]) throw new Error('no ClientHello after HelloRetryRequest');
      return [
        ['after HelloRetryRequest', first.hellos[1]],
        ['resumed at a server that had retried', again.hellos[0]],
        ...(again.hellos[1] ? [['resumed after HelloRetryRequest', again.hellos[1]] as const] : []),
      ];
    }
  }
}

async function collect(library: Library, folder: string): Promise<readonly CollectedHello[]> {
  const [program = '', ...args] = library.version;
  const version = (await started(program, ...args)).stdout.split('\n')[0] ?? '';
  const { key, cert } = await makeIdentity(folder);
  const collected: CollectedHello[] = [];
  for (const [server, options] of Object.entries(servers)) {
    const tap = await openTap(options, { key, cert });
    await library.visit(tap.port, folder).catch((error: Error) => process.stderr.write(`  ${error.message}\n`));
    const visits = await Promise.all(tap.visits);
    tap.close();
    for (const [when, hello] of nameVisits(server as keyof typeof servers, visits))
      collected.push({ library: library.name, version, when, hello });
  }
  return collected;
}

async function makeIdentity(folder: string) {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2'];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  if (!existsSync(cert)) await started('openssl', 'req', '-x509', ...kind, ...subject, '-keyout', key, '-out', cert);
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}

const folder = await mkdtemp(join(tmpdir(), 'client-hellos-'));
const only = process.argv.slice(2);
let all = readHellos();
for (const library of libraries) {
  if (only.length > 0 && !only.includes(library.name)) continue;
  try {
    const collected = await collect(library, folder);
    all = [...all.filter(({ library: name }) => name !== library.name), ...collected];
    process.stdout.write(`${library.name}: ${collected.length} ClientHellos\n`);
  } catch (error) {
    process.stdout.write(`${library.name}: not collected (${error instanceof Error ? error.message : error})\n`);
  }
}
await rm(folder, { recursive: true });
writeFileSync(HELLOS_FILE, `${JSON.stringify(all, null, 2)}\n`);
