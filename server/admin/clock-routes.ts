import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { problem, reasonOf, UsageError } from '../errors.ts';
import type { Lane } from '../lane.ts';
import { documented } from '../openapi/documented.ts';
import { duration } from '../scenario/duration.ts';
import { MAX_SPEED } from '../scenario/file.ts';
import { clockSchema } from './answers.ts';
import { readBody } from './body.ts';
import type { FindWorld } from './deps.ts';

const setting = z.strictObject({
  speed: z.number().positive().max(MAX_SPEED).optional(),
  mode: z.enum(['real', 'manual']).optional(),
});
const step = z.strictObject({ by: duration() });

/** `/clock`: the lane's time, and ways to hurry it, stop it and move it. */
export function registerClock(app: FastifyInstance, worldOf: FindWorld): void {
  const describe = ({ clock }: Lane) => ({ now: Math.floor(clock.now()), mode: clock.mode, speed: clock.speed });
  app.get('/clock', documented({ summary: "The lane's time.", answer: { schema: clockSchema } }), (request) =>
    describe(worldOf(request).lane),
  );
  app.post(
    '/clock',
    documented({
      summary: 'Hurries it, or stops it.',
      body: { schema: setting, optional: true },
      answer: { schema: clockSchema },
      refusals: [400],
    }),
    (request) => {
      const { lane } = worldOf(request);
      const { speed, mode } = readBody(request.body, setting);
      const { clock } = lane;
      if (mode === 'manual') clock.setManual();
      else clock.setSpeed(speed ?? clock.speed);
      return describe(lane);
    },
  );
  app.post(
    '/clock/advance',
    documented({
      summary: 'Moves a clock that stands still.',
      body: { schema: step },
      answer: { schema: clockSchema },
      refusals: [400],
    }),
    async (request) => {
      const { lane } = worldOf(request);
      const { by } = readBody(request.body, step);
      try {
        if (lane.clock.mode === 'manual') lane.journal.append({ type: 'clock.advanced', ms: by });
        await lane.clock.advance(by);
      } catch (error) {
        throw new UsageError([
          problem('ADMIN_BAD_REQUEST', { reason: `${reasonOf(error)} POST /clock {"mode":"manual"} makes it so.` }),
        ]);
      }
      return describe(lane);
    },
  );
}
