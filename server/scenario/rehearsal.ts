import { inspect } from 'node:util';
import type { HookContexts } from '../faults/fault.ts';
import { Injector, strikesByTime } from './injector.ts';
import { criteriaOf } from './match.ts';
import { protocolOf, spokenProtocols } from './protocols.ts';
import type { Facts, FaultRule, Hook, Match, Occasion, Scenario } from './scenario.ts';

/** The things that pass the hooks, each with the hooks it passes, in order. */
const courses = {
  connection: ['accept', 'client-hello', 'handshake', 'session'],
  request: ['request', 'response'],
  download: ['video'],
  task: ['task'],
  callback: ['callback'],
  'DNS query': ['dns'],
} as const satisfies Record<string, readonly Hook[]>;
export type Thing = keyof typeof courses;

/** How many more are looked at than are told of, to say when a fault strikes next. */
export const LOOK_AHEAD = 1_000;
/** Time between two of them. */
const STEP_MS = 1_000;
/** Where a fault looks at the number of a connection, there is a new one after so many requests. */
export const REQUESTS_PER_CONNECTION = 5;

export const looksAtConnections = (rules: readonly FaultRule[]): boolean =>
  rules.some(({ when }) => when.connection !== undefined);

/** What one injection does to one thing. */
export interface Effect {
  readonly fault: string;
  /** Which of its kind the fault struck. */
  readonly ordinal: number;
  readonly did: string;
  /** False when what it decides had been decided already, or is not reached any more. */
  readonly hasEffect: boolean;
}

/** What a fault makes of one thing. */
export interface Look {
  readonly fault: string;
  /** Which of its kind this is; left out, it does not match. */
  readonly ordinal?: number;
  readonly strikes: boolean;
  /** Why it does not match. */
  readonly mismatch?: string;
}

/** One thing on its way past the hooks. */
export interface Passage {
  /** From 1. */
  readonly number: number;
  readonly facts: Facts;
  readonly effects: readonly Effect[];
  readonly looks: readonly Look[];
  /** The faults in which chance had a say. */
  readonly drawn: ReadonlySet<string>;
}

/** Things of one sort, one after the other. */
export interface Rehearsal {
  readonly thing: Thing;
  readonly rules: readonly FaultRule[];
  readonly passages: readonly Passage[];
}

/** Plays a scenario's faults without a server: things that they match pass one after the other, over a protocol that the
 * service speaks, asked of the injector that a server asks. What several faults tell apart comes in turns. */
export function rehearse({ faults, service }: Scenario, count: number, seed: number): readonly Rehearsal[] {
  const protocols = spokenProtocols(service, faults);
  return (Object.keys(courses) as Thing[]).flatMap((thing) => {
    const rules = faults.filter(({ on }) => courses[thing].some((hook) => hook === on));
    return rules.length > 0 ? [{ thing, rules, passages: pass(thing, rules, { count, seed, protocols }) }] : [];
  });
}

interface Play {
  readonly count: number;
  readonly seed: number;
  readonly protocols: ReturnType<typeof spokenProtocols>;
}

function pass(thing: Thing, rules: readonly FaultRule[], { count, seed, protocols }: Play): Passage[] {
  let nowMs = 0;
  // The name of a server's one lane: chance hangs on it.
  const injector = new Injector(rules, { seed, lane: 'main', now: () => nowMs });
  const wayTo = (rule: FaultRule) => protocols.find((protocol) => protocol === protocolOf(rule)) ?? protocols[0];
  const kinds = distinct(rules.flatMap((rule) => samples[thing]({ ...rule.match, protocol: wayTo(rule) })));
  const perConnection = looksAtConnections(rules) ? REQUESTS_PER_CONNECTION : Number.POSITIVE_INFINITY;
  let connection = 1;
  let onConnection = 0;
  return Array.from({ length: count + LOOK_AHEAD }, (_, index) => {
    nowMs = index * STEP_MS;
    const number = index + 1;
    if (thing !== 'request') connection = number;
    const facts = { ...kinds[index % kinds.length], connection, ...(thing === 'task' && { task: `cgt-${number}` }) };
    const { ends, status = facts.status, ...met } = meet(thing, rules, { injector, facts, number });
    if (ends || ++onConnection === perConnection) {
      connection++;
      onConnection = 0;
    }
    return { number, facts: { ...facts, ...(status !== undefined && { status }) }, ...met };
  });
}

