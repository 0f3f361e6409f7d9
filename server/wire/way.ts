import type { Clock } from '../clock.ts';
import type { WayPlan } from '../faults/plans.ts';

/** How much one direction holds back before it takes no more: about what TCP would keep in flight. */
const MAX_HELD_BYTES = 262_144;
/** Largest piece at a limited pace, and how many pieces a second there are at least. */
const PACED_PIECE_BYTES = 16_384;
const PACED_PIECES_PER_SECOND = 10;

/** What is said of single bytes beside the plan of their direction. */
export interface Haste {
  readonly delayMs: number;
  readonly bytesPerSecond: number | undefined;
}

export interface WaySetting {
  readonly clock: Clock;
  readonly plan: WayPlan;
  /** Draws the jitter. */
  readonly random: () => number;
  /** Aborts when there is nobody left to carry for. */
  readonly over: AbortSignal;
  /** Lane time until which nothing may pass. */
  readonly heldUntilMs: () => number;
  /** Resolves once the bytes are on their way, and more would be taken. */
  readonly deliver: (piece: Buffer) => Promise<void> | undefined;
}

/** One direction of a connection: bytes come out as late, as slowly and in as small pieces as planned, in their order. */
export class Way {
  readonly #setting: WaySetting;
  #heldBytes = 0;
  #lastDueMs = 0;
  /** When the line is free again, at the planned pace. */
  #freeAtMs = 0;
  #nextSegmentAtMs = 0;
  #carried: Promise<void> = Promise.resolve();

  constructor(setting: WaySetting) {
    this.#setting = setting;
  }

  /** Takes bytes on their way.
   * @returns what resolves when there is room for more; nothing, when there is still */
  take(bytes: Buffer, { delayMs, bytesPerSecond }: Haste = UNHURRIED): Promise<void> | undefined {
    const { clock, plan, random } = this.#setting;
    const { latencyMs = 0, jitterMs = 0 } = plan;
    const lateMs = latencyMs + (jitterMs > 0 ? (2 * random() - 1) * jitterMs : 0);
    const dueMs = Math.max(this.#lastDueMs, clock.now() + delayMs + lateMs);
    const pace = Math.min(plan.bytesPerSecond ?? Number.POSITIVE_INFINITY, bytesPerSecond ?? Number.POSITIVE_INFINITY);
    this.#lastDueMs = dueMs;
    this.#heldBytes += bytes.length;
    this.#carried = this.#carried
      .then(() => this.#carry(bytes, dueMs, pace))
      .then(() => {
        this.#heldBytes -= bytes.length;
      });
    return this.#heldBytes < MAX_HELD_BYTES ? undefined : this.#carried;
  }

  /** Resolves once all that was taken so far is out. */
  drained(): Promise<void> {
    return this.#carried;
  }

  async #carry(bytes: Buffer, dueMs: number, bytesPerSecond: number): Promise<void> {
    const { clock, plan, over, deliver, heldUntilMs } = this.#setting;
    const perPiece = Math.max(1, Math.min(PACED_PIECE_BYTES, Math.floor(bytesPerSecond / PACED_PIECES_PER_SECOND)));
    await this.#until(dueMs);
    this.#freeAtMs = Math.max(this.#freeAtMs, dueMs);
    for (const segment of cut(bytes, plan.slice?.bytes ?? bytes.length)) {
      await this.#until(this.#nextSegmentAtMs);
      for (const piece of bytesPerSecond === Number.POSITIVE_INFINITY ? [segment] : cut(segment, perPiece)) {
        this.#freeAtMs += (piece.length / bytesPerSecond) * 1_000;
        await this.#until(this.#freeAtMs);
        await this.#until(heldUntilMs());
        if (over.aborted) return;
        await deliver(piece);
      }
      this.#nextSegmentAtMs = clock.now() + (plan.slice?.delayMs ?? 0);
    }
  }

  async #until(atMs: number): Promise<void> {
    const { clock, over } = this.#setting;
    const leftMs = atMs - clock.now();
    if (leftMs > 0) await clock.sleep(leftMs, over);
  }
}

const UNHURRIED: Haste = { delayMs: 0, bytesPerSecond: undefined };

function* cut(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
