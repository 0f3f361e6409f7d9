import { readlinkSync } from 'node:fs';
import { join, parse, resolve, sep } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type FSWatcher, watch } from 'chokidar';

/** How long a file must not grow before it is read: an editor may write it in pieces. */
const STABLE_FOR_MS = 50;
const LOOK_EVERY_MS = 10;
/** As many as Linux follows before it takes them for a circle: path_resolution(7). */
const MAX_LINKS = 40;

export interface Listeners {
  /** Called for what is seen from the file's path on: it was written, another was put in its place, or a link was turned. */
  readonly onChange: () => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Follows a path to its file and watches both the file and the links on the way, for a link that is turned elsewhere is a
 * change as well: so Kubernetes swaps a config map, with one link for all of its files.
 *
 * @returns once every change from now on will be seen
 */
export async function followFile(file: string, { onChange, onError }: Listeners): Promise<{ close(): Promise<void> }> {
  let watcher: FSWatcher | undefined;
  let isClosed = false;

  async function open(): Promise<void> {
    const way = wayTo(file);
    // Each link as itself: through one, chokidar would not see that another before it is turned.
    const opened = watch([...way], {
      followSymlinks: false,
      ignoreInitial: true,
      awaitWriteFinish: { stabilityThreshold: STABLE_FOR_MS, pollInterval: LOOK_EVERY_MS },
    });
    watcher = opened;
    const look = async (changed: string) => {
      // It tells of a link's neighbours as well.
      if (!way.includes(changed)) return;
      await reopenIfTurned();
      onChange();
    };
    opened.on('add', look).on('change', look).on('error', onError);
    await new Promise<void>((ready) => opened.once('ready', ready));
    await reopenIfTurned();

    // Not by adding what is new to the same watcher: nothing would tell when that is watched, and a change before is lost.
    async function reopenIfTurned(): Promise<void> {
      if (isClosed || isDeepStrictEqual(wayTo(file), way)) return;
      await opened.close();
      if (!isClosed) await open();
    }
  }

  await open();
  return {
    async close() {
      isClosed = true;
      await watcher?.close();
    },
  };
}

/** Every link that leads to a file, in the order in which they are followed, and at last the file itself; all absolute. */
function wayTo(file: string): readonly string[] {
  const links: string[] = [];
  const { root } = parse(resolve(file));
  const stepsOf = (path: string) => path.slice(root.length).split(sep);
  let [at, ahead] = [root, stepsOf(resolve(file))];
  for (let step = ahead.shift(); step !== undefined; step = ahead.shift()) {
    const here = join(at, step);
    const target = links.length < MAX_LINKS ? readLink(here) : undefined;
    if (target === undefined) at = here;
    else {
      links.push(here);
      [at, ahead] = [root, stepsOf(resolve(at, target, ...ahead))];
    }
  }
  return [...links, at];
}

/** Where a link leads, or undefined when it is none, or not there. */
function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
