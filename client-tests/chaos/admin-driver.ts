import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { bundledScenarios } from '../../server/scenario/bundled.ts';
import { profileNames } from '../../server/scenario/service.ts';
import type { Dice } from './dice.ts';
import { Ledger } from './ledger.ts';
import type { AdminReply, MockProcess } from './mock-process.ts';
import type { Entrance, Grounds } from './visit.ts';

const MAX_LANES = 4;
const MAX_ARMED = 8;
/** Admin calls of one turn, sent at once. */
const MAX_AT_ONCE = 3;

/** A connection as the admin API describes it. */
interface Open {
  readonly id: number;
  readonly remote: string;
  readonly requestsSeen: number;
}

/** Of the latest calls. */
const MAX_LATEST = 8;
const MAX_SHOWN_CHARACTERS = 2_000;

interface LaneAnswer {
  readonly id: string;
  readonly url: string;
  readonly apiKey: string;
}

const scenarios = bundledScenarios().map(({ name, file }) => {
  const text = readFileSync(file, 'utf8');
  return { name, text, faults: (parse(text) as { readonly faults?: readonly { name?: string }[] }).faults ?? [] };
});
const faults = scenarios.flatMap((scenario) => scenario.faults);

/** Turns every knob of the control plane while clients come and go, and reads all journals. */
export class AdminDriver {
  /** What went wrong: answers that are failures of the mock, or none at all. */
  readonly problems: string[] = [];
  /** The latest calls that change something. */
  readonly latest: string[] = [];
  readonly main = new Ledger();
  readonly lanes = new Map<string, Ledger>();
  /** Those of lanes that are over. What they may have ended later cannot be read. */
  readonly over: Ledger[] = [];
  readonly #mock: MockProcess;
  readonly #dice: Dice;
  readonly #grounds: Grounds;
  readonly #entrances = new Map<string, readonly Entrance[]>();
  readonly #armed: string[] = [];
  #calls = 0;

  constructor(mock: MockProcess, dice: Dice, grounds: Grounds) {
    this.#mock = mock;
    this.#dice = dice;
    this.#grounds = grounds;
    this.#entrances.set('', grounds.entrances);
  }

  /** Does one to three things at once, drawn from the table. */
  async act(): Promise<void> {
    await Promise.all(
      this.#dice.some(1, MAX_AT_ONCE, () => actions[this.#dice.pick(drawn)](this.#knobs(this.#dice.pick(this.paths)))),
    );
  }

  /** Reads what is new in each journal. */
  async read(): Promise<void> {
    const call = (path: string) => this.call(path);
    await Promise.all([
      this.main.read('', call),
      ...[...this.lanes].map(([id, ledger]) => ledger.read(`/lanes/${id}`, call)),
    ]);
  }

  /** The parts of the admin API: of the main lane, and of each other one. */
  get paths(): readonly string[] {
    return ['', ...[...this.lanes.keys()].map((id) => `/lanes/${id}`)];
  }

  /** Ends all unrest: the scenario of each lane is empty and permissive, and its clock is real. */
  async calm(): Promise<void> {
    for (const path of this.paths) {
      await this.call(`PUT ${path}/scenario`, JSON.stringify({ ...quick, profile: 'permissive' }));
      await this.call(`POST ${path}/clock`, '{ "mode": "real", "speed": 1 }');
    }
  }

  /** Reads all journals and asks for the open connections until there are none, or `signal` aborts.
   * @returns those that are left, as the admin API describes them */
  async waitUntilEmpty(signal: AbortSignal): Promise<readonly string[]> {
    for (;;) {
      const open = await this.#listOpen();
      await this.read();
      // One that its client has left long ago may be accepted only now.
      const isOpen = open.length > 0 || [this.main, ...this.lanes.values()].some((ledger) => ledger.isOpen);
      if (isOpen && !signal.aborted) continue;
      return open.map((each) => `${this.who(each.remote)} ${JSON.stringify(each)}`);
    }
  }

