import type { AdminView } from '../admin-view.ts';
import { type Examination, type Finding, fail, ok, warn } from '../examination.ts';

/** Much of the rest is only to be known from there. */
export const admin: Examination = {
  name: 'admin',
  summary: 'The admin API answers, and tells the CA and the scenario.',
  only: 'target',
  examine: (subject) => judgeAdmin(subject.admin),
};

/** Judges what the admin API told. A guess that was wrong is no failure. */
export function judgeAdmin({ url, named, trouble, scenario }: AdminView): Finding {
  if (!trouble) return ok(`${url} answers: scenario "${scenario?.name}", profile ${scenario?.profile}`);
  switch (trouble.kind) {
    case 'token':
      return warn(
        `${url} asks for a token: neither the scenario nor a lane of our own can be had`,
        'Give it with --admin-token.',
      );
    case 'refused':
      return (named ? fail : warn)(
        `${url} will not talk to us: ${trouble.why.replace(/\.$/, '')}`,
        'Name it with --admin as it wants to be called, or give --admin-token.',
      );
    case 'foreign':
      return (named ? fail : warn)(
        `${url} is no seedance-mock: ${trouble.why}`,
        'Name its admin API with --admin; `seedance-mock serve` prints the address.',
      );
    case 'unreachable':
      return (named ? fail : warn)(
        `${url} cannot be reached: ${trouble.why}`,
        'Name the admin API with --admin; it is on loopback unless the server was started with --admin-host, and a container has to publish its port.',
      );
  }
}
