import { scenarioJsonSchema } from '../scenario/schema.ts';
import type { Output } from './output.ts';

/** `seedance-mock schema`: the JSON Schema of a scenario file, for editors.
 * @returns the exit code, 0 */
export function runSchema({ stdout }: Pick<Output, 'stdout'> = process): number {
  stdout.write(`${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`);
  return 0;
}
