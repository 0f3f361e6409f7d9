import { type ScenarioInput, startMockServer } from '../../../server/index.ts';
import { openClient } from './client.ts';
import { openHttp1Client } from './http1.ts';

/** A client for each HTTP version, for `describe.each`. */
export const clients = [
  ['HTTP/2', openClient],
  ['HTTP/1.1', openHttp1Client],
] as const;

/** A server that lets both in, with these faults; its time stands still and nothing is idle. */
export const startFaulty = (...faults: NonNullable<ScenarioInput['faults']>) =>
  startMockServer({ seed: 7, clock: 'manual', profile: 'dual-stack', scenario: { service: { idle: 'off' }, faults } });
