import { byClients } from './kinds/by-clients.ts';
import { byFaults } from './kinds/by-faults.ts';
import { byOthers } from './kinds/by-others.ts';
import { byRules } from './kinds/by-rules.ts';
import { onLines } from './kinds/on-lines.ts';
import type { Kind } from './scene.ts';

/** All ways in which connections end. */
export const kinds: readonly Kind[] = [...byRules, ...byClients, ...byFaults, ...byOthers, ...onLines];
