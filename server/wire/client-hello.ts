import type { Socket } from 'node:net';
import { getExtensionData, NonTlsError, readTlsClientHello } from 'read-tls-client-hello';

/** What the first bytes of a connection turned out to be. They are still there for whoever reads next. */
export type Opening =
  | { readonly kind: 'tls'; readonly alpn: readonly string[] | null; readonly serverName: string | undefined }
  /** The HTTP/2 connection preface in clear text: h2c with prior knowledge, RFC 9113 section 3.3. */
  | { readonly kind: 'h2c-preface' }
  /** HTTP/1.1 in clear text; `upgrade` is its Upgrade field. */
  | { readonly kind: 'http'; readonly upgrade: string | undefined }
  /** Neither TLS nor HTTP. */
  | { readonly kind: 'garbage'; readonly firstBytes: string };

const PREFACE_START = 'PRI * HTTP/2.0';
/** How much of a clear-text head is looked at; an Upgrade field further down is not seen. */
const MAX_HEAD_BYTES = 8_192;
const REQUEST_LINE = /^[A-Z]+ \S+ HTTP\/1\.[01]\r?$/m;

/** Reads as far as it takes to tell what the client speaks. Rejects when the client leaves before that. */
export async function readOpening(raw: Socket): Promise<Opening> {
  const before = raw.listeners('close');
  try {
    const hello = await readTlsClientHello(raw);
    return {
      kind: 'tls',
      alpn: getExtensionData(hello, 16)?.protocols ?? null,
      serverName: getExtensionData(hello, 0)?.serverName,
    };
  } catch (error) {
    if (raw.destroyed || raw.readableEnded) throw error;
    if (!(error instanceof NonTlsError))
      return { kind: 'garbage', firstBytes: 'a TLS record that holds no ClientHello' };
    return readClearText(raw);
  } finally {
    // The library leaves its own behind, each with the bytes it read, for as long as the connection lives.
    for (const listener of raw.listeners('close')) {
      if (!before.includes(listener)) raw.off('close', listener as () => void);
    }
  }
}

async function readClearText(raw: Socket): Promise<Opening> {
  let head = '';
  for await (const chunk of raw.iterator({ destroyOnReturn: false })) {
    head += (chunk as Buffer).toString('latin1');
    if (head.startsWith(PREFACE_START)) return { kind: 'h2c-preface' };
    const isHttp = REQUEST_LINE.test(head.slice(0, head.indexOf('\n') + 1).trimEnd());
    if (isHttp && !/\r?\n\r?\n/.test(head) && head.length < MAX_HEAD_BYTES) continue;
    if (isHttp) return { kind: 'http', upgrade: /^upgrade:(.*)/im.exec(head)?.[1] };
    // The start of a request line or of the preface may still become one.
    if (/^[A-Z]{1,16}( [^\r\n]*)?$/.test(head) && head.length < MAX_HEAD_BYTES) continue;
    return { kind: 'garbage', firstBytes: JSON.stringify(head.slice(0, 24)) };
  }
  throw new Error('The client left before it said what it speaks.');
}
