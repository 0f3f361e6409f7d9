import type { JournalEvent } from '../journal.ts';

/** What a client may report as a reset, though the service sent none: how often each happened, in the words of a report. */
const words = {
  waited: ['waited for another connection to end', 'connection'],
  unserved: ['accepted and left unanswered', 'connection'],
  frozen: ['on which nothing passed for a while', 'connection'],
  refused: ['the port was closed, so that a connect is refused', 'time'],
  dropped: ['dropped by the port, which had too few file descriptors', 'connection'],
  finished: ['closed by FIN amid a call', 'connection'],
  left: ['ended by the client itself amid a call, as after a time-out of its own', 'connection'],
  lost: ['lost by the network', 'connection'],
  broken: ['broken off by an error of TLS or HTTP', 'connection'],
} as const;

export type LookAlike = keyof typeof words;
export type LookAlikeCounts = Readonly<Partial<Record<LookAlike, number>>>;

/** Counts what looks like a reset and is none (reference, B10). */
export class LookAlikes {
  readonly #counts: Partial<Record<LookAlike, number>> = {};

  learn(event: JournalEvent): void {
    const [kind, count = 1] = kindOf(event);
    if (kind) this.#counts[kind] = (this.#counts[kind] ?? 0) + count;
  }

  /** Absent where nothing looked like a reset. */
  get counts(): LookAlikeCounts | undefined {
    return Object.keys(this.#counts).length > 0 ? { ...this.#counts } : undefined;
  }
}

function kindOf(event: JournalEvent): readonly [LookAlike?, number?] {
  switch (event.type) {
    case 'connection.queued':
      return ['waited'];
    case 'connection.hung':
      return ['unserved'];
    case 'connection.frozen':
      return ['frozen'];
    case 'listener.closed':
      return ['refused'];
    case 'listener.relieved':
      return ['dropped', event.dropped];
    case 'connection.ended':
      return [kindOfEnd(event)].flatMap((kind) => kind ?? []) as [LookAlike?];
    default:
      return [];
  }
}

/** What became of calls decides: a connection without any is missed by no one. */
function kindOfEnd({ by, how, requests }: JournalEvent<'connection.ended'>): LookAlike | undefined {
  if (by === 'network') return 'lost';
  if (how === 'error') return 'broken';
  if (requests.length === 0) return undefined;
  if (by === 'client') return 'left';
  return how === 'reset' ? undefined : 'finished';
}

/** In one line; none where nothing looked like a reset. */
export function describeLookAlikes(counts: LookAlikeCounts = {}): readonly string[] {
  const told = (Object.keys(words) as LookAlike[]).flatMap((kind) => {
    const count = counts[kind] ?? 0;
    const [what, noun] = words[kind];
    return count > 0 ? [`${count} ${noun}${count === 1 ? '' : 's'} ${what}`] : [];
  });
  return told.length > 0 ? [`a client may call these a reset, and the service sent none: ${told.join('; ')}`] : [];
}
