import type { Row } from './row.ts';
import { connections } from './rows/connections.ts';
import { creates } from './rows/creates.ts';
import { downloads } from './rows/downloads.ts';
import { ends } from './rows/ends.ts';
import { spoilt } from './rows/spoilt.ts';
import { tasks } from './rows/tasks.ts';
import { waits } from './rows/waits.ts';

/** Every row there is, in the order of the table. */
export const rows: readonly Row[] = [...creates, ...tasks, ...downloads, ...waits, ...ends, ...spoilt, ...connections];
