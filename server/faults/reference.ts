import { z } from 'zod';
import { showDefault } from '../scenario/duration.ts';
import type { Fault } from './fault.ts';

/** The reference of the faults, as `server/faults/README.md` shows it. */
export const renderReference = (faults: readonly Fault[]): string => `# Faults

What can go wrong on purpose. A scenario names a fault under \`inject:\`, on one of the hooks where it strikes:

\`\`\`yaml
faults:
  - name: every third poll dies
    on: request
    match: { method: GET, path: /api/v3/contents/generations/tasks/:id }
    when: { every: 3 }
    inject:
      - delay: { ms: 200 }
      - end: { at: { bodyBytes: 40 }, how: reset }
\`\`\`

What makes a line bad works together on one connection, whatever the order in the scenario: each byte is late (\`latency\`), then waits
for its turn (\`bandwidth\`, \`tls-slow\`), then is cut (\`slice\`); a \`freeze\` holds all of it, and \`half-close\` counts what comes out. A reset by a
service rule does not wait for bytes that are still on their way; an \`end\` that a scenario plans comes behind them.

All faults on one request, of one rule or of several, on \`request\`, \`video\` and \`response\`, add up to one plan, which is carried
out in this order, over HTTP/2 and HTTP/1.1 alike:

1. \`goaway\` of \`request\`, then its delays one after the other, then \`end: { at: before-commit }\`.
2. The work; or the \`status\`, \`rate-limit\` or \`redirect\` of \`request\` in its place. A result is chosen by \`video\`: \`expired-url\`,
   \`range-ignored\`.
3. \`goaway\` and the delays of \`response\`, then \`end: { at: after-commit }\`.
4. The head: a \`status\` or \`redirect\` of \`response\` replaces the answer; \`wrong-length\`, \`wrong-type\` and \`drop-header\` change what
   it says. Then \`end: { at: headers }\`.
5. The body: \`corrupt-body\` changes it, \`slow-body\` and \`slow\` pace it, \`end: { at: { bodyBytes } }\` and \`truncated\` cut it.

Delays and dropped headers add up. Of what only one can decide (the status, the pace, the end and so on) the first that strikes
stays: \`request\` before \`video\` before \`response\`, on one hook the order of the scenario. Within one rule a fault that could
never have an effect is refused.

With \`--upstream\` the work is the upstream's, and its answer is passed on as it comes, never held whole. \`corrupt-body\`, \`wrong-length\`
and ends at a share of the body go by its Content-Length. Where it has none, the first 64 KiB are read ahead: a body that ends there is
as good as one with a length; a longer one counts as 64 KiB for \`corrupt-body\` and a share, and has no length to misstate. Faults on \`task\`,
\`callback\` and \`video\` strike nothing there.

Results lie on the storage port, which \`video_url\` names. Faults on \`request\`, \`video\` and \`response\` strike there; those on \`accept\`,
\`client-hello\`, \`handshake\` and \`session\` strike connections to the service alone.

The folder \`scenarios/\` has an example of each. To add one: a file here, its test beside it, a line in \`table.ts\`, a scenario.
This page is made from the table by a test; \`npx vitest run server/faults -u\` writes it anew.

${faults.map(renderFault).join('\n')}`;

const renderFault = ({ name, on, summary, params }: Fault): string => `### ${name}

${summary} On ${on.map((hook) => `\`${hook}\``).join(', ')}.

${renderSettings(name, params)}
`;

/** The settings of a fault or a check as a table, or what to write in place of them. */
export function renderSettings(name: string, params: z.ZodType): string {
  const {
    properties = {},
    required = [],
    enum: words,
  } = z.toJSONSchema(params, { io: 'input', override: showDefault });
  const rows = Object.entries(properties).map(([key, schema]) => renderParam(key, schema, required.includes(key)));
  const choice = words?.map((word) => `\`- ${name}: ${word}\``).join(', ');
  const bare = choice ? `It takes one word: ${choice}.` : `It has no settings: write \`- ${name}\`.`;
  const table = ['| setting | takes | default | |', '| --- | --- | --- | --- |', ...rows].join('\n');
  return rows.length > 0 ? table : bare;
}

type JsonSchema = z.core.JSONSchema._JSONSchema;

function renderParam(key: string, schema: JsonSchema, required: boolean): string {
  const { default: standard, description = '' } = typeof schema === 'object' ? schema : {};
  const fallback = required ? 'required' : standard === undefined ? '' : `\`${JSON.stringify(standard)}\``;
  return `| \`${key}\` | ${describe(schema)} | ${fallback} | ${description} |`;
}

function describe(schema: JsonSchema): string {
  if (typeof schema !== 'object') return 'anything';
  const { anyOf, enum: words, type, properties, minimum, exclusiveMinimum, maximum, examples } = schema;
  if (anyOf) return anyOf.map(describe).join(', or ');
  if (words) return words.map((word) => `\`${word}\``).join(' ');
  if (properties) return `\`{ ${Object.keys(properties).join(', ')} }\``;
  if (examples) return `duration, such as ${examples.map((example) => `\`${example}\``).join(' ')}`;

  const top = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  const bounds = [
    minimum !== undefined && `from ${minimum}`,
    exclusiveMinimum !== undefined && `above ${exclusiveMinimum}`,
    top !== undefined && `to ${top}`,
  ];
  return [nouns[String(type)] ?? 'anything', ...bounds].filter(Boolean).join(' ');
}

const nouns: Readonly<Record<string, string>> = {
  integer: 'whole number',
  number: 'number',
  string: 'text',
  boolean: '`true` `false`',
  object: 'names and texts',
};
