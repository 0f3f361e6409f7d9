import { z } from 'zod';
import { keep } from '../bounded.ts';
import { type ClientNow, defineCheck, doubtful, fail, inconclusive, many, pass } from '../check.ts';
import { endOf, hasFailed, isWhole, type Request } from '../facts.ts';
import type { Tally } from '../tally.ts';

/** Bytes of a file, from the first up to, and without, the last. */
type Span = readonly [from: number, to: number];

/** What a client has of a result that has not come whole yet. */
interface Partial {
  /** In order, and apart from each other. */
  readonly spans: readonly Span[];
  /** From where on an attempt was cut of which the journal does not say how much was sent. */
  readonly unknownFrom: number | undefined;
  /** The latest attempt that failed. */
  readonly failed: Request | undefined;
}

/** What is still wrong with the results that a client asked for, by path. */
interface Downloads {
  readonly partial: Map<string, Partial>;
  readonly heads: Map<string, Request>;
  /** The latest came whole, but a fault had altered it. */
  readonly altered: Map<string, Request>;
  /** Those that have come whole. */
  readonly whole: Map<string, Request>;
}

/** How many parts of a result are remembered that do not join. */
const SPANS_KEPT = 100;

/** A video is stored for 24 h: what was not fetched whole by then is lost (reference, Ark API section 11). */
export const downloadsComplete = defineCheck({
  name: 'downloads-complete',
  summary: 'Downloads each result whole, or ends with an error; asks for it by GET, not by HEAD.',
  definition: `Looks at the last download of each result that the client asked for. It is complete when a GET was answered whole with 200, or when the parts
that came, of 206 answers and of attempts that were cut, make up the whole. One that was cut or refused, and is not complete after that, is *incomplete* if the command
that \`run\` started ended with exit code 0 all the same; without \`run\` the check cannot know whether the client noticed, and is inconclusive. A HEAD that no GET
follows is *HEAD*: the link is signed for GET, so that the storage answers HEAD with 403. What the client ends itself while nothing is wrong, such as a
player after the head of a file, and a part that it asks for alone, does not count. Inconclusive without a download, and where a fault had altered the last one: the client took it for the
result, or noticed.`,
  params: z.strictObject({}),
  expects: () => 'each result to be downloaded whole, or an exit code other than 0',
  client: {
    watch(tally) {
      const downloads: Downloads = { partial: new Map(), heads: new Map(), altered: new Map(), whole: new Map() };
      return {
        hearsStorage: true,
        downloads,
        over(request) {
          note(tally, downloads, request);
        },
      };
    },
    judge(tally, _params, now, { downloads: { partial, heads, altered, whole } }) {
      const left: Downloads = {
        partial: new Map(partial),
        heads: new Map(heads),
        altered: new Map(altered),
        whole: new Map(whole),
      };
      for (const request of now.unsettled) note(tally, left, request);
      return judge(tally, left, now);
    },
  },
});

function note(tally: Tally, downloads: Downloads, request: Request): void {
  const { answer, received, target } = request;
  const { partial, heads } = downloads;
  const { path } = target;
  if (!target.isResult) return;
  if (received.method === 'HEAD') {
    if (answer?.status === 403) keep(heads, path, request);
    return;
  }
  if (received.method !== 'GET') return;
  // It has all bytes, and asked whether there are more, as `curl --continue-at -` does.
  if (answer?.status === 416 && downloads.whole.has(path)) return;
  const isServed = isWhole(request) && (answer?.status === 200 || answer?.status === 206);
  if (isServed) heads.delete(path);
  const part = partOf(request);
  const { spans: had = [], unknownFrom, failed: failedBefore } = partial.get(path) ?? {};
  const { from, to, total = Number.POSITIVE_INFINITY } = part;
  const spans = to === undefined ? had : join(had, [from, to]);
  // How much came of an attempt that was cut, its client knows, which goes on from there.
  const isRest = unknownFrom === 0 && (to ?? 0) >= total;
  if (isServed && (isRest || isAllOf(spans, total))) return noteWhole(tally, downloads, request);
  const failed = isServed || !(hasFailed(request) || isWhole(request)) ? failedBefore : request;
  const startsAt = unknownFrom ?? Number.POSITIVE_INFINITY;
  keep(partial, path, { spans, failed, unknownFrom: to === undefined ? Math.min(from, startsAt) : unknownFrom });
}

