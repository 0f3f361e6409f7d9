import { problem, UsageError } from '../errors.ts';
import type { Lanes, OpenLane } from '../lanes.ts';
import type { Recording } from '../recording/recording.ts';
import type { World } from '../world.ts';

/** What the control plane looks at and acts on. */
export interface AdminDeps {
  readonly main: World;
  readonly lanes: Lanes;
  readonly recording?: Recording | undefined;
  /** The CA certificate, PEM. */
  readonly ca: string;
  /** What callers have to send. Default: nothing. */
  readonly token: string | undefined;
  /** Names with a dot by which callers with the token may call; `*.example.com` is one too. */
  readonly names: readonly string[];
}

/** Finds the world that a call is about: `/lanes/{lane}/...` names one, any other path is about the main one.
 * @throws UsageError ADMIN_NOT_FOUND */
export type FindWorld = (request: { readonly params: unknown }) => World;

/** Looks in the path of each call. */
export const worldFinder =
  ({ main, lanes }: Pick<AdminDeps, 'main' | 'lanes'>): FindWorld =>
  ({ params }) => {
    const { lane } = params as { readonly lane?: string };
    return lane === undefined ? main : findLane(lanes, lane).world;
  };

/** @throws UsageError ADMIN_NOT_FOUND */
export function findLane(lanes: Lanes, id: string): OpenLane {
  const open = lanes.get(id);
  if (!open) throw new UsageError([problem('ADMIN_NOT_FOUND', { what: `lane "${id}"` })]);
  return open;
}
