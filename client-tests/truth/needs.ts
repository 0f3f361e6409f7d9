import { loadScenario } from '../../server/scenario/load.ts';
import { findCheck } from '../../server/verdict/table.ts';
import type { Need } from './row.ts';

/** Settings that rows need, as a scenario that the loader accepts once they exist. */
const settings: Readonly<Record<string, object>> = {
  'clients.by': { clients: { by: ['header x-client-id'] } },
  'clients.same': { clients: { same: [['first', 'second']] } },
};

/** Whether a check or a setting exists yet. */
export function isThere(need: Need): boolean {
  const setting = settings[need];
  return setting ? isAccepted(setting) : findCheck(need) !== undefined;
}

function isAccepted(scenario: object): boolean {
  try {
    loadScenario(JSON.stringify(scenario));
    return true;
  } catch {
    return false;
  }
}