const distinct = (kinds: readonly Facts[]) => [
  ...new Map(kinds.map((facts) => [JSON.stringify(facts), facts])).values(),
];

interface Meeting {
  readonly injector: Injector;
  readonly facts: Facts;
  readonly number: number;
}

interface Met extends Pick<Passage, 'effects' | 'looks' | 'drawn'> {
  /** Whether the connection is gone with it. */
  readonly ends: boolean;
  /** What it was answered in place of what the service had answered. */
  readonly status?: number | undefined;
}

function meet(thing: Thing, rules: readonly FaultRule[], meeting: Meeting): Met {
  const { injector, facts, number } = meeting;
  const refuser = thing === 'connection' ? refuserOf(meeting) : undefined;
  if (refuser !== undefined) {
    const refused = { fault: refuser, ordinal: number, did: 'refuse the connection', hasEffect: true };
    return { looks: [], ends: false, effects: [refused], drawn: new Set() };
  }
  const contexts = createContexts(number, facts);
  const effects: { effect: Effect; changed: readonly string[] }[] = [];
  const looks: Look[] = [];
  const drawn = new Set<string>();
  const { request } = contexts;
  for (const hook of courses[thing]) {
    if (isOver(hook, contexts)) break;
    const status = request.plan.statusBefore?.code ?? facts.status ?? 200;
    const seen: Facts = hook === 'response' ? { ...facts, status } : facts;
    // HTTP/1.1 has no sessions.
    const counted = hook === 'session' && seen.protocol !== 'h2' ? [] : injector.count(hook, seen);
    for (const rule of rules.filter(({ on }) => on === hook)) {
      const found = counted.find((one) => one.rule === rule);
      looks.push(found ? { fault: rule.name, ordinal: found.ordinal, strikes: found.strikes } : misses(rule, seen));
    }
    for (const { rule, ordinal, strikes, occasionOf, miss } of counted) {
      let applied = false;
      if (rule.when.probability !== undefined) drawn.add(rule.name);
      for (const [index, injection] of strikes ? rule.inject.entries() : []) {
        const occasion = heard(occasionOf(index), () => drawn.add(rule.name));
        const context = contexts[hook] as never;
        if (!injection.applies(context, occasion)) continue;
        applied = true;
        const before = snapshot(contexts[hook].plan);
        injection.apply(context, occasion);
        const changed = differing(before, snapshot(contexts[hook].plan));
        const moment = { sinceMs: 0, nowMs: 0, openConnections: number, servedConnections: number };
        const hasEffect = changed.length > 0 || injection.hold?.(moment) !== undefined;
        const effect = { fault: rule.name, ordinal, did: injection.didOn(occasion), hasEffect };
        effects.push({ effect, changed });
      }
      if (strikes && !applied) miss();
    }
  }
  const isReached = (changed: readonly string[]) => changed.some((key) => reaches(request.plan, key));
  const { end, goaway } = request.plan;
  return {
    looks,
    drawn,
    status: facts.status === undefined ? undefined : request.plan.statusBefore?.code,
    ends: goaway !== undefined || end?.how === 'reset' || end?.how === 'fin',
    effects: effects.map(({ effect, changed }) => ({
      ...effect,
      hasEffect: effect.hasEffect && (thing !== 'request' || isReached(changed)),
    })),
  };
}

/** An occasion that tells when something is drawn. */
const heard = (occasion: Occasion, onDraw: () => void): Occasion => ({
  ...occasion,
  draw: (label) => {
    onDraw();
    return occasion.draw(label);
  },
});

/** The fault that keeps the port closed when a connection gets there, all before it being open. */
function refuserOf({ injector, number }: Meeting): string | undefined {
  injector.due('accept');
  const open = number - 1;
  return injector.held('accept', { openConnections: open, servedConnections: open }).refuse;
}

