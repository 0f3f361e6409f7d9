import type { Committed, EndedBy, JournalEvent } from '../journal.ts';
import { many } from './check.ts';

/** A connection that ended while calls were open on it. */
export interface CutConnection {
  readonly connection: number;
  /** The sequence number of its end. */
  readonly event: number;
  readonly by: EndedBy;
  readonly cause?: string;
  /** The first of them. */
  readonly calls: readonly {
    readonly method: string;
    readonly path: string;
    readonly committed: Committed;
    readonly retriable: boolean;
  }[];
}

/** The connections that ended amid calls, and what became of these. */
export interface AmidCalls {
  readonly connections: number;
  readonly calls: number;
  /** How many of the calls were carried out. */
  readonly committed: Readonly<Record<Committed, number>>;
  /** How many of them may be sent again. */
  readonly retriable: number;
  /** The first of the connections. */
  readonly first: readonly CutConnection[];
}

/** How many connections are named, and calls on each. */
const NAMED = 20;

/** Counts the calls that the ends of connections leave open. */
export class OpenCalls {
  readonly #first: CutConnection[] = [];
  readonly #committed = { yes: 0, no: 0, unknown: 0 };
  #connections = 0;
  #retriable = 0;

  learn(event: JournalEvent): void {
    if (event.type !== 'connection.ended' || event.requests.length === 0) return;
    const { connection, seq, by, cause, requests } = event;
    this.#connections++;
    // A recording of an older version does not say.
    const calls = requests.map(({ method, path, committed = 'unknown', retriable = false }) => {
      return { method, path, committed, retriable };
    });
    for (const { committed, retriable } of calls) {
      this.#committed[committed]++;
      if (retriable) this.#retriable++;
    }
    if (this.#first.length === NAMED) return;
    this.#first.push({
      connection,
      event: seq,
      by,
      ...(cause !== undefined && { cause }),
      calls: calls.slice(0, NAMED),
    });
  }

  /** Undefined where no connection ended amid a call. */
  get report(): AmidCalls | undefined {
    const { yes, no, unknown } = this.#committed;
    if (this.#connections === 0) return undefined;
    return {
      connections: this.#connections,
      calls: yes + no + unknown,
      committed: { yes, no, unknown },
      retriable: this.#retriable,
      first: [...this.#first],
    };
  }
}

/** How many of the calls that may not be sent again a report names. */
const CALLS_SHOWN = 3;

/** In lines: how many, and those that may not be sent again. */
export function describeAmidCalls(amid: AmidCalls | undefined): readonly string[] {
  if (!amid) return [];
  const { connections, calls, committed, retriable, first } = amid;
  const fates = [
    [committed.yes, 'carried out'],
    [committed.unknown, 'perhaps carried out'],
    [committed.no, 'not carried out'],
  ] as const;
  const told = fates.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : []));
  const [ended, left] = [many(connections, 'connection'), many(calls, 'call')];
  const kept = first.flatMap(({ connection, by, cause, calls: open }) =>
    open
      .filter((call) => !call.retriable)
      .map(
        ({ method, path, committed: done }) =>
          `connection ${connection}, ended by ${cause === undefined ? by : `${by} (${cause})`}: ${method} ${path} was ${done === 'yes' ? '' : 'perhaps '}carried out; do not just send it again`,
      ),
  );
  return [
    `${ended} ended amid ${left}: ${told.join(', ')}; ${retriable} may be sent again`,
    ...kept.slice(0, CALLS_SHOWN),
  ];
}
