import type { Lane } from '../lane.ts';
import type { DocumentedRoute } from '../openapi/documented.ts';
import type { Callbacks } from '../seedance/callbacks.ts';
import type { TaskStore } from '../seedance/task-store.ts';
import type { Listener } from '../wire/listener.ts';

/** What the control plane looks at and acts on. */
export interface AdminDeps {
  readonly lane: Lane;
  readonly tasks: TaskStore;
  readonly callbacks: Callbacks;
  readonly listener: Listener;
  /** The CA certificate, PEM. */
  readonly ca: string;
  readonly token: string | undefined;
  /** What the mocked API says of its routes. */
  readonly apiRoutes: readonly DocumentedRoute[];
}
