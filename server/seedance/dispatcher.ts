import type { Timer } from '../clock.ts';
import type { WorkerLoss, Workers } from '../faults/plans.ts';
import type { Lane } from '../lane.ts';

/** What a worker does for a task. */
export interface Job {
  readonly task: string;
  /** How long a worker is busy with it; Infinity: until it is withdrawn. */
  readonly serviceMs: number;
  /** Called when a worker takes it, once. */
  begin(): void;
  /** Called when the work is done. */
  finish(): void;
  /** Called when its worker was lost with it. */
  fail(): void;
  /** Called when nobody will look for a worker for it again. */
  drop(): void;
}

interface Worker {
  job?: Job | undefined;
  /** The end of the work. */
  timer?: Timer;
  lost: boolean;
}

/** A job without a worker: it waits for one, or pauses before it waits again. */
interface Wait {
  tries: number;
  pausing: boolean;
  /** It had a worker before, who was lost. */
  moved: boolean;
  timer?: Timer;
}

/** Who runs a task when no scenario says otherwise: a worker that is there for it alone. */
export const UNLIMITED: Workers = {
  workers: Number.POSITIVE_INFINITY,
  queueTimeoutMs: Number.POSITIVE_INFINITY,
  tries: 1,
  pauseMs: 0,
};

/**
 * A queue and its workers (reference, B4 and B5): first come, first served, each task for its own time. A task that finds
 * no worker within the queue timeout tries again or is dropped: then nothing here knows of it any more, while the
 * task itself stays queued. As many jobs can wait as there are tasks in a lane.
 */
export class Dispatcher {
  readonly #lane: Pick<Lane, 'clock' | 'journal'>;
  readonly #setting: Workers;
  readonly #workers = new Set<Worker>();
  readonly #busy = new Map<Job, Worker>();
  readonly #waiting = new Map<Job, Wait>();
  readonly #absences = new Set<Timer>();

  constructor(lane: Pick<Lane, 'clock' | 'journal'>, setting: Workers) {
    this.#lane = lane;
    this.#setting = setting;
    this.#hire();
  }

  /** Puts a job at the end of the queue. */
  offer(job: Job): void {
    this.#wait(job, { tries: 1, pausing: false, moved: false });
  }

  /** Gives a job a worker of its own, past the queue. */
  run(job: Job): void {
    this.withdraw(job);
    this.#serve(this.#hireOne(), job);
  }

  /** Forgets a job, wherever it is; its worker takes the next. */
  withdraw(job: Job): void {
    this.#waiting.get(job)?.timer?.cancel();
    this.#waiting.delete(job);
    const worker = this.#busy.get(job);
    if (!worker) return;
    this.#dismiss(worker, job);
    this.#fill();
  }

  /** Takes workers away, and with them what they are busy with; both come back, each in its own way. */
  lose({ share, forMs, then, roll }: WorkerLoss): void {
    const { clock, journal } = this.#lane;
    const present = [...this.#workers].filter(({ lost }) => !lost);
    const count = Math.min(present.length, Math.max(1, Math.round(share * this.#workers.size)));
    const first = Math.floor(roll * present.length);
    const lost = [...present.slice(first), ...present.slice(0, first)].slice(0, count);
    const tasks = lost.flatMap(({ job }) => job?.task ?? []);
    journal.append({ type: 'workers.lost', lost: count, of: this.#workers.size, tasks });
    for (const worker of lost) {
      worker.lost = true;
      worker.timer?.cancel();
    }
    const absence = clock.after(forMs, () => {
      this.#absences.delete(absence);
      this.#return(lost, then);
    });
    this.#absences.add(absence);
  }

  /** Forgets every job; the workers are as on the first day. */
  clear(): void {
    for (const { timer } of [...this.#waiting.values(), ...this.#workers]) timer?.cancel();
    for (const absence of this.#absences) absence.cancel();
    this.#waiting.clear();
    this.#busy.clear();
    this.#workers.clear();
    this.#absences.clear();
    this.#hire();
  }

  #hire(): void {
    const { workers } = this.#setting;
    if (Number.isFinite(workers)) for (let nth = 1; nth <= workers; nth++) this.#hireOne();
  }

  #hireOne(): Worker {
    const worker: Worker = { lost: false };
    this.#workers.add(worker);
    return worker;
  }

  #findFree(): Worker | undefined {
    if (!Number.isFinite(this.#setting.workers)) return this.#hireOne();
    for (const worker of this.#workers) if (!worker.job && !worker.lost) return worker;
    return undefined;
  }

  #wait(job: Job, wait: Wait): void {
    const { queueTimeoutMs } = this.#setting;
    this.#waiting.set(job, wait);
    this.#fill();
    if (this.#waiting.has(job) && Number.isFinite(queueTimeoutMs))
      wait.timer = this.#lane.clock.after(queueTimeoutMs, () => this.#giveUp(job, wait));
  }

  #giveUp(job: Job, { tries }: Wait): void {
    const { clock, journal } = this.#lane;
    const { task } = job;
    this.#waiting.delete(job);
    if (tries >= this.#setting.tries) {
      journal.append({ type: 'task.dropped', task, tries });
      job.drop();
      return;
    }
    journal.append({ type: 'task.retried', task, tries });
    const again = () => this.#wait(job, { tries: tries + 1, pausing: false, moved: false });
    const timer = clock.after(this.#setting.pauseMs, again);
    this.#waiting.set(job, { tries, pausing: true, moved: false, timer });
  }

  /** Lets free workers take what waits, in its order. */
  #fill(): void {
    for (const [job, { pausing, moved, timer }] of this.#waiting) {
      if (pausing) continue;
      const worker = this.#findFree();
      if (!worker) return;
      timer?.cancel();
      this.#waiting.delete(job);
      if (moved) this.#lane.journal.append({ type: 'task.moved', task: job.task });
      this.#serve(worker, job, moved);
    }
  }

  #serve(worker: Worker, job: Job, moved = false): void {
    worker.job = job;
    this.#busy.set(job, worker);
    if (Number.isFinite(job.serviceMs))
      worker.timer = this.#lane.clock.after(job.serviceMs, () => {
        job.finish();
        this.withdraw(job);
      });
    if (!moved) job.begin();
  }

  #dismiss(worker: Worker, job: Job): void {
    worker.timer?.cancel();
    worker.job = undefined;
    this.#busy.delete(job);
    // Whoever was hired beyond the number was hired for this job alone.
    if (this.#workers.size > this.#setting.workers || !Number.isFinite(this.#setting.workers))
      this.#workers.delete(worker);
  }

  #return(workers: readonly Worker[], then: WorkerLoss['then']): void {
    this.#lane.journal.append({ type: 'workers.back', back: workers.length });
    for (const worker of workers) worker.lost = false;
    const jobs = workers.flatMap(({ job }) => job ?? []);
    if (then === 'fail') {
      for (const job of jobs) {
        job.fail();
        this.withdraw(job);
      }
    } else this.#move(jobs);
    this.#fill();
  }

  /** Puts jobs that lost their worker before all others: they have waited already. */
  #move(jobs: readonly Job[]): void {
    const others = [...this.#waiting];
    this.#waiting.clear();
    for (const job of jobs) {
      const worker = this.#busy.get(job);
      if (worker) this.#dismiss(worker, job);
      this.#waiting.set(job, { tries: 1, pausing: false, moved: true });
    }
    for (const [job, wait] of others) this.#waiting.set(job, wait);
  }
}
