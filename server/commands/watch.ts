import { type Problem, problem, reasonOf, renderProblem, UsageError } from '../errors.ts';
import type { Lane } from '../lane.ts';
import type { ReadScenario } from '../scenario/load.ts';
import { followFile } from './follow-file.ts';
import type { Output } from './output.ts';

/**
 * Takes a scenario file into force at each change, whether an editor writes it anew or puts another in its place, or a link
 * on the way to it is turned elsewhere. One with mistakes is refused with all of them on stderr, and the one in force stays;
 * so it does when the file goes away.
 *
 * @param read reads the file, and throws a UsageError when it has problems
 * @returns once every change from now on will be seen
 */
export async function watchScenario(
  file: string,
  { lane, read }: { readonly lane: Lane; readonly read: ReadScenario },
  { stderr }: Pick<Output, 'stderr'> = process,
): Promise<{ close(): Promise<void> }> {
  const refuse = (problems: readonly Problem[]) => {
    lane.refuse(file, problems);
    stderr.write(`${problems.map(renderProblem).join('\n\n')}\n`);
  };
  return followFile(file, {
    onChange() {
      try {
        lane.load(read);
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        refuse(error.problems);
      }
    },
    // Links in a circle, say.
    onError: (error) => refuse([problem('FILE_UNREADABLE', { file, reason: reasonOf(error) })]),
  });
}
