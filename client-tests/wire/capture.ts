import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { leaveOut } from '../cli/leave-out.ts';
import { type RunningProgram, startProgram } from '../cli/run-client.ts';
import { Changes } from '../typescript/support/changes.ts';

/** A TCP packet, as `packets.py` prints it. */
export interface Packet {
  readonly from: number;
  readonly to: number;
  readonly flags: readonly ('SYN' | 'ACK' | 'FIN' | 'RST')[];
  readonly seq: number;
  readonly ack: number;
  /** Payload only. */
  readonly bytes: number;
}

type Line = Packet | { readonly ready: true } | Watching | Dropped;
type Watching = { readonly watching: number };
type Dropped = { readonly dropped: number };

const READER = fileURLToPath(new URL('packets.py', import.meta.url));
/** `packets.py` ends with it where it may not read packets. */
const NO_PERMISSION = 77;
/** Far more than the wire test takes; a reader that is left behind ends by itself then. */
const READER_LIMIT = { limitMs: 180_000 };

/** The packets that pass on the loopback interface, read by `packets.py`. */
export class Capture implements AsyncDisposable {
  readonly #reader: RunningProgram;
  readonly #marker: net.Server;
  readonly #changes = new Changes();
  readonly #heard: Promise<void>;
  readonly #packets: Packet[] = [];
  #watching = 0;
  #over = false;
  #dropped: number | undefined;

  private constructor(reader: RunningProgram, marker: net.Server) {
    this.#reader = reader;
    this.#marker = marker;
    this.#heard = this.#listen();
  }

  /** Starts a capture; it watches no port yet.
   * @returns undefined where packets cannot be read, and one line says why
   * @throws Error on CI where Python is there and the reader fails for another reason */
  static async open(): Promise<Capture | undefined> {
    const reader = await startReader('python3', READER);
    if ('say' in reader) return new Capture(reader, await openMarker());
    if ('code' in reader && reader.code === 'EPERM') {
      const asRoot = await startReader('sudo', '-n', 'python3', READER);
      if ('say' in asRoot) return new Capture(asRoot, await openMarker());
    }
    leaveOut('Wire', 'python3', reader);
    return undefined;
  }

  /** Captures the connections to a port while something is done; resolves with their packets. */
  async during(port: number, deed: () => Promise<unknown>): Promise<readonly Packet[]> {
    const before = this.#watching;
    this.#reader.say(`${port} ${portOf(this.#marker)}`);
    await this.#until(() => this.#watching > before);
    this.#packets.length = 0;
    await deed();
    await this.#catchUp();
    return this.#packets.filter(({ from, to }) => from === port || to === port);
  }

  /** Ends the capture.
   * @returns how many packets were lost: the kernel keeps only so many that are not read yet */
  async finish(): Promise<number | undefined> {
    this.#reader.finish();
    await this.#heard;
    return this.#dropped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#marker.close();
    // Not by a signal: as root it would not take ours.
    await this.finish();
  }

  /** Resolves once all packets that have passed so far are known. They come in order, and those of a
   * connection of our own are the last. */
  async #catchUp(): Promise<void> {
    const port = portOf(this.#marker);
    net.connect(port, '127.0.0.1').on('error', () => {});
    await this.#until(() => this.#packets.some(({ from, flags }) => from === port && flags.includes('RST')));
  }

  async #until(look: () => boolean): Promise<void> {
    await this.#changes.until(() => look() || this.#over);
    if (!look()) throw new Error('packets.py has ended before its time.');
  }

  async #listen(): Promise<void> {
    for (let line = await this.#reader.hear(); line !== undefined; line = await this.#reader.hear()) {
      const heard = JSON.parse(line) as Line;
      if ('flags' in heard) this.#packets.push(heard);
      if ('watching' in heard) this.#watching++;
      if ('dropped' in heard) this.#dropped = heard.dropped;
      this.#changes.tell();
    }
    this.#over = true;
    this.#changes.tell();
  }
}

/** Starts `packets.py`; resolves with it once it is ready, or with what `leaveOut` reads. */
async function startReader(...command: readonly string[]): Promise<RunningProgram | object> {
  const reader = startProgram(command, process.env, READER_LIMIT);
  if ((await reader.hear()) !== undefined) return reader;
  return reader.ended.then(
    ({ exitCode, stderr }) => ({ stderr, ...(exitCode === NO_PERMISSION && { code: 'EPERM' }) }),
    ({ cause }: Error) => cause as object,
  );
}

async function openMarker(): Promise<net.Server> {
  const marker = net.createServer((socket) => socket.resetAndDestroy());
  await once(marker.listen(0, '127.0.0.1'), 'listening');
  return marker;
}

const portOf = (server: net.Server): number => (server.address() as AddressInfo).port;
