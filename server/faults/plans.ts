/** What is about to happen to a connection before it speaks HTTP. */
export interface ConnectionPlan {
  end?: {
    readonly at: 'accept' | 'client-hello' | 'server-hello' | 'finished';
    readonly how: 'reset' | 'fin' | 'hang';
    /** Sent before that, in place of the ServerHello. */
    readonly answer?: Uint8Array;
  };
  tls?: TlsPlan;
  /** Waits, accepted and unread, until the fault that wants it so lets it in. */
  queued?: true;
  /** How its bytes travel; left out, as TCP carries them. */
  transport?: TransportPlan;
}

/** How the bytes of one direction travel. Each byte is late first, then waits for its turn at the pace, then is cut. */
export interface WayPlan {
  /** How late each byte is, and by how much that differs either way. Bytes never overtake each other. */
  latencyMs?: number;
  jitterMs?: number;
  bytesPerSecond?: number;
  /** The largest TCP segment, and how long the next one waits for it. */
  slice?: { readonly bytes: number; readonly delayMs: number };
}

/** What stands between the socket and TLS. Counts of bytes are of TCP's payload: TLS records and all. */
export interface TransportPlan {
  readonly toClient: WayPlan;
  readonly toServer: WayPlan;
  /** Nothing passes in either direction for a while; `afterMs` counts from the connection's accept. */
  freeze?: { readonly afterMs: number; readonly forMs: number };
  /** FIN after so many bytes; what the client sends is read on. */
  halfClose?: { readonly afterBytes: number };
  /** The server's handshake flight: waited before its first byte, and its pace. */
  flight?: { readonly delayMs: number; readonly bytesPerSecond?: number | undefined };
}

/** How a TLS handshake goes where a fault wants it otherwise; what is left out goes as the service does it. */
export interface TlsPlan {
  readonly version?: 'TLSv1.2' | 'TLSv1.3';
  readonly certificate?: BadCertificate;
  /** What ALPN answers, whatever was offered; `null` = nothing. */
  readonly alpn?: string | null;
  /** No session tickets. */
  readonly tickets?: false;
  /** How much early data the session tickets permit, RFC 8446 section 4.6.1. It is never accepted. */
  readonly earlyDataBytes?: number;
}

/** What is wrong with a certificate, and nothing else is. */
export type BadCertificate = 'expired' | 'not-yet-valid' | 'wrong-host' | 'self-signed' | 'unknown-ca';

/** GOAWAY, RFC 9113 section 6.8. Without `lastStreamId`: the highest stream the server has seen. */
export interface Goaway {
  /** RFC 9113 section 7, as the number on the wire. */
  readonly code: number;
  readonly lastStreamId?: number | undefined;
  /** Two steps: first a GOAWAY that names 2^31-1, then, a round trip later, the real one. */
  readonly graceful: boolean;
}

/** A frame of HTTP/2, RFC 9113 section 4.1; its length is that of its payload. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Uint8Array;
}

/** A frame that the server sends of its own accord; bytes are sent as they are, whatever they say. */
export interface ExtraFrame {
  /** Left out as a stream: that of the request. */
  readonly frame: Uint8Array | (Omit<Frame, 'stream'> & { readonly stream?: number | undefined });
  readonly count: number;
  /** Left out: all at once. */
  readonly perSecond?: number | undefined;
}

/** What becomes of a frame. */
export type FrameDeed =
  | { readonly how: 'drop' }
  | { readonly how: 'delay'; readonly ms: number }
  /** So many bits of the payload are turned over, at places drawn from the seed. */
  | { readonly how: 'flip'; readonly bits: number }
  /** The header says that the payload has so many bytes more, or fewer, than it has. */
  | { readonly how: 'misstate-length'; readonly byBytes: number }
  /** More header fields follow, each in a CONTINUATION frame of its own. Where they are `endless`, none says END_HEADERS, and
   * nothing is sent on the connection after them. */
  | { readonly how: 'swell'; readonly fields: number; readonly valueBytes: number; readonly endless: boolean };

/** What becomes of frames that pass. Of those that the client sends, they can only be dropped. */
export interface FrameRule {
  readonly direction: 'to-client' | 'from-client';
  readonly type: number;
  /** PING and SETTINGS: only those that are, or are not, an answer to the other side's. */
  readonly ack?: boolean;
  /** Which of them, counted per connection from 1; left out, every one. */
  readonly nth?: readonly number[] | undefined;
  readonly deed: FrameDeed;
}

/** RFC 9113, section 6.5.2. */
export interface Http2Settings {
  readonly headerTableSize?: number | undefined;
  readonly maxConcurrentStreams?: number | undefined;
  readonly initialWindowSize?: number | undefined;
  readonly maxFrameSize?: number | undefined;
  readonly maxHeaderListSize?: number | undefined;
  readonly enableConnectProtocol?: boolean | undefined;
}

/** What is about to happen to an HTTP/2 session that has just begun. */
export interface SessionPlan {
  goaway?: Goaway;
  /** Announced in the server's first SETTINGS, and enforced. */
  settings?: Http2Settings;
  /** SETTINGS_MAX_CONCURRENT_STREAMS becomes `max` with the request number `after` of the connection. */
  maxStreams?: { readonly max: number; readonly after: number };
  /** Each frame with a payload gets as much padding as it can hold: RFC 9113, sections 6.1 and 6.2. */
  padded?: boolean;
  frameRules?: FrameRule[];
  extraFrames?: ExtraFrame[];
}