  /** Resolves once there have been calls on so many connections that are open.
   * @throws Error when `signal` aborts before that */
  async waitForCalls(count: number, signal: AbortSignal): Promise<void> {
    const called = (open: readonly Open[]) => open.filter(({ requestsSeen }) => requestsSeen > 0).length;
    while (called(await this.#listOpen()) < count) signal.throwIfAborted();
  }

  /** Each kind of `bug` event once, with what was before it. */
  get bugs(): readonly string[] {
    const kinds = new Map<string, string[]>();
    for (const ledger of [this.main, ...this.lanes.values(), ...this.over]) {
      for (const { event, before } of ledger.bugs) {
        const { message, stack = '' } = event;
        const kind = `${message}\n${stack}`;
        const told = `${this.who(ledger.remoteOf(event.connection))} ${JSON.stringify(event)}\nafter ${before.map((each) => JSON.stringify(each)).join('\n      ')}`;
        kinds.set(kind, [...(kinds.get(kind) ?? []), told]);
      }
    }
    return [...kinds].map(([kind, told]) => `${told.length} times: ${kind}\nfirst by ${told[0]}`);
  }

  /** How much there was to survive. */
  get summary(): string {
    const all = [this.main, ...this.lanes.values(), ...this.over];
    const sum = (count: (ledger: Ledger) => number) => all.reduce((total, ledger) => total + count(ledger), 0);
    const calls = `${this.#calls} admin calls on ${all.length} lanes`;
    return `${sum(({ size }) => size)} connections, ${sum(({ requests }) => requests)} requests, ${calls}`;
  }

  /** What `/metrics` counts. */
  async countBugs(): Promise<number> {
    const { text } = await this.call('GET /metrics');
    return Number(/^seedance_mock_bugs_total (\d+)$/m.exec(text)?.[1]);
  }

  /** The client that came from an address. */
  who(remote: string | undefined): string {
    return (remote !== undefined && this.#grounds.clients.get(remote)) || 'unknown client';
  }

  /** Calls the admin API; a failure of the mock is noted. */
  async call(call: string, body?: string): Promise<AdminReply> {
    this.#calls++;
    if (!call.startsWith('GET')) this.latest.push(`${call} ${(body ?? '').slice(0, MAX_SHOWN_CHARACTERS)}`);
    if (this.latest.length > MAX_LATEST) this.latest.shift();
    const reply = await this.#mock.call(call, body);
    if (reply.status >= 500) this.problems.push(`${call} ${body ?? ''} -> ${reply.status} ${reply.text}`);
    return reply;
  }

  async #listOpen(): Promise<readonly Open[]> {
    const open = this.paths.map(async (path) => {
      const { text } = await this.call(`GET ${path}/connections`);
      const { connections } = JSON.parse(text) as { readonly connections: readonly Open[] };
      return connections.map((each) => ({ path, ...each }));
    });
    return (await Promise.all(open)).flat();
  }

  #knobs(path: string): Knobs {
    return {
      path,
      dice: this.#dice,
      call: (call, body) => this.call(call, body),
      armed: this.#armed,
      openLane: (body) => this.#openLane(body),
      closeLane: () => this.#closeLane(),
    };
  }

  async #openLane(body: object): Promise<void> {
    if (this.lanes.size >= MAX_LANES) return;
    const { status, text } = await this.call('POST /lanes', JSON.stringify(body));
    if (status !== 201) return;
    const { id, url, apiKey } = JSON.parse(text) as LaneAnswer;
    this.lanes.set(id, new Ledger());
    const [main] = this.#entrances.get('') ?? [];
    if (!main) return;
    const known = { tasks: [], videos: [] };
    this.#entrances.set(id, [
      { port: Number(new URL(url).port), serverName: 'localhost', headers: {}, known },
      { ...main, serverName: `${id}.localhost`, known },
      { ...main, headers: { authorization: `Bearer ${apiKey}` }, known },
    ]);
    this.#tellEntrances();
  }

  async #closeLane(): Promise<void> {
    const [id, ledger] = [...this.lanes].at(this.#dice.int(0, this.lanes.size)) ?? [];
    if (id === undefined || !ledger) return;
    await ledger.read(`/lanes/${id}`, (call) => this.call(call));
    this.lanes.delete(id);
    this.over.push(ledger);
    await this.call(`DELETE /lanes/${id}`);
    // Only now: until then clients come too late for it.
    this.#entrances.delete(id);
    this.#tellEntrances();
  }

  /** Half of the clients go to the main lane. */
  #tellEntrances(): void {
    const lanes = [...this.#entrances].flatMap(([id, entrances]) => (id === '' ? [] : entrances));
    const main = this.#entrances.get('') ?? [];
    this.#grounds.entrances = [...lanes.flatMap(() => main), ...main, ...lanes];
  }
}

/** What an action turns. */
interface Knobs {
  /** Whose knobs these are: empty for the main lane. */
  readonly path: string;
  readonly dice: Dice;
  /** Names of faults that were armed by hand. */
  readonly armed: string[];
  call(call: string, body?: string): Promise<AdminReply>;
  openLane(body: object): Promise<void>;
  closeLane(): Promise<void>;
}

/** Settings under which tasks are quick, so that there are videos to download. */
const quick = { tasks: { queued: '0ms', running: '0ms' } };

