import type { ConnectionPlan, TlsPlan, TransportPlan } from '../faults/plans.ts';
import { judgeAlpn } from '../rules/alpn.ts';
import { asksForH2c, refuseClearText, refuseH2c } from '../rules/cleartext.ts';
import type { Facts } from '../scenario/scenario.ts';
import { type Opening, readOpening } from './client-hello.ts';
import { closeConnection } from './closing.ts';
import type { Connection, Reason } from './connection.ts';
import type { Gate } from './gate.ts';
import { applyRuling } from './sweeper.ts';

/** What the ClientHello decided for the handshake that follows; nothing = it goes its way. */
export interface Admission {
  /** What faults want of the handshake itself. */
  readonly tls?: TlsPlan;
  readonly serverName?: string;
  /** Ends the connection inside the server's flight, after its ServerHello. */
  readonly cutAfterServerHello?: () => void;
  /** Ends the connection once the handshake has succeeded. */
  readonly cutAfterHandshake?: () => void;
  /** How the bytes travel from here on. */
  readonly transport?: TransportPlan;
  /** Whose doing all of this is. */
  readonly reason: Reason;
}

/** How long a connection to the storage port may be silent before its ClientHello is complete, in real time. */
const HELLO_LIMIT_MS = 60_000;

/**
 * Takes a connection from accept to its ClientHello: the hooks `accept`, `client-hello` and `handshake`, and the rules
 * on clear text and ALPN.
 *
 * @returns how the TLS handshake is to go, or undefined when the connection ended here, or was handed over
 */
export async function admit(
  connection: Connection,
  openConnections: number,
  { gate, handOver }: { readonly gate: Gate; readonly handOver: (serverName: string | undefined) => boolean },
): Promise<Admission | undefined> {
  const { lane } = connection;
  const address = connection.raw.remoteAddress ?? '';
  const facts: Facts = { connection: connection.id, client: address, remote: address };
  const plan: ConnectionPlan = {};
  const struckBy = [...lane.strike('accept', facts, { plan, openConnections })];
  const reasonSoFar = (): Reason => ({ by: 'fault', cause: struckBy.join(', ') });
  const cutAt = (place: NonNullable<ConnectionPlan['end']>['at']) => {
    const { end } = plan;
    if (end?.at !== place) return undefined;
    return () => closeConnection(connection, end.how, reasonSoFar());
  };
  const atAccept = cutAt('accept');
  if (atAccept) return void atAccept();
  if (plan.queued && !(await gate.wait(connection, reasonSoFar()))) return undefined;

  const opening = await readOpening(connection.raw).catch(() => undefined);
  if (!opening || connection.ended) return undefined;
  if (opening.kind !== 'tls') return void refuseOpening(connection, opening);

  const { alpn, serverName, earlyData } = opening;
  const named = serverName !== undefined && { serverName };
  const early = earlyData && { earlyData };
  if (handOver(serverName)) return undefined;
  introduceHello(connection, opening);
  const helloFacts: Facts = { ...facts, alpn, ...named, ...early };
  struckBy.push(...lane.strike('client-hello', helloFacts, { plan }));
  struckBy.push(...lane.strike('handshake', helloFacts, { plan }));
  const atClientHello = cutAt('client-hello');
  if (atClientHello) return void answerHello(connection, plan.end?.answer, atClientHello);

  // A fault that answers ALPN leaves nothing to judge; but without the extension there is nothing it could answer.
  const answered = alpn !== null && plan.tls?.alpn !== undefined;
  const ruling = answered ? undefined : judgeAlpn(alpn, lane.service);
  if (ruling && !ruling.afterHandshake) return void applyRuling(connection, ruling);
  const cutAfterServerHello = cutAt('server-hello');
  const cutAfterHandshake = cutAt('finished') ?? (ruling && (() => applyRuling(connection, ruling)));
  const shaped = plan.tls && { tls: plan.tls, ...named };
  return {
    ...shaped,
    ...(cutAfterServerHello && { cutAfterServerHello }),
    ...(cutAfterHandshake && { cutAfterHandshake }),
    ...(plan.transport && { transport: plan.transport }),
    reason: reasonSoFar(),
  };
}

/** Takes a connection to the storage port to its ClientHello: no fault and no rule decides there.
 * @returns as `admit` does */
export async function admitToStorage(connection: Connection): Promise<Admission | undefined> {
  const { raw } = connection;
  const reason: Reason = { by: 'server' };
  raw.setTimeout(HELLO_LIMIT_MS, () => closeConnection(connection, 'fin', { ...reason, cause: 'no ClientHello' }));
  const opening = await readOpening(raw).catch(() => undefined);
  raw.setTimeout(0);
  if (!opening || connection.ended) return undefined;
  if (opening.kind !== 'tls') return void closeConnection(connection, 'fin', { ...reason, cause: 'not TLS' });
  introduceHello(connection, opening);
  return { reason };
}

function introduceHello(
  connection: Connection,
  { alpn, ja4, print, serverName, earlyData }: Extract<Opening, { kind: 'tls' }>,
): void {
  const named = serverName !== undefined && { serverName };
  const early = earlyData && { earlyData };
  connection.print = print;
  connection.introduce({ type: 'connection.hello', alpn, ja4, print, ...named, ...early });
}

/** Says what is planned in place of a ServerHello; only then the connection ends, as a reset could overtake it. */
function answerHello({ raw }: Connection, answer: Uint8Array | undefined, end: () => void): void {
  if (!answer) return end();
  raw.write(answer, () => end());
}

function refuseOpening(connection: Connection, opening: Exclude<Opening, { kind: 'tls' }>): void {
  const { service } = connection.lane;
  switch (opening.kind) {
    case 'h2c-preface':
      return applyRuling(connection, refuseH2c('preface'));
    case 'http':
      return applyRuling(
        connection,
        asksForH2c(opening.upgrade) ? refuseH2c('upgrade') : refuseClearText('http', service),
      );
    case 'garbage':
      return applyRuling(connection, refuseClearText(opening, service));
  }
}
