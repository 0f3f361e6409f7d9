import { type MockServer, startMockServer } from '../../server/index.ts';
import { type Choice, planOf } from './plan.ts';
import { type CommandOf, preparePrograms } from './programs.ts';
import { languages, nameOf, type Row } from './row.ts';
import { type RowResult, runRows } from './run-rows.ts';

/** How many lanes run at a time. Clients mostly wait; copies are six processes. */
const LANES = { alone: 8, parallel: 2, copies: 2, speed: 8, manual: 12 } as const;

/** Runs what is chosen, and reports each row when it is done.
 * @returns the results in the order of the plan; rows whose language this machine lacks are left out */
export async function runPlan(
  choice: Choice,
  tell: (results: readonly RowResult[], done: number, of: number) => void = () => {},
): Promise<readonly RowResult[]> {
  const plan = planOf(choice);
  const wanted = languages.filter((language) => plan.some((group) => group.some((row) => row.language === language)));
  const commandOf = await preparePrograms(wanted);
  const runnable = plan
    .map((group) => group.filter((row) => commandOf(row) !== undefined))
    .filter(({ length }) => length > 0);
  await using server = await startMockServer();
  const results: (readonly RowResult[])[] = [];
  let next = 0;
  let done = 0;
  const work = async () => {
    for (let index = next++; index < runnable.length; index = next++) {
      const result = await runGroup(server, runnable[index] ?? [], { choice, commandOf });
      results[index] = result;
      tell(result, ++done, runnable.length);
    }
  };
  await Promise.all(Array.from({ length: LANES[choice.mode] }, work));
  return results.flat();
}

async function runGroup(
  server: MockServer,
  rows: readonly Row[],
  { choice: { mode, seed }, commandOf }: { readonly choice: Choice; readonly commandOf: CommandOf },
): Promise<readonly RowResult[]> {
  try {
    return await runRows(server, { rows, mode, seed, commandOf });
  } catch (error) {
    const problem = `it cannot run: ${error instanceof Error ? error.message : String(error)}`;
    return rows.map((row) => ({ row: nameOf(row), mode, found: [], notYet: [], problems: [problem] }));
  }
}
