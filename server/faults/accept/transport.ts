import { z } from 'zod';
import type { ConnectionPlan, TransportPlan, WayPlan } from '../plans.ts';

/** Scenario schema of the direction that a fault is about. */
export const direction = () =>
  z.enum(['both', 'to-client', 'to-server']).default('both').describe('Which bytes are meant.');
type Direction = 'both' | 'to-client' | 'to-server';

/** Where to write how the bytes of a connection travel. */
export function transportOf(plan: ConnectionPlan): TransportPlan {
  plan.transport ??= { toClient: {}, toServer: {} };
  return plan.transport;
}

/** The ways that a direction means. */
export function waysOf(plan: ConnectionPlan, meant: Direction): readonly WayPlan[] {
  const { toClient, toServer } = transportOf(plan);
  return { both: [toClient, toServer], 'to-client': [toClient], 'to-server': [toServer] }[meant];
}

const words = { both: 'in each direction', 'to-client': 'to the client', 'to-server': 'from the client' } as const;

/** A direction, to follow what is done to its bytes. */
export const explainDirection = (meant: Direction): string => words[meant];
