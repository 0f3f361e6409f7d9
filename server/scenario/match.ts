import { fitsPath, fitsText } from './pattern.ts';
import type { Facts, Hook, Match } from './scenario.ts';

/** What is known of a thing, as far as one criterion looks at it. */
type Fact = string | readonly string[] | undefined;

/** One of the things that a `match` asks for; all of them must fit. */
export interface Criterion {
  /** What it looks at, such as `method` or `header x-tenant`; criteria that look at the same read the same. */
  readonly at: string;
  readonly wanted: string;
  readonly read: (facts: Facts) => Fact;
  readonly fits: (fact: Fact) => boolean;
}

/** Takes a `match` apart. Nothing given fits all. */
export function criteriaOf(match: Match): readonly Criterion[] {
  const { method, path, headers = {}, protocol, status, remote, serverName, alpn, model, prompt, name } = match;
  const text = (at: string, pattern: string | number | undefined, read: Criterion['read']) =>
    pattern === undefined ? [] : [{ at, wanted: String(pattern), read, fits: textFitter(String(pattern)) }];

  return [
    ...(method === undefined ? [] : [methodCriterion([method].flat())]),
    ...(path === undefined ? [] : [{ at: 'path', wanted: path, read: pathOf, fits: pathFitter(path) }]),
    ...text('protocol', protocol, (facts) => facts.protocol),
    ...text('status', status, (facts) => facts.status?.toString()),
    ...text('remote', remote, (facts) => facts.remote),
    ...text('serverName', serverName?.toLowerCase(), (facts) => facts.serverName?.toLowerCase()),
    ...text('alpn', alpn, (facts) => facts.alpn ?? []),
    ...text('model', model, (facts) => facts.model),
    ...text('prompt', prompt, (facts) => facts.prompt),
    ...text('name', name?.toLowerCase(), (facts) => facts.name),
    ...Object.entries(headers).flatMap(([header, value]) => {
      const key = header.toLowerCase();
      return text(`header ${key}`, value, (facts) => facts.headers?.[key]);
    }),
  ];
}

function methodCriterion(methods: readonly string[]): Criterion {
  const wanted = methods.map((word) => word.toUpperCase());
  return {
    at: 'method',
    wanted: wanted.join(' or '),
    read: (facts) => facts.method?.toUpperCase(),
    fits: (method) => typeof method === 'string' && wanted.includes(method),
  };
}

/** The query does not count. */
function pathOf({ path }: Facts): string | undefined {
  const query = path?.indexOf('?') ?? -1;
  return query < 0 ? path : path?.slice(0, query);
}

function pathFitter(pattern: string): Criterion['fits'] {
  // Nearly every path that does not fit differs here already, and there may be a thousand patterns to ask.
  const head = pattern.slice(0, pattern.search(/\*|(?<=\/):|$/));
  return (path) => typeof path === 'string' && path.startsWith(head) && fitsPath(pattern, path);
}

const textFitter =
  (pattern: string): Criterion['fits'] =>
  (fact) =>
    typeof fact === 'object'
      ? fact.some((one) => fitsText(pattern, one))
      : fact !== undefined && fitsText(pattern, fact);

/** Turns a `match` into a question about one thing at its hook; everything given must fit, nothing given fits all. */
export function compileMatch(match: Match): (facts: Facts) => boolean {
  const criteria = criteriaOf(match);
  return (facts) => criteria.every(({ read, fits }) => fits(read(facts)));
}

/** What a `match` lets through, in words that can follow "every 3rd". */
export function explainMatch(hook: Hook, match: Match): string {
  const { method, path, headers = {}, protocol, status, remote, serverName, alpn, model, prompt, name } = match;
  const words = [
    ...(hook === 'response' ? [status === undefined ? 'answer to' : `answer ${status} to`] : []),
    method === undefined
      ? nounOf(hook, path)
      : [method]
          .flat()
          .map((word) => word.toUpperCase())
          .join(' or '),
    path,
    ...Object.entries(headers).map(([header, value]) => `with ${header.toLowerCase()}: ${value}`),
    hook === 'callback' && status !== undefined && `of status ${status}`,
    protocol && `over ${protocol}`,
    remote && `from ${remote}`,
    serverName && `for ${serverName}`,
    alpn && `offering ${alpn}`,
    model && `of ${model}`,
    prompt && `saying "${prompt}"`,
    name && `for ${name}`,
  ];
  return words.filter(Boolean).join(' ');
}

const nouns: Record<Hook, string> = {
  accept: 'connection',
  'client-hello': 'ClientHello',
  handshake: 'TLS handshake',
  session: 'session',
  request: 'request',
  video: 'download request',
  response: 'request',
  task: 'task',
  callback: 'callback',
  dns: 'DNS query',
};

const nounOf = (hook: Hook, path: string | undefined) => (path === undefined ? nouns[hook] : `${nouns[hook]} to`);
