import { armedFaults } from './armed-faults.ts';
import { connectionMemory } from './connection-memory.ts';
import { containerReady } from './container-ready.ts';
import type { Figure } from './figure.ts';
import { idleReset } from './idle-reset.ts';
import { inProcess } from './in-process.ts';
import { lanes } from './lanes.ts';
import { ready } from './ready.ts';
import { requests, tappedRequests } from './requests.ts';
import { verdict } from './verdict.ts';

/** Every figure there is, in the order of the table. */
export const figures: readonly Figure[] = [
  requests,
  tappedRequests,
  armedFaults,
  verdict,
  connectionMemory,
  ready,
  inProcess,
  lanes,
  containerReady,
  idleReset,
];
