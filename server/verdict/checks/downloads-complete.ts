import { z } from 'zod';
import { keep } from '../bounded.ts';
import { type ClientNow, defineCheck, doubtful, fail, inconclusive, many, pass } from '../check.ts';
import { endOf, hasFailed, isWhole, type Request } from '../facts.ts';
import type { Tally } from '../tally.ts';

/** What is still wrong with the results that a client asked for, by path. */
interface Downloads {
  readonly cut: Map<string, Request>;
  readonly heads: Map<string, Request>;
}

/** A video is stored for 24 h: what was not fetched whole by then is lost (reference, Ark API section 11). */
export const downloadsComplete = defineCheck({
  name: 'downloads-complete',
  summary: 'Downloads each result whole, or ends with an error; asks for it by GET, not by HEAD.',
  definition: `Looks at the last download of each result that the client asked for. It is complete when a GET was answered whole with 200, or with 206
after an attempt that was cut. One that was cut or refused, and not repeated, is *incomplete* if the command that \`run\` started ended with exit code 0 all
the same; without \`run\` the check cannot know whether the client noticed, and is inconclusive. A HEAD that no complete GET
follows is *HEAD*: the link is signed for GET, so that the storage answers HEAD with 403. What the client ends itself while nothing is wrong, such as a
player after the head of a file, does not count. Inconclusive without a download.`,
  params: z.strictObject({}),
  expects: () => 'each result to be downloaded whole, or an exit code other than 0',
  client: {
    watch(tally) {
      const downloads: Downloads = { cut: new Map(), heads: new Map() };
      return {
        hearsStorage: true,
        downloads,
        over(request) {
          note(tally, downloads, request);
        },
      };
    },
    judge(tally, _params, now, { downloads }) {
      const left: Downloads = { cut: new Map(downloads.cut), heads: new Map(downloads.heads) };
      for (const request of now.unsettled) note(tally, left, request);
      return judge(tally, left, now);
    },
  },
});

function note(tally: Tally, { cut, heads }: Downloads, request: Request): void {
  const { answer, received, target } = request;
  if (!target.isResult) return;
  const { method } = received;
  const { path } = target;
  if (method === 'HEAD') {
    if (answer?.status === 403) keep(heads, path, request);
  } else if (method === 'GET') {
    const isServed = isWhole(request) && (answer?.status === 200 || answer?.status === 206);
    if (isServed) {
      cut.delete(path);
      heads.delete(path);
      tally.note('whole', [received.seq]);
    } else if (hasFailed(request) || isWhole(request)) keep(cut, path, request);
  }
}

function judge(tally: Tally, { cut, heads }: Downloads, { exitCode }: Pick<ClientNow, 'exitCode'>) {
  const whole = tally.of('whole').count;
  const total = whole + cut.size;
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
  return cut?.type === 'response.abandoned' ? `was cut after ${cut.bytes} B` : 'was cut';
};

const proofsOf = (requests: ReadonlyMap<string, Request>) => ({
  events: [...requests.values()].flatMap((request) => [request.received.seq, endOf(request)?.seq ?? []].flat()),
});