function noteWhole(tally: Tally, { partial, altered, whole }: Downloads, request: Request): void {
  const { path } = request.target;
  partial.delete(path);
  if (request.answer?.altered) return keep(altered, path, request);
  altered.delete(path);
  keep(whole, path, request);
  tally.note('whole', [request.received.seq]);
}

/** What of its file a request was sent. */
interface Part {
  readonly from: number;
  /** Left out where the journal does not say how much was sent. */
  readonly to?: number;
  /** The length of the whole. */
  readonly total?: number;
}

/** Nothing of it, as an answer 403. */
const NOTHING: Part = { from: 0, to: 0 };

function partOf(request: Request): Part {
  const { answer, cut, received } = request;
  if (answer && answer.status !== 200 && answer.status !== 206) return NOTHING;
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(answer?.contentRange ?? '') ?? [];
  if (isWhole(request) && first !== undefined)
    return { from: Number(first), to: Number(last) + 1, total: Number(total) };
  // It is the whole, or says not which part of it.
  if (isWhole(request)) return { from: 0, to: Number.POSITIVE_INFINITY };
  const [, start] = /^bytes=(\d+)-/.exec(received.range ?? 'bytes=0-') ?? [];
  if (start === undefined) return NOTHING;
  const from = Number(start);
  return cut?.type === 'response.abandoned' ? { from, to: from + cut.bytes } : { from };
}

/** Whether these are all bytes of a file. */
const isAllOf = ([first]: readonly Span[], total: number): boolean => first?.[0] === 0 && first[1] >= total;

/** Adds a span to those that are there. */
function join(spans: readonly Span[], added: Span): readonly Span[] {
  const joined: Span[] = [];
  for (const [from, to] of [...spans, added].sort(([a], [b]) => a - b)) {
    const latest = joined.at(-1);
    if (latest && from <= latest[1]) joined[joined.length - 1] = [latest[0], Math.max(latest[1], to)];
    else joined.push([from, to]);
  }
  return joined.slice(0, SPANS_KEPT);
}

function judge(tally: Tally, { partial, heads, altered }: Downloads, { exitCode }: Pick<ClientNow, 'exitCode'>) {
  const cut = new Map([...partial].flatMap(([path, { failed }]) => (failed ? [[path, failed] as const] : [])));
  const whole = tally.of('whole').count;
  const total = whole + cut.size + altered.size;
  const figures = { whole, incomplete: cut.size, heads: heads.size };
  const [head] = heads.values();
  if (head)
    return fail(`asked for ${many(heads.size, 'result')} by HEAD, and did not download it whole`, {
      finding: 'HEAD',
      hint: 'Send GET, if need be with `Range: bytes=0-0`: the link is signed for GET alone, and HEAD gets 403.',
      ...proofsOf(heads),
      figures,
      provisional: true,
    });
  const [request] = cut.values();
  const [spoilt] = altered.values();
  if (!request && spoilt)
    return doubtful(
      `a fault altered ${altered.size} of ${many(total, 'download')}: it noticed, or took that for the result`,
      {
        ...proofsOf(altered),
        figures,
      },
    );
  if (!request)
    return whole > 0
      ? pass(`downloaded ${many(whole, 'time')}, each result whole`, { ...tally.proofs('whole'), figures })
      : inconclusive('it downloaded no result to its end');
  const seen = `${cut.size} of ${many(total, 'download')} did not come whole, the first ${describe(request)}`;
  if (exitCode === 0)
    return fail(`${seen}, and the command ended with exit code 0`, {
      finding: 'incomplete',
      hint: 'Compare the bytes with Content-Length, fetch the rest by Range or all again, and end with an error if you cannot.',
      ...proofsOf(cut),
      figures,
      provisional: true,
    });
  if (exitCode !== undefined)
    return inconclusive(`${seen}; the command ended with exit code ${exitCode}`, proofsOf(cut));
  return doubtful(`${seen}: it noticed and gave up, or took it for complete (\`run\` sees the exit code)`, {
    ...proofsOf(cut),
    figures,
  });
}

/** How a download failed. */
const describe = (request: Request): string => {
  const { answer, cut } = request;
  if (isWhole(request)) return `was answered with ${answer?.status}`;
  if (answer?.unreadable) return 'was answered with something else';
  return cut?.type === 'response.abandoned' ? `was cut after ${cut.bytes} B` : 'was cut';
};

const proofsOf = (requests: ReadonlyMap<string, Request>) => ({
  events: [...requests.values()].flatMap((request) => [request.received.seq, endOf(request)?.seq ?? []].flat()),
});