/** Contexts as the server makes them, of a service that is well; what passes one after the other shares a plan. */
function createContexts(number: number, { status, protocol }: Facts): { readonly [H in Hook]: HookContexts[H] } {
  const frames = protocol === 'h2' ? { frames: 'in-reach' as const } : {};
  const connection = { plan: {} };
  const plan = { delayBeforeMs: 0, delayAfterMs: 0 };
  return {
    accept: { ...connection, openConnections: number },
    'client-hello': connection,
    handshake: connection,
    session: { plan: {} },
    request: { plan, stage: 'request', ...frames },
    video: { plan, stage: 'video', ...frames },
    response: { plan, stage: 'response', ...frames },
    task: { plan: { queuedMs: 1_000, runningMs: 4_000, outcome: 'succeeded' } },
    callback: {
      plan: { dropped: false, delayMs: 0, copies: 0, wrongTask: false, flips: [] },
      last: status !== 'queued' && status !== 'running',
    },
    dns: { plan: { delayMs: 0 }, transport: 'udp' },
  };
}

/** Whether a thing never gets as far as a hook. */
function isOver(hook: Hook, { accept, request }: ReturnType<typeof createContexts>): boolean {
  if (hook === 'client-hello' || hook === 'handshake') return accept.plan.end?.at === 'accept';
  if (hook === 'session') return accept.plan.end !== undefined;
  return hook === 'response' && request.plan.end?.at === 'before-commit';
}

/** Whether an answer gets as far as what stands in a plan under a key. */
function reaches({ end }: HookContexts['request']['plan'], key: string): boolean {
  if (end?.at === 'before-commit') return ['delayBeforeMs', 'goaway', 'end'].includes(key);
  if (end?.at === 'after-commit') return !['statusAfter', 'fields', 'lengthOffBy', ...ofTheBody].includes(key);
  if (end?.at === 'headers') return !ofTheBody.includes(key);
  return true;
}

const ofTheBody = ['changeBody', 'bytesPerSecond'];

/** The settings of a plan, each as it looks: what a plan holds need not be data. */
const snapshot = (plan: object): ReadonlyMap<string, string> =>
  new Map(Object.entries(plan).map(([key, value]) => [key, inspect(value, { depth: null })]));

const differing = (before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] =>
  [...after.keys()].filter((key) => before.get(key) !== after.get(key));

function misses(rule: FaultRule, facts: Facts): Look {
  const { name, match } = rule;
  if (strikesByTime(rule)) return { fault: name, strikes: false, mismatch: 'its time has not come, or is over' };
  const wrong = criteriaOf({ ...match, protocol: protocolOf(rule) }).find(({ read, fits }) => !fits(read(facts)));
  const is = wrong?.read(facts) ?? 'not there';
  return { fault: name, strikes: false, ...(wrong && { mismatch: `its ${wrong.at} is ${is}, not ${wrong.wanted}` }) };
}

const POLL_PATH = '/api/v3/contents/generations/tasks/:id';
const TASK = 'cgt-1';

/** Things that a `match` lets through. */
const samples: Record<Thing, (match: Match) => Facts | Facts[]> = {
  request: ({ method, path = POLL_PATH, headers, protocol, status }) => ({
    client: 'client-1',
    method: ([method].flat()[0] ?? 'GET').toUpperCase(),
    path: path.replace(/(?<=\/):[^/]+/g, TASK).replaceAll('*', 'x'),
    protocol,
    ...(headers && {
      headers: Object.fromEntries(Object.entries(headers).map(([key, value]) => [key.toLowerCase(), filled(value)])),
    }),
    ...(path.includes('/tasks/') && { task: TASK }),
    ...(status !== undefined && { status }),
  }),
  // It goes on where another broke off.
  download: ({ path = '/:model/*.mp4', headers = { range: 'bytes=1000-' }, protocol }) =>
    samples.request({ method: 'GET', path, headers, protocol }),
  connection: ({ remote = '127.0.0.1', serverName = 'localhost', alpn = 'h2', protocol }) => ({
    client: filled(remote),
    remote: filled(remote),
    serverName: filled(serverName),
    alpn: [filled(alpn)],
    protocol,
  }),
  task: ({ model = 'doubao-seedance-2-0-260128', prompt = 'A lighthouse at dusk.' }) => ({
    client: 'client-1',
    model: filled(model),
    prompt: filled(prompt),
  }),
  callback: ({ status }) =>
    (status === undefined ? ['running', 'succeeded'] : [filled(String(status))]).map((told) => ({
      client: 'client-1',
      task: TASK,
      status: told,
    })),
  'DNS query': ({ name = 'localhost' }) => ({ client: '127.0.0.1', remote: '127.0.0.1', name: filled(name) }),
};

const filled = (pattern: string) => pattern.replaceAll('*', 'x');
