import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 30_000;
const LOOK_EVERY_MS = 100;
/** Of its own: two daemons on one bridge would give out the same addresses. */
const bridge = `proxied${process.pid % 100_000}`;

/** A Docker daemon of the tests' own, in its default setting: a proxy in user land sits in front of each published port. */
export interface ProxiedDaemon extends AsyncDisposable {
  /** For DOCKER_HOST. */
  readonly address: string;
}

/** Why no such daemon can be started here, in a few words; undefined where one can. */
export function whyNoDaemon(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can start one';
  const missing = ['dockerd', 'docker', 'ip', 'iptables'].find(
    (program) => call(program, '--help').error !== undefined,
  );
  if (missing !== undefined) return `there is no ${missing}`;
  // Root in a container, which may do less.
  if (call('ip', 'link', 'add', 'name', `${bridge}t`, 'type', 'bridge').status !== 0)
    return 'no bridge can be made here';
  call('ip', 'link', 'delete', `${bridge}t`);
  return undefined;
}

const call = (program: string, ...args: readonly string[]) => spawnSync(program, args, { stdio: 'ignore' });

/** Starts the daemon and gives it an image of the one that answers now.
 * @throws Error with the daemon's last words */
export async function startProxiedDaemon(image: string): Promise<ProxiedDaemon> {
  await using begun = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'proxied-docker-'));
  begun.defer(() => remove(folder));
  await addBridge();
  begun.defer(async () => void (await run('ip', ['link', 'delete', bridge])));
  await filter('--insert');
  begun.defer(() => filter('--delete'));
  const log = join(folder, 'log');
  const address = `unix://${join(folder, 'docker.sock')}`;
  const daemon = spawn(
    'dockerd',
    [
      ...['--host', address, '--pidfile', join(folder, 'pid')],
      ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
      // Two daemons have one packet filter, and each starts by emptying the other's rules. Its proxy needs none.
      ...['--bridge', bridge, '--iptables=false', '--ip6tables=false', '--ip-masq=false', '--ip-forward=false'],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const written = createWriteStream(log);
  daemon.stdout.pipe(written, { end: false });
  daemon.stderr.pipe(written, { end: false });
  begun.defer(() => stop(daemon, address));
  await answers(daemon, address, log);
  await copyImage(image, address);
  const all = begun.move();
  return { address, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

async function addBridge(): Promise<void> {
  await run('ip', ['link', 'add', 'name', bridge, 'type', 'bridge']);
  // Of a range that no default of Docker touches.
  await run('ip', ['address', 'add', `10.213.${process.pid % 256}.1/24`, 'dev', bridge]);
  await run('ip', ['link', 'set', bridge, 'up']);
}

/** Lets the containers on the bridge reach each other, where another daemon has forbidden all that it knows nothing of. */
async function filter(change: '--insert' | '--delete'): Promise<void> {
  const among = ['--in-interface', bridge, '--out-interface', bridge, '--jump', 'ACCEPT'];
  await run('iptables', ['--wait', change, 'FORWARD', ...among]);
}

async function answers(daemon: ChildProcess, address: string, log: string): Promise<void> {
  const deadline = performance.now() + START_LIMIT_MS;
  for (;;) {
    try {
      await run('docker', ['--host', address, 'version']);
      return;
    } catch (error) {
      if (daemon.exitCode !== null || performance.now() > deadline) {
        const words = (await readFile(log, 'utf8')).trimEnd().split('\n').slice(-5).join('\n');
        throw new Error(`dockerd does not come up:\n${words}`, { cause: error });
      }
      await sleep(LOOK_EVERY_MS);
    }
  }
}

async function copyImage(image: string, address: string): Promise<void> {
  const save = spawn('docker', ['save', image], { stdio: ['ignore', 'pipe', 'inherit'] });
  const load = spawn('docker', ['--host', address, 'load', '--quiet'], { stdio: ['pipe', 'ignore', 'inherit'] });
  const [[code]] = await Promise.all([once(load, 'exit'), pipeline(save.stdout, load.stdin)]);
  if (code !== 0) throw new Error(`docker load ended with ${code}`);
}

/** With all of its containers, which are ours. */
async function stop(daemon: ChildProcess, address: string): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  const { stdout } = await run('docker', ['--host', address, 'ps', '--quiet']);
  const running = stdout.split('\n').filter(Boolean);
  if (running.length > 0) await run('docker', ['--host', address, 'kill', ...running]);
  const exited = once(daemon, 'exit');
  daemon.kill('SIGTERM');
  const limit = setTimeout(() => daemon.kill('SIGKILL'), STOP_LIMIT_MS);
  await exited;
  clearTimeout(limit);
}

/** What the daemon leaves mounted, such as the name of the host's own network, goes first. */
async function remove(folder: string): Promise<void> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '');
  for (const mount of mounts.filter((path) => path.startsWith(folder)).toReversed()) await run('umount', [mount]);
  await rm(folder, { recursive: true, force: true });
}
