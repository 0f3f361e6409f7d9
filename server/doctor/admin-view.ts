import { Clock } from '../clock.ts';
import { reasonOf } from '../errors.ts';
import type { JournalEvent } from '../journal.ts';
import type { ScenarioInput } from '../scenario/load.ts';

/** What each type of a problem document of the admin API begins with. */
const PROBLEM_TYPE = 'urn:seedance-mock:problem:';
/** How long closing our lane may take. */
const CLOSE_LIMIT_MS = 2_000;

/** What a ClientHello has to offer by ALPN for the connection to be ended so, in the doctor's lane. A server without lanes
 * resets both by its own rule, as no other protocol than h2 is on offer. */
export const offerFor = { reset: 'seedance-mock-reset', fin: 'seedance-mock-fin' } as const;
export type Asked = keyof typeof offerFor;

const cut = (how: Asked) => ({
  name: how,
  on: 'client-hello' as const,
  match: { alpn: offerFor[how] },
  inject: [{ 'tls-cut': { how } }],
});

/** Everybody is let in, but for those who ask to be cut. */
const LANE_SCENARIO: ScenarioInput = { name: 'doctor', profile: 'permissive', faults: [cut('reset'), cut('fin')] };

/** An isolated world on the server, for the doctor alone. */
export interface DoctorLane {
  /** What leads there when a ClientHello names it. */
  readonly serverName: string;
  /** Of the server's storage; absent behind an upstream, and of an older server. */
  readonly storagePort?: number;
  /** Whether a connection that asked for it was ended so. */
  did(asked: Asked, signal: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}

/** What the admin API of a server told. */
export interface AdminView {
  readonly url: string;
  /** Whether the user named it. */
  readonly named: boolean;
  /** Why it told nothing at all, or not all. */
  readonly trouble?: { readonly kind: 'unreachable' | 'foreign' | 'refused' | 'token'; readonly why: string };
  readonly ca?: string;
  readonly scenario?: { readonly name: string; readonly profile: string };
  /** The time by the server's clock, in whole seconds, and by ours when it was asked for and when it came. Unix milliseconds. */
  readonly time?: { readonly serverMs: number; readonly askedAtMs: number; readonly answeredAtMs: number };
  readonly lane?: DoctorLane;
}

interface Asking {
  readonly url: string;
  readonly named: boolean;
  readonly token?: string | undefined;
}

/** Asks a server's admin API who it is, and for a lane. Never rejects. */
export async function lookAtAdmin({ url, named, token }: Asking, signal: AbortSignal): Promise<AdminView> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${url.replace(/\/+$/, '')}${path}`, { headers, signal, ...init });
  const view = { url, named };
  const clock = new Clock();
  try {
    const askedAtMs = clock.wallNow();
    const answer = await ask('/ca.pem');
    const answeredAtMs = clock.wallNow();
    const serverMs = Date.parse(answer.headers.get('date') ?? '');
    const timed = { ...view, ...(!Number.isNaN(serverMs) && { time: { serverMs, askedAtMs, answeredAtMs } }) };
    const ca = await answer.text();
    const refusal = answer.ok ? undefined : readRefusal(ca);
    if (refusal !== undefined) return { ...timed, trouble: { kind: 'refused', why: refusal } };
    if (!ca.includes('BEGIN CERTIFICATE')) {
      return { ...timed, trouble: { kind: 'foreign', why: `it answers ${answer.status} when asked for its CA` } };
    }
    const inForce = await ask('/scenario');
    if (inForce.status === 401) {
      await inForce.body?.cancel();
      return { ...timed, ca, trouble: { kind: 'token', why: 'it asks for a token' } };
    }
    if (!inForce.ok) {
      const why = readRefusal(await inForce.text()) ?? `it answers ${inForce.status} when asked for its scenario`;
      return { ...timed, ca, trouble: { kind: 'refused', why } };
    }
    const { name, profile } = (await inForce.json()) as { readonly name: string; readonly profile: string };
    const lane = await openLane(ask);
    return { ...timed, ca, scenario: { name, profile }, ...(lane && { lane }) };
  } catch (error) {
    return { ...view, trouble: { kind: 'unreachable', why: causeOf(error) } };
  }
}

type Ask = (path: string, init?: RequestInit) => Promise<Response>;

/** @returns nothing where there is none to be had: an older server, or one that has no room */
async function openLane(ask: Ask): Promise<DoctorLane | undefined> {
  const answer = await ask('/lanes', { method: 'POST', body: JSON.stringify({ scenario: LANE_SCENARIO }) });
  if (answer.status !== 201) {
    await answer.body?.cancel();
    return undefined;
  }
  const { id, nameUrl, storageUrl } = (await answer.json()) as {
    readonly id: string;
    readonly nameUrl: string;
    readonly storageUrl?: string;
  };
  return {
    serverName: new URL(nameUrl).hostname,
    ...(storageUrl !== undefined && { storagePort: Number(new URL(storageUrl).port) }),
    async did(asked, signal) {
      // Not `connection.ended`: after a FIN of the server that comes only with the client's.
      const told = await ask(`/lanes/${id}/events?type=fault.injected`, { signal });
      const { events } = (await told.json()) as { readonly events: readonly JournalEvent<'fault.injected'>[] };
      return events.some(({ fault }) => fault === asked);
    },
    async close() {
      // Whoever took the server away has taken the lane with it.
      await ask(`/lanes/${id}`, { method: 'DELETE', signal: AbortSignal.timeout(CLOSE_LIMIT_MS) }).catch(() => {});
    },
  };
}

/** What a problem document of ours says, with its way out; nothing where it is none. */
function readRefusal(text: string): string | undefined {
  try {
    const { type, detail } = JSON.parse(text) as { readonly type?: unknown; readonly detail?: unknown };
    return String(type).startsWith(PROBLEM_TYPE) ? String(detail) : undefined;
  } catch {
    return undefined;
  }
}

/** `fetch failed` is all that fetch says by itself. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error && 'code' in cause && !cause.message ? String(cause.code) : reasonOf(cause);
}
