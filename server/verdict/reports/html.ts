import type { JournalEvent } from '../../journal.ts';
import { printableLine } from '../../printable.ts';
import type { Outcome } from '../check.ts';
import { type CheckResult, describeClients, describeRun, forReaders, SO_FAR, type VerdictReport } from '../verdict.ts';

/** Connections that get a line; more are counted in a note. */
const MAX_CONNECTIONS = 200;
/** Marks drawn in all: a page with more would not open. */
const MAX_MARKS = 20_000;
const WIDTH = 1_000;
const ROW = 22;
const LEFT = 60;

/** Something at one moment of a connection. */
interface Mark {
  readonly at: number;
  readonly kind: 'heartbeat' | 'fault' | 'reset' | 'end' | 'goaway' | 'retry';
  readonly title: string;
}

interface Bar {
  readonly from: number;
  to: number;
  readonly title: string;
  ok: boolean;
}

interface Line {
  readonly id: number;
  readonly from: number;
  to: number;
  readonly bars: Bar[];
  readonly marks: Mark[];
}

const escapeHtml = (text: string): string =>
  printableLine(text).replace(
    /[&<>"]/g,
    (found) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[found] ?? found,
  );

/** The verdict as one page that needs nothing else: the checks, and a line for each connection on an axis of lane time. */
export function renderHtmlReport(report: VerdictReport, events: readonly JournalEvent[]): string {
  const { scenario, seed, outcome, checks, means } = report;
  const run = describeRun(report).map(escapeHtml);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(`${outcome}: ${scenario}`)}</title>
<style>
:root { color-scheme: light dark; --pass: #1a7f37; --fail: #cf222e; --inconclusive: #9a6700; --bar: #0969da; --bad: #cf222e; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1100px; padding: 0 1rem; }
h1 small { font-weight: normal; font-size: 1rem; opacity: .7; }
.pass { color: var(--pass); } .fail { color: var(--fail); } .inconclusive { color: var(--inconclusive); }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid #8884; }
td.outcome { font-weight: 600; white-space: nowrap; } .hint { opacity: .8; } .events { opacity: .6; font-size: .85em; }
svg { width: 100%; height: auto; margin-top: .5rem; } svg text { font: 11px system-ui, sans-serif; fill: currentColor; }
.legend span { margin-right: 1.2em; white-space: nowrap; }
</style>
<h1><span class="${outcome}">${outcome}</span> ${escapeHtml(scenario)} <small>seed ${seed}</small></h1>
<p>${describeClients(report).map(escapeHtml).join('<br>')}</p>
${run.length > 0 ? `<p>${run.join('<br>')}</p>` : ''}
<table>
<tr><th>verdict<th>check<th>seen</tr>
${checks.map(renderCheck).join('\n')}
</table>
<p>${escapeHtml(means)}</p>
<h2>Connections</h2>
<p class="legend"><span>&#9632; request</span><span style="color:var(--bad)">&#9632; unanswered</span><span>&#9671; heartbeat</span><span>&#9650; fault</span><span>&#10005; reset</span><span>| end</span><span>G GOAWAY</span><span>&#8635; retry</span></p>
${renderLines(events)}
</html>
`;
}

const words: Readonly<Record<Outcome, string>> = { pass: 'pass', fail: 'FAIL', inconclusive: 'inconclusive' };

function renderCheck({ check, expected, outcome, doubt, clients }: CheckResult): string {
  const { shown, others } = forReaders(clients);
  const seen = shown.map(({ client, seen: what, events, eventCount, hint, provisional }) => {
    const proof =
      events.length > 0
        ? ` <span class="events">events ${events.join(', ')}${eventCount > events.length ? ', …' : ''}</span>`
        : '';
    const who = client !== undefined && clients.length > 1 ? `${escapeHtml(client)}: ` : '';
    const soFar = provisional ? `<div class="hint">${SO_FAR}</div>` : '';
    return `${who}${escapeHtml(what)}${proof}${soFar}${hint ? `<div class="hint">${escapeHtml(hint)}</div>` : ''}`;
  });
  return `<tr><td class="outcome ${outcome}">${words[outcome]}<td>${escapeHtml(check)}<div class="hint">expected ${escapeHtml(expected)}</div>${
    doubt === undefined ? '' : `<div class="inconclusive">cannot be told: ${escapeHtml(doubt)}</div>`
  }<td>${[...seen, ...others].join('<br>')}</tr>`;
}

function renderLines(events: readonly JournalEvent[]): string {
  const lines = readLines(events);
  const shown = lines.slice(0, MAX_CONNECTIONS);
  const [start, end] = [events[0]?.at ?? 0, events.at(-1)?.at ?? 0];
  const x = (at: number) => LEFT + ((at - start) / Math.max(1, end - start)) * (WIDTH - LEFT - 10);
  let left = MAX_MARKS;
  const rows = shown.map((line, index) => {
    const y = index * ROW + ROW;
    const bars = line.bars.slice(0, Math.max(0, left));
    const marks = line.marks.slice(0, Math.max(0, left - bars.length));
    left -= bars.length + marks.length;
    return [
      `<text x="0" y="${y + 4}">#${line.id}</text><line x1="${x(line.from).toFixed(1)}" x2="${x(line.to).toFixed(1)}" y1="${y}" y2="${y}" stroke="currentColor" stroke-opacity=".3"/>`,
      ...bars.map(
        (bar) =>
          `<rect x="${x(bar.from).toFixed(1)}" y="${y - 5}" width="${Math.max(2, x(bar.to) - x(bar.from)).toFixed(1)}" height="10" fill="var(${bar.ok ? '--bar' : '--bad'})" fill-opacity=".7"><title>${escapeHtml(bar.title)}</title></rect>`,
      ),
      ...marks.map(
        (mark) =>
          `<text class="${mark.kind}" x="${(x(mark.at) - 4).toFixed(1)}" y="${y + 4}">${signs[mark.kind]}<title>${escapeHtml(mark.title)}</title></text>`,
      ),
    ].join('');
  });
  const height = shown.length * ROW + 2 * ROW;
  const more =
    lines.length > shown.length ? `<p>${lines.length - shown.length} more connections are not drawn.</p>` : '';
  const axis = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const at = start + share * (end - start);
    return `<text x="${(x(at) - (share === 1 ? 30 : 0)).toFixed(1)}" y="${height - 4}">${((at - start) / 1_000).toFixed(1)} s</text>`;
  });
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="connections over time">${rows.join('\n')}${axis.join('')}</svg>${more}`;
}

const signs: Readonly<Record<Mark['kind'], string>> = {
  heartbeat: '\u25c7',
  fault: '\u25b2',
  reset: '\u2715',
  end: '|',
  goaway: 'G',
  retry: '\u21bb',
};

/** Sorts events by connection. A request for what had been cut before counts as a retry. */
function readLines(events: readonly JournalEvent[]): readonly Line[] {
  const lines = new Map<number, Line>();
  const bars = new Map<string, Bar>();
  const cut = new Set<string>();
  const find = (id: number, at: number): Line => {
    const line = lines.get(id) ?? { id, from: at, to: at, bars: [], marks: [] };
    lines.set(id, line);
    line.to = Math.max(line.to, at);
    return line;
  };
  for (const event of events) {
    if (!('connection' in event) || event.connection === undefined) continue;
    const line = find(event.connection, event.at);
    const mark = (kind: Mark['kind'], title: string) =>
      line.marks.push({ at: event.at, kind, title: `${event.seq}: ${title}` });
    switch (event.type) {
      case 'request.received': {
        const what = `${event.method} ${event.path}`;
        const bar = { from: event.at, to: event.at, title: `${event.seq}: ${what}`, ok: false };
        line.bars.push(bar);
        bars.set(`${event.connection}/${event.request}`, bar);
        if (cut.delete(what)) mark('retry', `again: ${what}`);
        break;
      }
      case 'response.sent': {
        const bar = bars.get(`${event.connection}/${event.request}`);
        if (bar) Object.assign(bar, { to: event.at, ok: true, title: `${bar.title} -> ${event.status}` });
        break;
      }
      case 'heartbeat':
        mark('heartbeat', `heartbeat by ${event.source}`);
        break;
      case 'fault.injected':
        mark('fault', `${event.fault}: ${event.did}`);
        break;
      case 'goaway.sent':
        mark('goaway', `GOAWAY ${event.code}`);
        break;
      case 'connection.ended':
        mark(
          event.how === 'reset' && event.by !== 'client' ? 'reset' : 'end',
          `${event.how} by ${event.cause ?? event.by}`,
        );
        for (const { request, method, path } of event.requests) {
          cut.add(`${method} ${path}`);
          const bar = bars.get(`${event.connection}/${request}`);
          if (bar) bar.to = event.at;
        }
        break;
      default:
    }
  }
  return [...lines.values()].sort((a, b) => a.id - b.id);
}