/** Where a response ends before its time. */
export type EndAt = 'before-commit' | 'after-commit' | 'headers' | EndInBody;
/** After so many bytes of the body, or a share of it from 0 to 1. */
export type EndInBody = { readonly bodyBytes: number } | { readonly share: number };

/** How it ends there. `rst-stream` leaves sibling streams alone; HTTP/1.1 has no streams, so there it is a reset. */
export interface ResponseEnd {
  readonly at: EndAt;
  readonly how: 'reset' | 'fin' | 'rst-stream' | 'hang';
  /** RST_STREAM error code, as the number on the wire. */
  readonly code: number;
}

/** An answer given in place of the service's own. */
export interface PlannedStatus {
  readonly code: number;
  /** The `code` of the Ark error body; left out = the one that belongs to the status. */
  readonly error?: string | undefined;
  /** What stands there in place of an Ark error body: the gateway's own words, nothing at all, or any text. */
  readonly body?: 'text' | 'html' | 'empty' | { readonly text: string; readonly type: string } | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** `Retry-After`: seconds of the lane's time, of which the client is told its own; or a date. */
  readonly retryAfter?: number | string | undefined;
}

/** Prepares to change a body of so many bytes. What it returns is given each piece of it in order, with the place of its first byte,
 * and gives other bytes for it, as many. */
export type ChangeBody = (bodyBytes: number) => (piece: Uint8Array, at: number) => Uint8Array;

/** What all faults on one request add up to; one executor carries it out, over HTTP/2 and HTTP/1.1 alike. */
export interface ResponsePlan {
  /** Waited before the request is carried out. */
  delayBeforeMs: number;
  /** Waited after the request was carried out, before the first byte of the answer. */
  delayAfterMs: number;
  /** In place of carrying the request out. */
  statusBefore?: PlannedStatus;
  /** In place of the answer; the request was carried out. */
  statusAfter?: PlannedStatus;
  goaway?: Goaway;
  /** The URL of a result has expired, whatever its signature says. */
  urlExpired?: boolean;
  /** A result is answered whole, whatever part of it was asked for. */
  rangeIgnored?: boolean;
  /** Other bytes in place of the body, as many as it has. */
  changeBody?: ChangeBody;
  /** Fields of the head, by their names in lower case: another value, or `null` for none. */
  fields?: Readonly<Record<string, string | null>>;
  /** What Content-Length says too much, or too little when it is negative. */
  lengthOffBy?: number;
  extraFrames?: ExtraFrame[];
  /** Pace of the body. */
  bytesPerSecond?: number;
  /** The body is written in pieces of this length: on HTTP/2 a DATA frame each. */
  pieceBytes?: number;
  end?: ResponseEnd;
}

/** How the news of a task's new status is about to reach its receiver. */
export interface CallbackPlan {
  /** Nobody is told; nothing else has an effect then. */
  dropped: boolean;
  /** Waited before it is sent. */
  delayMs: number;
  /** Held back until the next callback of its task has been answered or tried in vain, but no longer than this. */
  heldMs?: number;
  /** How often the whole of it is sent again. */
  copies: number;
  /** The body names another task; the headers do not. */
  wrongTask: boolean;
  /** Bytes of the body that arrive as others: where, as a share of its length in [0, 1), and the bits that are turned over. */
  readonly flips: { readonly at: number; readonly bits: number }[];
}

/** The answer that a DNS query is about to get. */
export interface DnsPlan {
  /** Waited before it is answered. */
  delayMs: number;
  /** In place of the true answer; `silence` is none at all, and then neither delay nor truncation matters. */
  answer?: 'silence' | { readonly rcode: 'NOERROR' | 'SERVFAIL' | 'NXDOMAIN'; readonly addresses: readonly string[] };
  /** It is said to be too long, so that the client comes again over TCP (RFC 1035, section 4.2.1). */
  truncated?: boolean;
}

/** The workers that run tasks, and how long a task waits for one. One object stands for one set of workers. */
export interface Workers {
  /** Infinity: as many as are needed. */
  readonly workers: number;
  /** Infinity: as long as it takes. */
  readonly queueTimeoutMs: number;
  /** How often a task waits before it is dropped. */
  readonly tries: number;
  /** Between two tries. */
  readonly pauseMs: number;
}

/** Workers that go away for a while. */
export interface WorkerLoss {
  /** Of all workers; at least one goes. */
  readonly share: number;
  readonly forMs: number;
  /** What becomes of the tasks they had, once they are back. */
  readonly then: 'fail' | 'move';
  /** Which ones, in [0, 1): neighbours, from there on. */
  readonly roll: number;
}

/** The life a task is about to have. */
export interface TaskPlan {
  queuedMs: number;
  runningMs: number;
  outcome: 'succeeded' | 'failed';
  error?: { readonly code: string; readonly message: string };
  /** Never leaves this state by itself (it still expires). */
  stickIn?: 'queued' | 'running';
  /** How many times as long each of its times is; left out, 1. */
  stretch?: number;
  /** Expires so long after it was created; left out, when the request says. */
  expiresAfterMs?: number;
  /** How much later than it should the service notices that the task has expired. */
  expiresLateMs?: number;
  /** Get, List and DELETE do not know it before so long after it was created. */
  hiddenMs?: number;
  /** Once it was seen in a state, it is seen so many times as it stood before. */
  regress?: { readonly from: 'running' | 'succeeded'; readonly times: number };
  /** Who runs it; left out, there is a worker for every task. */
  dispatcher?: Workers;
  /** What happens to the workers at the moment it is created. */
  workerLoss?: WorkerLoss;
}
