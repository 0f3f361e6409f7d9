import { type FSWatcher, watch } from 'chokidar';
import { renderProblem, UsageError } from '../errors.ts';
import type { Lane } from '../lane.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { Output } from './output.ts';

/** How long a file must not grow before it is read: an editor may write it in pieces. */
const STABLE_FOR_MS = 50;
const LOOK_EVERY_MS = 10;

/**
 * Takes a scenario file into force at each change, whether an editor writes it anew or puts another in its place. One with
 * mistakes is refused with all of them on stderr, and the one in force stays; so it does when the file goes away.
 *
 * @param read reads the file, and throws a UsageError when it has problems
 * @returns once every change from now on will be seen
 */
export async function watchScenario(
  file: string,
  { lane, read }: { readonly lane: Lane; readonly read: () => Scenario },
  { stderr }: Pick<Output, 'stderr'> = process,
): Promise<FSWatcher> {
  const reload = () => {
    try {
      lane.load(read());
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      lane.refuse(file, error.problems);
      stderr.write(`${error.problems.map(renderProblem).join('\n\n')}\n`);
    }
  };
  const watcher = watch(file, {
    ignoreInitial: true,
    awaitWriteFinish: { stabilityThreshold: STABLE_FOR_MS, pollInterval: LOOK_EVERY_MS },
  });
  watcher.on('add', reload).on('change', reload);
  await new Promise<void>((resolve) => watcher.once('ready', resolve));
  return watcher;
}
