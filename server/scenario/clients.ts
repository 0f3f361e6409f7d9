import { z } from 'zod';
import { type ClientsSetting, type IdentityEntry, type IdentityPart, isAlwaysCarried } from '../clients/identity.ts';
import { closestTo } from './closest.ts';

/** The parts that have no name of their own. */
const simpleParts = ['api-key', 'user-agent', 'ja4', 'address'] as const;
const KNOWN_PARTS = 'header NAME, api-key, user-agent, ja4, address';
/** Names of header fields: RFC 9110, section 5.1. `+` would join, so it is not among them here. */
const HEADER = /header +[\w!#$%&'*.^`|~-]+/;
const PART = `(?:${HEADER.source}|${simpleParts.join('|')})`;
const ENTRY = new RegExp(String.raw`^ *${PART}(?: *\+ *${PART})* *$`);
/** What they hold must not stand in a journal that people pass on. */
const SECRET_HEADERS = ['authorization', 'proxy-authorization', 'cookie'];

const MAX_ENTRIES = 20;
/** Each is compared with at the first request of every connection. */
const MAX_NAMES = 1_000;

export const DEFAULT_BY = ['header x-client-id', 'api-key+user-agent+ja4+address'];

const splitParts = (entry: string) => entry.split('+').map((part) => part.trim());

/** What to write in place of an entry that cannot be read. */
function correct(entry: unknown): string {
  const rule = `Join these with "+": ${KNOWN_PARTS}.`;
  if (typeof entry !== 'string') return rule;
  const parts = splitParts(entry).map(correctPart);
  const better = parts.includes(undefined) ? undefined : parts.join('+');
  return better === undefined || better === entry ? rule : `Did you mean "${better}"? ${rule}`;
}

function correctPart(part: string): string | undefined {
  if (ENTRY.test(part)) return part;
  const [, name] = /^headers?[ :=]+([\w-]+)$/i.exec(part) ?? [];
  if (name !== undefined) return `header ${name}`;
  const closest = closestTo(part.replaceAll('_', '-'), simpleParts);
  return closest ?? (/^x-[\w-]+$/i.test(part) ? `header ${part}` : undefined);
}

const hasNoSecret = (entry: string) =>
  splitParts(entry).every((part) => !SECRET_HEADERS.includes(part.replace(/^header +/, '').toLowerCase()));

const readPart = (part: string): IdentityPart => {
  const kind = simpleParts.find((simple) => simple === part);
  return kind ? { kind } : { kind: 'header', name: part.replace(/^header +/, '').toLowerCase() };
};

const readEntry = (text: string): IdentityEntry => ({ text: text.trim(), parts: splitParts(text).map(readPart) });

const entrySchema = z
  .string()
  .regex(ENTRY, { error: ({ input }) => correct(input), abort: true })
  .refine(hasNoSecret, { error: 'It holds a secret. Write `api-key`, of which only a digest is shown.' });

const sameSchema = z
  .array(z.array(z.string().min(1)).min(1).max(MAX_NAMES))
  .max(MAX_NAMES)
  .superRefine((lists, context) => {
    const known = new Set<string>();
    for (const [index, names] of lists.entries()) {
      const [only = ''] = names;
      if (names.length === 1 && !only.includes('*'))
        context.addIssue({ code: 'custom', path: [index], message: 'Give it two names, or one with `*`.' });
      for (const [at, name] of names.entries()) {
        const message = 'It is in the lists already. Keep one of them.';
        if (known.has(name)) context.addIssue({ code: 'custom', path: [index, at], message });
        known.add(name);
      }
    }
  });

/** What a scenario says under `clients:`. */
export const clientsSchema = z.strictObject({
  by: z
    .array(entrySchema)
    .min(1)
    .max(MAX_ENTRIES)
    .default([...DEFAULT_BY])
    .describe(
      `What identifies a client: the first entry that a request carries decides. An entry joins with "+": ${KNOWN_PARTS}.`,
    ),
  same: sameSchema
    .default([])
    .describe('Identities that are one client, named by the first: exact names, or with `*`.'),
});

export const readClients = ({ by, same }: z.output<typeof clientsSchema>): ClientsSetting => ({
  by: by.map(readEntry),
  same,
});

/** @returns what to warn of: entries behind one that every request carries */
export function warnOfIdleEntries({ by }: ClientsSetting): string[] {
  const last = by.findIndex(isAlwaysCarried);
  const decider = by[last];
  if (!decider) return [];
  return by
    .slice(last + 1)
    .map(
      ({ text }) => `In \`clients.by\`, "${text}" never decides: every request carries "${decider.text}" before it.`,
    );
}

/** The setting as a scenario has it, defaults filled in. */
export const asWritten = ({ by, same }: ClientsSetting) => ({ by: by.map(({ text }) => text), same });

/** How clients are identified, in words; undefined where a scenario leaves the default. */
export function explainClients({ by, same }: ClientsSetting): string | undefined {
  const entries = by.map(({ text }) => text);
  if (same.length === 0 && entries.join() === DEFAULT_BY.join()) return undefined;
  const unified = same.map((names) => `; one client: ${names.join(', ')}`);
  return `clients are identified by ${entries.join(', else ')}${unified.join('')}`;
}
