import { renderProblem, UsageError } from '../errors.ts';
import { printableLine } from '../printable.ts';
import { readScenario } from '../scenario/bundled.ts';
import { exitCodes } from '../verdict/verdict.ts';
import type { Output } from './output.ts';

/** `seedance-mock validate <file...>`: every problem of every file at once.
 * @returns the exit code: 0 when all are good, 2 when one is not */
export async function runValidate(files: readonly string[], output: Output = process): Promise<number> {
  const bad = files.filter((file) => !validateFile(file, output));
  return bad.length > 0 ? exitCodes.usage : exitCodes.pass;
}

function validateFile(file: string, { stdout, stderr }: Output): boolean {
  try {
    const { name, faults, warnings } = readScenario(file);
    const armed = `${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}`;
    stdout.write(`${printableLine(`ok ${file}: ${name}, ${armed}`)}\n`);
    for (const warning of warnings) stderr.write(`${printableLine(`warning ${file}: ${warning}`)}\n`);
    return true;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    for (const found of error.problems) stderr.write(`${renderProblem(found)}\n\n`);
    return false;
  }
}
