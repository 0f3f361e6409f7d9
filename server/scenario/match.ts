import { fitsPath, fitsText } from './pattern.ts';
import type { Facts, Hook, Match } from './scenario.ts';

type Predicate = (facts: Facts) => boolean;

/** Turns a `match` into a question about one thing at its hook; everything given must fit, nothing given fits all. */
export function compileMatch(match: Match): Predicate {
  const { method, path, headers, protocol, status, remote, serverName, alpn, model, prompt, name } = match;
  const tests: Predicate[] = [];
  const compare = (pattern: string | number | undefined, read: (facts: Facts) => string | number | undefined) => {
    if (pattern !== undefined) tests.push((facts) => fits(String(pattern), read(facts)));
  };

  if (method !== undefined) {
    const methods = [method].flat().map((word) => word.toUpperCase());
    tests.push((facts) => methods.includes(facts.method?.toUpperCase() ?? ''));
  }
  if (path !== undefined) tests.push((facts) => facts.path !== undefined && fitsPath(path, facts.path));
  for (const [header, value] of Object.entries(headers ?? {})) {
    const key = header.toLowerCase();
    tests.push((facts) => [facts.headers?.[key] ?? []].flat().some((sent) => fitsText(value, sent)));
  }
  if (alpn !== undefined) tests.push((facts) => (facts.alpn ?? []).some((offered) => fitsText(alpn, offered)));
  compare(protocol, (facts) => facts.protocol);
  compare(status, (facts) => facts.status);
  compare(remote, (facts) => facts.remote);
  compare(serverName?.toLowerCase(), (facts) => facts.serverName?.toLowerCase());
  compare(model, (facts) => facts.model);
  compare(prompt, (facts) => facts.prompt);
  compare(name, (facts) => facts.name);
  return (facts) => tests.every((holds) => holds(facts));
}

const fits = (pattern: string, fact: string | number | undefined) =>
  fact !== undefined && fitsText(pattern, String(fact));

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
  response: 'request',
  task: 'task',
  callback: 'callback',
  dns: 'DNS query',
};

const nounOf = (hook: Hook, path: string | undefined) => (path === undefined ? nouns[hook] : `${nouns[hook]} to`);
