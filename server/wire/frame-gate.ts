import type { Clock, Timer } from '../clock.ts';
import { frameTypes } from '../faults/frame-types.ts';

/** What decides which frames must not overtake each other. */
interface Place {
  readonly type: number;
  readonly stream: number;
}

interface Held extends Place {
  readonly bytes: Buffer;
  due: boolean;
  timer: Timer | undefined;
}

/** Where frames go. */
interface Way {
  send(bytes: Buffer): void;
  /** Frames held back have been sent, unasked. */
  released(): void;
}

/** Holds frames back, and lets those behind pass as far as HTTP/2 allows. */
export class FrameGate {
  readonly #clock: Clock;
  readonly #way: Way;
  #held: Held[] = [];
  #shut = false;

  constructor(clock: Clock, way: Way) {
    this.#clock = clock;
    this.#way = way;
  }

  /** Whether a frame may have to wait, or is lost. */
  get busy(): boolean {
    return this.#shut || this.#held.length > 0;
  }

  /** Sends a frame, `ms` of lane time from now, and not before those held back that it must not overtake. */
  pass(place: Place, bytes: Buffer, ms = 0): void {
    if (this.#shut) return;
    const waits = this.#held.some((earlier) => mustFollow(place, earlier));
    if (ms === 0 && !waits) return this.#way.send(bytes);
    const held: Held = { ...place, bytes, due: ms === 0, timer: undefined };
    this.#held.push(held);
    if (ms === 0) return;
    held.timer = this.#clock.after(ms, () => {
      held.due = true;
      this.#release();
    });
  }

  /** Lets nothing through any more, and forgets what is held back. */
  shut(): void {
    this.#shut = true;
    for (const { timer } of this.#held) timer?.cancel();
    this.#held = [];
  }

  #release(): void {
    const left: Held[] = [];
    for (const held of this.#held) {
      if (held.due && !left.some((earlier) => mustFollow(held, earlier))) this.#way.send(held.bytes);
      else left.push(held);
    }
    this.#held = left;
    this.#way.released();
  }
}

const HEADER_BLOCK: readonly number[] = [frameTypes.HEADERS, frameTypes.PUSH_PROMISE, frameTypes.CONTINUATION];

/** Frames of a stream stay in order; so do header blocks, which share one compression state, and on stream 0 frames of a type. */
function mustFollow(later: Place, earlier: Place): boolean {
  if (HEADER_BLOCK.includes(later.type) && HEADER_BLOCK.includes(earlier.type)) return true;
  return later.stream === earlier.stream && (later.stream !== 0 || later.type === earlier.type);
}
