import { fin } from './fin.ts';
import { handshake } from './handshake.ts';
import { heartbeat } from './heartbeat.ts';
import { idle } from './idle.ts';
import type { TimedRule } from './rule.ts';

/** The rules that strike by the passing of time, in the order in which they are asked. */
export const timedRules: readonly TimedRule[] = [fin, idle, heartbeat, handshake];
