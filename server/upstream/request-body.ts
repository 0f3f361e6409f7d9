import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { Readable, Transform } from 'node:stream';
import type { Exchange } from '../wire/exchange.ts';
import { hasBody, noteBody } from '../wire/messages.ts';
import { MAX_PREFIX_BYTES, Prefix } from './prefix.ts';

/** What a client sends along with its request, or an object without any body at all. */
type Incoming = Partial<ServerHttp2Stream & IncomingMessage>;

/** The body of a request on its way to the upstream: never held whole, and noted in the journal once it has passed. */
export interface RequestBody {
  /** Null where there is none. */
  readonly stream: Readable | null;
  /** Its beginning, where somebody looks at it. */
  readonly prefix: Prefix | undefined;
  /** Whether all of it has passed. */
  readonly sent: boolean;
  /** Whether the client left before that. */
  readonly givenUp: boolean;
  /** Lets nothing more of it pass. */
  stop(): void;
}

/** Takes the body of a request through, at the pace of whoever reads it.
 * @param observed whether its beginning is kept */
export function passBody(exchange: Exchange, request: object, observed: boolean): RequestBody {
  if (!(request instanceof Readable) || !hasBody(exchange, request as Incoming))
    return { stream: null, prefix: undefined, sent: true, givenUp: false, stop() {} };
  const prefix = observed ? new Prefix() : undefined;
  const digest = createHash('sha256');
  let bytes = 0;
  let sent = false;
  let givenUp = false;
  const passing = new Transform({
    transform(piece: Buffer, _encoding, done) {
      digest.update(piece);
      prefix?.add(piece);
      bytes += piece.byteLength;
      done(null, piece);
    },
    flush(done) {
      // Node ends a stream that the client has reset as if it were whole.
      if ((request as Incoming).aborted) return giveUp();
      sent = true;
      // Only of a create its beginning is kept.
      const text = bytes <= MAX_PREFIX_BYTES ? (prefix?.text() ?? '') : '';
      if (bytes > 0) noteBody(exchange, bytes, digest.digest('hex'), text);
      done();
    },
  });
  const giveUp = () => {
    givenUp = true;
    passing.destroy(new Error('The client gave up its request.'));
  };
  // Whoever reads it learns of an error there; here, it may have nobody to tell.
  passing.on('error', () => {});
  passing.once('close', () => {
    // First out of the pipe, which would pause it on its own way out.
    request.unpipe(passing);
    // On HTTP/2 its window would stay shut.
    request.resume();
  });
  request.once('close', () => {
    if (!request.readableEnded) giveUp();
  });
  request.pipe(passing);
  return {
    stream: passing,
    prefix,
    get sent() {
      return sent;
    },
    get givenUp() {
      return givenUp;
    },
    stop: () => void passing.destroy(),
  };
}
