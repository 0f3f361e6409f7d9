import type { z } from 'zod';
import type { Hook } from '../scenario/scenario.ts';
import { bandwidth } from './accept/bandwidth.ts';
import { freeze } from './accept/freeze.ts';
import { halfClose } from './accept/half-close.ts';
import { hang } from './accept/hang.ts';
import { latency } from './accept/latency.ts';
import { limit } from './accept/limit.ts';
import { refuse } from './accept/refuse.ts';
import { reset } from './accept/reset.ts';
import { slice } from './accept/slice.ts';
import { corrupt } from './callback/corrupt.ts';
import { delay as delayCallback } from './callback/delay.ts';
import { drop } from './callback/drop.ts';
import { duplicate } from './callback/duplicate.ts';
import { reorder } from './callback/reorder.ts';
import { wrongTask } from './callback/wrong-task.ts';
import { delay as dnsDelay } from './dns/delay.ts';
import { flap } from './dns/flap.ts';
import { nxdomain } from './dns/nxdomain.ts';
import { servfail } from './dns/servfail.ts';
import { silence } from './dns/silence.ts';
import { truncate } from './dns/truncate.ts';
import { wrongAddress } from './dns/wrong-address.ts';
import type { Fault } from './fault.ts';
import { alpnSelect } from './handshake/alpn-select.ts';
import { certificate } from './handshake/certificate.ts';
import { earlyData } from './handshake/early-data.ts';
import { garbage } from './handshake/garbage.ts';
import { noTickets } from './handshake/no-tickets.ts';
import { tlsAlert } from './handshake/tls-alert.ts';
import { tlsCut } from './handshake/tls-cut.ts';
import { tlsSlow } from './handshake/tls-slow.ts';
import { tlsVersion } from './handshake/tls-version.ts';
import { corruptBody } from './request/corrupt-body.ts';
import { delay } from './request/delay.ts';
import { dropHeader } from './request/drop-header.ts';
import { end } from './request/end.ts';
import { rateLimit } from './request/rate-limit.ts';
import { redirect } from './request/redirect.ts';
import { slowBody } from './request/slow-body.ts';
import { smallFrames } from './request/small-frames.ts';
import { status } from './request/status.ts';
import { wrongLength } from './request/wrong-length.ts';
import { wrongType } from './request/wrong-type.ts';
import { continuationFlood } from './session/continuation-flood.ts';
import { corruptFrame } from './session/corrupt-frame.ts';
import { delayFrame } from './session/delay-frame.ts';
import { dropFrame } from './session/drop-frame.ts';
import { goaway } from './session/goaway.ts';
import { headerBomb } from './session/header-bomb.ts';
import { maxStreams } from './session/max-streams.ts';
import { padding } from './session/padding.ts';
import { pingFlood } from './session/ping-flood.ts';
import { pingSilence } from './session/ping-silence.ts';
import { rawFrame } from './session/raw-frame.ts';
import { settings } from './session/settings.ts';
import { settingsFlood } from './session/settings-flood.ts';
import { windowStall } from './session/window-stall.ts';
import { dispatcher } from './task/dispatcher.ts';
import { expire } from './task/expire.ts';
import { fail } from './task/fail.ts';
import { regress } from './task/regress.ts';
import { slow } from './task/slow.ts';
import { stick } from './task/stick.ts';
import { vanish } from './task/vanish.ts';
import { workerLost } from './task/worker-lost.ts';
import { expiredUrl } from './video/expired-url.ts';
import { rangeIgnored } from './video/range-ignored.ts';
import { slow as slowVideo } from './video/slow.ts';
import { truncated } from './video/truncated.ts';

/** Every fault there is, in the order the reference lists them. */
export const faults = [
  refuse,
  reset,
  hang,
  limit,
  latency,
  bandwidth,
  slice,
  freeze,
  halfClose,
  tlsCut,
  tlsAlert,
  garbage,
  tlsVersion,
  certificate,
  tlsSlow,
  alpnSelect,
  noTickets,
  earlyData,
  goaway,
  settings,
  pingSilence,
  pingFlood,
  windowStall,
  maxStreams,
  rawFrame,
  dropFrame,
  delayFrame,
  corruptFrame,
  settingsFlood,
  continuationFlood,
  headerBomb,
  padding,
  delay,
  status,
  rateLimit,
  redirect,
  corruptBody,
  wrongLength,
  wrongType,
  dropHeader,
  slowBody,
  smallFrames,
  end,
  expiredUrl,
  rangeIgnored,
  slowVideo,
  truncated,
  fail,
  stick,
  slow,
  expire,
  vanish,
  regress,
  workerLost,
  dispatcher,
  drop,
  delayCallback,
  duplicate,
  reorder,
  corrupt,
  wrongTask,
  dnsDelay,
  silence,
  servfail,
  nxdomain,
  wrongAddress,
  truncate,
  flap,
] as const satisfies readonly Fault[];

type Row = (typeof faults)[number];

/** What one fault takes under `inject:`: its settings by its name, or the bare name when all of them may be left out. */
type SpecOf<R extends Row> = R extends Row
  ?
      | { readonly [N in R['name']]: z.input<R['params']> }
      | (Record<string, never> extends z.input<R['params']> ? R['name'] : never)
  : never;

type RowOn<H extends Hook, R extends Row = Row> = R extends Row ? (H extends R['on'][number] ? R : never) : never;

/** What a scenario may say under `inject:` on a hook. Grows with the table, nothing to keep in step. */
export type FaultSpec<H extends Hook = Hook> = SpecOf<RowOn<H>>;

/** The faults that can strike on a hook. */
export const faultsOn = (hook: Hook): readonly Fault[] => faults.filter(({ on }: Fault) => on.includes(hook));

/** The fault that goes by a name on a hook. */
export const findFault = (hook: Hook, name: string): Fault | undefined =>
  faultsOn(hook).find((fault) => fault.name === name);
