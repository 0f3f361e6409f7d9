import type { Socket } from 'node:net';
import { extensionParsers } from 'read-tls-client-hello';
import { ALPN, EARLY_DATA, ja4Of, printOf, SERVER_NAME } from './fingerprint.ts';

/** What the first bytes of a connection turned out to be. They are still there for whoever reads next. */
export type Opening =
  | {
      readonly kind: 'tls';
      readonly alpn: readonly string[] | null;
      readonly serverName: string | undefined;
      /** Whether data follows that is encrypted with the key of an earlier session. */
      readonly earlyData: boolean;
      readonly ja4: string;
      /** What identifies the client, whether it resumes a session or not (`fingerprint.ts`). */
      readonly print: string;
    }
  /** The HTTP/2 connection preface in clear text: h2c with prior knowledge, RFC 9113 section 3.3. */
  | { readonly kind: 'h2c-preface' }
  /** HTTP/1.1 in clear text; `upgrade` is its Upgrade field. */
  | { readonly kind: 'http'; readonly upgrade: string | undefined }
  /** Neither TLS nor HTTP. */
  | { readonly kind: 'garbage'; readonly firstBytes: string };

/** A TLS record: type, version (2 bytes), length (2 bytes), then that many bytes (RFC 8446, section 5.1). */
const RECORD_HEADER_BYTES = 5;
const HANDSHAKE_RECORD = 0x16;
/** Type, length (3 bytes); RFC 8446, section 4. */
const MESSAGE_HEADER_BYTES = 4;
const CLIENT_HELLO = 1;

/** The limit of OpenSSL (ssl/statem/statem_srvr.c, CLIENT_HELLO_MAX_LENGTH). */
const MAX_CLIENT_HELLO_BYTES = 131_396;
/** The most records that a ClientHello may come in. A record may hold a single byte. */
const MAX_RECORDS = 4_096;

const PREFACE_START = 'PRI * HTTP/2.0';
/** How much of a clear-text head is looked at; an Upgrade field further down is not seen. */
const MAX_HEAD_BYTES = 8_192;
const REQUEST_LINE = /^[A-Z]+ \S+ HTTP\/1\.[01]\r?$/m;

/** Reads as far as it takes to tell what the client speaks. Rejects when the client leaves before that. */
export async function readOpening(raw: Socket): Promise<Opening> {
  const chunks: Buffer[] = [];
  let receivedBytes = 0;
  let neededBytes = 1;
  for (;;) {
    const chunk: Buffer | null = raw.read();
    if (chunk === null) {
      await moreToRead(raw);
      continue;
    }
    chunks.push(chunk);
    receivedBytes += chunk.length;
    // Classifying after each of many small chunks would take quadratic time.
    if (receivedBytes < neededBytes) continue;
    const bytes = Buffer.concat(chunks);
    const opening = classifyOpening(bytes);
    if (typeof opening === 'number') {
      neededBytes = opening;
      continue;
    }
    raw.unshift(bytes);
    return opening;
  }
}

function moreToRead(raw: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => raw.off('readable', look).off('end', gone).off('close', gone);
    const look = () => {
      stop();
      resolve();
    };
    const gone = () => {
      stop();
      reject(new Error('The client left before it said what it speaks.'));
    };
    raw.on('readable', look).on('end', gone).on('close', gone);
  });
}

/** Classifies what a connection begins with.
 * @returns a number when more bytes are needed: the least total */
export function classifyOpening(bytes: Buffer): Opening | number {
  return bytes[0] === HANDSHAKE_RECORD ? classifyRecords(bytes) : classifyText(bytes.toString('latin1'));
}

/** RFC 8446, section 5.1: a handshake message may come in several records. None of them is empty, and
 * no record of another type comes between them. */
function classifyRecords(bytes: Buffer): Opening | number {
  const message = Buffer.alloc(bytes.length);
  let length = 0;
  for (let at = 0, records = 1; ; records++) {
    const header = bytes.subarray(at, at + RECORD_HEADER_BYTES);
    at += RECORD_HEADER_BYTES;
    if (header.length < RECORD_HEADER_BYTES) return at;
    const recordBytes = header.readUInt16BE(3);
    if (header[0] !== HANDSHAKE_RECORD || recordBytes === 0) return NO_CLIENT_HELLO;
    if (records > MAX_RECORDS) return garbage(`a ClientHello in more than ${MAX_RECORDS} records`);
    length += bytes.copy(message, length, at, at + recordBytes);
    const opening = classifyMessage(message.subarray(0, length));
    if (opening) return opening;
    at += recordBytes;
    if (bytes.length < at) return at;
  }
}

