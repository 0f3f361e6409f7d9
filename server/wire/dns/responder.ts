import type { Timer } from '../../clock.ts';
import type { DnsPlan } from '../../faults/plans.ts';
import { guarded } from '../../guarded.ts';
import type { Lane } from '../../lane.ts';
import { listeningAddresses, type OwnAddress } from '../own-addresses.ts';
import { encodeReply, familyOf, type Query, type Reply, readQuery } from './message.ts';
import { knowsNames, plainName, reachableFrom } from './names.ts';
import { type Asker, type DnsSockets, openSockets } from './sockets.ts';

export interface DnsOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** What is ours beside the names that always are; `*.example.com` is one too. */
  readonly names: readonly string[];
}

/** How many queries may wait for a delay to pass; one more is told SERVFAIL at once. */
export const MAX_WAITING_QUERIES = 1_000;

/** Answers DNS over UDP and TCP: the mock's names with the mock's addresses, unless a fault on `dns` says otherwise; all
 * other names are refused. A type of record that we have none of gets an answer without records, as the name does exist. */
export class DnsResponder {
  readonly #lane: Lane;
  readonly #isOurs: (name: string) => boolean;
  readonly #waiting = new Set<Timer>();
  #addresses: readonly OwnAddress[] = [];
  #sockets: DnsSockets | undefined;

  private constructor(lane: Lane, names: readonly string[]) {
    this.#lane = lane;
    this.#isOurs = knowsNames(names);
  }

  /** @throws UsageError PORT_IN_USE, CANNOT_LISTEN */
  static async listen(lane: Lane, { host, port, names }: DnsOptions): Promise<DnsResponder> {
    const responder = new DnsResponder(lane, names);
    const { journal, ownPorts } = lane;
    responder.#sockets = await openSockets({ host, port, journal, ownPorts }, (message, asker) => {
      responder.#guard(() => responder.#take(message, asker));
    });
    responder.#addresses = listeningAddresses(responder.#sockets.bound.address);
    return responder;
  }

  /** Where it can be asked from this machine, as `dns.setServers()` takes it: `127.0.0.1:53053`, `[::1]:53053`. */
  get address(): string {
    const { address = '', family = '', port = 0 } = this.#sockets?.bound ?? {};
    if (family === 'IPv6') return `[${address === '::' ? '::1' : address}]:${port}`;
    return `${address === '0.0.0.0' ? '127.0.0.1' : address}:${port}`;
  }

  async close(): Promise<void> {
    for (const timer of this.#waiting) timer.cancel();
    await this.#sockets?.close();
  }

  #take(message: Buffer, asker: Asker): void {
    const query = readQuery(message);
    if (!query) return;
    const plan: DnsPlan = { delayMs: 0 };
    const name = plainName(query.question?.name ?? '');
    const { address, transport } = asker;
    if (query.question) this.#lane.strike('dns', { name, client: address, remote: address }, { plan, transport });

    const sinceMs = this.#lane.clock.now();
    const answer = (reply: Reply | undefined) => this.#answer({ query, name, asker, sinceMs }, reply);
    if (plan.answer === 'silence') return answer(undefined);
    const whole: Reply = plan.answer ?? this.#reply(query, name, address);
    const isTooLong = transport === 'udp' && encodeReply(query, whole).length > query.maxUdpBytes;
    const reply = { ...whole, truncated: plan.truncated ?? isTooLong };
    if (plan.delayMs === 0) return answer(reply);
    if (this.#waiting.size >= MAX_WAITING_QUERIES) return answer({ rcode: 'SERVFAIL', addresses: [] });
    const timer = this.#lane.clock.after(plan.delayMs, () => {
      this.#waiting.delete(timer);
      this.#guard(() => answer(asker.gone() ? undefined : reply));
    });
    this.#waiting.add(timer);
  }

  /** What is true. */
  #reply({ question, rcode }: Query, name: string, asker: string): Reply {
    if (!question || rcode !== 'NOERROR') return { rcode, addresses: [] };
    const isInternet = question.class === 'IN' || question.class === 'ANY';
    const isTransfer = question.type === 'AXFR' || question.type === 'IXFR';
    if (!isInternet || isTransfer || !this.#isOurs(name)) return { rcode: 'REFUSED', addresses: [] };
    return { rcode, addresses: reachableFrom(asker, this.#addresses) };
  }

  /** @param reply none at all when undefined */
  #answer({ query, name, asker, sinceMs }: Asked, reply: Reply | undefined): void {
    const { question } = query;
    const { journal, clock } = this.#lane;
    journal.append({
      type: 'dns.query',
      remote: asker.address,
      transport: asker.transport,
      ...(question && { name, record: question.type }),
      rcode: reply?.rcode ?? 'none',
      answers: question && reply && !reply.truncated ? familyOf(question.type, reply.addresses) : [],
      truncated: reply?.truncated ?? false,
      ms: Math.round(clock.now() - sinceMs),
    });
    if (reply) asker.send(encodeReply(query, reply));
  }

  #guard(run: () => void): void {
    guarded((error) => this.#lane.journal.bug(error), run)();
  }
}

/** A query and where it came from. */
interface Asked {
  readonly query: Query;
  readonly name: string;
  readonly asker: Asker;
  /** Lane time at which it came. */
  readonly sinceMs: number;
}
