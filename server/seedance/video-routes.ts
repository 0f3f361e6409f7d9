import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Lane } from '../lane.ts';
import { documented } from '../openapi/documented.ts';
import type { HandleExchange } from '../wire/listener.ts';
import { askScenario, exchangeOf } from '../wire/messages.ts';
import { isResult, RESULT_FILE } from '../wire/result-path.ts';
import { readRange } from './byte-range.ts';
import type { Media, Refusal, Videos } from './videos.ts';

type FileRequest = FastifyRequest<{ Params: { file: string }; Querystring: Record<string, unknown> }>;

/** The same shape is the same file, whenever it was made: one date fits all. */
const LAST_MODIFIED = 'Thu, 01 Jan 2026 00:00:00 GMT';

const refusals: Readonly<Record<Refusal | 'NoSuchKey', { Message: string; EC?: string }>> = {
  SignatureDoesNotMatch: {
    Message:
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    EC: '0002-00000024',
  },
  // The wording of S3, whose API the storage follows; its own was not seen.
  AccessDenied: { Message: 'Request has expired' },
  NoSuchKey: { Message: 'The specified key does not exist.' },
};

const refusalSchema = z.object({
  Code: z.enum(['SignatureDoesNotMatch', 'AccessDenied']),
  RequestId: z.string(),
  HostId: z.string(),
  Message: z.string(),
  EC: z.string().optional(),
});

const file = { schema: z.string().meta({ format: 'binary' }), types: ['video/mp4', 'video/quicktime', 'image/jpeg'] };

// The storage words its errors in JSON of its own, seen live in coze-dev/coze-studio issue 2272.
const refusalBody = (code: keyof typeof refusals, requestId: string): string =>
  JSON.stringify({ Code: code, RequestId: requestId, HostId: 'seedance-mock', ...refusals[code] });

const refuse = (reply: FastifyReply, code: Refusal, requestId: string): FastifyReply =>
  reply.code(403).header('content-type', 'application/json').send(refusalBody(code, requestId));

/** Lets the storage port answer nothing but results: the API is not there.
 * @param handle answers those */
export const onlyResults =
  (handle: HandleExchange): HandleExchange =>
  (exchange, request) => {
    if (isResult(exchange.url)) return handle(exchange, request);
    exchange.noteReceived();
    const body = refusalBody('NoSuchKey', '');
    exchange.writeHead(404, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    exchange.end(body);
  };

/** The part a request asks for; `If-Range` with another version asks for the whole (RFC 9110, section 13.1.5). */
function chooseRange({ headers }: FileRequest, { bytes, etag }: Media) {
  const condition = headers['if-range'];
  if (condition !== undefined && condition !== etag && condition !== LAST_MODIFIED) return undefined;
  return readRange(headers.range, bytes.length);
}

/** Result files at their signed URLs; no key, no CORS (reference, section 11). Whoever has a good one meets the hook `video`. */
export function registerVideoRoutes(
  app: FastifyInstance,
  { lane, videos }: { readonly lane: Lane; readonly videos: Videos },
): void {
  app.route({
    method: ['GET', 'HEAD'],
    ...documented({
      summary: 'Downloads a result at its signed URL; no key, and GET alone.',
      answer: file,
      more: [
        { ...file, status: 206, description: 'The part that `Range` asked for.' },
        { status: 403, schema: refusalSchema, description: 'The signature is not that of this URL, or has expired.' },
        { status: 416, description: 'The file ends before the part.' },
      ],
      refusals: [404],
      open: true,
    }),
    url: `/:model/:file(^${RESULT_FILE}$)`,
    async handler(request: FileRequest, reply) {
      const [path = ''] = request.url.split('?');
      const refusal = videos.refuse(request.method, path, request.query);
      if (refusal) return refuse(reply, refusal, request.requestId);
      const [fileId] = request.params.file.split('.');
      // A task has one result, so what is counted per task is counted per result.
      const facts = fileId === undefined ? {} : { task: fileId };
      const plan = lane.armed('video') ? askScenario(exchangeOf(reply), 'video', facts) : undefined;
      if (plan?.urlExpired) return refuse(reply, 'AccessDenied', request.requestId);

      const media = await videos.read(request.params.file);
      const { type, bytes, etag } = media;
      reply.headers({ 'accept-ranges': 'bytes', etag, 'last-modified': LAST_MODIFIED });
      const range = plan?.rangeIgnored ? undefined : chooseRange(request, media);
      if (range === 'unsatisfiable') return reply.code(416).header('content-range', `bytes */${bytes.length}`).send();
      reply.header('content-type', type);
      if (!range) return reply.send(bytes);
      const { first, last } = range;
      reply.code(206).header('content-range', `bytes ${first}-${last}/${bytes.length}`);
      return reply.send(bytes.subarray(first, last + 1));
    },
  });
}