/** @param message what has arrived of it */
function classifyMessage(message: Buffer): Opening | undefined {
  if (message.length === 0) return undefined;
  if (message[0] !== CLIENT_HELLO) return NO_CLIENT_HELLO;
  if (message.length < MESSAGE_HEADER_BYTES) return undefined;
  const length = message.readUIntBE(1, 3);
  if (length > MAX_CLIENT_HELLO_BYTES)
    return garbage(`a ClientHello of ${length} bytes, ${MAX_CLIENT_HELLO_BYTES} at most`);
  const end = MESSAGE_HEADER_BYTES + length;
  return message.length < end ? undefined : readClientHello(message.subarray(0, end));
}

const garbage = (firstBytes: string): Opening => ({ kind: 'garbage', firstBytes });
const NO_CLIENT_HELLO = garbage('a TLS record that holds no ClientHello');

/**
 * Finds ALPN and server name in a ClientHello (RFC 8446, section 4.1.2). The library that knows the extensions could read
 * the whole of it, but does so in hundreds of promises, which cost a connection half as much memory again.
 */
function readClientHello(hello: Buffer): Opening {
  try {
    // Version (2 bytes), random (32); then session id, cipher suites and compression methods.
    let at = MESSAGE_HEADER_BYTES + 2 + 32;
    at += 1 + hello.readUInt8(at);
    const cipherSuites = readSuites(hello.subarray(at + 2, at + 2 + hello.readUInt16BE(at)));
    at += 2 + hello.readUInt16BE(at);
    at += 1 + hello.readUInt8(at);
    const extensions = new Map<number, Buffer>();
    // A ClientHello may end before the extensions: TLS 1.2, RFC 5246 section 7.4.1.2.
    const end = at < hello.length ? at + 2 + hello.readUInt16BE(at) : at;
    for (at += 2; at < end; at += 4 + hello.readUInt16BE(at + 2)) {
      extensions.set(hello.readUInt16BE(at), hello.subarray(at + 4, at + 4 + hello.readUInt16BE(at + 2)));
    }
    const alpn = extensions.get(ALPN);
    const serverName = extensions.get(SERVER_NAME);
    const parts = { version: hello.readUInt16BE(MESSAGE_HEADER_BYTES), cipherSuites, extensions };
    return {
      kind: 'tls',
      alpn: alpn ? (extensionParsers[ALPN](alpn)?.protocols ?? []) : null,
      serverName: serverName && extensionParsers[SERVER_NAME](serverName)?.serverName,
      earlyData: extensions.has(EARLY_DATA),
      ja4: ja4Of(parts),
      print: printOf(parts),
    };
  } catch (error) {
    // Whatever lengths it claims, they point outside of it.
    if (error instanceof RangeError) return NO_CLIENT_HELLO;
    throw error;
  }
}

const readSuites = (bytes: Buffer): number[] =>
  Array.from({ length: bytes.length >> 1 }, (_, index) => bytes.readUInt16BE(index * 2));

function classifyText(head: string): Opening | number {
  if (head.startsWith(PREFACE_START)) return { kind: 'h2c-preface' };
  const isHttp = REQUEST_LINE.test(head.slice(0, head.indexOf('\n') + 1).trimEnd());
  if (isHttp && !/\r?\n\r?\n/.test(head) && head.length < MAX_HEAD_BYTES) return head.length + 1;
  if (isHttp) return { kind: 'http', upgrade: /^upgrade:(.*)/im.exec(head)?.[1] };
  // The start of a request line or of the preface may still become one.
  if (/^[A-Z]{1,16}( [^\r\n]*)?$/.test(head) && head.length < MAX_HEAD_BYTES) return head.length + 1;
  return garbage(JSON.stringify(head.slice(0, 24)));
}
