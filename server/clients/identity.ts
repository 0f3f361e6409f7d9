import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { fitsText } from '../scenario/pattern.ts';

/** One thing that a client is known by. */
export type IdentityPart =
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'api-key' | 'user-agent' | 'ja4' | 'address' };

/** An entry of `clients.by`: it decides where a request carries all of its parts. */
export interface IdentityEntry {
  /** As it is written in the scenario. */
  readonly text: string;
  readonly parts: readonly IdentityPart[];
}

/** How a scenario identifies clients. */
export interface ClientsSetting {
  /** The first entry that a request carries decides. */
  readonly by: readonly IdentityEntry[];
  /** Each list names identities, exactly or with `*`, that are one client, named by the first. */
  readonly same: readonly (readonly string[])[];
}

/** Who sent a request. */
export interface Identity {
  /** Unique within a lane, and readable. */
  readonly client: string;
  /** The entry of `clients.by` that decided. */
  readonly by: string;
  /** Whether the client sends a part of it on purpose, as a key, and does not only show it. */
  readonly explicit: boolean;
}

/** What the requests of one connection have in common. */
export interface Origin {
  /** What of the ClientHello identifies the client. */
  readonly print: string | undefined;
  readonly address: string | undefined;
}

/** The longest value that stands in a name; of a longer one, its beginning and a digest. */
const MAX_VALUE_CHARACTERS = 80;
const BEGINNING_CHARACTERS = 60;
/** How an IPv4 address looks on a port that is open for both versions (RFC 4291, section 2.5.5.2). */
const MAPPED = /^::ffff:(?=\d+\.)/;
/** The keys that `run --copies` gives out. Anybody can guess them, so they may be shown. */
const KEY_OF_A_COPY = /^Bearer (copy-\d+)$/i;

const digest = (text: string) => hash('sha256', text).slice(0, 8);

/** Returns a name for an API key: a digest, because a journal that people pass on must not show the key. */
export const nameKey = (authorization: string): string =>
  KEY_OF_A_COPY.exec(authorization)?.[1] ?? `key-${digest(authorization)}`;

/** Whether every request carries an entry, whatever it sends. */
export const isAlwaysCarried = ({ parts }: IdentityEntry): boolean =>
  parts.every(({ kind }) => kind === 'user-agent' || kind === 'ja4' || kind === 'address');

/** The header field that a part looks at. */
function fieldOf(part: IdentityPart): string | undefined {
  switch (part.kind) {
    case 'header':
      return part.name;
    case 'api-key':
      return 'authorization';
    case 'user-agent':
      return 'user-agent';
    case 'ja4':
    case 'address':
      return undefined;
  }
}

/** Identifies the sender of a request.
 * @returns undefined where the request carries no entry */
export function identify(
  { by, same }: ClientsSetting,
  headers: IncomingHttpHeaders,
  origin: Origin,
): Identity | undefined {
  for (const [index, entry] of by.entries()) {
    const values = entry.parts.map((part) => readValue(part, headers, origin));
    if (values.includes(undefined)) continue;
    // The value of `header x-client-id` is the name that the user has chosen. A header that comes later
    // says which it is, so that equal values of two headers are two names.
    const bare = index === 0 && values.length === 1;
    const named = entry.parts.map((part, at) => labelOf(part, bare) + shorten(values[at] ?? ''));
    return { client: unify(named.join(' + '), same), by: entry.text, explicit: !isAlwaysCarried(entry) };
  }
  return undefined;
}

function readValue(part: IdentityPart, headers: IncomingHttpHeaders, { print, address }: Origin): string | undefined {
  switch (part.kind) {
    case 'header':
      return headers[part.name]?.toString() || undefined;
    case 'api-key':
      return headers.authorization ? nameKey(headers.authorization) : undefined;
    case 'user-agent':
      return headers['user-agent'] || 'no user agent';
    case 'ja4':
      return print ?? 'no TLS';
    case 'address':
      return address?.replace(MAPPED, '') ?? 'no address';
  }
}

function labelOf(part: IdentityPart, bare: boolean): string {
  if (part.kind === 'ja4') return 'print-';
  return part.kind === 'header' && !bare ? `${part.name}=` : '';
}

const shorten = (value: string): string =>
  value.length <= MAX_VALUE_CHARACTERS ? value : `${value.slice(0, BEGINNING_CHARACTERS)}...${digest(value)}`;

const unify = (name: string, same: ClientsSetting['same']): string =>
  same.find((names) => names.some((one) => fitsText(one, name)))?.[0] ?? name;

/** Identifies the requests of one connection. A client seldom changes what it sends, so the latest is remembered. */
export class Identifier {
  #setting: ClientsSetting | undefined;
  #fields: readonly string[] = [];
  readonly #seen: IncomingHttpHeaders[string][] = [];
  #identity: Identity | undefined;

  /** The same object for as long as the client sends the same. */
  identify(setting: ClientsSetting, headers: IncomingHttpHeaders, origin: Origin): Identity | undefined {
    if (this.#setting === setting && this.#sendsTheSame(headers)) return this.#identity;
    if (this.#setting !== setting) {
      const fields = setting.by.flatMap(({ parts }) => parts.map(fieldOf));
      this.#fields = [...new Set(fields)].filter((field) => field !== undefined);
      this.#setting = setting;
    }
    for (const [index, field] of this.#fields.entries()) this.#seen[index] = headers[field];
    this.#identity = identify(setting, headers, origin);
    return this.#identity;
  }

  #sendsTheSame(headers: IncomingHttpHeaders): boolean {
    // Not `entries()`: every request comes here, and an iterator takes ten times as long.
    for (let index = 0; index < this.#fields.length; index++)
      if (headers[this.#fields[index] ?? ''] !== this.#seen[index]) return false;
    return true;
  }
}