const actions = {
  activate: ({ path, dice, call }) => call(`POST ${path}/scenarios/${dice.pick(scenarios).name}/activate`),
  'put a bundled scenario': ({ path, dice, call }) => call(`PUT ${path}/scenario`, dice.pick(scenarios).text),
  'put a mixed scenario': ({ path, dice, call }) =>
    call(
      `PUT ${path}/scenario`,
      JSON.stringify({
        ...quick,
        profile: dice.pick(profileNames),
        faults: dice.some(0, 4, () => dice.pick(faults)).map((fault, index) => ({ ...fault, name: `mixed ${index}` })),
      }),
    ),
  'put a plain scenario': ({ path, dice, call }) =>
    call(`PUT ${path}/scenario`, JSON.stringify({ ...quick, profile: dice.pick(profileNames) })),
  'put nonsense': ({ path, dice, call }) => call(`PUT ${path}/scenario`, dice.pick(['{', 'faults: 1', '', '\0'])),
  'arm a fault': async ({ path, dice, call, armed }) => {
    const name = `by hand ${dice.int(1, 1_000_000)}`;
    armed.push(name);
    if (armed.length > MAX_ARMED) armed.shift();
    await call(`POST ${path}/faults`, JSON.stringify({ ...dice.pick(faults), name }));
  },
  'disarm a fault': async ({ path, dice, call, armed }) => {
    if (armed.length > 0) await call(`DELETE ${path}/faults/${encodeURIComponent(dice.pick(armed))}`);
  },
  'hurry the clock': ({ path, dice, call }) =>
    call(`POST ${path}/clock`, JSON.stringify({ speed: dice.pick([0.5, 1, 1, 5, 20, 1_000]) })),
  'stop the clock': ({ path, call }) => call(`POST ${path}/clock`, '{ "mode": "manual" }'),
  'start the clock': ({ path, call }) => call(`POST ${path}/clock`, '{ "mode": "real", "speed": 1 }'),
  'advance the clock': ({ path, dice, call }) =>
    call(`POST ${path}/clock/advance`, JSON.stringify({ by: dice.pick(['0ms', '1ms', '400ms', '8s', '30s']) })),
  'open a lane': ({ dice, openLane }) =>
    openLane({
      scenario: dice.chance() ? dice.pick(scenarios).name : quick,
      ...(dice.chance(0.3) && { clock: dice.pick(['manual', 20]) }),
      ...(dice.chance(0.5) && { profile: dice.pick(profileNames) }),
    }),
  'close a lane': ({ closeLane }) => closeLane(),
  'end connections': async ({ path, dice, call }) => {
    const { status, text } = await call(`GET ${path}/connections`);
    if (status !== 200) return;
    const { connections } = JSON.parse(text) as { readonly connections: readonly { readonly id: number }[] };
    if (connections.length === 0) return;
    const ended = dice.some(1, 5, () => {
      const { id } = dice.pick(connections);
      return call(`DELETE ${path}/connections/${id}?how=${dice.pick(['reset', 'fin', 'goaway'])}`);
    });
    await Promise.all(ended);
  },
  'start over': ({ path, call }) => call(`POST ${path}/reset`),
  look: ({ path, dice, call }) =>
    call(`GET ${path}/${dice.pick(['report', 'report?format=junit', 'clients', 'tasks', 'scenario', 'faults'])}`),
  'look around': ({ dice, call }) =>
    call(`GET ${dice.pick(['/metrics', '/docs', '/openapi.json', '/openapi-admin.json', '/lanes', '/dead-letters'])}`),
  'look at a connection': async ({ path, dice, call }) => {
    const { status, text } = await call(`GET ${path}/connections`);
    const { connections = [] } = status === 200 ? JSON.parse(text) : {};
    if (connections.length > 0) await call(`GET ${path}/connections/${dice.pick<{ id: number }>(connections).id}`);
  },
  'move a task': async ({ path, dice, call }) => {
    const { status, text } = await call(`GET ${path}/tasks`);
    const { tasks = [] } = status === 200 ? JSON.parse(text) : {};
    if (tasks.length === 0) return;
    const to = JSON.stringify({ to: dice.pick(['running', 'succeeded', 'failed', 'cancelled', 'expired']) });
    await call(`POST ${path}/tasks/${dice.pick<{ id: string }>(tasks).id}/transition`, to);
  },
} satisfies Record<string, (knobs: Knobs) => Promise<unknown>>;

/** Names as they are drawn: time goes on and calls come through more often than not. */
const drawn = [
  ...(Object.keys(actions) as (keyof typeof actions)[]),
  ...Array<'put a plain scenario'>(3).fill('put a plain scenario'),
  ...Array<'start the clock'>(3).fill('start the clock'),
];
