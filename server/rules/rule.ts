import type { Service } from '../scenario/scenario.ts';

/** What a rule has decided: how the connection ends, in words and as the service's own log line. */
export interface Ruling {
  readonly rule: string;
  readonly how: 'reset' | 'fin';
  /** In words, with the way out where there is one. */
  readonly did: string;
  /** As the service writes it (reference, section A). */
  readonly line: string;
}

/** What a rule that watches the passing of time may look at; times are lane time in Unix milliseconds. */
export interface Pulse {
  /** When the service took it in. */
  readonly servedAt: number;
  readonly lastTrafficAt: number;
  readonly heartbeatAt: number;
  /** The HTTP version, once it has been agreed on. */
  readonly protocol: string | undefined;
  /** Set once the server has sent its FIN. */
  readonly half: { readonly at: number } | undefined;
}

/** A rule that can strike a connection at any time. */
export type TimedRule = (pulse: Pulse, service: Service, nowMs: number) => Ruling | undefined;

/** How the service's log lines begin. */
export const LOG_PREFIX = 'http2: server:';
