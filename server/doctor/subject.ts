import { type AdminView, lookAtAdmin } from './admin-view.ts';
import { type Approach, approach } from './approach.ts';

/** How long the admin API may take for all that it is asked before the examinations. */
const ADMIN_LIMIT_MS = 5_000;
/** How long TCP and TLS may take, within the limit of an examination that looks at both. */
const APPROACH_LIMIT_MS = 4_000;

/** Where a TLS connection is opened, and the name in its ClientHello. */
export interface Door {
  readonly host: string;
  readonly port: number;
  readonly serverName: string;
}

/** What is examined: this machine, with a mock in this process, or a server that runs. */
export interface Subject {
  readonly kind: 'machine' | 'target';
  /** `HOST:PORT`. */
  readonly address: string;
  readonly host: string;
  readonly port: number;
  readonly admin: AdminView;
  /** The certificate authority of the server, PEM; absent where its admin API does not tell. */
  readonly ca: string | undefined;
  /** Of a lane of our own, where there is one: what happens behind it is in nobody else's journal and verdict. */
  readonly door: Door;
  /** How an ordinary client gets on, over one connection to the server itself. */
  readonly approach: Promise<Approach>;
  /** How many connections are wanted at once. */
  readonly connections: number;
  /** The environment in which `run` starts a command, so that it trusts a CA.
   * @param caFile what is made lies beside it */
  readonly trustEnvironment: (caFile: string, command: readonly string[]) => Promise<NodeJS.ProcessEnv>;
}

/** What a subject is made from. */
export interface SubjectSetting extends Pick<Subject, 'kind' | 'host' | 'port' | 'connections' | 'trustEnvironment'> {
  readonly adminUrl: string;
  /** Whether the user named the admin API: a guess may be wrong. */
  readonly adminNamed: boolean;
  readonly adminToken?: string | undefined;
}

/** Asks the server for all that the examinations have in common. What it opens there goes with `await using`. */
export async function openSubject(setting: SubjectSetting): Promise<Subject & AsyncDisposable> {
  const { kind, host, port, connections, trustEnvironment, adminUrl, adminNamed, adminToken } = setting;
  const admin = await lookAtAdmin(
    { url: adminUrl, named: adminNamed, token: adminToken },
    AbortSignal.timeout(ADMIN_LIMIT_MS),
  );
  return {
    kind,
    address: `${host.includes(':') ? `[${host}]` : host}:${port}`,
    host,
    port,
    admin,
    ca: admin.ca,
    door: { host, port, serverName: admin.lane?.serverName ?? host },
    approach: approach({ host, port, ca: admin.ca }, AbortSignal.timeout(APPROACH_LIMIT_MS)),
    connections,
    trustEnvironment,
    [Symbol.asyncDispose]: async () => admin.lane?.close(),
  };
}
